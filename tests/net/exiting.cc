// A program that ends by std::exit() inside a callback, with a server and a connection open.
//
//   exiting PATH

#include <cstdio>
#include <cstdlib>

#include "sprocket/net/net.h"
#include "sprocket/tools/examples/program.h"

using namespace sprocket;

int main(int argc, char** argv) {
  static const auto server = net::createServer([](net::Socket peer) {
    peer.pipe(peer);
    peer.on<"data">([peer](const Buffer&) {
      std::puts("exiting");
      std::exit(7);
    });
  });
  server.listen(examples::portOrPath(examples::onlyArgument(argc, argv)));
  net::connect(server.address()->path).write("hello");
  return reactor::run();
}
