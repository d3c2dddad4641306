#pragma once

// The options of Node's net, as aggregates: name what differs from the default, in the order of
// declaration. Numbers in brackets are the items of net/behaviour.md.
//
//   server.listen({.port = 80, .host = "localhost", .exclusive = true});
//
// If the compiler says only that nothing matches, name the type, ListenOptions{...}: then it says
// which option is wrong.

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "sprocket/dns/dns.h"
#include "sprocket/net/lookup.h"

namespace sprocket::net {

class Socket;

// Memory of the caller's to receive into: a piece of it (an array, a vector, a span of bytes or
// characters) that must outlive the socket's 'close', or a function that gives one for each time.
// It is looked at, never copied or moved in, so a temporary vector does not compile.
class ReadBuffer {
 public:
  ReadBuffer() = default;
  template <class T>
  requires std::ranges::borrowed_range<T> && requires(T& memory) {
    std::as_writable_bytes(std::span(memory));
  }
  ReadBuffer(T&& memory)
      : next_([all = std::as_writable_bytes(std::span(memory))] { return all; }) {}
  template <class F>
  requires std::is_invocable_r_v<std::span<std::byte>, F&> ReadBuffer(F supplier)
      : next_(std::move(supplier)) {}

  bool empty() const { return next_ == nullptr; }
  std::span<std::byte> next() { return next_(); }

 private:
  std::function<std::span<std::byte>()> next_;
};

// Where a socket's bytes go instead of to 'data', for those who want them in memory of their own.
// [10.11]
struct OnRead {
  // If it gives no memory the socket is destroyed with ENOBUFS.
  ReadBuffer buffer = {};

  // Called with what was received, at the start of the buffer. False pauses the socket.
  std::function<bool(const Socket& self, std::span<std::byte> bytes)> callback = {};
};

struct SocketOptions {
  // Whether the socket stays writable after the peer's end, until end() is called. If not, it ends
  // by itself after 'end'. [9.4, 9.6]
  bool allowHalfOpen = false;

  // Keeps its listeners after 'close', so that connect() may be called again later, from a timer. A
  // socket that is not reusable may be connected again only inside its 'close' listeners, or after
  // listeners were attached anew. A listener of a reusable socket that captures a handle of it
  // keeps it alive until removeAllListeners(). [6.18]
  bool reusable = false;

  // A descriptor that somebody else has opened, of a TCP or unix socket or an end of a pipe, which
  // the socket is a handle of from the beginning: what it is is found by inspection, it is made
  // non-blocking and close-on-exec, and closed with the socket. Of one that is not connected yet,
  // but bound perhaps, connect() makes use. If it is of another kind (a file, a terminal, a
  // listener, a number that is closed) or negative, an ArgumentError is thrown and it is left
  // alone; so on Windows, which has no descriptors. [5.2]
  std::optional<int> fd = {};

  // Of a descriptor that is connected. What is not `readable` is never read, and counts as ended by
  // the peer; on what is not `writable` writing fails as after end(). A pipe's end is one of them
  // at the most. [5.3]
  bool readable = false;
  bool writable = false;

  bool noDelay = false;              // as setNoDelay() [15.1]
  bool keepAlive = false;            // as setKeepAlive() [15.2]
  double keepAliveInitialDelay = 0;  // in milliseconds

  // Before anybody asks for data so many bytes are received and kept, and at most a buffer (64 KiB)
  // more, because what reaches the mark is taken whole; 0: none. [10.2]
  std::size_t readableHighWaterMark = 16384;

  // How many bytes may be queued before write() returns false; 0: none. [8.2]
  std::size_t writableHighWaterMark = 0;

  // Gets the data instead of 'data'.
  OnRead onread = {};
};

struct ServerOptions {
  // Of the accepted sockets, and in force before 'connection'. [4.1, 7.15]
  bool allowHalfOpen = false;
  bool pauseOnConnect = false;                // they read nothing at all until resume() [7.16]
  bool noDelay = false;                       // as Socket::setNoDelay() [15.1]
  bool keepAlive = false;                     // as Socket::setKeepAlive() [15.2]
  double keepAliveInitialDelay = 0;           // in milliseconds
  std::size_t readableHighWaterMark = 16384;  // as in SocketOptions
  std::size_t writableHighWaterMark = 0;
};

struct ListenOptions {
  std::optional<int> port = {};  // 0 to 65535; 0: the system picks one
  std::string host = {};         // name or address; empty: every address, IPv6 and IPv4 [7.4]
  std::string path = {};         // a local endpoint instead; if both are given the port wins

