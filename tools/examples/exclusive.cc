// Listens with options [19.5]: on `localhost` only, and on a handle of its own.
//
//   bazel run //tools/examples:exclusive -- 8124

#include <cstdio>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  const auto target = examples::portOrPath(examples::onlyArgument(argc, argv));
  std::setvbuf(stdout, nullptr, _IONBF, 0);

  auto server = net::createServer([](net::Socket c) { c.end("exclusively yours\n"); });
  server.on<"error">([](const Error& err) { throw err; });
  server.on<"listening">([](net::Server self) {
    std::printf("listening on %s\n", examples::whereabouts(self).c_str());
  });
  server.listen({.port = target.checkedPort(),
                 .host = "localhost",
                 .path = target.path(),
                 .exclusive = true});

  examples::closeOnSignals(server);
  return reactor::run();
}
