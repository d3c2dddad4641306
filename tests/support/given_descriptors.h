#pragma once

// Descriptors as somebody else makes them, blocking and inheritable, to be handed to the library.
// POSIX only.

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace sprocket::tests {

// The test's own until it is handed over by release().
class GivenDescriptor {
 public:
  GivenDescriptor() = default;
  explicit GivenDescriptor(int number) : number_(number) {
    if (number < 0) throw std::runtime_error("no descriptor: " + std::string(std::strerror(errno)));
  }
  GivenDescriptor(GivenDescriptor&& other) noexcept : number_(other.release()) {}
  GivenDescriptor& operator=(GivenDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~GivenDescriptor() { close(); }

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  void close() {
    if (number_ >= 0) ::close(release());
  }

  // Of the plain calls. read() is for what has come already.
  void write(std::string_view bytes) const {
    if (::write(number_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error("write: " + std::string(std::strerror(errno)));
    }
  }
  std::string read() const {
    std::string all(65536, '\0');
    const ssize_t count = ::read(number_, all.data(), all.size());
    all.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return all;
  }
  void setNonBlocking() const { fcntl(number_, F_SETFL, O_NONBLOCK); }

  // Of a TCP socket: with a reset.
  void closeByReset() {
    const linger atOnce{.l_onoff = 1, .l_linger = 0};
    setsockopt(number_, SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
    close();
  }

  // Until the peer has closed it, or reset it.
  void awaitHangUp() const {
    pollfd wanted{.fd = number_, .events = 0, .revents = 0};
    while ((wanted.revents & POLLHUP) == 0) poll(&wanted, 1, -1);
  }

 private:
  int number_ = -1;
};

struct GivenPair {
  GivenDescriptor first;
  GivenDescriptor second;
};

inline GivenPair givenUnixPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("socketpair");
  return {GivenDescriptor(ends[0]), GivenDescriptor(ends[1])};
}

// First the end that is read, then the one that is written to.
inline GivenPair givenPipe() {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe");
  return {GivenDescriptor(ends[0]), GivenDescriptor(ends[1])};
}

// The same with a path, opened by two programs: each waits for the other.
inline void makeFifo(const std::string& path) { mkfifo(path.c_str(), 0600); }
inline GivenDescriptor givenFifoReader(const std::string& path) {
  return GivenDescriptor(open(path.c_str(), O_RDONLY));
}
inline GivenDescriptor givenFifoWriter(const std::string& path) {
  return GivenDescriptor(open(path.c_str(), O_WRONLY));
}

inline GivenDescriptor givenFile(const std::string& path) {
  return GivenDescriptor(creat(path.c_str(), 0600));
}
inline GivenDescriptor givenDirectory() { return GivenDescriptor(open("/", O_RDONLY)); }
inline GivenDescriptor givenDevice() { return GivenDescriptor(open("/dev/null", O_RDWR)); }
inline GivenDescriptor givenTerminal() { return GivenDescriptor(posix_openpt(O_RDWR | O_NOCTTY)); }

// Bound to a free port of 127.0.0.1.
inline GivenDescriptor givenBoundPort(int type = SOCK_STREAM) {
  GivenDescriptor made(socket(AF_INET, type, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("bind");
  }
  return made;
}

inline GivenDescriptor givenBoundPath(const std::string& path) {
  GivenDescriptor made(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (bind(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("bind");
  }
  return made;
}

// Whether connecting succeeds at once.
inline bool connectTo(const GivenDescriptor& client, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

inline int portOf(const GivenDescriptor& of) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(of.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

inline GivenPair givenTcpPair() {
  const GivenDescriptor listener = givenBoundPort();
  listen(listener.get(), 1);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  GivenDescriptor client(socket(AF_INET, SOCK_STREAM, 0));
  if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    throw std::runtime_error("connect");
  }
  return {std::move(client), GivenDescriptor(accept(listener.get(), nullptr, nullptr))};
}

// Neither bound nor connected.
inline GivenDescriptor givenPathSocket() {
  return GivenDescriptor(socket(AF_UNIX, SOCK_STREAM, 0));
}

inline GivenDescriptor givenListener() {
  GivenDescriptor made = givenBoundPort();
  listen(made.get(), 1);
  return made;
}

inline bool isOpen(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

}  // namespace sprocket::tests
