#include <sys/eventfd.h>
#include <unistd.h>

#include "sprocket/platform/linux/syscalls.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/substitute.h"

namespace sprocket::tests {

std::span<const Call> callsThatMakeABackend() {
  static constexpr Call calls[] = {Call::makePoller, Call::makeWakeup, Call::watch, Call::open};
  return calls;
}

}  // namespace sprocket::tests

namespace sprocket::platform::syscalls {

using namespace tests::substitute;
using tests::Call;

int epollCreate() {
  return pass(Call::makePoller, [] { return opened(::epoll_create1(EPOLL_CLOEXEC)); });
}

// The kernel needs no memory to stop watching, so that does not fail.
int epollControl(int epoll, int operation, int fd, epoll_event* event) {
  if (active() != nullptr) {
    active()->expectOpen(epoll);
    active()->expectOpen(fd);
    if (const int errnum = active()->errorOf(Call::watch, operation != EPOLL_CTL_DEL)) {
      errno = errnum;
      return -1;
    }
  }
  return ::epoll_ctl(epoll, operation, fd, event);
}

int epollWait(int epoll, epoll_event* events, int capacity, const timespec* timeout) {
  return passOn(epoll, Call::poll, [&] {
    return pollFor(timeout, [&](const timespec* real) {
      return ::epoll_pwait2(epoll, events, capacity, real, nullptr);
    });
  });
}

int epollWaitMilliseconds(int epoll, epoll_event* events, int capacity, int timeout) {
  return passOn(epoll, Call::pollMilliseconds,
                [&] { return ::epoll_wait(epoll, events, capacity, timeout); });
}

int eventfd() {
  return pass(Call::makeWakeup, [] { return opened(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); });
}

ssize_t read(int fd, void* buffer, size_t size) {
  return passOn(fd, Call::takeWake, [&] { return ::read(fd, buffer, size); });
}

ssize_t write(int fd, const void* bytes, size_t size) {
  return passOn(fd, Call::wake, [&] { return ::write(fd, bytes, size); });
}

}  // namespace sprocket::platform::syscalls
