// Linked into a test, it makes the kernel one before Linux 5.11.

#include <cerrno>

#include "sprocket/platform/linux/syscalls.h"

namespace sprocket::platform::syscalls {

int epollWait(int, epoll_event*, int, const timespec*) {
  errno = ENOSYS;
  return -1;
}

}  // namespace sprocket::platform::syscalls
