#pragma once

// An Endpoint as the kernel wants it: a sockaddr of the right family and length, or room for the
// kernel to write one. Never compare two of them as bytes: some systems keep a length inside, and
// unix paths may be followed by anything. Compare toEndpoint().
//
//   SockAddr peer;
//   int fd = accept(listener, peer.data(), peer.resetSize());
//   if (fd >= 0) use(peer.toEndpoint());

#include <sys/socket.h>

#include "sprocket/platform/address.h"

namespace sprocket::platform {

class SockAddr {
 public:
  // Empty: for the kernel to write into.
  SockAddr() noexcept = default;

  // A unix path that is too long is cut to the system's capacity, here and so in bind, connect and
  // unlink alike. An endpoint that has no address on this system (an empty one, an empty path,
  // which Linux would replace by a name of its own, a path with a NUL inside, an abstract name
  // where there are none) gets size 0, and then bind and connect answer EINVAL.
  explicit SockAddr(const Endpoint& endpoint) noexcept;

  // Whether the path reaches the kernel whole. Who does not want it cut asks this first.
  static bool fits(const LocalPath& path) noexcept;

  // Empty for an unnamed unix socket and for families that we do not speak. An IPv4 peer of a
  // dual-stack socket stays IPv6, as ::ffff:a.b.c.d.
  Endpoint toEndpoint() const;

  // The file that a unix address names, as the kernel knows it: cut to capacity. Null if it names
  // none. Belongs to this object.
  const char* file() const noexcept;

  // For socket(): AF_INET, AF_INET6 or AF_UNIX; AF_UNSPEC if empty.
  int family() const noexcept { return storage_.ss_family; }

  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const noexcept { return size_; }
  static constexpr socklen_t capacity() noexcept { return sizeof(sockaddr_storage); }

  // For the kernel to write into: makes all of the room its own, and is where it tells how long the
  // address is. That can be more than there was room for.
  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t* resetSize() noexcept {
    size_ = capacity();
    return &size_;
  }

 private:
  void setIp(const IpEndpoint& endpoint) noexcept;
  void setPath(const LocalPath& path) noexcept;

  // Larger than a sockaddr_un on every system, with room for the byte by which Linux exceeds that:
  // a path that fills sun_path is reported with a NUL after it.
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace sprocket::platform