  // A socket that somebody else has opened, and bound; it goes before a port and a path. It is made
  // to listen, non-blocking and close-on-exec, and is the server's if that succeeds: close() closes
  // it, but leaves a path that it is bound to. One that cannot listen gives an 'error' (EINVAL,
  // ENOTSOCK, of a datagram socket ENOTSUP) and is left alone; a negative number throws an
  // ArgumentError. On Windows, which has no descriptors, the 'error' is ENOTSUP. [7.27, 7.28]
  std::optional<int> fd = {};

  int backlog = 511;       // connections that may wait to be accepted; 0 means 511 [7.5]
  bool exclusive = false;  // matters only between cooperating processes
  bool ipv6Only = false;   // `::` is not for IPv4 clients too

  // Several servers may listen on one port if each of them asks for it, also in other processes of
  // this user; the system divides the connections. Where it does not, as on Windows and macOS,
  // there is an 'error' ENOTSUP. Of no effect on a local endpoint. [7.6]
  bool reusePort = false;

  // Who connects to a pipe asks for both; to a unix path, for writing only. [16.5]
  bool readableAll = false;  // other users may read from a local endpoint ...
  bool writableAll = false;  // ... and write to it

  // Refuses a unix path that is too long for the system (over 107 bytes on Linux, 103 on macOS)
  // with an 'error' ENAMETOOLONG, instead of cutting it. Recommended. Windows refuses a name that
  // is too long in any case. [16.2]
  bool strictPath = false;
};

struct ConnectOptions {
  std::optional<int> port = {};       // 0 to 65535
  std::string host = "localhost";     // name or address; empty: localhost too
  std::string path = {};              // a local endpoint instead; if both are given the path wins
  std::string localAddress = {};      // an IP address to connect from; empty: the system chooses
  std::optional<int> localPort = {};  // 0 to 65535
  int family = 4;                     // which addresses of a name will do: 4 or 6; 0: either

  // How the name is looked up: dns::ADDRCONFIG and kin. With family 0 and none given ADDRCONFIG is
  // assumed, but not on Windows, where localhost would need a network then. [6.9]
  dns::Hints hints = {};

  // Resolves the name in place of the system. [6.6]
  LookupFunction lookup = {};

  std::optional<double> timeout = {};  // in milliseconds: setTimeout() before connecting [4.3]

  // With family 0, no localAddress and a name of several addresses: whether all are tried, the
  // families in turns, until one connects; else only the first is. Without it: as
  // setDefaultAutoSelectFamily() has it. [6.20]
  std::optional<bool> autoSelectFamily = {};

  // How long an attempt is alone before the next one begins beside it, in milliseconds; less than
  // 10 counts as 10. Without it: as setDefaultAutoSelectFamilyAttemptTimeout() has it. [6.20]
  std::optional<double> autoSelectFamilyAttemptTimeout = {};

  bool strictPath = false;  // as in ListenOptions [16.2]

  // Those of SocketOptions; they matter to net::connect() only, which makes the socket.
  bool allowHalfOpen = false;
  bool reusable = false;
  std::optional<int> fd = {};
  bool readable = false;
  bool writable = false;
  bool noDelay = false;
  bool keepAlive = false;
  double keepAliveInitialDelay = 0;
  std::size_t readableHighWaterMark = 16384;
  std::size_t writableHighWaterMark = 0;
  OnRead onread = {};

  // But for the descriptor, of which connect() makes use.
  SocketOptions forSocket() const {
    return {.allowHalfOpen = allowHalfOpen,
            .reusable = reusable,
            .noDelay = noDelay,
            .keepAlive = keepAlive,
            .keepAliveInitialDelay = keepAliveInitialDelay,
            .readableHighWaterMark = readableHighWaterMark,
            .writableHighWaterMark = writableHighWaterMark,
            .onread = onread};
  }
};

}  // namespace sprocket::net
