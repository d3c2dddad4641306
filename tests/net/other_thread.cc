// A program that calls a server or a socket from a thread that is not its loop's, and says so if it
// gets away with it.
//
//   other_thread CALL

#include <cassert>
#include <cstdio>
#include <functional>
#include <map>
#include <string_view>
#include <thread>

#include "sprocket/net/net.h"

using namespace sprocket;

int main(int argc, char** argv) {
  bool detects = false;
  assert((detects = true));
  if (!detects) return std::puts("built without assertions"), 0;

  const net::Server server = net::createServer().listen();
  const net::Socket socket;
  const std::map<std::string_view, std::function<void()>> calls = {
      {"listen", [&] { server.listen(); }},
      {"close", [&] { server.close(); }},
      {"on", [&] { socket.on<"error">([] {}); }},
      {"connect", [&] { socket.connect(server.address()->port, "127.0.0.1"); }},
      {"write", [&] { socket.write("x"); }},
      {"end", [&] { socket.end([] {}); }},
      {"destroy", [&] { socket.destroy(); }},
      {"setTimeout", [&] { socket.setTimeout(1); }},
  };
  std::thread(calls.at(argc == 2 ? argv[1] : "")).join();
  std::puts("not detected");
}
