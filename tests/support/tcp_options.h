#pragma once

// The options that the kernel holds for a TCP socket of ours, which has no way to be asked for
// them. The descriptor is found by its addresses.

#include <optional>

#include "sprocket/net/socket.h"

namespace sprocket::tests {

struct TcpOptions {
  bool noDelay = false;
  bool keepAlive = false;
  int keepAliveIdle = 0;  // seconds
  int keepAliveInterval = 0;
  int keepAliveCount = 0;
};

// Absent if the socket is not connected.
std::optional<TcpOptions> tcpOptionsOf(const net::Socket& socket);

}  // namespace sprocket::tests
