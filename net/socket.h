#pragma once

// Socket: one end of a TCP or local stream connection, as Node's net.Socket.
//
//   auto client = net::connect(8124, [](net::Socket self) { self.write("world!\r\n"); });
//   client.on<"data">([](std::string_view text) { std::cout << text; });
//
// A Socket is a handle: eight bytes, copied freely, all copies name the same object, == compares
// which; it may be a key of sets and maps, hashed ones too. There is no null handle, and a
// moved-from one still names its object. Every call is safe at any time, in any state and from
// inside any listener; it belongs to the thread of its loop.
//
// What is open keeps itself alive: dropping every handle closes nothing. When 'close' has been
// delivered the listeners are released, with what they captured, unless the socket was connected
// again by then or is `reusable`.
//
// Numbers in brackets are the items of net/behaviour.md.

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sprocket/net/arguments.h"
#include "sprocket/net/buffer.h"
#include "sprocket/net/encoding.h"
#include "sprocket/net/event_emitter.h"
#include "sprocket/net/options.h"
#include "sprocket/platform/error.h"
#include "sprocket/reactor/ref_counted.h"
#include "sprocket/reactor/task.h"
#include "sprocket/reactor/unique_function.h"

namespace sprocket::net {

class Server;
class Socket;
class SocketState;

using SocketEventList = EventList<
    // After a host name was resolved, before connecting: the error if that failed, or the address
    // ("127.0.0.1") and family (4 or 6) about to be used; and the name. If several addresses are to
    // be tried, once for each. [6.7]
    Event<"lookup", void(const Error& error, const std::string& address, int family,
                         const std::string& host)>,
    // An attempt to connect to an IP address has begun; it has failed; it has not succeeded within
    // its time slice, goes on, and another one begins. An attempt that is given up because another
    // one succeeded is not told of. [6.20]
    Event<"connectionAttempt", void(const std::string& address, int port, int family)>,
    Event<"connectionAttemptFailed",
          void(const std::string& address, int port, int family, const Error& error)>,
    Event<"connectionAttemptTimeout", void(const std::string& address, int port, int family)>,
    Event<"connect", void()>,  // [6.11]
    Event<"ready", void()>,    // directly after 'connect'
    // Bytes, or text after setEncoding(); never empty; no meaning in where they are cut. The chunk
    // is good until the listener returns; a copy of it stays. The first listener starts the flow.
    // [10.1, 10.2]
    Event<"data", void(const Buffer& chunk)>,
    // There is something for read(): more data than before, or the end. As long as somebody listens
    // for this nothing flows: 'data' only tells what read() has returned. [10.10]
    Event<"readable", void()>,
    Event<"drain", void()>,    // everything queued is gone after a write() returned false [8.3]
    Event<"timeout", void()>,  // idle for as long as setTimeout() said; only a notice [14]
    Event<"end", void()>,      // the peer has finished sending, and all of it was delivered [9.3]
    Event<"pause", void()>,    // pause() was called; told at once, inside of it
    Event<"resume", void()>,   // resume() was called; told later
    Event<"pipe", void(Socket source)>,  // pipe() to this socket was called; told inside of it
    // unpipe() was called, told inside of it; or the pipe has ended by itself, told later: the
    // source has ended, or this socket has finished or was destroyed. [10.9]
    Event<"unpipe", void(Socket source)>,
    Event<"finish", void()>,  // everything was handed to the system, and FIN sent [9.2]
    Event<"error", void(const Error& error)>,  // 'close' follows; thrown out of run() if unheard
                                               // [2.5]
    Event<"close", void(bool hadError)>>;      // once per connection, last of all [9.11, 9.12]
struct SocketEvents : SocketEventList {};

// A listener for one event, as the last argument of a call; {} for none.
template <class Emitter, class Events, EventName Name>
class OnceListener {
  using Signature = typename Events::template Signature<Name>;

 public:
  OnceListener() = default;
  // By value: as a reference clang 14 would take `{.port = port}` for one to void, and stop there.
  template <class F>
  requires(fitsEvent<F, Emitter, Signature>) OnceListener(F listener)
      : node_(std::make_unique<CallableNode<Emitter, Signature, F>>(Events::template index<Name>,
                                                                    true, std::move(listener))) {}

