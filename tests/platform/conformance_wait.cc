// wait(), its timeout, and wake().

#include <atomic>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

using platform::Duration;
using platform::Instant;
using namespace std::chrono_literals;

// One wait(): how long it took.
Duration timeOf(Trial& trial, std::optional<Duration> timeout) {
  const Instant begin = trial.backend().now();
  trial.turn(timeout);
  return trial.backend().now() - begin;
}

void aTimeoutIsNeverEarly(Trial& trial) {
  for (const Duration timeout :
       {Duration(1ns), Duration(999ns), Duration(1us), Duration(100us), Duration(999'999ns),
        Duration(1ms), Duration(1'000'001ns), Duration(1500us), Duration(20ms)}) {
    // A wait() may return with nothing done; what it must not do is round down, which would show
    // as many of them.
    const Instant begin = trial.backend().now();
    const std::size_t turns = trial.countTurns(timeout);
    BOOST_TEST(turns <= 2u, timeout.count() << " ns");
    BOOST_TEST((trial.backend().now() - begin >= timeout));
  }
}

void aTimeoutOfZeroReturnsAtOnce(Trial& trial) {
  const auto pair = trial.connectPair();
  for (int i = 0; i < 1'000; ++i) trial.turn(Duration::zero());
  // Nor does a time that is over already hold it up.
  trial.turn(-1ns);
  trial.turn(Duration::min());
  BOOST_TEST(pair.client.events() == "connect");
}

void aTimeoutBeyondAllTimeIsNone(Trial& trial) {
  trial.backend().wake();
  trial.turn(Duration::max());
  trial.backend().wake();
  trial.turn(std::nullopt);
}

void anEventEndsTheWait(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.trySend("hello");
  const Instant begin = trial.backend().now();
  trial.runUntil([&] { return pair.server.receivedCount() == 5; });
  BOOST_TEST((trial.backend().now() - begin < Trial::kPatience));
}

void aWakeBeforeTheWaitEndsIt(Trial& trial) {
  trial.backend().wake();
  BOOST_TEST((timeOf(trial, Trial::kPatience) < Trial::kPatience));
  trial.backend().wake();
  trial.turn(std::nullopt);
}

// Of many wakes one wait() learns; the next one waits again.
void manyWakesAreOne(Trial& trial) {
  for (int i = 0; i < 10'000; ++i) trial.backend().wake();
  BOOST_TEST((timeOf(trial, Trial::kPatience) < Trial::kPatience));
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  // And it can be woken again.
  for (int i = 0; i < 100; ++i) {
    trial.backend().wake();
    BOOST_TEST((timeOf(trial, Trial::kPatience) < Trial::kPatience));
  }
}

// Whether that ends the wait() under way or the next one is open; neither goes on until its
// timeout.
void aWakeInsideAHandlerIsHarmless(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.on.receive = [&] { trial.backend().wake(); };
  pair.server.startReceiving();
  pair.client.trySend("hello");
  const Instant begin = trial.backend().now();
  trial.runUntil([&] { return pair.server.receivedCount() == 5; });
  BOOST_TEST((trial.backend().now() - begin < Trial::kPatience));
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
}

void aWakeFromAnotherThreadEndsTheWait(Trial& trial) {
  for (int i = 0; i < 100; ++i) {
    std::thread waker([&] { trial.backend().wake(); });
    const Duration time = timeOf(trial, Trial::kPatience);
    waker.join();
    BOOST_TEST((time < Trial::kPatience));
    // The thread may have been faster than the wait() or slower, but it was one wake.
    BOOST_TEST(trial.countTurns(1ms) <= kFewTurns);
  }
}

// Each wake follows a change that the waiter must come to see: a lost one would hang until the
// timeout. (The thread sanitizer looks at the rest.)
void noWakeIsLostBetweenThreads(Trial& trial) {
  constexpr int kRounds = 5'000;
  std::atomic<int> posted = 0;
  std::atomic<int> seen = 0;
  std::thread poster([&] {
    for (int i = 1; i <= kRounds; ++i) {
      posted = i;
      trial.backend().wake();
      // Sometimes in step with the waiter, sometimes ahead of it.
      while (i % 3 == 0 && seen < i) std::this_thread::yield();
    }
  });
  bool stuck = false;
  while (seen < kRounds && !stuck) {
    stuck = timeOf(trial, Trial::kPatience) >= Trial::kPatience;
    seen = stuck ? kRounds : posted.load();
  }
  poster.join();
  BOOST_TEST(!stuck);
}

void theClockIsMonotonic(Trial& trial) {
  Instant last = trial.backend().now();
  for (int i = 0; i < 1'000; ++i) {
    const Instant now = trial.backend().now();
    BOOST_TEST_REQUIRE((now >= last));
    last = now;
  }
  trial.turn(1ms);
  BOOST_TEST((trial.backend().now() > last));
}

}  // namespace

std::span<const ConformanceCase> waitCases() {
  static const ConformanceCase cases[] = {
      {"a_timeout_is_never_early", aTimeoutIsNeverEarly},
      {"a_timeout_of_zero_returns_at_once", aTimeoutOfZeroReturnsAtOnce},
      {"a_timeout_beyond_all_time_is_none", aTimeoutBeyondAllTimeIsNone},
      {"an_event_ends_the_wait", anEventEndsTheWait},
      {"a_wake_before_the_wait_ends_it", aWakeBeforeTheWaitEndsIt},
      {"ten_thousand_wakes_are_one", manyWakesAreOne},
      {"a_wake_inside_a_handler_is_harmless", aWakeInsideAHandlerIsHarmless},
      {"a_wake_from_another_thread_ends_the_wait", aWakeFromAnotherThreadEndsTheWait,
       &Venue::hasThreads},
      {"no_wake_is_lost_between_threads", noWakeIsLostBetweenThreads, &Venue::hasThreads},
      {"the_clock_is_monotonic", theClockIsMonotonic},
  };
  return cases;
}

}  // namespace sprocket::tests
