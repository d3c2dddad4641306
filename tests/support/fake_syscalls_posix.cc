// The substitutes for the calls of POSIX systems; those of the poller are in a file for each.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

#include "sprocket/platform/posix/syscalls.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/substitute.h"

namespace sprocket::tests {

std::span<const int> plausibleErrors(Call call) {
  static constexpr int socket[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EAFNOSUPPORT};
  static constexpr int accept[] = {EINTR,  EAGAIN,   ECONNABORTED, EPROTO,  EPERM,
                                   EMFILE, ENFILE,   ENOMEM,       ENOBUFS, EBADF,
                                   EINVAL, ENETDOWN, EHOSTUNREACH};
  static constexpr int bind[] = {EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOMEM, EROFS};
  static constexpr int listen[] = {EADDRINUSE};
  static constexpr int connect[] = {EINTR,       ECONNREFUSED, EAGAIN, EADDRNOTAVAIL,
                                    ENETUNREACH, ETIMEDOUT,    EACCES, EPERM};
  static constexpr int recv[] = {EINTR, EAGAIN, ECONNRESET, ENOMEM, ETIMEDOUT, EHOSTUNREACH};
  static constexpr int send[] = {EINTR, EAGAIN, EPIPE, ECONNRESET, ENOBUFS, ENOMEM, EHOSTUNREACH};
  static constexpr int shutdown[] = {ENOBUFS};
  static constexpr int close[] = {EINTR, EIO};
  static constexpr int name[] = {ENOBUFS};
  static constexpr int option[] = {ENOBUFS, ENOMEM, EINVAL};
  static constexpr int open[] = {EINTR, EMFILE, ENFILE, ENOMEM, EACCES};
  static constexpr int number[] = {EBADF};
  static constexpr int status[] = {ENOMEM};
  static constexpr int file[] = {EACCES, ENOENT, EROFS};
  static constexpr int poller[] = {EMFILE, ENFILE, ENOMEM};
  static constexpr int control[] = {ENOSPC, ENOMEM};
  static constexpr int interrupted[] = {EINTR};
  static constexpr int readCounter[] = {EINTR, EAGAIN};
  switch (call) {
    case Call::socket: return socket;
    case Call::accept: return accept;
    case Call::bind: return bind;
    case Call::listen: return listen;
    case Call::connect: return connect;
    case Call::recv:
    case Call::readv: return recv;
    case Call::send:
    case Call::sendmsg:
    case Call::writev: return send;
    case Call::shutdown: return shutdown;
    case Call::close: return close;
    case Call::getsockname:
    case Call::getpeername: return name;
    case Call::getsockopt:
    case Call::setsockopt: return option;
    case Call::open: return open;
    case Call::fcntl: return number;
    case Call::duplicate: return poller;
    case Call::fstat: return status;
    case Call::lstat:
    case Call::unlink:
    case Call::chmod: return file;
    case Call::makePoller:
    case Call::makeWakeup: return poller;
    case Call::watch: return control;
    case Call::poll:
    case Call::pollMilliseconds:
    case Call::wake: return interrupted;
    case Call::takeWake: return readCounter;
    case Call::clockGettime:
    case Call::packet: return {};
  }
  return {};
}

bool isPassing(Call call, int errnum) {
  if (errnum == EINTR) return true;
  switch (call) {
    case Call::accept:
      return errnum == EAGAIN || errnum == ECONNABORTED || errnum == EPROTO || errnum == EPERM ||
             errnum == ENETDOWN || errnum == EHOSTUNREACH;
    case Call::recv:
    case Call::send:
    case Call::sendmsg:
    case Call::readv:
    case Call::writev:
    case Call::takeWake: return errnum == EAGAIN;
    case Call::close: return true;
    default: return false;
  }
}

}  // namespace sprocket::tests

