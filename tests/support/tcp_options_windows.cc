#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/tcp_options.h"

namespace sprocket::tests {

std::optional<TcpOptions> tcpOptionsOf(const net::Socket&) {
  skipHere("on Windows the handles of a process cannot be searched for a socket");
}

}  // namespace sprocket::tests
