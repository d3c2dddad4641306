#include "sprocket/tests/support/raw_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "sprocket/platform/sys_error.h"

namespace sprocket::tests {
namespace {

constexpr int kPatience = 20'000;  // milliseconds

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr_un local(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::length_error(path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

template <class Address>
const sockaddr* general(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

int openSocket(int family, int flags = 0) {
  return check(socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket");
}

template <class Address>
std::string failureOf(int fd, const Address& address) {
  const int result = connect(fd, general(address), sizeof address);
  const std::string name = result < 0 ? std::string(platform::errorName(errno)) : "";
  close(fd);
  return name;
}

}  // namespace

RawSocket RawSocket::connect(int port) {
  RawSocket made(openSocket(AF_INET));
  const sockaddr_in address = loopback(port);
  check(::connect(made.fd_, general(address), sizeof address), "connect");
  return made;
}

RawSocket RawSocket::connect(const std::string& path) {
  RawSocket made(openSocket(AF_UNIX));
  const sockaddr_un address = local(path);
  check(::connect(made.fd_, general(address), sizeof address), "connect");
  return made;
}

RawSocket RawSocket::bind() {
  RawSocket made(openSocket(AF_INET));
  const sockaddr_in address = loopback(0);
  check(::bind(made.fd_, general(address), sizeof address), "bind");
  return made;
}

RawSocket RawSocket::listen(int backlog) {
  RawSocket made = bind();
  check(::listen(made.fd_, backlog), "listen");
  return made;
}

RawSocket RawSocket::listen(const std::string& path, int backlog) {
  RawSocket made(openSocket(AF_UNIX));
  const sockaddr_un address = local(path);
  check(::bind(made.fd_, general(address), sizeof address), "bind");
  check(::listen(made.fd_, backlog), "listen");
  return made;
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      received_(std::move(other.received_)),
      error_(std::move(other.error_)),
      ended_(other.ended_) {}

RawSocket& RawSocket::operator=(RawSocket other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(received_, other.received_);
  std::swap(error_, other.error_);
  std::swap(ended_, other.ended_);
  return *this;
}

RawSocket::~RawSocket() { close(); }

int RawSocket::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  check(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

RawSocket RawSocket::accept() const {
  return RawSocket(check(accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC), "accept"));
}

std::size_t RawSocket::send(std::string_view bytes) {
  const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && errno != EAGAIN) fail("send");
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

void RawSocket::sendWithFin(std::string_view bytes) {
#ifdef MSG_MORE
  constexpr int moreFollows = MSG_MORE;
#else
  constexpr int moreFollows = 0;
#endif
  check(static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | moreFollows)),
        "send");
  sendFin();
}

void RawSocket::sendFin() { check(shutdown(fd_, SHUT_WR), "shutdown"); }

const std::string& RawSocket::receive() {
  std::array<char, 65536> buffer;
  while (!ended_ && error_.empty()) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) error_ = platform::errorName(errno);
    if (count == 0) ended_ = true;
    if (count > 0) received_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return received_;
}

const std::string& RawSocket::awaitBytes(std::size_t count) {
  while (receive().size() < count && !ended_ && error_.empty()) {
    pollfd one{fd_, POLLIN, 0};
    if (check(poll(&one, 1, kPatience), "poll") == 0)
      throw std::runtime_error("the peer is silent");
  }
  return received_;
}

const std::string& RawSocket::awaitEnd() { return awaitBytes(static_cast<std::size_t>(-1)); }

void RawSocket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawSocket::reset() {
  const linger atOnce{.l_onoff = 1, .l_linger = 0};
  check(setsockopt(fd_, SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce), "SO_LINGER");
  close();
}

std::string connectFailure(int port) { return failureOf(openSocket(AF_INET), loopback(port)); }

std::string connectFailure(const std::string& path) {
  // A full queue would hold it up: EAGAIN.
  return failureOf(openSocket(AF_UNIX, SOCK_NONBLOCK), local(path));
}

UnansweringPort::UnansweringPort() : listener_(RawSocket::listen(0)) {
  const sockaddr_in address = loopback(number());
  for (std::intptr_t& filler : fillers_) {
    const int fd = openSocket(AF_INET, SOCK_NONBLOCK);
    connect(fd, general(address), sizeof address);
    filler = fd;
  }
}

UnansweringPort::~UnansweringPort() { closeFillers(); }

void UnansweringPort::answer() {
  closeFillers();
  listener_.accept();
}

void UnansweringPort::closeFillers() {
  for (std::intptr_t& filler : fillers_) close(static_cast<int>(std::exchange(filler, -1)));
}

}  // namespace sprocket::tests
