#pragma once

// What getaddrinfo() answered, in our words.

#include <netdb.h>

#include <vector>

#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"

namespace sprocket::platform {

// What goes with a result of getaddrinfo() other than 0, and with errno where it is EAI_SYSTEM.
HostLookupError hostLookupError(int result, int errnum) noexcept;

// What getaddrinfo() has for them.
int systemFlags(LookupHints hints) noexcept;

// The addresses in the list, in its order, each once.
std::vector<IpAddress> addressesIn(const addrinfo* list);

}  // namespace sprocket::platform
