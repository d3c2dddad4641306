#pragma once

// What the substitutes of fake_syscalls.h have in common: those of POSIX, of epoll and of kqueue.

#include <time.h>

#include <cerrno>
#include <cstddef>

#include "sprocket/tests/support/fake_syscalls.h"

namespace sprocket::tests::substitute {

inline FakeSyscalls* active() { return FakeSyscalls::active(); }

// Fails as planned, or else does what `real` does.
template <class Real>
auto pass(Call call, Real real) -> decltype(real()) {
  if (active() != nullptr) {
    if (const int errnum = active()->errorOf(call)) {
      errno = errnum;
      return -1;
    }
  }
  return real();
}

template <class Real>
auto passOn(int fd, Call call, Real real) -> decltype(real()) {
  if (active() != nullptr) active()->expectOpen(fd);
  return pass(call, real);
}

inline int opened(int fd) { return active() != nullptr ? active()->openedOrNot(fd) : fd; }

inline std::size_t limited(std::size_t size) {
  return active() != nullptr ? active()->limited(size) : size;
}

// The poll, which real(timeout) makes, in virtual time if that is wanted.
template <class Real>
int pollFor(const timespec* timeout, Real real) {
  platform::Instant* const virtualTime = active() != nullptr ? active()->virtualTime() : nullptr;
  if (virtualTime == nullptr || timeout == nullptr) return real(timeout);
  // A moment of real time, since not all that the kernel does on the loopback is done when a call
  // returns; more of it where the wait is a test's patience rather than a delay to be measured.
  constexpr timespec kMoment = {.tv_sec = 0, .tv_nsec = 1'000'000};
  constexpr timespec kWhile = {.tv_sec = 0, .tv_nsec = 100'000'000};
  const bool isLong = timeout->tv_sec > 1;
  const bool isShort = timeout->tv_sec == 0 && timeout->tv_nsec < kMoment.tv_nsec;
  const int count = real(isLong ? &kWhile : isShort ? timeout : &kMoment);
  if (count == 0) {
    *virtualTime += std::chrono::seconds(timeout->tv_sec) + platform::Duration(timeout->tv_nsec);
  }
  return count;
}

}  // namespace sprocket::tests::substitute
