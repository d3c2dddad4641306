#include "sprocket/platform/host_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <memory>

#include "sprocket/platform/posix/addrinfo.h"

#define REPLACEABLE __attribute__((weak))

namespace sprocket::platform {
namespace {

struct FreeAddrInfo {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

int systemFamily(std::optional<Family> family) {
  if (!family) return AF_UNSPEC;
  return *family == Family::v4 ? AF_INET : AF_INET6;
}

}  // namespace

REPLACEABLE HostLookup lookupHost(const std::string& host, std::optional<Family> family,
                                  LookupHints wishes) {
  assert(host.find('\0') == std::string::npos);
  addrinfo hints{};
  hints.ai_family = systemFamily(family);
  hints.ai_flags = systemFlags(wishes);
  // One type of socket, or each address would come once for every type there is.
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* answer = nullptr;
  const int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &answer);
  if (result != 0) return {.error = hostLookupError(result, errno)};
  const std::unique_ptr<addrinfo, FreeAddrInfo> list(answer);
  std::vector<IpAddress> addresses = addressesIn(list.get());
  if (addresses.empty()) return {.error = HostLookupError::notFound()};
  return {.addresses = std::move(addresses)};
}

}  // namespace sprocket::platform
