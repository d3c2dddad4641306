#pragma once

// Sockets (and, on Windows, pipes) without Sprocket: the peers of tests that must not trust what
// they test. No call waits for the network, save connecting to a port of this machine, which takes
// no time, and those that say so, for tests whose other side is another process.
//
//   RawSocket peer = RawSocket::connect(port);
//   peer.send("hello");
//   fixture.runUntil([&] { return peer.receive() == "hello"; });

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sprocket::tests {

class RawSocket {
 public:
  struct End;  // on Windows: a socket, or an end of a named pipe

  // To a port of 127.0.0.1 or a unix socket. Throws std::system_error if that is refused.
  static RawSocket connect(int port);
  static RawSocket connect(const std::string& path);

  // A listener on a free port of 127.0.0.1, or on a path.
  static RawSocket listen(int backlog = 16);
  static RawSocket listen(const std::string& path, int backlog = 16);

  // A TCP socket that is bound to a free port of 127.0.0.1 and nothing more.
  static RawSocket bind();

  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket other) noexcept;
  ~RawSocket();

  int port() const;  // its own
  RawSocket accept() const;

  // As much as the kernel takes; how much that is.
  std::size_t send(std::string_view bytes);
  void sendFin();
  void sendWithFin(std::string_view bytes);  // in one segment, where the system can

  // Takes what has come and returns all that came so far.
  const std::string& receive();
  bool ended() { return receive(), ended_; }                // the peer's FIN was received
  const std::string& error() { return receive(), error_; }  // "ECONNRESET"
  bool isGone() { return ended() || !error_.empty(); }

  // Wait until so many bytes have come in all, or until the peer is gone, but not for ever; and
  // return all that came.
  const std::string& awaitBytes(std::size_t count);
  const std::string& awaitEnd();

  void close();
  void reset();  // with RST

 private:
#ifdef _WIN32
  explicit RawSocket(std::unique_ptr<End> end);

  std::unique_ptr<End> end_;
#else
  explicit RawSocket(int fd) : fd_(fd) {}

  int fd_;
#endif
  std::string received_;
  std::string error_;
  bool ended_ = false;
};

// Why connecting to a port of 127.0.0.1 or to a path fails: "ECONNREFUSED"; "" if it does not.
std::string connectFailure(int port);
std::string connectFailure(const std::string& path);

// A port of 127.0.0.1 where connecting neither succeeds nor fails, while it lives.
class UnansweringPort {
 public:
  UnansweringPort();
  ~UnansweringPort();
  UnansweringPort(const UnansweringPort&) = delete;
  UnansweringPort& operator=(const UnansweringPort&) = delete;

  int number() const { return listener_.port(); }

  // Makes room for one who is connecting, whom his system lets try again within a few seconds.
  void answer();

 private:
  void closeFillers();

  RawSocket listener_;  // accepts nothing, and its queue is full
  std::intptr_t fillers_[4];
};

}  // namespace sprocket::tests
