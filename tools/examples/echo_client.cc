// The echo client of net/behaviour.md [19.2]: says one thing, prints what comes back, and ends.
//
//   bazel run //tools/examples:echo_client -- 8124
//   bazel run //tools/examples:echo_client -- /tmp/echo.sock

#include <cstdio>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  const auto target = examples::portOrPath(examples::onlyArgument(argc, argv));

  auto client = net::createConnection(target, [](net::Socket self) {
    std::puts("connected to server!");
    self.write("world!\r\n");
  });
  client.on<"data">([](net::Socket self, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    self.end();
  });
  client.on<"end">([] { std::puts("disconnected from server"); });
  client.on<"error">([](const Error& err) {
    std::fprintf(stderr, "%s\n", err.what());
    reactor::stop(1);
  });
  return reactor::run();
}
