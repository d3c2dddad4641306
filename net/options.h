#pragma once

// The options of Node's net, as aggregates: name what differs from the default, in the order of
// declaration.
//
//   server.listen({.port = 80, .host = "localhost", .exclusive = true});

#include <optional>
#include <string>

namespace sprocket::net {

struct SocketOptions {
  // Whether the socket stays writable after the peer's end, until end() is called. If not, it ends
  // by itself after 'end'. (Contract 9.4, 9.6.)
  bool allowHalfOpen = false;

  // Keeps its listeners after 'close', so that connect() may be called again later, from a timer. A
  // socket that is not reusable may be connected again only inside its 'close' listeners, or after
  // listeners were attached anew. (Contract 6.18.)
  bool reusable = false;
};

struct ServerOptions {
  bool allowHalfOpen = false;   // of the accepted sockets
  bool pauseOnConnect = false;  // accepted sockets read nothing at all until resume() (7.16)
};

struct ListenOptions {
  std::optional<int> port = {};  // 0 to 65535; 0: the system picks one
  std::string host = {};         // name or address; empty: every address, IPv6 and IPv4 (7.4)
  std::string path = {};         // a local endpoint instead; if both are given the port wins
  int backlog = 511;             // connections that may wait to be accepted; 0 means 511 (7.5)
  bool exclusive = false;        // matters only between cooperating processes (17.4)
  bool ipv6Only = false;         // `::` is not for IPv4 clients too
  // Who connects to a pipe asks for both; to a unix path, for writing only. (16.5)
  bool readableAll = false;  // other users may read from a local endpoint ...
  bool writableAll = false;  // ... and write to it
};

struct ConnectOptions {
  std::optional<int> port = {};        // 0 to 65535
  std::string host = "localhost";      // name or address; empty: localhost too
  std::string path = {};               // a local endpoint instead; if both are given the path wins
  std::string localAddress = {};       // an IP address to connect from; empty: the system chooses
  std::optional<int> localPort = {};   // 0 to 65535
  int family = 4;                      // which addresses of a name will do: 4 or 6; 0: either
  std::optional<double> timeout = {};  // in milliseconds: setTimeout() before connecting (4.3)

  // Those of SocketOptions; they matter to createConnection() only.
  bool allowHalfOpen = false;
  bool reusable = false;
};

}  // namespace sprocket::net
