#pragma once

// Server: accepts connections on a TCP port or a local path, as Node's net.Server.
//
//   auto server = net::createServer([](net::Socket c) { c.pipe(c); });
//   server.listen(8124);
//
// A Server is a handle, as a Socket is (socket.h). It keeps its listeners after 'close': to close
// and listen again is its daily life. So one that captures a handle of its own server keeps it
// alive until removeAllListeners(); it may take the server as its first parameter instead. A
// listening server keeps itself alive.

#include <compare>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sprocket/net/socket.h"

namespace sprocket::net {

class Server;
class ServerState;

// Connections that were accepted and cut off.
struct Drop {
  std::size_t count = 1;
  Error why;  // EMFILE and kin: the process has no descriptor or memory left for them [7.23]

  // Of one that came when there were maxConnections() already, for which `why` is empty. Absent of
  // local endpoints. [7.17]
  std::optional<std::string> localAddress = {};
  std::optional<int> localPort = {};
  std::optional<std::string> localFamily = {};  // "IPv4" or "IPv6"
  std::optional<std::string> remoteAddress = {};
  std::optional<int> remotePort = {};
  std::optional<std::string> remoteFamily = {};
};

using ServerEventList = EventList<
    Event<"listening", void()>,                // bound, accepting from now on [7.7]
    Event<"connection", void(Socket socket)>,  // connected; may be written right there [7.15]
    Event<"drop", void(const Drop& drop)>,     // [7.17, 7.23]
    Event<"error", void(const Error& error)>,  // thrown out of run() if unheard [2.5, 7.22]
    Event<"close", void()>>;                   // closed, and the last connection is gone [7.18]
struct ServerEvents : ServerEventList {};

using OnClosed = OnOutcome<Server>;
using OnCounted = OnOutcome<Server, std::size_t>;
using OnListening = OnceListener<Server, ServerEvents, "listening">;

// What is listened on, if one argument says it: a port, a local path, or what another handle has
// (see Server::listen()), which must live until the call is over.
class ListenOn : public PortOrPath {
 public:
  using PortOrPath::PortOrPath;
  ListenOn(PortOrPath place) : PortOrPath(std::move(place)) {}
  ListenOn(const Server& server) : server_(&server) {}
  ListenOn(const Socket& socket) : socket_(&socket) {}

  // Null if it is something else.
  const Server* server() const { return server_; }
  const Socket* socket() const { return socket_; }

 private:
  const Server* server_ = nullptr;
  const Socket* socket_ = nullptr;
};

class Server : public EventEmitter<Server, ServerEvents> {
 public:
  // A server that does not listen yet, of this thread's loop.
  Server();
  explicit Server(const ServerOptions& options);

  Server(const Server& other) noexcept;
  Server& operator=(const Server& other) noexcept;
  ~Server();

  friend bool operator==(const Server& a, const Server& b) noexcept {
    return a.state_.get() == b.state_.get();
  }
  friend std::strong_ordering operator<=>(const Server& a, const Server& b) noexcept {
    return std::compare_three_way()(a.state_.get(), b.state_.get());
  }

  // Starts listening; 'listening' follows, or 'error', after which listen() may be called again.
  // `listener` hears 'listening' once. Without a port the system picks one, without a host it is
  // every address; of what a host name stands for, the first IPv4 address if there is one. A server
  // that listens already moves to the new place. Throws an ArgumentError for a port outside
  // 0..65535, a negative backlog or descriptor, and options that have none of port, path and
  // descriptor. Returns the server. [7.1 to 7.12]
  //
  // Given a server that listens it shares that one's place: both accept, each connection goes to
  // one of them, which is the system's choice and may always be the same, and closing either does
  // not stop the other; but a unix path goes with the server that made it. One that has
  // maxConnections() still takes its part, and drops it. The backlog is one for both, on POSIX
  // systems the one told last. Given itself it goes on as it is, and 'listening' comes again. Given
  // a socket that has a descriptor and is not connected it listens where that is bound, and the
  // socket keeps its own. A connected socket gives an 'error' EINVAL; any other handle, and a
  // server of another loop, throw an ArgumentError. [7.27]
  Server listen(OnListening listener = {}) const;
  Server listen(const ListenOptions& options, OnListening listener = {}) const;
  Server listen(ListenOn target, OnListening listener = {}) const;
  Server listen(ListenOn target, int backlog, OnListening listener = {}) const;
  Server listen(Port port, const Host& host, OnListening listener = {}) const;
  Server listen(Port port, const Host& host, int backlog, OnListening listener = {}) const;

  // Stops accepting at once; connections live on. 'close' follows when the last of them is gone;
  // `callback` is called with it, with an error if the server was not open. Returns the server.
  // [7.18, 7.19]
  Server close(OnClosed callback = {}) const;

  bool listening() const;  // [7.13]

  // Where it listens: address, family and the real port, or the path as it was given. Absent while
  // it does not. [7.14]
  std::optional<Address> address() const;

  // How many connections may live at a time; none: as many as come. A further one is accepted and
  // closed at once, told by 'drop' and not by 'connection'; 0 refuses all. It may be changed at any
  // time, is looked at for each connection that comes, and ends none that lives: a slot is free as
  // soon as a connection is destroyed. Unset at first. Throws an ArgumentError if it is negative.
  // Returns the server. [7.17]
  Server setMaxConnections(std::optional<long long> most) const;
  std::optional<std::size_t> maxConnections() const;

  // Calls `callback` later, once, with no error and the number of connections that live now;
  // listening or not. Throws an ArgumentError if there is no callback. Returns the server. [7.24]
  Server getConnections(OnCounted callback) const;

  // The same number at once: accepted connections that are not destroyed. [7.25]
  std::optional<std::size_t> connections() const;

  // Whether the loop runs on for this server's sake; it does, unless unref() is called. [11.2]
  Server ref() const;
  Server unref() const;

 private:
  friend class EventEmitter<Server, ServerEvents>;
  friend struct std::hash<Server>;
  friend class EmitterState<ServerState, Server, ServerEvents>;

  explicit Server(ServerState& state) noexcept;

  ListenerTable& listeners() const;
  void onNewListener(std::uint8_t event) const;
  void onListenersRemoved() const;

  reactor::RefPtr<ServerState> state_;
};

}  // namespace sprocket::net

// By identity, as operator== has it.
template <>
struct std::hash<sprocket::net::Server> {
  std::size_t operator()(const sprocket::net::Server& handle) const noexcept {
    return std::hash<const void*>()(handle.state_.get());
  }
};
