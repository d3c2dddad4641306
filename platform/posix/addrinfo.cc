#include "sprocket/platform/posix/addrinfo.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

#include "sprocket/platform/posix/sockaddr.h"
#include "sprocket/platform/sys_error.h"

namespace sprocket::platform {
namespace {

struct Row {
  int result;
  std::string_view code;
};

// The guarded names are those that one of Linux, FreeBSD and macOS lacks. That a name is unknown
// and that it has no address of the family asked for are one failure, ENOTFOUND, as in Node.
constexpr Row table[] = {
    {EAI_NONAME, "ENOTFOUND"},
#ifdef EAI_NODATA
    {EAI_NODATA, "ENOTFOUND"},
#endif
#ifdef EAI_ADDRFAMILY
    {EAI_ADDRFAMILY, "EAI_ADDRFAMILY"},
#endif
    {EAI_AGAIN, "EAI_AGAIN"},
    {EAI_BADFLAGS, "EAI_BADFLAGS"},
#ifdef EAI_BADHINTS
    {EAI_BADHINTS, "EAI_BADHINTS"},
#endif
#ifdef EAI_CANCELED
    {EAI_CANCELED, "EAI_CANCELED"},
#endif
    {EAI_FAIL, "EAI_FAIL"},
    {EAI_FAMILY, "EAI_FAMILY"},
    {EAI_MEMORY, "EAI_MEMORY"},
#ifdef EAI_OVERFLOW
    {EAI_OVERFLOW, "EAI_OVERFLOW"},
#endif
#ifdef EAI_PROTOCOL
    {EAI_PROTOCOL, "EAI_PROTOCOL"},
#endif
    {EAI_SERVICE, "EAI_SERVICE"},
    {EAI_SOCKTYPE, "EAI_SOCKTYPE"},
};

// Nothing if it is of a family that we do not speak.
std::optional<IpAddress> addressIn(const addrinfo& entry) {
  if (entry.ai_addrlen > SockAddr::capacity()) return std::nullopt;
  SockAddr address;
  std::memcpy(address.data(), entry.ai_addr, entry.ai_addrlen);
  *address.resetSize() = entry.ai_addrlen;
  const Endpoint endpoint = address.toEndpoint();
  if (!endpoint.isIp()) return std::nullopt;
  return endpoint.ip().address;
}

}  // namespace

HostLookupError hostLookupError(int result, int errnum) noexcept {
  if (result == EAI_SYSTEM) return {errorName(errnum), errnum};
  const Row* const row = std::find_if(std::begin(table), std::end(table),
                                      [=](const Row& each) { return each.result == result; });
  return {row != std::end(table) ? row->code : "UNKNOWN", result};
}

HostLookupError HostLookupError::notFound() noexcept { return hostLookupError(EAI_NONAME, 0); }
HostLookupError HostLookupError::tryAgain() noexcept { return hostLookupError(EAI_AGAIN, 0); }
HostLookupError HostLookupError::noMemory() noexcept { return hostLookupError(EAI_MEMORY, 0); }
HostLookupError HostLookupError::timedOut() noexcept { return {"ETIMEDOUT", ETIMEDOUT}; }

LookupHints impliedHints() noexcept { return kConfiguredFamilies; }

int systemFlags(LookupHints hints) noexcept {
  return (hints.has(kConfiguredFamilies) ? AI_ADDRCONFIG : 0) |
         (hints.has(kMappedV4) ? AI_V4MAPPED : 0) | (hints.has(kMappedV4Always) ? AI_ALL : 0);
}

std::vector<IpAddress> addressesIn(const addrinfo* list) {
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const std::optional<IpAddress> address = addressIn(*entry);
    if (!address) continue;
    // glibc repeats what the hosts file repeats. Lists are short enough to be looked through.
    if (std::find(addresses.begin(), addresses.end(), *address) != addresses.end()) continue;
    addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace sprocket::platform
