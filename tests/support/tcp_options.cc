#include "sprocket/tests/support/tcp_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "sprocket/tests/support/open_descriptors.h"

namespace sprocket::tests {
namespace {

int portOf(const sockaddr_in& address) { return ntohs(address.sin_port); }

bool connects(int fd, int localPort, int remotePort) {
  sockaddr_in local{};
  sockaddr_in remote{};
  socklen_t localSize = sizeof local;
  socklen_t remoteSize = sizeof remote;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &localSize) != 0) return false;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&remote), &remoteSize) != 0) return false;
  return local.sin_family == AF_INET && portOf(local) == localPort && portOf(remote) == remotePort;
}

int optionOf(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(fd, level, name, &value, &size);
  return value;
}

}  // namespace

std::optional<TcpOptions> tcpOptionsOf(const net::Socket& socket) {
  const auto localPort = socket.localPort();
  const auto remotePort = socket.remotePort();
  if (!localPort || !remotePort) return std::nullopt;
  for (const auto& [fd, name] : openDescriptors()) {
    if (!connects(fd, *localPort, *remotePort)) continue;
    return TcpOptions{.noDelay = optionOf(fd, IPPROTO_TCP, TCP_NODELAY) != 0,
                      .keepAlive = optionOf(fd, SOL_SOCKET, SO_KEEPALIVE) != 0,
                      .keepAliveIdle = optionOf(fd, IPPROTO_TCP, TCP_KEEPIDLE),
                      .keepAliveInterval = optionOf(fd, IPPROTO_TCP, TCP_KEEPINTVL),
                      .keepAliveCount = optionOf(fd, IPPROTO_TCP, TCP_KEEPCNT)};
  }
  return std::nullopt;
}

}  // namespace sprocket::tests
