// The poller on Linux: epoll, and an eventfd to be woken by.

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstdint>

#include "sprocket/platform/linux/syscalls.h"
#include "sprocket/platform/posix/fd.h"
#include "sprocket/platform/posix/poller.h"

namespace sprocket::platform {
namespace {

constexpr std::size_t kEventsPerWait = 256;

class EpollPoller final : public Poller {
 public:
  EpollPoller(Fd epoll, Fd wakeup) : epoll_(std::move(epoll)), wakeup_(std::move(wakeup)) {}

  SysError watch(int fd, Channel& channel, Interest before, Interest after) override;
  std::span<PollEvent> wait(std::span<PollEvent> room, std::optional<Duration> timeout) override;
  void wake() noexcept override;

 private:
  std::span<epoll_event> poll(std::span<epoll_event> events, std::optional<Duration> timeout);
  void consumeWake();

  Fd epoll_;
  Fd wakeup_;
  std::atomic<bool> woken_ = false;
  bool hasNanoseconds_ = true;
};

SysError EpollPoller::watch(int fd, Channel& channel, Interest before, Interest after) {
  const int operation = !before.any() ? EPOLL_CTL_ADD : after.any() ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
  epoll_event event{};
  // RDHUP says that the peer's FIN is behind the data, which saves the next wait (receiveSome).
  event.events = (after.read ? EPOLLIN | EPOLLRDHUP : 0u) | (after.write ? EPOLLOUT : 0u);
  event.data.ptr = &channel;
  if (syscalls::epollControl(epoll_.get(), operation, fd, &event) == 0) return {};
  return {errno, Operation::open};
}

std::span<PollEvent> EpollPoller::wait(std::span<PollEvent> room, std::optional<Duration> timeout) {
  std::array<epoll_event, kEventsPerWait> events;
  std::size_t used = 0;
  for (const epoll_event& event :
       poll(std::span(events).first(std::min(events.size(), room.size())), timeout)) {
    if (event.data.ptr == nullptr) {
      consumeWake();
      continue;
    }
    room[used++] = {static_cast<Channel*>(event.data.ptr),
                    {.read = (event.events & EPOLLIN) != 0,
                     .write = (event.events & EPOLLOUT) != 0,
                     .hangUp = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0}};
  }
  return room.first(used);
}

std::span<epoll_event> EpollPoller::poll(std::span<epoll_event> events,
                                         std::optional<Duration> timeout) {
  const int capacity = static_cast<int>(events.size());
  const Duration left = std::max(timeout.value_or(Duration::zero()), Duration::zero());
  int count = -1;
  if (hasNanoseconds_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{.tv_sec = static_cast<time_t>(seconds.count()),
                         .tv_nsec = static_cast<long>((left - seconds).count())};
    count = syscalls::epollWait(epoll_.get(), events.data(), capacity, timeout ? &limit : nullptr);
    // Unknown before Linux 5.11 and to some sandboxes and tools, such as older valgrinds.
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) hasNanoseconds_ = false;
  }
  if (!hasNanoseconds_) {
    // Rounded up: who waits for a timer would otherwise spin through its last millisecond.
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const int limit = static_cast<int>(std::min<std::int64_t>(whole, INT_MAX));
    count = syscalls::epollWaitMilliseconds(epoll_.get(), events.data(), capacity,
                                            timeout ? limit : -1);
  }
  // A signal ends the wait, so that its listener runs. Nothing else can fail.
  assert(count >= 0 || errno == EINTR);
  return events.first(static_cast<std::size_t>(std::max(count, 0)));
}

// One system call for a burst of wakes.
void EpollPoller::wake() noexcept {
  if (woken_.exchange(true)) return;
  const int savedErrno = errno;
  const std::uint64_t one = 1;
  // The counter cannot be full: at most one wake is outstanding.
  while (syscalls::write(wakeup_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = savedErrno;
}

// In this order: a wake between the two lines is told by the return of this very wait. The other
// way round its write could be read here and the flag left set, and no later wake would write
// again. An exchange, because a plain store would see nothing of what a waker did before it found
// the flag set.
void EpollPoller::consumeWake() {
  std::uint64_t count;
  [[maybe_unused]] const ssize_t got = syscalls::read(wakeup_.get(), &count, sizeof count);
  woken_.exchange(false);
}

}  // namespace

Result<std::unique_ptr<Poller>> makePoller() {
  Fd epoll(syscalls::epollCreate());
  if (!epoll) return SysError{errno, Operation::open};
  Fd wakeup(syscalls::eventfd());
  if (!wakeup) return SysError{errno, Operation::open};
  epoll_event event{};
  event.events = EPOLLIN;
  if (syscalls::epollControl(epoll.get(), EPOLL_CTL_ADD, wakeup.get(), &event) < 0) {
    return SysError{errno, Operation::open};
  }
  return std::unique_ptr<Poller>(
      std::make_unique<EpollPoller>(std::move(epoll), std::move(wakeup)));
}

}  // namespace sprocket::platform
