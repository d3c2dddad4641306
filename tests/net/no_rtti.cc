// A program of somebody who builds without RTTI, and with a warning that we have no use for.

#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/net/net.h"

using namespace sprocket;

int main() {
  const auto server = net::createServer([](net::Socket peer) { peer.end(); });
  server.listen(0, "127.0.0.1", [](net::Server self) { self.close(); });
  dns::lookup("127.0.0.1", [](const Error&, const std::vector<dns::Address>&) {});
  setTimeout([] {}, 1);
  return reactor::run();
}
