// Waits for an address that is in use [19.4]: tries again each second until it is free.
//
//   bazel run //tools/examples:retry -- 8124

#include <cstdio>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  const auto target = examples::portOrPath(examples::onlyArgument(argc, argv));
  std::setvbuf(stdout, nullptr, _IONBF, 0);

  auto server = net::createServer();
  server.on<"error">([=](net::Server self, const Error& e) {
    if (e.code() != "EADDRINUSE") throw e;
    std::puts("Address in use, retrying...");
    const auto again = [=] {
      self.close();
      self.listen(target);
    };
    setTimeout(again, 1000);
  });
  server.on<"listening">([](net::Server self) {
    std::printf("listening on %s\n", examples::whereabouts(self).c_str());
  });
  server.listen(target);

  examples::closeOnSignals(server);
  return reactor::run();
}
