#include "sprocket/platform/bsd/syscalls.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "sprocket/platform/posix/fd.h"
#include "sprocket/platform/posix/syscalls.h"

#define REPLACEABLE __attribute__((weak))

namespace sprocket::platform::syscalls {
namespace {

bool setCloseOnExec(const Fd& fd) { return ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) == 0; }

#ifdef SOCK_CLOEXEC
constexpr int kModes = SOCK_NONBLOCK | SOCK_CLOEXEC;

int acceptWithModes(int listener, sockaddr* address, socklen_t* size) {
  return ::accept4(listener, address, size, kModes);
}

bool hasModes(const Fd&) { return true; }
#else  // macOS. What another thread starts between the two calls inherits the socket.
constexpr int kModes = 0;

int acceptWithModes(int listener, sockaddr* address, socklen_t* size) {
  return ::accept(listener, address, size);
}

bool hasModes(const Fd& fd) {
  return setCloseOnExec(fd) && ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0;
}
#endif

// For macOS, where for long no flag of a send said so.
bool isSilent([[maybe_unused]] const Fd& fd) {
#ifdef SO_NOSIGPIPE
  const int on = 1;
  return ::setsockopt(fd.get(), SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) == 0;
#else
  return true;
#endif
}

// Gives the number away if all went well; otherwise closes it and leaves errno as it is.
int finish(Fd fd, bool good) {
  if (good) return fd.release();
  const int errnum = errno;
  fd.reset();
  errno = errnum;
  return -1;
}

}  // namespace

REPLACEABLE int socket(int domain, int type, int protocol) {
  Fd fd(::socket(domain, type | kModes, protocol));
  const bool good = fd && hasModes(fd) && isSilent(fd);
  return finish(std::move(fd), good);
}

REPLACEABLE int accept(int listener, sockaddr* address, socklen_t* size) {
  Fd fd(acceptWithModes(listener, address, size));
  if (!fd) return -1;
  const bool good = hasModes(fd) && isSilent(fd);
  // A connection that was reset meanwhile takes no option: EINVAL, which is no fault of the
  // listener's.
  if (!good) errno = ECONNABORTED;
  return finish(std::move(fd), good);
}

REPLACEABLE int kqueue() {
  Fd fd(::kqueue());
  const bool good = fd && setCloseOnExec(fd);
  return finish(std::move(fd), good);
}

REPLACEABLE int kevent(int kqueue, const struct kevent* changes, int changeCount,
                       struct kevent* events, int capacity, const timespec* timeout) {
  return ::kevent(kqueue, changes, changeCount, events, capacity, timeout);
}

}  // namespace sprocket::platform::syscalls
