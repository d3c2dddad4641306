#include "sprocket/platform/windows/sockaddr.h"

#include <cstring>

namespace sprocket::platform {
namespace {

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

}  // namespace

SockAddr::SockAddr(const IpEndpoint& endpoint) noexcept {
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

Endpoint SockAddr::toEndpoint() const {
  switch (family()) {
    case AF_INET:
      if (size_ < static_cast<int>(sizeof(sockaddr_in))) return {};
      return v4Endpoint(load<sockaddr_in>(storage_));
    case AF_INET6:
      if (size_ < static_cast<int>(sizeof(sockaddr_in6))) return {};
      return v6Endpoint(load<sockaddr_in6>(storage_));
    default: return {};
  }
}

}  // namespace sprocket::platform
