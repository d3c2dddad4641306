#pragma once

// What may be asked of the system as a name. The rest is refused and never cut, or another name
// would be resolved in its place.

#include <string_view>

namespace sprocket::dns {

// At most 253 bytes, in labels of 1 to 63 with a dot between each two; one more dot may end the
// last. All of it printable ASCII: what else is allowed in a name is for the system to say.
bool isHostName(std::string_view text) noexcept;

}  // namespace sprocket::dns
