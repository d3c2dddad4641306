#pragma once

// An IP endpoint as Winsock wants it, or room for Winsock to write one.

#include <winsock2.h>
#include <ws2tcpip.h>

#include "sprocket/platform/address.h"

namespace sprocket::platform {

class SockAddr {
 public:
  // Empty: to be written into.
  SockAddr() noexcept = default;

  explicit SockAddr(const IpEndpoint& endpoint) noexcept;

  // Empty for families that we do not speak. An IPv4 peer of a dual-stack socket stays IPv6, as
  // ::ffff:a.b.c.d.
  Endpoint toEndpoint() const;

  int family() const noexcept { return storage_.ss_family; }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  int size() const noexcept { return size_; }
  static constexpr int capacity() noexcept { return sizeof(sockaddr_storage); }

  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
  int* resetSize() noexcept {
    size_ = capacity();
    return &size_;
  }

 private:
  sockaddr_storage storage_{};
  int size_ = 0;
};

}  // namespace sprocket::platform
