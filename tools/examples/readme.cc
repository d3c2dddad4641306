#include <cstdio>

#include "sprocket/net/net.h"

using namespace sprocket;

int main() {
  auto server = net::createServer([](net::Socket c) {
    std::puts("client connected");
    c.on<"end">([] { std::puts("client disconnected"); });
    c.on<"error">([](const Error& err) { std::puts(err.what()); });
    c.write("hello\r\n");
    c.pipe(c);
  });
  server.on<"error">([](const Error& err) { throw err; });
  server.listen(8124, [] { std::puts("server bound"); });
  return reactor::run();
}
