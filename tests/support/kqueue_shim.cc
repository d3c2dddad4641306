#include "sprocket/tests/support/kqueue_shim.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

// A kqueue is an epoll, with a table beside it of what is watched: the two filters of a descriptor
// are one registration there. The user's event is a descriptor that is always readable, registered
// for one shot: to trigger is to arm it anew, which is one system call and needs no lock.

namespace sprocket::tests::kqueue_shim {
namespace {

// A kernel's memory is its own: what a test does to operator new must not reach it.
void* kernelMemory(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

template <class T>
struct KernelAllocator {
  using value_type = T;

  KernelAllocator() = default;
  template <class U>
  KernelAllocator(const KernelAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(kernelMemory(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { std::free(memory); }
  friend bool operator==(KernelAllocator, KernelAllocator) { return true; }
};

struct Filter {
  void* udata;
};

struct Watch {
  std::optional<Filter> read;
  std::optional<Filter> write;
  std::uint32_t generation;  // tells it from one of the same number that is closed

  bool any() const { return read || write; }
  std::optional<Filter>& operator[](int filter) { return filter == EVFILT_READ ? read : write; }
  std::uint32_t mask() const {
    return (read ? EPOLLIN | EPOLLRDHUP : 0u) | (write ? EPOLLOUT : 0u);
  }
};

struct Queue {
  static void* operator new(std::size_t size) { return kernelMemory(size); }
  static void operator delete(void* memory) { std::free(memory); }

  std::unordered_map<int, Watch, std::hash<int>, std::equal_to<>,
                     KernelAllocator<std::pair<const int, Watch>>>
      watches;
  std::uint32_t lastGeneration = 0;
  std::optional<struct kevent> user;
};

// By number. What is closed stays until its number is a kqueue's again, or for ever.
std::array<std::atomic<Queue*>, 1 << 16> queues;

// From before main(), so that no test takes them for leaks.
const int alwaysReadable = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
const int neverWatched = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

constexpr std::uint64_t kUser = ~std::uint64_t{0};

// What a test wants of the kqueues that its thread uses.
thread_local std::vector<struct kevent> injected;
thread_local int waitError = 0;
thread_local int addError = 0;
thread_local int addsBeforeError = 0;
thread_local int deleteError = 0;
thread_local bool writesFirst = false;

// Whether the number is a kqueue's still: of anything else epoll_ctl() says EBADF or EINVAL.
bool isOpen(int kq) {
  return epoll_ctl(kq, EPOLL_CTL_DEL, neverWatched, nullptr) < 0 && errno == ENOENT;
}

// A child has none of them, and their numbers are free there.
[[maybe_unused]] const int forgottenByChildren = pthread_atfork(nullptr, nullptr, [] {
  for (std::size_t i = 0; i < queues.size(); ++i) {
    const int kq = static_cast<int>(i);
    if (queues[i].exchange(nullptr) != nullptr && isOpen(kq)) close(kq);
  }
});

Queue* find(int kq) {
  if (kq < 0 || static_cast<std::size_t>(kq) >= queues.size()) return nullptr;
  return queues[static_cast<std::size_t>(kq)];
}

// 0, or an error.
int control(int kq, int operation, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(kq, operation, fd, &event) < 0 ? errno : 0;
}

int settle(int kq, int operation, int fd, const Watch& watch) {
  const auto number = static_cast<std::uint32_t>(fd);
  return control(kq, operation, fd, watch.mask(), std::uint64_t{watch.generation} << 32 | number);
}

int add(int kq, Queue& queue, int fd, int filter, void* udata) {
  if (addError != 0 && addsBeforeError-- == 0) return std::exchange(addError, 0);
  Watch& watch = queue.watches[fd];
  const Watch before = watch;
  watch[filter] = Filter{udata};
  int errnum = ENOENT;
  if (before.any()) errnum = settle(kq, EPOLL_CTL_MOD, fd, watch);
  if (errnum == ENOENT) {
    // Never watched, or a descriptor of this number was closed with its filters.
    watch = {.read = {}, .write = {}, .generation = ++queue.lastGeneration};
    watch[filter] = Filter{udata};
    errnum = settle(kq, EPOLL_CTL_ADD, fd, watch);
  }
  if (errnum != 0) watch = before;
  if (!watch.any()) queue.watches.erase(fd);
  return errnum;
}

int remove(int kq, Queue& queue, int fd, int filter) {
  if (fcntl(fd, F_GETFD) < 0) return EBADF;
  if (const int errnum = std::exchange(deleteError, 0)) return errnum;
  const auto found = queue.watches.find(fd);
  if (found == queue.watches.end() || !found->second[filter]) return ENOENT;
  Watch& watch = found->second;
  watch[filter].reset();
  const int errnum = settle(kq, watch.any() ? EPOLL_CTL_MOD : EPOLL_CTL_DEL, fd, watch);
  if (errnum != 0 || !watch.any()) queue.watches.erase(found);
  return errnum;
}

int changeUser(int kq, Queue& queue, const struct kevent& change) {
  if ((change.flags & EV_ADD) != 0) {
    if ((change.flags & EV_CLEAR) == 0 || queue.user) return EINVAL;
    queue.user = change;
    return control(kq, EPOLL_CTL_ADD, alwaysReadable, 0, kUser);
  }
  if (!queue.user || queue.user->ident != change.ident) return ENOENT;
  if ((change.flags & EV_DELETE) != 0) {
    queue.user.reset();
    return control(kq, EPOLL_CTL_DEL, alwaysReadable, 0, kUser);
  }
  if (change.fflags != NOTE_TRIGGER) return 0;
  return control(kq, EPOLL_CTL_MOD, alwaysReadable, EPOLLIN | EPOLLONESHOT, kUser);
}

int apply(int kq, Queue& queue, const struct kevent& change) {
  if ((change.flags & ~(EV_ADD | EV_DELETE | EV_CLEAR | EV_RECEIPT)) != 0) return EINVAL;
  if (change.filter == EVFILT_USER) return changeUser(kq, queue, change);
  if (change.filter != EVFILT_READ && change.filter != EVFILT_WRITE) return EINVAL;
  if ((change.flags & EV_CLEAR) != 0) return EINVAL;
  const int fd = static_cast<int>(change.ident);
  if ((change.flags & EV_ADD) != 0) return add(kq, queue, fd, change.filter, change.udata);
  if ((change.flags & EV_DELETE) != 0) return remove(kq, queue, fd, change.filter);
  return EINVAL;
}

intptr_t bytesToRead(int fd) {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 ? count : 1;  // not of a listener
}

struct kevent readEvent(int fd, std::uint32_t events, void* udata) {
  const bool ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  return {.ident = static_cast<uintptr_t>(fd),
          .filter = EVFILT_READ,
          .flags = static_cast<unsigned short>(ended ? EV_EOF : 0),
          .fflags = 0,
          .data = bytesToRead(fd),
          .udata = udata};
}

struct kevent writeEvent(int fd, std::uint32_t events, void* udata) {
  const bool ended = (events & (EPOLLHUP | EPOLLERR)) != 0;
  return {.ident = static_cast<uintptr_t>(fd),
          .filter = EVFILT_WRITE,
          .flags = static_cast<unsigned short>(ended ? EV_EOF : 0),
          .fflags = 0,
          .data = 1,
          .udata = udata};
}

// What the queue says, and a place to say it.
class Telling {
 public:
  explicit Telling(std::span<struct kevent> room) : room_(room) {}

  void tell(const struct kevent& event) {
    if (used_ < room_.size()) room_[used_++] = event;  // the others come again
  }
  int count() const { return static_cast<int>(used_); }

  void translate(const Queue& queue, const epoll_event& event) {
    if (event.data.u64 == kUser) {
      struct kevent user = *queue.user;
      user.fflags = 0;
      return tell(user);
    }
    const int fd = static_cast<int>(event.data.u64 & 0xFFFFFFFF);
    const auto watch = queue.watches.find(fd);
    if (watch == queue.watches.end()) return;
    if (watch->second.generation != event.data.u64 >> 32) return;
    const auto read = [&] {
      if (watch->second.read && (event.events & ~EPOLLOUT) != 0)
        tell(readEvent(fd, event.events, watch->second.read->udata));
    };
    if (!writesFirst) read();
    if (watch->second.write && (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
      tell(writeEvent(fd, event.events, watch->second.write->udata));
    if (writesFirst) read();
  }

  void tellInjected(Queue& queue) {
    for (struct kevent event : std::exchange(injected, {})) {
      const auto watch = queue.watches.find(static_cast<int>(event.ident));
      if (watch == queue.watches.end() || !watch->second[event.filter]) continue;
      event.udata = watch->second[event.filter]->udata;
      tell(event);
    }
  }

 private:
  std::span<struct kevent> room_;
  std::size_t used_ = 0;
};

int wait(int kq, Queue& queue, std::span<struct kevent> room, const timespec* timeout) {
  if (const int errnum = std::exchange(waitError, 0)) {
    errno = errnum;
    return -1;
  }
  Telling telling(room);
  if (!injected.empty()) telling.tellInjected(queue);
  if (telling.count() > 0) return telling.count();
  // Each may become two.
  std::array<epoll_event, 256> events;
  const auto capacity = std::clamp(room.size() / 2, std::size_t{1}, events.size());
  const int count = epoll_pwait2(kq, events.data(), static_cast<int>(capacity), timeout, nullptr);
  if (count < 0) return -1;
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(count))) {
    telling.translate(queue, event);
  }
  return telling.count();
}

}  // namespace

void injectEvent(int ident, int filter, unsigned flags, unsigned fflags, intptr_t data) {
  injected.push_back({.ident = static_cast<uintptr_t>(ident),
                      .filter = static_cast<short>(filter),
                      .flags = static_cast<unsigned short>(flags),
                      .fflags = fflags,
                      .data = data,
                      .udata = nullptr});
}

void failNextWait(int errnum) { waitError = errnum; }
void failNextAdd(int errnum, int after) {
  addError = errnum;
  addsBeforeError = after;
}
void failNextDelete(int errnum) { deleteError = errnum; }
void tellWritesFirst(bool on) { writesFirst = on; }

}  // namespace sprocket::tests::kqueue_shim

using namespace sprocket::tests::kqueue_shim;

int kqueue() {
  const int fd = epoll_create1(0);  // as there, not close-on-exec
  if (fd < 0) return -1;
  if (static_cast<std::size_t>(fd) >= queues.size()) {
    close(fd);
    errno = EMFILE;
    return -1;
  }
  delete queues[static_cast<std::size_t>(fd)].exchange(new Queue);
  return fd;
}

int kevent(int kq, const struct kevent* changes, int changeCount, struct kevent* events,
           int capacity, const timespec* timeout) {
  Queue* const queue = find(kq);
  if (queue == nullptr) {
    errno = EBADF;
    return -1;
  }
  if (timeout != nullptr &&
      (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1'000'000'000)) {
    errno = EINVAL;
    return -1;
  }
  const std::span room(events, static_cast<std::size_t>(capacity));
  std::size_t answers = 0;
  for (const struct kevent& change : std::span(changes, static_cast<std::size_t>(changeCount))) {
    const int errnum = apply(kq, *queue, change);
    if (errnum == 0 && (change.flags & EV_RECEIPT) == 0) continue;
    if (answers == room.size()) {
      errno = errnum;
      return errnum == 0 ? static_cast<int>(answers) : -1;
    }
    room[answers] = change;
    room[answers].flags |= EV_ERROR;
    room[answers].data = errnum;
    ++answers;
  }
  if (answers > 0 || room.empty()) return static_cast<int>(answers);
  return wait(kq, *queue, room, timeout);
}
