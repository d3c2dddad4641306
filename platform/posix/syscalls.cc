#include "sprocket/platform/posix/syscalls.h"

#include <fcntl.h>
#include <unistd.h>

#define REPLACEABLE __attribute__((weak))

namespace sprocket::platform::syscalls {

REPLACEABLE int bind(int fd, const sockaddr* address, socklen_t size) {
  return ::bind(fd, address, size);
}

REPLACEABLE int listen(int fd, int backlog) { return ::listen(fd, backlog); }

REPLACEABLE int connect(int fd, const sockaddr* address, socklen_t size) {
  return ::connect(fd, address, size);
}

REPLACEABLE ssize_t recv(int fd, void* buffer, size_t size, int flags) {
  return ::recv(fd, buffer, size, flags);
}

REPLACEABLE ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  return ::send(fd, bytes, size, flags);
}

REPLACEABLE ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  return ::sendmsg(fd, message, flags);
}

REPLACEABLE ssize_t readv(int fd, const iovec* pieces, int count) {
  return ::readv(fd, pieces, count);
}

REPLACEABLE ssize_t writev(int fd, const iovec* pieces, int count) {
  return ::writev(fd, pieces, count);
}

REPLACEABLE int shutdown(int fd, int how) { return ::shutdown(fd, how); }

REPLACEABLE int close(int fd) { return ::close(fd); }

REPLACEABLE int getsockname(int fd, sockaddr* address, socklen_t* size) {
  return ::getsockname(fd, address, size);
}

REPLACEABLE int getpeername(int fd, sockaddr* address, socklen_t* size) {
  return ::getpeername(fd, address, size);
}

REPLACEABLE int getsockopt(int fd, int level, int name, void* value, socklen_t* size) {
  return ::getsockopt(fd, level, name, value, size);
}

REPLACEABLE int setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  return ::setsockopt(fd, level, name, value, size);
}

REPLACEABLE int open(const char* path, int flags) { return ::open(path, flags); }

REPLACEABLE int fcntl(int fd, int command, int argument) { return ::fcntl(fd, command, argument); }

REPLACEABLE int fstat(int fd, struct stat* status) { return ::fstat(fd, status); }

REPLACEABLE int lstat(const char* path, struct stat* status) { return ::lstat(path, status); }

REPLACEABLE int unlink(const char* path) { return ::unlink(path); }

REPLACEABLE int chmod(const char* path, mode_t mode) { return ::chmod(path, mode); }

REPLACEABLE int clockGettime(clockid_t clock, timespec* time) {
  return ::clock_gettime(clock, time);
}

}  // namespace sprocket::platform::syscalls
