// The poller on the BSDs and macOS: kqueue, and an EVFILT_USER event to be woken by.
//
// Beside epoll: a descriptor has a filter for reading and one for writing, each with a registration
// and with events of its own, and an event may say more than that there is something to see.

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <string>

#include "sprocket/platform/bsd/syscalls.h"
#include "sprocket/platform/error.h"
#include "sprocket/platform/posix/fd.h"
#include "sprocket/platform/posix/poller.h"

namespace sprocket::platform {
namespace {

using Event = struct ::kevent;

constexpr std::size_t kEventsPerWait = 256;

// macOS refuses (EINVAL) to wait for more than three years. Waking once a day costs nothing.
constexpr Duration kLongestWait = std::chrono::hours(24);

// A child of fork() does not inherit a kqueue: its number is free there, for anything to take.
std::atomic<unsigned> forkCount = 0;

// EV_SET is a macro, and in some systems one of C only.
Event changeOf(int ident, int filter, unsigned flags, unsigned fflags, void* udata) {
  Event change{};
  change.ident = static_cast<decltype(change.ident)>(ident);
  change.filter = static_cast<decltype(change.filter)>(filter);
  change.flags = static_cast<decltype(change.flags)>(flags);
  change.fflags = fflags;
  change.udata = udata;
  return change;
}

// Not to watch what is not watched is no failure; nor is the EPIPE with which older macOS begins to
// watch what has lost its other end, since the events come all the same.
bool isHarmless(const Event& change, const Event& receipt) {
  return receipt.data == 0 || receipt.data == ((change.flags & EV_ADD) != 0 ? EPIPE : ENOENT);
}

// Should SO_ERROR not say it: the socket's error comes with the event, though not on every system.
int connectErrorOf(const Event& event) {
  if ((event.flags & EV_ERROR) != 0) return static_cast<int>(event.data);
  if ((event.flags & EV_EOF) == 0) return 0;
  return event.fflags != 0 ? static_cast<int>(event.fflags) : ECONNREFUSED;
}

class KqueuePoller final : public Poller {
 public:
  explicit KqueuePoller(Fd kqueue) : kqueue_(std::move(kqueue)) {}
  ~KqueuePoller() override {
    if (isLost()) kqueue_.release();
  }

  SysError watch(int fd, Channel& channel, Interest before, Interest after) override;
  std::span<PollEvent> wait(std::span<PollEvent> room, std::optional<Duration> timeout) override;
  void wake() noexcept override;

 private:
  SysError change(int fd, Channel& channel, Interest before, Interest after);
  std::span<Event> poll(std::span<Event> events, std::optional<Duration> timeout);
  bool isLost() const { return forksBefore_ != forkCount; }
  int kqueue() const { return isLost() ? -1 : kqueue_.get(); }

