// A server on a port that the system picks [19.3]: says goodbye to everyone.
//
//   bazel run //tools/examples:goodbye_server -- 0

#include <cstdio>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  const auto target = examples::portOrPath(examples::onlyArgument(argc, argv));
  std::setvbuf(stdout, nullptr, _IONBF, 0);

  auto server = net::createServer([](net::Socket c) {
    c.on<"error">([](const Error& err) { std::printf("client failed: %s\n", err.what()); });
    c.resume();  // whatever it sends, its end must be noticed
    c.end("goodbye\n");
  });
  server.on<"error">([](const Error& err) { throw err; });
  server.listen(target, [](net::Server self) {
    std::printf("listening on %s\n", examples::whereabouts(self).c_str());
  });

  examples::closeOnSignals(server);
  return reactor::run();
}
