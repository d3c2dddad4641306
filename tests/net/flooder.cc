// A client that sends without end, and takes what comes back; for tests that kill it.
//
//   flooder PORT_OR_PATH

#include <cstdio>
#include <string>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  const std::string piece(64 * 1024, 'x');
  const auto flood = [piece](net::Socket self) {
    while (self.write(piece)) {
    }
  };
  auto client = net::connect(examples::portOrPath(examples::onlyArgument(argc, argv)), flood);
  client.on<"drain">(flood);
  client.on<"data">([](net::Socket self, std::string_view bytes) {
    constexpr std::uint64_t enough = 4 << 20;
    const std::uint64_t count = self.bytesRead();
    if (count < enough || count - bytes.size() >= enough) return;
    std::puts("flowing");
    std::fflush(stdout);
  });
  return reactor::run();
}
