#include "sprocket/platform/windows/addrinfo.h"

#include <algorithm>
#include <cstring>

#include "sprocket/platform/sys_error.h"
#include "sprocket/platform/windows/sockaddr.h"

namespace sprocket::platform {

// Windows has Winsock's errors for getaddrinfo()'s. That a name is unknown and that it has no
// address of the family asked for are one failure, ENOTFOUND, as in Node.
HostLookupError hostLookupError(int error) noexcept {
  switch (error) {
    case WSAHOST_NOT_FOUND:
    case WSANO_DATA: return {"ENOTFOUND", error};
    case WSATRY_AGAIN: return {"EAI_AGAIN", error};
    case WSANO_RECOVERY: return {"EAI_FAIL", error};
    case WSAEAFNOSUPPORT: return {"EAI_FAMILY", error};
    case WSA_NOT_ENOUGH_MEMORY: return {"EAI_MEMORY", error};
    case WSAEINVAL: return {"EAI_BADFLAGS", error};
    default: return {errorName(error), error};
  }
}

HostLookupError HostLookupError::notFound() noexcept { return hostLookupError(WSAHOST_NOT_FOUND); }
HostLookupError HostLookupError::tryAgain() noexcept { return hostLookupError(WSATRY_AGAIN); }
HostLookupError HostLookupError::noMemory() noexcept {
  return hostLookupError(WSA_NOT_ENOUGH_MEMORY);
}
HostLookupError HostLookupError::timedOut() noexcept { return hostLookupError(WSAETIMEDOUT); }

LookupHints impliedHints() noexcept { return {}; }

int systemFlags(LookupHints hints) noexcept {
  return (hints.has(kConfiguredFamilies) ? AI_ADDRCONFIG : 0) |
         (hints.has(kMappedV4) ? AI_V4MAPPED : 0) | (hints.has(kMappedV4Always) ? AI_ALL : 0);
}

std::vector<IpAddress> addressesIn(const addrinfoW* list) {
  std::vector<IpAddress> addresses;
  for (const addrinfoW* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_addrlen > static_cast<std::size_t>(SockAddr::capacity())) continue;
    SockAddr address;
    std::memcpy(address.data(), entry->ai_addr, entry->ai_addrlen);
    *address.resetSize() = static_cast<int>(entry->ai_addrlen);
    const Endpoint endpoint = address.toEndpoint();
    if (!endpoint.isIp()) continue;
    const IpAddress& found = endpoint.ip().address;
    if (std::find(addresses.begin(), addresses.end(), found) == addresses.end()) {
      addresses.push_back(found);
    }
  }
  return addresses;
}

}  // namespace sprocket::platform
