#include "sprocket/platform/linux/syscalls.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "sprocket/platform/posix/syscalls.h"

#define REPLACEABLE __attribute__((weak))

namespace sprocket::platform::syscalls {

REPLACEABLE int socket(int domain, int type, int protocol) {
  return ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

REPLACEABLE int accept(int fd, sockaddr* address, socklen_t* size) {
  return ::accept4(fd, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

REPLACEABLE int epollCreate() { return ::epoll_create1(EPOLL_CLOEXEC); }

REPLACEABLE int epollControl(int epoll, int operation, int fd, epoll_event* event) {
  return ::epoll_ctl(epoll, operation, fd, event);
}

// Nanoseconds since Linux 5.11; by number, because glibc has a name for it only since 2.35. The
// kernel's timespec has 64 bits on every machine.
REPLACEABLE int epollWait(int epoll, epoll_event* events, int capacity, const timespec* timeout) {
#ifdef SYS_epoll_pwait2
  struct {
    std::int64_t seconds;
    std::int64_t nanoseconds;
  } limit{};
  if (timeout != nullptr) limit = {timeout->tv_sec, timeout->tv_nsec};
  return static_cast<int>(::syscall(SYS_epoll_pwait2, epoll, events, capacity,
                                    timeout == nullptr ? nullptr : &limit, nullptr, 0));
#else
  errno = ENOSYS;
  return -1;
#endif
}

REPLACEABLE int epollWaitMilliseconds(int epoll, epoll_event* events, int capacity, int timeout) {
  return ::epoll_wait(epoll, events, capacity, timeout);
}

REPLACEABLE int eventfd() { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

REPLACEABLE ssize_t read(int fd, void* buffer, size_t size) { return ::read(fd, buffer, size); }

REPLACEABLE ssize_t write(int fd, const void* bytes, size_t size) {
  return ::write(fd, bytes, size);
}

}  // namespace sprocket::platform::syscalls
