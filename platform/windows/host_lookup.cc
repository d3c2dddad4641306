#include "sprocket/platform/host_lookup.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <cassert>
#include <memory>

#include "sprocket/platform/windows/addrinfo.h"
#include "sprocket/platform/windows/winsock.h"

namespace sprocket::platform {
namespace {

struct FreeAddrInfo {
  void operator()(addrinfoW* list) const { ::FreeAddrInfoW(list); }
};

int systemFamily(std::optional<Family> family) {
  if (!family) return AF_UNSPEC;
  return *family == Family::v4 ? AF_INET : AF_INET6;
}

// Nothing if it is not UTF-8, or too long for a name. Names with other letters than ASCII's the
// system itself turns into what DNS wants.
std::optional<std::wstring> wide(const std::string& host) {
  std::wstring name(host.size(), L'\0');
  const int length = ::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, host.data(),
                                           static_cast<int>(host.size()), name.data(),
                                           static_cast<int>(name.size()));
  if (length <= 0) return std::nullopt;
  name.resize(static_cast<std::size_t>(length));
  return name;
}

}  // namespace

HostLookup lookupHost(const std::string& host, std::optional<Family> family, LookupHints wishes) {
  assert(host.find('\0') == std::string::npos);
  if (SysError error = winsock::start()) return {.error = hostLookupError(error.errnum)};
  const auto name = wide(host);
  if (!name) return {.error = HostLookupError::notFound()};
  addrinfoW hints{};
  hints.ai_family = systemFamily(family);
  hints.ai_flags = systemFlags(wishes);
  // One type of socket, or each address would come once for every type there is.
  hints.ai_socktype = SOCK_STREAM;
  addrinfoW* answer = nullptr;
  const int result = ::GetAddrInfoW(name->c_str(), nullptr, &hints, &answer);
  if (result != 0) return {.error = hostLookupError(result)};
  const std::unique_ptr<addrinfoW, FreeAddrInfo> list(answer);
  std::vector<IpAddress> addresses = addressesIn(list.get());
  if (addresses.empty()) return {.error = HostLookupError::notFound()};
  return {.addresses = std::move(addresses)};
}

}  // namespace sprocket::platform
