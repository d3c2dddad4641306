#pragma once

// The one wording of a lookup that failed: Node's. [3.3]

#include <string>

#include "sprocket/platform/error.h"
#include "sprocket/platform/host_lookup.h"

namespace sprocket::dns {

// "getaddrinfo ENOTFOUND example.invalid". Made where nobody could be told of a want of memory:
// then it is Error::outOfMemory().
Error lookupError(const platform::HostLookupError& error, const std::string& host) noexcept;

}  // namespace sprocket::dns
