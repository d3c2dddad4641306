#include <winsock2.h>
#include <ws2tcpip.h>

#include "sprocket/tests/support/tcp_options.h"

namespace sprocket::tests {
namespace {

// Handles are small multiples of four, and Winsock knows which of them are sockets.
constexpr SOCKET kMostHandles = 64 * 1024;

// Not in the headers of MinGW.
constexpr int kKeepIdle = 3;       // TCP_KEEPIDLE
constexpr int kKeepCount = 16;     // TCP_KEEPCNT
constexpr int kKeepInterval = 17;  // TCP_KEEPINTVL

template <class Ask>
std::optional<int> portBy(Ask ask, SOCKET socket) {
  sockaddr_in name{};
  int size = sizeof name;
  const int result = ask(socket, reinterpret_cast<sockaddr*>(&name), &size);
  return result == 0 && name.sin_family == AF_INET ? std::optional<int>(ntohs(name.sin_port))
                                                   : std::nullopt;
}

int optionOf(SOCKET socket, int level, int name) {
  int value = 0;
  int size = sizeof value;
  ::getsockopt(socket, level, name, reinterpret_cast<char*>(&value), &size);
  return value;
}

}  // namespace

std::optional<TcpOptions> tcpOptionsOf(const net::Socket& socket) {
  if (!socket.localPort() || !socket.remotePort()) return std::nullopt;
  for (SOCKET each = 4; each < kMostHandles; each += 4) {
    if (portBy(::getsockname, each) != socket.localPort()) continue;
    if (portBy(::getpeername, each) != socket.remotePort()) continue;
    return TcpOptions{.noDelay = optionOf(each, IPPROTO_TCP, TCP_NODELAY) != 0,
                      .keepAlive = optionOf(each, SOL_SOCKET, SO_KEEPALIVE) != 0,
                      .keepAliveIdle = optionOf(each, IPPROTO_TCP, kKeepIdle),
                      .keepAliveInterval = optionOf(each, IPPROTO_TCP, kKeepInterval),
                      .keepAliveCount = optionOf(each, IPPROTO_TCP, kKeepCount)};
  }
  return std::nullopt;
}

}  // namespace sprocket::tests
