#pragma once

// Sprocket's net: Node's net module for C++. Include this.
//
//   auto server = net::createServer([](net::Socket c) {
//     c.write("hello\r\n");
//     c.pipe(c);
//   });
//   server.listen(8124);
//   return reactor::run();

#include "sprocket/platform/version.h"

#include <string_view>
#include <utility>

#include "sprocket/net/auto_select_family.h"
#include "sprocket/net/server.h"
#include "sprocket/net/socket.h"
#include "sprocket/platform/address.h"
#include "sprocket/reactor/reactor.h"

namespace sprocket::net {

// A server, not listening yet; `listener` hears every 'connection'. [4.1]
inline Server createServer(const ServerOptions& options = {}) { return Server(options); }
template <class F>
requires(!std::convertible_to<F, const ServerOptions&>) Server createServer(F&& listener) {
  return Server().on<"connection">(std::forward<F>(listener));
}
template <class F>
Server createServer(const ServerOptions& options, F&& listener) {
  return Server(options).on<"connection">(std::forward<F>(listener));
}

// A socket that is connecting: see Socket::connect() for the forms. If it throws, a descriptor in
// the options stays the caller's. [4.2]
Socket connect(const ConnectOptions& options, OnConnect listener = {});
inline Socket connect(ConnectTo target, OnConnect listener = {}) {
  return Socket().connect(std::move(target), std::move(listener));
}
inline Socket connect(Port port, const Host& host, OnConnect listener = {}) {
  return Socket().connect(port, host, std::move(listener));
}

// The same under Node's other name.
inline Socket createConnection(const ConnectOptions& options, OnConnect listener = {}) {
  return connect(options, std::move(listener));
}
inline Socket createConnection(ConnectTo target, OnConnect listener = {}) {
  return connect(std::move(target), std::move(listener));
}
inline Socket createConnection(Port port, const Host& host, OnConnect listener = {}) {
  return connect(port, host, std::move(listener));
}

// 4 or 6 if the whole text is an IP address of that version, else 0. [4.4]
inline int isIP(std::string_view text) { return platform::isIP(text); }
inline bool isIPv4(std::string_view text) { return isIP(text) == 4; }
inline bool isIPv6(std::string_view text) { return isIP(text) == 6; }

}  // namespace sprocket::net
