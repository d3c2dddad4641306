#pragma once

// The seam: everything that Sprocket asks of an operating system's I/O.
//
// It speaks in completions at the level of a stream: connected, received, sent, ended, closed.
// Readiness is a detail inside the epoll and kqueue backends. Plain readiness does not fit Windows
// pipes and IOCP, and libraries that began there grew a second I/O stack; one object per operation
// would make epoll register again and again, and would pin a buffer for every idle read.
//
// Four rules, which every backend keeps and tests/platform/conformance.cc checks on each:
//
//   1. Handlers run only inside wait(), one at a time, never from inside the call that caused them.
//   2. Received bytes belong to the backend and are valid only during onReceive().
//   3. Bytes given to send() stay put until they are reported by onSend(), the slices until all of
//      them are, or until onError() or onClose(); one send is in flight at a time. trySend() keeps
//      nothing.
//   4. close() is final: onClose() comes exactly once, later, and nothing follows it.
//
// A handler may call anything on any object, close() on itself, on a neighbour and on the listener
// included. It may throw: the exception leaves wait(), everything stays consistent, and what was
// not handled yet comes in the next wait().
//
// One thread uses a backend; only wake() may come from others. A child of fork() leaves its
// parent's alone and makes its own: a kqueue is not inherited, and wait() throws an Error there
// (EBADF); an epoll is shared, and each would take the other's events.

#include <cstddef>
#include <optional>
#include <span>

#include "sprocket/platform/address.h"
#include "sprocket/platform/descriptor.h"
#include "sprocket/platform/result.h"
#include "sprocket/platform/sys_error.h"
#include "sprocket/platform/time.h"

namespace sprocket::platform {

using Bytes = std::span<const std::byte>;

// Told of a stream's outcomes. Belongs to the caller; stays valid until onClose().
class StreamHandler {
 public:
  // First call: the outcome of Backend::connect(), or success for a stream that was accepted. After
  // an error the stream is dead; close() it.
  virtual void onConnect(SysError error) = 0;
  virtual void onReceive(Bytes bytes) = 0;     // never empty
  virtual void onReceiveEnd() = 0;             // the peer sent FIN; once; sending may go on
  virtual void onSend(std::size_t count) = 0;  // so many more bytes of the send in flight are gone
  virtual void onError(SysError error) = 0;    // once; the stream is dead; close() it
  virtual void onClose() = 0;                  // last call; the Stream is gone when it returns

 protected:
  ~StreamHandler() = default;
};

// A TCP socket, an AF_UNIX socket or a named pipe; or what was adopted, which may be an end of a
// POSIX pipe. Belongs to the backend; valid until onClose(). On a stream that is dead or closed
// every call is harmless and does nothing.
class Stream {
 public:
  // From now on `handler` is told, in place of the one before. Also inside of what that is told.
  virtual void setHandler(StreamHandler& handler) = 0;

  // Receiving is standing: it goes on until stopped, and begins stopped. It may be asked for while
  // the stream is still connecting. After stopReceiving() there is no onReceive() and no
  // onReceiveEnd(), from that moment on; what the peer sends meanwhile waits in the kernel.
  virtual void startReceiving() = 0;
  virtual void stopReceiving() = 0;

  // Offers bytes to the kernel now and returns how many it took, which may be 0. Connected streams
  // only, with no send in flight. A failure returns 0 and comes by onError().
  virtual std::size_t trySend(std::span<const Bytes> slices) = 0;

  // Sends all of the slices in time, in order, telling progress by onSend(). Same conditions.
  virtual void send(std::span<const Bytes> slices) = 0;

  // Sends FIN: nothing may be sent after it. Connected streams only, with no send in flight. That
  // the peer is gone already counts as success. A pipe has no FIN, and its peer may not learn of
  // the end until the pipe is closed: there onReceiveEnd() comes also when such a peer has been
  // silent for a second, if it cannot learn of it or if receiving is not meant to go on. The reader
  // of a POSIX pipe learns of the end by close() only.
  virtual void shutdownSend(bool receiveGoesOn) = 0;

  virtual void close() = 0;  // drops a send in flight; in any state, also again
  virtual void reset() = 0;  // close(), with RST where the protocol has one

  // Empty where there is none: not connected yet, an unnamed unix socket.
  virtual Endpoint localEndpoint() const = 0;
  virtual Endpoint remoteEndpoint() const = 0;

