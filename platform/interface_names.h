#pragma once

// The network interfaces of this machine by name and by index, which is what the zone of an IPv6
// address is. One .cc per OS. Each call asks the system, because interfaces come and go.

#include <cstdint>
#include <string>
#include <string_view>

namespace sprocket::platform {

// The index of the interface with this name, 0 if there is none.
std::uint32_t interfaceIndex(std::string_view name) noexcept;

// The name of the interface with this index, empty if there is none.
std::string interfaceName(std::uint32_t index);

}  // namespace sprocket::platform
