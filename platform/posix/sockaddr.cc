#include "sprocket/platform/posix/sockaddr.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace sprocket::platform {
namespace {

static_assert(sizeof(sockaddr_storage) > sizeof(sockaddr_un));

#ifdef __linux__
constexpr bool hasAbstractNames = true;
#else
constexpr bool hasAbstractNames = false;
#endif

constexpr std::size_t pathOffset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t pathSize = sizeof(sockaddr_un::sun_path);

// How much of a name fits. A path leaves room for the NUL that ends it, because not every system
// takes one without; an abstract name is as long as the address says and ends in none.
std::size_t capacityFor(const LocalPath& path) noexcept {
  return path.isAbstract() ? pathSize : pathSize - 1;
}

bool isExpressible(const LocalPath& path) noexcept {
  if (path.text.empty()) return false;
  if (path.isAbstract()) return hasAbstractNames;
  // The kernel would stop at the NUL and take another file.
  return path.text.find('\0') == std::string::npos;
}

template <class Address>
Address load(const sockaddr_storage& storage) noexcept {
  Address address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

Endpoint v4Endpoint(const sockaddr_in& address) {
  IpAddress::V4Bytes bytes;
  std::memcpy(bytes.data(), &address.sin_addr, bytes.size());
  return IpEndpoint{IpAddress(bytes), ntohs(address.sin_port)};
}

Endpoint v6Endpoint(const sockaddr_in6& address) {
  IpAddress::V6Bytes bytes;
  std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
  return IpEndpoint{IpAddress(bytes, address.sin6_scope_id), ntohs(address.sin6_port)};
}

// The name is all that lies beyond sun_path's beginning, as far as the kernel wrote.
Endpoint unixEndpoint(std::string_view name) {
  if (name.empty()) return {};  // unnamed
  if (name.front() != '\0') return LocalPath{std::string(name.substr(0, name.find('\0')))};
  // BSD fills an unnamed socket's path with NULs.
  if (!hasAbstractNames) return {};
  return LocalPath{std::string(name)};
}

}  // namespace

SockAddr::SockAddr(const Endpoint& endpoint) noexcept {
  if (endpoint.isIp()) setIp(endpoint.ip());
  if (endpoint.isLocal()) setPath(endpoint.path());
}

void SockAddr::setIp(const IpEndpoint& endpoint) noexcept {
  const auto bytes = endpoint.address.bytes();
  if (endpoint.address.isV4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&storage_, &address, sizeof address);
    size_ = sizeof address;
    return;
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(endpoint.port);
  address.sin6_scope_id = endpoint.address.scopeId();
  std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&storage_, &address, sizeof address);
  size_ = sizeof address;
}

void SockAddr::setPath(const LocalPath& path) noexcept {
  storage_.ss_family = AF_UNIX;
  if (!isExpressible(path)) return;
  const std::size_t length = std::min(path.text.size(), capacityFor(path));
  std::memcpy(reinterpret_cast<char*>(&storage_) + pathOffset, path.text.data(), length);
  const std::size_t terminator = path.isAbstract() ? 0 : 1;
  size_ = static_cast<socklen_t>(pathOffset + length + terminator);
}

bool SockAddr::fits(const LocalPath& path) noexcept {
  return path.text.size() <= capacityFor(path);
}

// The storage is zeros where nobody has written, so a path ends in a NUL.
const char* SockAddr::file() const noexcept {
  if (family() != AF_UNIX || size_ <= pathOffset) return nullptr;
  const char* const name = reinterpret_cast<const char*>(&storage_) + pathOffset;
  return *name == '\0' ? nullptr : name;
}

Endpoint SockAddr::toEndpoint() const {
  const std::size_t written = std::min(size_, capacity());
  switch (family()) {
    case AF_INET:
      if (written < sizeof(sockaddr_in)) return {};
      return v4Endpoint(load<sockaddr_in>(storage_));
    case AF_INET6:
      if (written < sizeof(sockaddr_in6)) return {};
      return v6Endpoint(load<sockaddr_in6>(storage_));
    case AF_UNIX:
      if (written <= pathOffset) return {};
      return unixEndpoint(
          {reinterpret_cast<const char*>(&storage_) + pathOffset, written - pathOffset});
    default: return {};
  }
}

}  // namespace sprocket::platform
