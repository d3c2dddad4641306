#pragma once

// The options that the kernel holds for a TCP socket of ours, which has no way to be asked for
// them. The descriptor is found by its addresses.

#include <optional>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/socket.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {

struct TcpOptions {
  bool noDelay = false;
  bool keepAlive = false;
  int keepAliveIdle = 0;  // seconds
  int keepAliveInterval = 0;
  int keepAliveCount = 0;

  // Wine takes what concerns the probes, but does not tell it.
  void expectIdle(int seconds) const {
    if (!runsUnderWine()) BOOST_TEST(keepAliveIdle == seconds);
  }
};

// Absent if the socket is not connected.
std::optional<TcpOptions> tcpOptionsOf(const net::Socket& socket);

}  // namespace sprocket::tests