// Strong definitions, which the linker prefers to the library's weak ones.
namespace sprocket::platform::syscalls {

using namespace tests::substitute;
using tests::Call;

static std::vector<iovec> limitedPieces(const iovec* first, std::size_t count) {
  std::vector<iovec> pieces(first, first + count);
  std::size_t offered = 0;
  for (const iovec& piece : pieces) offered += piece.iov_len;
  std::size_t surplus = offered - limited(offered);
  for (auto piece = pieces.rbegin(); surplus > 0; ++piece) {
    const std::size_t cut = std::min(surplus, piece->iov_len);
    piece->iov_len -= cut;
    surplus -= cut;
  }
  return pieces;
}

int socket(int domain, int type, int protocol) {
  return pass(Call::socket, [&] {
    return opened(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  });
}

int accept(int fd, sockaddr* address, socklen_t* size) {
  return passOn(fd, Call::accept,
                [&] { return opened(::accept4(fd, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC)); });
}

int bind(int fd, const sockaddr* address, socklen_t size) {
  return passOn(fd, Call::bind, [&] { return ::bind(fd, address, size); });
}

int listen(int fd, int backlog) {
  if (active() != nullptr) active()->noteBacklog(backlog);
  return passOn(fd, Call::listen, [&] { return ::listen(fd, backlog); });
}

// Interrupted, it goes on by itself; but not if it has failed by then.
int connect(int fd, const sockaddr* address, socklen_t size) {
  if (active() == nullptr) return ::connect(fd, address, size);
  active()->expectOpen(fd);
  const int errnum = active()->errorOf(Call::connect);
  if (errnum == 0 || errnum == EINTR) {
    const int result = ::connect(fd, address, size);
    if (errnum == 0 || (result < 0 && errno != EINPROGRESS)) return result;
  }
  errno = errnum;
  return -1;
}

ssize_t recv(int fd, void* buffer, size_t size, int flags) {
  return passOn(fd, Call::recv, [&] { return ::recv(fd, buffer, limited(size), flags); });
}

ssize_t readv(int fd, const iovec* pieces, int count) {
  return passOn(fd, Call::readv, [&] {
    iovec first = *pieces;
    first.iov_len = limited(first.iov_len);
    return ::readv(fd, count == 1 ? &first : pieces, count);
  });
}

ssize_t writev(int fd, const iovec* pieces, int count) {
  return passOn(fd, Call::writev, [&] {
    const auto shortened = limitedPieces(pieces, static_cast<std::size_t>(count));
    return ::writev(fd, shortened.data(), count);
  });
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  return passOn(fd, Call::send, [&] { return ::send(fd, bytes, limited(size), flags); });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  return passOn(fd, Call::sendmsg, [&]() -> ssize_t {
    auto pieces = limitedPieces(message->msg_iov, message->msg_iovlen);
    msghdr shortened = *message;
    shortened.msg_iov = pieces.data();
    return ::sendmsg(fd, &shortened, flags);
  });
}

int shutdown(int fd, int how) {
  return passOn(fd, Call::shutdown, [&] { return ::shutdown(fd, how); });
}

// Whatever it answers, the descriptor is gone.
int close(int fd) {
  if (active() == nullptr) return ::close(fd);
  const int errnum = active()->errorOf(Call::close);
  if (active()->forget(fd)) ::close(fd);
  errno = errnum;
  return errnum == 0 ? 0 : -1;
}

int getsockname(int fd, sockaddr* address, socklen_t* size) {
  return passOn(fd, Call::getsockname, [&] { return ::getsockname(fd, address, size); });
}

int getpeername(int fd, sockaddr* address, socklen_t* size) {
  return passOn(fd, Call::getpeername, [&] { return ::getpeername(fd, address, size); });
}

int getsockopt(int fd, int level, int name, void* value, socklen_t* size) {
  return passOn(fd, Call::getsockopt, [&] {
    const int result = ::getsockopt(fd, level, name, value, size);
    if (active() != nullptr && level == SOL_SOCKET && name == SO_ERROR) {
      if (const auto pending = active()->takePendingError()) *static_cast<int*>(value) = *pending;
    }
    return result;
  });
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  return passOn(fd, Call::setsockopt, [&] { return ::setsockopt(fd, level, name, value, size); });
}

int open(const char* path, int flags) {
  return pass(Call::open, [&] { return opened(::open(path, flags)); });
}

int fcntl(int fd, int command, int argument) {
  const Call call = command == F_DUPFD_CLOEXEC ? Call::duplicate : Call::fcntl;
  return passOn(fd, call, [&] {
    const int result = ::fcntl(fd, command, argument);
    return call == Call::duplicate ? opened(result) : result;
  });
}

int fstat(int fd, struct stat* status) {
  return passOn(fd, Call::fstat, [&] { return ::fstat(fd, status); });
}

int lstat(const char* path, struct stat* status) {
  return pass(Call::lstat, [&] { return ::lstat(path, status); });
}

int unlink(const char* path) {
  return pass(Call::unlink, [&] { return ::unlink(path); });
}

int chmod(const char* path, mode_t mode) {
  return pass(Call::chmod, [&] { return ::chmod(path, mode); });
}

int clockGettime(clockid_t clock, timespec* time) {
  platform::Instant* const virtualTime = active() != nullptr ? active()->virtualTime() : nullptr;
  if (active() != nullptr) active()->errorOf(Call::clockGettime);
  if (virtualTime == nullptr) return ::clock_gettime(clock, time);
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(virtualTime->time_since_epoch());
  time->tv_sec = static_cast<time_t>(seconds.count());
  time->tv_nsec = static_cast<long>((virtualTime->time_since_epoch() - seconds).count());
  return 0;
}

}  // namespace sprocket::platform::syscalls