  // Whether it is TCP, also when a system has forgotten the addresses of one that its peer has
  // reset.
  virtual bool isTcp() const = 0;

  // Of TCP; succeed without effect on other streams, and while not connected yet are remembered.
  virtual SysError setNoDelay(bool on) = 0;
  virtual SysError setKeepAlive(bool on, std::chrono::seconds idle) = 0;  // idle 0: leave as it is

 protected:
  ~Stream() = default;
};

// Told of a listener's outcomes. Belongs to the caller; stays valid until onClose().
class ListenerHandler {
 public:
  // A connection came; names its handler, whose onConnect() comes next, unless the stream is closed
  // right here. The stream is connected and not receiving. If this throws, the connection is
  // closed; want of memory is then told by onDrop() and goes no further.
  virtual StreamHandler& onAccept(Stream& stream) = 0;
  // So many connections were accepted and cut off for want of descriptors or memory.
  virtual void onDrop(std::size_t count, SysError why) = 0;
  virtual void onError(
      SysError error) = 0;     // the listening descriptor failed; accepting is retried
  virtual void onClose() = 0;  // last call; the Listener is gone when it returns

 protected:
  ~ListenerHandler() = default;
};

// Listens from the moment it exists, and accepts from startAccepting() on. Belongs to the backend;
// valid until onClose().
class Listener {
 public:
  virtual void startAccepting() = 0;
  virtual void stopAccepting() = 0;
  virtual void close() = 0;                    // a socket file that it made is removed
  virtual Endpoint localEndpoint() const = 0;  // of a local path: the path as it was given

  // Another listener for the same queue of connections, of which it makes as many wait as `backlog`
  // says, where that can be changed. Whoever accepts first gets a connection; the queue goes with
  // the last of its listeners, and a socket file with the one that made it.
  virtual Result<Listener*> share(int backlog, ListenerHandler& handler) const = 0;

 protected:
  ~Listener() = default;
};

// With strictPath a local path that is too long for the system is refused with ENAMETOOLONG; else
// it is cut, alike in connecting and listening.

struct ConnectOptions {
  Endpoint local = {};  // where to connect from; empty: the system chooses
  bool strictPath = false;
  int descriptor = -1;  // a socket to connect, the stream's from then on; -1: a new one
};

struct ListenOptions {
  int backlog = 511;         // connections that may wait to be accepted; the OS may cap it
  bool ipv6Only = false;     // whether `::` refuses IPv4 clients
  bool reusePort = false;    // shares an IP port with others who ask for it; ENOTSUP if it cannot
  bool readableAll = false;  // a local path: other users may receive from it,
  bool writableAll = false;  // and send to it
  bool strictPath = false;
};

class Backend {
 public:
  // What is open is closed. Handlers are told nothing any more.
  virtual ~Backend() = default;

  // Closes every stream and listener and returns when the system is done with the bytes that were
  // given to send(). Outside of wait(), before handlers and bytes go while the backend stays.
  virtual void closeAll() = 0;

  // Every failure comes by onConnect(), also one known at once.
  virtual Stream& connect(const Endpoint& remote, const ConnectOptions& options,
                          StreamHandler& handler) = 0;

  virtual Result<Listener*> listen(const Endpoint& local, const ListenOptions& options,
                                   ListenerHandler& handler) = 0;

  // Make a stream of somebody else's descriptor, of a connected socket or a pipe, and a listener of
  // a socket, which is made to listen and not bound. From success on it is theirs, non-blocking and
  // close-on-exec; else it is as it was. The stream is not receiving, and its onConnect() does not
  // come. The path that a socket is bound to stays when the listener is closed. ENOTSUP where there
  // are no descriptors.
  virtual Result<Stream*> adopt(int descriptor, StreamHandler& handler) = 0;
  virtual Result<Listener*> adopt(int descriptor, int backlog, ListenerHandler& handler) = 0;

  // Runs handlers for what has happened; if nothing has, waits for it, but no longer than told
  // (empty: for ever) and never returns early for rounding. May return without having run any.
  virtual void wait(std::optional<Duration> timeout) = 0;

  // Makes the wait() under way, or else the next one, return soon. From any thread, and from a
  // signal handler.
  virtual void wake() noexcept = 0;

  // Monotonic.
  virtual Instant now() const = 0;
};

}  // namespace sprocket::platform
