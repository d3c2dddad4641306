#pragma once

// What GetAddrInfoW() answered, in our words.

#include <winsock2.h>
#include <ws2tcpip.h>

#include <vector>

#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"

namespace sprocket::platform {

// What goes with a result of GetAddrInfoW() other than 0.
HostLookupError hostLookupError(int error) noexcept;

// What getaddrinfo() has for them.
int systemFlags(LookupHints hints) noexcept;

// The addresses in the list, in its order, each once.
std::vector<IpAddress> addressesIn(const addrinfoW* list);

}  // namespace sprocket::platform
