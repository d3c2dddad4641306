// A server to be measured beside other libraries: echoes, or only receives.
//
//   bazel run --config=opt //tools/bench:bench_server -- 8124 echo
//   bazel run --config=opt //tools/bench:bench_server -- /tmp/bench.sock sink

#include <csignal>
#include <cstdio>
#include <cstring>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  if (argc != 3 || (std::strcmp(argv[2], "echo") != 0 && std::strcmp(argv[2], "sink") != 0)) {
    std::fprintf(stderr, "usage: %s PORT_OR_PATH echo|sink\n", argv[0]);
    return 2;
  }
  const bool echoes = std::strcmp(argv[2], "echo") == 0;

  auto server = net::createServer([=](net::Socket c) {
    c.setNoDelay();
    c.on<"error">([] {});  // 'close' follows, and that is all there is to do
    if (echoes) {
      c.pipe(c);
    } else {
      c.resume();
    }
  });
  const auto target = examples::portOrPath(argv[1]);
  server.listen({.port = target.checkedPort(), .path = target.path(), .backlog = 4096});
  reactor::onSignal(SIGTERM, [](int) { reactor::stop(); });
  return reactor::run();
}
