#pragma once

// What the examples have in common as programs: the argument, which says where to listen or to
// connect to, and how a server ends.

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sprocket/net/net.h"

namespace examples {

// A number is a port, anything else the path of a local endpoint.
inline sprocket::net::PortOrPath portOrPath(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc() && end == text.data() + text.size()) return port;
  return text;
}

// The only argument of the program; it ends if there is not exactly one.
inline const char* onlyArgument(int argc, char** argv) {
  if (argc == 2) return argv[1];
  std::fprintf(stderr, "usage: %s PORT_OR_PATH\n", argv[0]);
  std::exit(2);
}

// "8124" or "/tmp/echo.sock", as the server has it: the real port if 0 was asked for.
inline std::string whereabouts(const sprocket::net::Server& server) {
  const auto address = server.address();
  return address->path.empty() ? std::to_string(address->port) : address->path;
}

// On SIGTERM and SIGINT closes the server and everything it has accepted, and then ends run().
inline void closeOnSignals(const sprocket::net::Server& server) {
  const auto clients = std::make_shared<std::vector<sprocket::net::Socket>>();
  server.on<"connection">([=](sprocket::net::Socket client) {
    clients->push_back(client);
    client.on<"close">([=](sprocket::net::Socket self) { std::erase(*clients, self); });
  });
  for (const int signum : {SIGTERM, SIGINT}) {
    sprocket::reactor::onSignal(signum, [=](int) {
      server.close([] { sprocket::reactor::stop(); });
      for (const sprocket::net::Socket& client : *clients) client.destroy();
    });
  }
}

}  // namespace examples
