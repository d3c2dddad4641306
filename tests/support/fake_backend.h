#pragma once

// A Backend without an operating system, which makes tests of timing exact and instant. Its clock
// stands still until wait() moves it, by as much as a kernel would have slept.
//
//   auto owned = std::make_unique<FakeBackend>();
//   FakeBackend& backend = *owned;
//   Loop loop(std::move(owned));
//   setTimeout(ring, 24h);
//   loop.run();                                    // a day, in no time
//   BOOST_TEST(backend.waits().size() <= 5U);
//
// It writes down what it is asked for. It has no network: what an I/O handler would do is given to
// happensIn(). Only wake() may come from another thread, and it ends no wait() that sleeps already,
// as none does.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "sprocket/platform/backend.h"

namespace sprocket::tests {

// Thrown by a wait() that nothing would ever end.
struct WaitsForEver : std::logic_error {
  WaitsForEver() : std::logic_error("wait() without a limit, and nothing will happen") {}
};

class FakeBackend final : public platform::Backend {
 public:
  using Duration = platform::Duration;
  using Instant = platform::Instant;

  // Has `handler` run inside wait(), when so much time has passed.
  void happensIn(Duration delay, std::function<void()> handler) {
    events_.emplace(now_ + delay, std::move(handler));
  }

  // Time that passes outside of wait(): in a slow callback, or while the machine is suspended.
  void pass(Duration duration) { now_ += duration; }

  // From now on, each sleep takes so much longer than was asked for; if it is negative, so much
  // less, as after a spurious wake-up.
  void oversleep(Duration duration) { oversleep_ = duration; }

  // From now on, sleep takes no time.
  void stopClock() { clockStands_ = true; }
  void resumeClock() { clockStands_ = false; }

  // Called by wake(), on its thread.
  void whenWoken(std::function<void()> callback) { whenWoken_ = std::move(callback); }

  // The limit of each wait() so far.
  const std::vector<std::optional<Duration>>& waits() const { return waits_; }
  // Makes room for so many more, for tests that count allocations.
  void forgetWaits(std::size_t room) {
    waits_.clear();
    waits_.reserve(room);
  }
  std::size_t clockReadings() const { return clockReadings_; }
  std::size_t wakes() const { return wakes_; }
  Instant clock() const { return now_; }

  void wait(std::optional<Duration> timeout) override {
    waits_.push_back(timeout);
    if (!woken_.exchange(false)) sleep(timeout);
    while (!events_.empty() && events_.begin()->first <= now_) {
      // Out of the list first: a handler that throws has had its turn.
      const std::function<void()> handler = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      handler();
    }
  }

  void closeAll() override {}

  void wake() noexcept override {
    woken_ = true;
    ++wakes_;
    if (whenWoken_) whenWoken_();
  }

  Instant now() const override {
    ++clockReadings_;
    return now_;
  }

  platform::Stream& connect(const platform::Endpoint&, const platform::ConnectOptions&,
                            platform::StreamHandler&) override {
    throw std::logic_error("FakeBackend has no network");
  }
  platform::Result<platform::Listener*> listen(const platform::Endpoint&,
                                               const platform::ListenOptions&,
                                               platform::ListenerHandler&) override {
    throw std::logic_error("FakeBackend has no network");
  }
  platform::Result<platform::Stream*> adopt(int, platform::StreamHandler&) override {
    throw std::logic_error("FakeBackend has no descriptors");
  }
  platform::Result<platform::Listener*> adopt(int, int, platform::ListenerHandler&) override {
    throw std::logic_error("FakeBackend has no descriptors");
  }

 private:
  void sleep(std::optional<Duration> timeout) {
    if (events_.empty() && !timeout) throw WaitsForEver();
    if (clockStands_) return;
    Duration length = timeout.value_or(Duration::max());
    if (length > std::max(Duration::zero(), -oversleep_)) {
      length += std::min(oversleep_, Duration::max() - length);
    }
    if (!events_.empty()) length = std::min(length, events_.begin()->first - now_);
    now_ += std::max(length, Duration::zero());
  }

  // Some hours after the epoch and between two milliseconds, as a real clock is.
  Instant now_{std::chrono::hours(5) + std::chrono::nanoseconds(123'456'789)};
  bool clockStands_ = false;
  Duration oversleep_ = Duration::zero();
  std::multimap<Instant, std::function<void()>> events_;

  std::vector<std::optional<Duration>> waits_;
  mutable std::size_t clockReadings_ = 0;
  std::atomic<std::size_t> wakes_ = 0;
  std::atomic<bool> woken_ = false;
  std::function<void()> whenWoken_;
};

}  // namespace sprocket::tests