  std::unique_ptr<ListenerNode> take() { return std::move(node_); }

 private:
  std::unique_ptr<ListenerNode> node_;
};

using OnConnect = OnceListener<Socket, SocketEvents, "connect">;
using OnTimeout = OnceListener<Socket, SocketEvents, "timeout">;

// What to call when a write, an end or a close is done: with an empty Error, or with what went
// wrong. It may take the emitter first, as listeners may. Called exactly once, never inside the
// call it was given to. [8.4]
template <class Emitter, class... Results>
class OnOutcome {
  using EmitterCall = Call<Emitter, const Error&, const Results&...>;

 public:
  using Function = UniqueFunction<void(const Error&, const Results&...)>;

  OnOutcome() = default;
  template <class F>
  requires(EmitterCall::template fits<std::decay_t<F>>) OnOutcome(F&& callback) {
    using Callback = std::decay_t<F>;
    reactor::requireCallback<Callback>(callback);
    if constexpr (std::invocable<Callback&, const Error&, const Results&...>) {
      function_ = std::forward<F>(callback);
    } else if constexpr (std::invocable<Callback&> &&
                         !EmitterCall::template takesEmitter<Callback>) {
      function_ = [kept = Callback(std::forward<F>(callback))](
                      const Error&, const Results&...) mutable { kept(); };
    } else {
      withEmitter_ = [kept = Callback(std::forward<F>(callback))](
                         const Emitter& emitter, const Error& error,
                         const Results&... results) mutable {
        EmitterCall::invoke(kept, emitter, error, results...);
      };
    }
  }

  bool empty() const { return !function_ && !withEmitter_; }

  Function take(const Emitter& emitter) {
    if (!withEmitter_) return std::move(function_);
    return [callback = std::move(withEmitter_), emitter](const Error& error,
                                                         const Results&... results) mutable {
      callback(emitter, error, results...);
    };
  }

 private:
  Function function_;
  UniqueFunction<void(const Emitter&, const Error&, const Results&...)> withEmitter_;
};

using OnWritten = OnOutcome<Socket>;

// A time in milliseconds, fractions allowed, or any std::chrono duration.
class Milliseconds {
 public:
  template <class T>
  requires((Integer<T> || std::floating_point<T>)) Milliseconds(T count)
      : count_(static_cast<double>(count)) {}
  template <class Rep, class Period>
  Milliseconds(std::chrono::duration<Rep, Period> duration)
      : count_(std::chrono::duration<double, std::milli>(duration).count()) {}

  double count() const { return count_; }
  std::chrono::seconds wholeSeconds() const;

 private:
  double count_;
};

// Where an end of a connection is, or a server listens. Of a local endpoint there is a path only.
struct Address {
  std::string address = {};  // "127.0.0.1", "::1"
  std::string family = {};   // "IPv4" or "IPv6"
  int port = 0;
  std::string path = {};

  friend bool operator==(const Address&, const Address&) = default;
};

class Socket : public EventEmitter<Socket, SocketEvents> {
 public:
  // A socket of this thread's loop, not connected unless it is given a descriptor that is. [5.1 to
  // 5.4]
  Socket();
  explicit Socket(const SocketOptions& options);

  Socket(const Socket& other) noexcept;
  Socket& operator=(const Socket& other) noexcept;
  ~Socket();

  friend bool operator==(const Socket& a, const Socket& b) noexcept {
    return a.state_.get() == b.state_.get();
  }
  friend std::strong_ordering operator<=>(const Socket& a, const Socket& b) noexcept {
    return std::compare_three_way()(a.state_.get(), b.state_.get());
  }