  Fd kqueue_;
  const unsigned forksBefore_ = forkCount;
  std::atomic<bool> woken_ = false;
};

// All or nothing, as with epoll's one registration.
SysError KqueuePoller::watch(int fd, Channel& channel, Interest before, Interest after) {
  const SysError error = change(fd, channel, before, after);
  if (error) change(fd, channel, after, before);
  return error;
}

SysError KqueuePoller::change(int fd, Channel& channel, Interest before, Interest after) {
  std::array<Event, 2> changes;
  int count = 0;
  // With a receipt each change is answered, well or ill. Without, the first that fails would be
  // all that is told, and what comes after it would not be done.
  const auto add = [&](int filter, bool watched, bool wanted) {
    if (watched == wanted) return;
    const auto flags = static_cast<unsigned>((wanted ? EV_ADD : EV_DELETE) | EV_RECEIPT);
    changes[static_cast<std::size_t>(count++)] = changeOf(fd, filter, flags, 0, &channel);
  };
  add(EVFILT_READ, before.read, after.read);
  add(EVFILT_WRITE, before.write, after.write);
  std::array<Event, 2> receipts;
  int receiptCount = -1;
  do {
    receiptCount = syscalls::kevent(kqueue(), changes.data(), count, receipts.data(), count, {});
  } while (receiptCount < 0 && errno == EINTR);  // made or not, they may be made again
  if (receiptCount < 0) return {errno, Operation::open};
  for (std::size_t i = 0; i < static_cast<std::size_t>(receiptCount); ++i) {
    if (!isHarmless(changes[i], receipts[i])) {
      return {static_cast<int>(receipts[i].data), Operation::open};
    }
  }
  return {};
}

std::span<PollEvent> KqueuePoller::wait(std::span<PollEvent> room,
                                        std::optional<Duration> timeout) {
  std::array<Event, kEventsPerWait> events;
  std::size_t used = 0;
  for (const Event& event :
       poll(std::span(events).first(std::min(events.size(), room.size())), timeout)) {
    if (event.filter == EVFILT_USER) {
      // The kernel took the event back when it told it (EV_CLEAR). A wake between that and this
      // line is told by the return of this very wait.
      woken_ = false;
      continue;
    }
    // EV_EOF is not the end: there may be bytes to be read before it.
    room[used++] = {static_cast<Channel*>(event.udata),
                    {.read = event.filter == EVFILT_READ,
                     .write = event.filter == EVFILT_WRITE,
                     .hangUp = (event.flags & (EV_EOF | EV_ERROR)) != 0,
                     .connectError = connectErrorOf(event)}};
  }
  return room.first(used);
}

std::span<Event> KqueuePoller::poll(std::span<Event> events, std::optional<Duration> timeout) {
  const int capacity = static_cast<int>(events.size());
  const Duration left =
      std::clamp(timeout.value_or(Duration::zero()), Duration::zero(), kLongestWait);
  // Rounded up: macOS cuts off what is less than a microsecond, and who waits for a timer would
  // spin through its last one.
  const Duration whole = std::chrono::ceil<std::chrono::microseconds>(left);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(whole);
  const timespec limit{.tv_sec = static_cast<time_t>(seconds.count()),
                       .tv_nsec = static_cast<long>((whole - seconds).count())};
  const int count =
      syscalls::kevent(kqueue(), nullptr, 0, events.data(), capacity, timeout ? &limit : nullptr);
  if (count < 0 && isLost()) {
    throw Error({.message = "kevent EBADF: the loop was made before a fork",
                 .code = "EBADF",
                 .errnum = EBADF,
                 .syscall = "kevent"});
  }
  // A signal ends the wait, so that its listener runs. Nothing else can fail.
  assert(count >= 0 || errno == EINTR);
  return events.first(static_cast<std::size_t>(std::max(count, 0)));
}

// One system call for a burst of wakes.
void KqueuePoller::wake() noexcept {
  if (woken_.exchange(true)) return;
  const int savedErrno = errno;
  const Event trigger = changeOf(0, EVFILT_USER, 0, NOTE_TRIGGER, nullptr);
  int result = -1;
  do {
    result = syscalls::kevent(kqueue(), &trigger, 1, nullptr, 0, nullptr);
  } while (result < 0 && errno == EINTR);
  if (result < 0) woken_ = false;  // so that the next one tries again
  errno = savedErrno;
}

}  // namespace

Result<std::unique_ptr<Poller>> makePoller() {
  [[maybe_unused]] static const int noted =
      pthread_atfork(nullptr, nullptr, [] { forkCount.fetch_add(1); });
  Fd kqueue(syscalls::kqueue());
  if (!kqueue) return SysError{errno, Operation::open};
  const Event wakeup = changeOf(0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, nullptr);
  if (syscalls::kevent(kqueue.get(), &wakeup, 1, nullptr, 0, nullptr) < 0) {
    return SysError{errno, Operation::open};
  }
  return std::unique_ptr<Poller>(std::make_unique<KqueuePoller>(std::move(kqueue)));
}

}  // namespace sprocket::platform
