// A signal's handler may do next to nothing: it sets a bit for every catcher that watches the
// signal and wakes its backend, all of it through memory that is never freed.

#include "sprocket/platform/signals.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <new>
#include <thread>

#include "sprocket/platform/signal_source.h"

namespace sprocket::platform {
namespace {

constexpr int kMaxSignal = 64;
constexpr std::size_t kMaxCatchers = 64;

constexpr std::uint64_t bitOf(int signum) { return std::uint64_t{1} << (signum - 1); }

bool isSignal(int signum) { return signum >= 1 && signum <= kMaxSignal; }

// Guards what a handler never touches: which signals are caught.
std::mutex sourceMutex;
std::array<int, kMaxSignal + 1> watcherCounts;

// Handlers that are running, on whatever thread.
std::atomic<int> handlersRunning = 0;

}  // namespace

struct SignalCatcher::Slot {
  std::atomic<Backend*> backend = nullptr;  // null: free
  std::atomic<std::uint64_t> watched = 0;
  std::atomic<std::uint64_t> caught = 0;

  static std::array<Slot, kMaxCatchers> all;

  static Slot& claim(Backend& backend) {
    for (Slot& slot : all) {
      Backend* none = nullptr;
      if (slot.backend.compare_exchange_strong(none, &backend)) return slot;
    }
    throw std::bad_alloc();  // more loops that want signals than any process has
  }

  static void onSignal(int signum) {
    ++handlersRunning;
    for (Slot& slot : all) {
      if ((slot.watched.load() & bitOf(signum)) == 0) continue;
      slot.caught.fetch_or(bitOf(signum));
      if (Backend* backend = slot.backend.load()) backend->wake();
    }
    --handlersRunning;
  }
};

std::array<SignalCatcher::Slot, kMaxCatchers> SignalCatcher::Slot::all;

SignalCatcher::SignalCatcher(Backend& backend) : slot_(Slot::claim(backend)) {}

SignalCatcher::~SignalCatcher() {
  for (int signum = 1; signum <= kMaxSignal; ++signum) unwatch(signum);
  // A handler on another thread may still be about to wake this backend.
  while (handlersRunning.load() != 0) std::this_thread::yield();
  slot_.caught = 0;
  slot_.backend = nullptr;
}

SysError SignalCatcher::watch(int signum) {
  if (!isSignal(signum)) return {errorNumber("EINVAL"), Operation::open};
  if ((slot_.watched.load() & bitOf(signum)) != 0) return {};
  const std::lock_guard lock(sourceMutex);
  const auto index = static_cast<std::size_t>(signum);
  // Watched before it is caught: a signal that comes in between is not lost.
  slot_.watched.fetch_or(bitOf(signum));
  if (watcherCounts[index] == 0) {
    if (SysError error = catchSignal(signum, &Slot::onSignal)) {
      slot_.watched.fetch_and(~bitOf(signum));
      return error;
    }
  }
  ++watcherCounts[index];
  return {};
}

void SignalCatcher::unwatch(int signum) {
  if (!isSignal(signum) || (slot_.watched.load() & bitOf(signum)) == 0) return;
  const std::lock_guard lock(sourceMutex);
  const auto index = static_cast<std::size_t>(signum);
  if (--watcherCounts[index] == 0) releaseSignal(signum);
  slot_.watched.fetch_and(~bitOf(signum));
  slot_.caught.fetch_and(~bitOf(signum));
}

int SignalCatcher::take() {
  const std::uint64_t caught = slot_.caught.load();
  if (caught == 0) return 0;
  const int signum = std::countr_zero(caught) + 1;
  slot_.caught.fetch_and(~bitOf(signum));
  return signum;
}

}  // namespace sprocket::platform