  // Starts connecting; 'connect' follows, or 'error' and 'close'. `listener` hears 'connect' once.
  // A name is resolved first, without blocking and without a deadline of its own: setTimeout() and
  // destroy() are for that. If it has several addresses and either family will do, they are tried
  // one beside the other; if none connects, the error has that of each in errors() and the code of
  // the first. What concerns making a socket, such as onread, counts in net::connect() only. Throws
  // an ArgumentError for a port outside 0..65535, a localAddress that is no IP address, a family
  // other than 0, 4 and 6, unknown hints, an empty lookup, neither port nor path, a negative
  // timeout; and on a socket that is connecting, connected or not closed yet. Returns the socket.
  // [6.1 to 6.9, 6.20]
  Socket connect(const ConnectOptions& options, OnConnect listener = {}) const;
  Socket connect(ConnectTo target, OnConnect listener = {}) const;
  Socket connect(Port port, const Host& host, OnConnect listener = {}) const;

  // Sends, or queues what the kernel does not take at once. True if nothing is left queued; false
  // means wait for 'drain' before writing more, or that the socket has ended. What the kernel takes
  // at once is not copied. A writableHighWaterMark above 0 lets so much queue, less a byte, before
  // the result is false. [8.1 to 8.7]
  bool write(const Chunk& chunk, OnWritten callback = {}) const;

  // Sends the bytes that a text has in an encoding; a Buffer and other bytes are sent as they are.
  // Without an encoding text is UTF-8 and sent as it is too, but with Encoding::utf8 what is
  // malformed in it becomes U+FFFD. An unknown name of an encoding throws an ArgumentError, and
  // nothing is done. [8.1, 12.1, 12.2]
  bool write(const Chunk& chunk, Encoding encoding, OnWritten callback = {}) const;

  // Ends the sending side: FIN goes out behind everything queued; what the peer sends still comes.
  // `callback` is called before 'finish'. Before the first connect() it is remembered, with the
  // callback, and ends the connection to come. Returns the socket. [6.14, 9.1, 9.2]
  Socket end(OnWritten callback = {}) const;
  Socket end(const Chunk& chunk, OnWritten callback = {}) const;
  Socket end(const Chunk& chunk, Encoding encoding, OnWritten callback = {}) const;

  // Between the two what is written is only queued, and what was queued before waits with it, but
  // for a send that is under way; write() returns true until 16384 bytes are queued (or the
  // high-water mark, if that is higher). cork() nests; with the last uncork(), or with end(),
  // everything goes in one gathered send. Without a cork() uncork() does nothing, nor does cork()
  // after end(). [8.8]
  void cork() const;
  void uncork() const;

  // No more I/O from now on. With an error: 'error' with it; 'close' in any case. Once; returns the
  // socket. [9.9]
  Socket destroy(const Error& error = {}) const;

  // end(), and destroy() as soon as everything is sent, whatever the peer does. If something was
  // sent, the descriptor is closed, and 'close' told, with the peer's end, at the latest after a
  // second (two for a pipe of Windows) or 16 MiB: what comes till then is read and dropped, as the
  // system would answer it with a reset, which can cost the peer our last bytes. That keeps the
  // loop running, unless unref() was called; destroy() cuts it short. A socket that was never
  // connected is destroyed at once. [9.15]
  void destroySoon() const;

  // destroy() with a reset (RST): the peer gets ECONNRESET, and what is queued here or on its way
  // is lost. 'close' follows, without an error; while connecting, after 'connect'. A socket that
  // was never connected gets 'error' ("Socket is closed"). Throws an ArgumentError for a local
  // connection, which has no reset. Returns the socket. [9.15]
  Socket resetAndDestroy() const;

  // Stops and starts the flow of 'data'. While paused the peer is held up too. [10.4, 10.5]
  Socket pause() const;
  Socket resume() const;

  // Whether the flow was stopped and not started since: by pause(), pauseOnConnect, or the end of
  // the last pipe. False while a pipe waits for its destination. [10.4]
  bool isPaused() const;

  // What was received and not delivered yet; with a size exactly so many bytes of it, or characters
  // after setEncoding(), and at the end what is left. Absent if there is nothing, or fewer: then so
  // many are received, also beyond the high-water mark, and 'readable' tells of what has come.
  // Pipes and 'data' listeners get what it returns too, inside of it. When everything was taken and
  // the peer has ended 'end' follows. Absent unless connected, and always with `onread`. [10.10]
  std::optional<Buffer> read() const;
  std::optional<Buffer> read(std::size_t size) const;

