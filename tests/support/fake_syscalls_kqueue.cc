#include <fcntl.h>

#include <algorithm>
#include <span>

#include "sprocket/platform/bsd/syscalls.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/substitute.h"

namespace sprocket::tests {

std::span<const Call> callsThatMakeABackend() {
  static constexpr Call calls[] = {Call::makePoller, Call::makeWakeup, Call::open};
  return calls;
}

}  // namespace sprocket::tests

namespace sprocket::platform::syscalls {

using namespace tests::substitute;
using tests::Call;

namespace {

using Changes = std::span<const struct ::kevent>;

bool isAdd(const struct ::kevent& change) { return (change.flags & EV_ADD) != 0; }

Call callOf(Changes changes) {
  if (changes.empty()) return Call::poll;
  if (changes.front().filter != EVFILT_USER) return Call::watch;
  return isAdd(changes.front()) ? Call::makeWakeup : Call::wake;
}

// Told as the kernel tells it: in the receipt of each change.
int refuse(Changes changes, struct ::kevent* receipts, int errnum) {
  for (const struct ::kevent& change : changes) {
    *receipts = change;
    receipts->flags |= EV_ERROR;
    receipts->data = errnum;
    ++receipts;
  }
  return static_cast<int>(changes.size());
}

// The kernel needs no memory to stop watching, so that does not fail.
int watch(int kqueue, Changes changes, struct ::kevent* receipts) {
  if (active() != nullptr) {
    active()->expectOpen(kqueue);
    for (const auto& change : changes) active()->expectOpen(static_cast<int>(change.ident));
    const bool canFail = std::any_of(changes.begin(), changes.end(), isAdd);
    if (const int errnum = active()->errorOf(Call::watch, canFail)) {
      if (errnum != EINTR) return refuse(changes, receipts, errnum);
      errno = EINTR;  // which has no receipts
      return -1;
    }
  }
  const int count = static_cast<int>(changes.size());
  return ::kevent(kqueue, changes.data(), count, receipts, count, nullptr);
}

}  // namespace

int kqueue() {
  return pass(Call::makePoller, [] {
    const int fd = opened(::kqueue());
    if (fd >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
  });
}

int kevent(int kqueue, const struct ::kevent* changes, int changeCount, struct ::kevent* events,
           int capacity, const timespec* timeout) {
  const Changes all(changes, static_cast<std::size_t>(changeCount));
  const Call call = callOf(all);
  if (call == Call::watch) return watch(kqueue, all, events);
  return passOn(kqueue, call, [&] {
    const int count = pollFor(timeout, [&](const timespec* real) {
      return ::kevent(kqueue, changes, changeCount, events, capacity, real);
    });
    const auto isWakeup = [](const auto& event) { return event.filter == EVFILT_USER; };
    // Taken back by the kernel, and not yet seen by the poller.
    if (active() != nullptr && std::any_of(events, events + std::max(count, 0), isWakeup)) {
      active()->errorOf(Call::takeWake, false);
    }
    return count;
  });
}

}  // namespace sprocket::platform::syscalls
