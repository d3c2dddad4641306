// The echo server of net/behaviour.md [19.1]: greets, and sends back what it gets.
//
//   bazel run //tools/examples:echo_server -- 8124
//   bazel run //tools/examples:echo_server -- /tmp/echo.sock

#include <cstdio>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  const auto target = examples::portOrPath(examples::onlyArgument(argc, argv));
  std::setvbuf(stdout, nullptr, _IONBF, 0);

  auto server = net::createServer([](net::Socket c) {
    std::puts("client connected");
    c.on<"end">([] { std::puts("client disconnected"); });
    c.on<"error">([](const Error& err) { std::printf("client failed: %s\n", err.what()); });
    c.write("hello\r\n");
    c.pipe(c);
  });
  server.on<"error">([](const Error& err) { throw err; });
  server.listen(target, [](net::Server self) {
    std::printf("listening on %s\n", examples::whereabouts(self).c_str());
  });

  examples::closeOnSignals(server);
  return reactor::run();
}