  // From now on 'data' delivers text (in UTF-8) that the bytes mean in this encoding, those too
  // that wait to be delivered, unless they are text already; pipes write it. What is incomplete at
  // the end of a packet waits for the next, or is told as U+FFFD (in base64: as the last digits)
  // before 'end'. It outlasts the connection. An unknown name throws an ArgumentError. Returns the
  // socket. [10.8, 12.1, 12.3]
  Socket setEncoding(Encoding encoding = Encoding::utf8) const;

  // Writes all data of this socket to another one, or to itself, no faster than that takes it; and
  // ends that one with this one's 'end' if told to. Returns the destination. [10.9]
  Socket pipe(const Socket& destination, bool end = true) const;
  Socket unpipe(const Socket& destination) const;
  Socket unpipe() const;  // every destination

  // Announces by 'timeout' that nothing was received or sent for so long; 0: not any more. The
  // longest is 2147483647 ms. `listener` hears 'timeout' once. Throws an ArgumentError if negative
  // or not finite. Does not keep the loop running. Returns the socket. [14]
  Socket setTimeout(Milliseconds idle, OnTimeout listener = {}) const;

  // Sends each write at once instead of gathering small ones (Nagle's algorithm, on by default).
  // Before connecting it is remembered. Nothing happens on local sockets. [15.1]
  Socket setNoDelay(bool on = true) const;

  // Probes a silent peer, first after `initialDelay` (whole seconds; under one, also negative: as
  // the system has it). Off by default; remembered like setNoDelay(). [15.2]
  Socket setKeepAlive(bool enable = false, Milliseconds initialDelay = 0) const;

  // Whether the loop runs on for this socket's sake; it does, unless unref() is called. [11.2]
  Socket ref() const;
  Socket unref() const;

  // This end of the connection, the real one also if the server listens on every address. Absent
  // while there is no connection and of local sockets. [13.1, 13.3]
  std::optional<Address> address() const;
  std::optional<std::string> localAddress() const;
  std::optional<int> localPort() const;
  std::optional<std::string> localFamily() const;  // "IPv4" or "IPv6"

  // The peer. Stays readable after 'close' if it was read before. [13.2, 13.3]
  std::optional<std::string> remoteAddress() const;
  std::optional<std::string> remoteFamily() const;
  std::optional<int> remotePort() const;

  // The server that accepted it, until 'close' has been delivered; absent of any other socket.
  // [5.5]
  std::optional<Server> server() const;

  bool pending() const;                // there is no connection: not yet, or not any more
  bool connecting() const;             // from connect() until that has succeeded or failed [6.4]
  bool destroyed() const;              // [9.10]
  std::uint64_t bytesRead() const;     // of this connection [10.7]
  std::uint64_t bytesWritten() const;  // accepted by write() and end(), queued ones too [8.10]
  std::size_t bufferSize() const;      // bytes queued in user memory [8.9]
  std::size_t writableLength() const;  // the same
  bool readable() const;               // connected, and 'end' has not been told
  bool writable() const;               // connecting or connected, and neither side has ended it

  // "opening" while connecting; "open"; "readOnly" after this side's end, "writeOnly" after the
  // peer's; else "closed". [5.5]
  std::string_view readyState() const;
  std::optional<double> timeout() const;  // as last set, in milliseconds; absent if none

 private:
  friend class EventEmitter<Socket, SocketEvents>;
  friend class Server;
  friend Socket connect(const ConnectOptions& options, OnConnect listener);
  friend struct std::hash<Socket>;
  friend class EmitterState<SocketState, Socket, SocketEvents>;

  explicit Socket(SocketState& state) noexcept;

  ListenerTable& listeners() const;
  void onNewListener(std::uint8_t event) const;
  void onListenersRemoved() const;

  reactor::RefPtr<SocketState> state_;
};

}  // namespace sprocket::net

// By identity, as operator== has it.
template <>
struct std::hash<sprocket::net::Socket> {
  std::size_t operator()(const sprocket::net::Socket& handle) const noexcept {
    return std::hash<const void*>()(handle.state_.get());
  }
};
