#include "sprocket/reactor/timers.h"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/loop_fixture.h"

namespace {

using namespace std::chrono_literals;
using namespace sprocket;
using reactor::Delay;
using reactor::Loop;
using tests::LoopFixture;
using tests::WaitsForEver;
using Duration = platform::Duration;
using Instant = platform::Instant;

constexpr auto forEver = std::numeric_limits<std::uint64_t>::max();
constexpr int wheelLevels = 11;

constexpr std::uint64_t msOf(Delay delay) { return delay.milliseconds(); }

// Whether a callback still holds on to what it captured.
class Captured {
 public:
  bool isAlive() const { return token_.use_count() > 1; }
  auto token() const { return token_; }

 private:
  std::shared_ptr<int> token_ = std::make_shared<int>();
};

struct Thrown {};

}  // namespace

BOOST_AUTO_TEST_SUITE(delay)

BOOST_AUTO_TEST_CASE(whole_numbers_are_milliseconds) {
  BOOST_TEST(msOf(1) == 1U);
  BOOST_TEST(msOf(1000U) == 1000U);
  BOOST_TEST(msOf(short{7}) == 7U);
  BOOST_TEST(msOf(std::int64_t{1} << 62) == std::uint64_t{1} << 62);
  BOOST_TEST(msOf(std::uint64_t{1} << 63) == std::uint64_t{1} << 63);
  BOOST_TEST(msOf(forEver) == forEver);
}

BOOST_AUTO_TEST_CASE(less_than_one_counts_as_one) {
  BOOST_TEST(msOf(0) == 1U);
  BOOST_TEST(msOf(-1) == 1U);
  BOOST_TEST(msOf(std::numeric_limits<std::int64_t>::min()) == 1U);
  BOOST_TEST(msOf(0.5) == 1U);
  BOOST_TEST(msOf(-0.0) == 1U);
  BOOST_TEST(msOf(-std::numeric_limits<double>::infinity()) == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_not_a_number_counts_as_one) {
  BOOST_TEST(msOf(std::numeric_limits<double>::quiet_NaN()) == 1U);
  BOOST_TEST(msOf(std::numeric_limits<float>::quiet_NaN()) == 1U);
}

BOOST_AUTO_TEST_CASE(fractions_are_rounded_up) {
  BOOST_TEST(msOf(1.0) == 1U);
  BOOST_TEST(msOf(1.0000001) == 2U);
  BOOST_TEST(msOf(1.5F) == 2U);
  BOOST_TEST(msOf(2.0L) == 2U);
}

BOOST_AUTO_TEST_CASE(infinity_and_what_is_too_much_for_64_bits_is_for_ever) {
  BOOST_TEST(msOf(std::numeric_limits<double>::infinity()) == forEver);
  BOOST_TEST(msOf(1e300) == forEver);
  BOOST_TEST(msOf(18446744073709551616.0) == forEver);
  BOOST_TEST(msOf(18446744073709549568.0) == 18446744073709549568U);  // the largest double below
}

BOOST_AUTO_TEST_CASE(durations_are_rounded_up_to_milliseconds) {
  BOOST_TEST(msOf(0ns) == 1U);
  BOOST_TEST(msOf(-1h) == 1U);
  BOOST_TEST(msOf(0h) == 1U);
  BOOST_TEST(msOf(1ns) == 1U);
  BOOST_TEST(msOf(1000us) == 1U);
  BOOST_TEST(msOf(1001us) == 2U);
  BOOST_TEST(msOf(2ms) == 2U);
  BOOST_TEST(msOf(3s) == 3000U);
  BOOST_TEST(msOf(2h) == 7'200'000U);
}

BOOST_AUTO_TEST_CASE(durations_of_odd_units_are_rounded_up_to_milliseconds) {
  using Frames = std::chrono::duration<int, std::ratio<1001, 30000>>;
  BOOST_TEST(msOf(Frames(1)) == 34U);
  BOOST_TEST(msOf(Frames(30000)) == 1'001'000U);
}

BOOST_AUTO_TEST_CASE(durations_in_fractions_are_rounded_up_to_milliseconds) {
  BOOST_TEST(msOf(std::chrono::duration<double>(0.25)) == 250U);
  BOOST_TEST(msOf(std::chrono::duration<float, std::milli>(1.5F)) == 2U);
  BOOST_TEST(msOf(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())) == 1U);
  BOOST_TEST(msOf(std::chrono::duration<double>(1e300)) == forEver);
}

// In milliseconds they are more than their own type, or any, can hold.
BOOST_AUTO_TEST_CASE(durations_do_not_overflow) {
  BOOST_TEST(msOf(std::chrono::duration<int>(3'000'000)) == 3'000'000'000U);
  BOOST_TEST(msOf(std::chrono::duration<signed char, std::ratio<3600>>(100)) == 360'000'000U);
  BOOST_TEST(msOf(std::chrono::hours::max()) == forEver);
  BOOST_TEST(msOf(std::chrono::seconds::max()) == forEver);
  BOOST_TEST(msOf(std::chrono::hours::min()) == 1U);
  BOOST_TEST(msOf(std::chrono::nanoseconds::max()) == 9'223'372'036'855U);
  BOOST_TEST(msOf(std::chrono::duration<std::uint64_t, std::milli>(forEver)) == forEver);
}

static_assert(Delay(2s).milliseconds() == 2000);
static_assert(!std::constructible_from<Delay, bool>);
static_assert(!std::constructible_from<Delay, std::nullptr_t>);
static_assert(!std::constructible_from<Delay, const char*>);

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(timers)

// When they fire.

BOOST_FIXTURE_TEST_CASE(timeout_fires_once, LoopFixture) {
  setTimeout(says("timeout"), 10);
  setTimeout(says("end"), 100);
  loop().run();
  BOOST_TEST(log == "timeout, end");
}

// At all fractions of a millisecond, by a clock that moves only when the loop sleeps.
BOOST_FIXTURE_TEST_CASE(timer_is_not_early_and_late_by_less_than_a_millisecond, LoopFixture) {
  for (int start = 0; start < 30; ++start) {
    for (const int delay : {1, 2, 63, 64, 65, 4096, 100'000}) {
      const Instant begin = backend().clock();
      setTimeout(
          [=, this] {
            const Duration took = backend().clock() - begin;
            BOOST_TEST((took >= std::chrono::milliseconds(delay)));
            BOOST_TEST((took < std::chrono::milliseconds(delay + 1)));
          },
          delay);
      loop().run();
      backend().pass(37'123ns);
    }
  }
}

// As in Node: what the program does before run() counts.
BOOST_FIXTURE_TEST_CASE(delay_of_a_timer_set_before_run_begins_when_it_is_set, LoopFixture) {
  const Instant begin = backend().clock();
  setTimeout([=, this] { BOOST_TEST((backend().clock() - begin == 3s)); }, 1s);
  backend().pass(3s);
  loop().run();
}

// Set in the last phase of a turn, by a loop that another one drives.
BOOST_FIXTURE_TEST_CASE(delay_of_a_timer_begins_at_the_latest_when_runOnce_returns, LoopFixture) {
  closes([&] { setTimeout(says("timer"), 1s); });
  loop().runOnce();
  backend().pass(2s);
  loop().runOnce(0ms);
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(delay_of_a_timer_begins_at_the_latest_when_run_throws, LoopFixture) {
  setImmediate([&] {
    setTimeout(says("timer"), 1s);
    throw Thrown();
  });
  BOOST_CHECK_THROW(loop().run(), Thrown);
  backend().pass(2s);
  loop().runOnce(0ms);
  BOOST_TEST(log == "timer");
}

// Its delay begins when the callback that sets it has returned, however long that goes on.
BOOST_FIXTURE_TEST_CASE(timer_set_late_in_a_slow_callback_is_not_early, LoopFixture) {
  setTimeout(
      [&] {
        backend().pass(50ms);
        const Instant begin = backend().clock();
        setTimeout([=, this] { BOOST_TEST((backend().clock() - begin >= 10ms)); }, 10);
      },
      1);
  loop().run();
}

BOOST_FIXTURE_TEST_CASE(timer_set_after_idle_time_is_not_early, LoopFixture) {
  setTimeout(says("far"), 2h);
  happens(
      [&] {
        const Instant begin = backend().clock();
        setTimeout([=, this] { BOOST_TEST((backend().clock() - begin >= 10ms)); }, 10);
      },
      1h);
  loop().run();
}

BOOST_FIXTURE_TEST_CASE(wait_that_ends_early_makes_no_timer_early, LoopFixture) {
  backend().oversleep(-300us);
  const Instant begin = backend().clock();
  setTimeout([=, this] { BOOST_TEST((backend().clock() - begin >= 10ms)); }, 10);
  loop().run();
}

BOOST_FIXTURE_TEST_CASE(wait_that_ends_late_makes_a_timer_late_once, LoopFixture) {
  backend().oversleep(25ms);
  int fired = 0;
  const Timeout timer = setInterval(
      [&] {
        if (++fired == 3) clearInterval(timer);
      },
      10);
  const Instant begin = backend().clock();
  loop().run();
  BOOST_TEST(fired == 3);
  BOOST_TEST((backend().clock() - begin < 3 * 36ms + 1ms));
}

BOOST_FIXTURE_TEST_CASE(slow_callback_makes_no_later_timer_late, LoopFixture) {
  const Instant begin = backend().clock();
  setTimeout([&] { backend().pass(40ms); }, 10);
  setTimeout([=, this] { BOOST_TEST((backend().clock() - begin < 101ms)); }, 100);
  loop().run();
}

// With the system's clock and the system's waiting.
BOOST_AUTO_TEST_CASE(no_timer_is_early_by_the_system_clock) {
  Loop loop;
  int fired = 0;
  int early = 0;
  const auto setOne = [&](int delay) {
    const auto begin = std::chrono::steady_clock::now();
    setTimeout(
        [&, begin, delay] {
          ++fired;
          if (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(delay)) ++early;
        },
        delay);
  };
  for (int i = 0; i < 200; ++i) setOne(1 + i % 50);
  setInterval(
      [&, left = 100]() mutable {
        setOne(1 + left % 5);
        if (--left == 0) loop.stop();
      },
      1);
  loop.run();
  BOOST_TEST(fired >= 200);
  BOOST_TEST(early == 0);
}

// In which order.

BOOST_FIXTURE_TEST_CASE(timers_fire_in_the_order_of_their_deadlines, LoopFixture) {
  for (const int delay : {30, 10, 5000, 20, 100}) setTimeout(says(std::to_string(delay)), delay);
  loop().run();
  BOOST_TEST(log == "10, 20, 30, 100, 5000");
}

BOOST_FIXTURE_TEST_CASE(late_timers_fire_in_the_order_of_their_deadlines, LoopFixture) {
  for (const int delay : {30, 10, 5000, 20, 100}) setTimeout(says(std::to_string(delay)), delay);
  loop().runOnce(0ms);
  backend().pass(24h);
  loop().runOnce(0ms);
  BOOST_TEST(log == "10, 20, 30, 100, 5000");
}

BOOST_FIXTURE_TEST_CASE(timers_of_equal_delay_fire_in_the_order_they_were_set, LoopFixture) {
  setTimeout(says("1"), 100);
  setTimeout(says("2"), 100.0);
  setTimeout(says("3"), 100ms);
  setTimeout(says("4"), 99'999us);
  loop().run();
  BOOST_TEST(log == "1, 2, 3, 4");
}

BOOST_FIXTURE_TEST_CASE(timers_of_equal_delay_set_in_one_callback_fire_in_order, LoopFixture) {
  setImmediate([&] {
    for (const char* text : {"1", "2", "3"}) setTimeout(says(text), 100);
  });
  loop().run();
  BOOST_TEST(log == "1, 2, 3");
}

// The clock moves by less than a millisecond between them.
BOOST_FIXTURE_TEST_CASE(timers_of_equal_delay_set_in_several_turns_fire_in_order, LoopFixture) {
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    setTimeout(says(std::to_string(i)), 50);
    loop().runOnce(0ms);
    backend().pass(300us);
    expected += (i == 0 ? "" : ", ") + std::to_string(i);
  }
  loop().run();
  BOOST_TEST(log == expected);
}

BOOST_FIXTURE_TEST_CASE(interval_comes_behind_what_its_callback_sets_for_the_same_time,
                        LoopFixture) {
  const Timeout interval = setInterval(says("interval",
                                            [&, first = true]() mutable {
                                              if (std::exchange(first, false)) {
                                                setTimeout(says("timeout"), 10);
                                              } else {
                                                clearInterval(interval);
                                              }
                                            }),
                                       10);
  loop().run();
  BOOST_TEST(log == "interval, timeout, interval");
}

BOOST_FIXTURE_TEST_CASE(timer_cleared_by_another_of_its_batch_does_not_fire, LoopFixture) {
  std::optional<Timeout> second;
  setTimeout([&] { clearTimeout(*second); }, 5);
  second = setTimeout(says("second"), 5);
  setTimeout(says("third"), 5);
  loop().run();
  BOOST_TEST(log == "third");
}

BOOST_FIXTURE_TEST_CASE(timer_refreshed_by_another_of_its_batch_fires_later_once, LoopFixture) {
  std::optional<Timeout> second;
  setTimeout([&] { second->refresh(); }, 5);
  second = setTimeout(says("second"), 5);
  setTimeout(says("third"), 5);
  setTimeout(says("ten", [&] { setTimeout(says("end"), 5); }), 10);
  loop().run();
  BOOST_TEST(log == "third, ten, second, end");
}

BOOST_FIXTURE_TEST_CASE(timer_set_by_another_does_not_fire_in_its_batch, LoopFixture) {
  setTimeout(
      [&] {
        setTimeout(says("new"), 1);
        backend().pass(1s);
      },
      5);
  setTimeout(says("old"), 6);
  loop().run();
  BOOST_TEST(log == "old, new");
}

// Intervals.

BOOST_FIXTURE_TEST_CASE(interval_fires_until_it_is_cleared, LoopFixture) {
  int fired = 0;
  const Timeout interval = setInterval(
      [&] {
        if (++fired == 5) clearInterval(interval);
      },
      10);
  const Instant begin = backend().clock();
  loop().run();
  BOOST_TEST(fired == 5);
  BOOST_TEST((backend().clock() - begin < 51ms));
}

// The first call takes as long as nine delays.
BOOST_FIXTURE_TEST_CASE(interval_that_overruns_does_not_pile_up, LoopFixture) {
  std::vector<Instant> times;
  setInterval(
      [&] {
        times.push_back(backend().clock());
        if (times.size() == 1) backend().pass(95ms);
      },
      10);
  while (times.size() < 3) loop().runOnce();
  BOOST_TEST((times[1] - times[0] >= 105ms));
  BOOST_TEST((times[2] - times[1] >= 10ms));
}

BOOST_FIXTURE_TEST_CASE(interval_counts_from_the_end_of_its_turn, LoopFixture) {
  std::vector<Instant> times;
  setInterval(
      [&] {
        times.push_back(backend().clock());
        backend().pass(4ms);
      },
      10);
  while (times.size() < 3) loop().runOnce();
  BOOST_TEST((times[2] - times[1] == 14ms));
}

BOOST_FIXTURE_TEST_CASE(suspended_machine_makes_an_interval_fire_once, LoopFixture) {
  setInterval(says("tick"), 1000);
  loop().runOnce(0ms);
  backend().pass(72h);
  loop().runOnce(0ms);
  loop().runOnce(0ms);
  BOOST_TEST(log == "tick");
}

BOOST_FIXTURE_TEST_CASE(interval_goes_on_after_its_callback_threw, LoopFixture) {
  setInterval(says("tick", [] { throw Thrown(); }), 10);
  for (int i = 0; i < 3; ++i) BOOST_CHECK_THROW(loop().run(), Thrown);
  BOOST_TEST(log == "tick, tick, tick");
}

BOOST_FIXTURE_TEST_CASE(interval_cleared_by_a_callback_that_throws_is_over, LoopFixture) {
  const Captured captured;
  const Timeout interval = setInterval(
      [&, token = captured.token()] {
        clearInterval(interval);
        throw Thrown();
      },
      10);
  BOOST_CHECK_THROW(loop().run(), Thrown);
  BOOST_TEST(!captured.isAlive());
  BOOST_TEST(loop().run() == 0);
}

BOOST_FIXTURE_TEST_CASE(clearTimeout_clears_an_interval_and_clearInterval_a_timeout, LoopFixture) {
  clearTimeout(setInterval(says("interval"), 10));
  clearInterval(setTimeout(says("timeout"), 10));
  loop().run();
  BOOST_TEST(log == "");
}

// clear.

BOOST_FIXTURE_TEST_CASE(cleared_timer_does_not_fire, LoopFixture) {
  const Timeout fresh = setTimeout(says("fresh"), 10);
  const Timeout scheduled = setTimeout(says("scheduled"), 20);
  clearTimeout(fresh);
  setTimeout([&] { clearTimeout(scheduled); }, 5);
  loop().run();
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(cleared_timer_does_not_keep_run_going, LoopFixture) {
  clearTimeout(setTimeout(says("timer"), 10));
  loop().run();
  BOOST_TEST(backend().waits().empty());
}

BOOST_FIXTURE_TEST_CASE(clearing_twice_or_after_firing_is_harmless, LoopFixture) {
  const Timeout timer = setTimeout(says("timer"), 10);
  loop().run();
  clearTimeout(timer);
  clearTimeout(timer);
  BOOST_TEST(loop().run() == 0);
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(clearing_releases_the_callback_at_once, LoopFixture) {
  const Captured captured;
  const Timeout timer = setTimeout([token = captured.token()] {}, 10);
  clearTimeout(timer);
  BOOST_TEST(!captured.isAlive());
}

BOOST_FIXTURE_TEST_CASE(callback_that_clears_its_timer_lives_until_it_returns, LoopFixture) {
  const Captured captured;
  const Timeout timer = setTimeout(
      [&, token = captured.token()] {
        clearTimeout(timer);
        BOOST_TEST(captured.isAlive());
      },
      10);
  loop().run();
  BOOST_TEST(!captured.isAlive());
}

BOOST_FIXTURE_TEST_CASE(capture_of_a_timer_being_cleared_cannot_bring_it_back, LoopFixture) {
  std::optional<Timeout> timer;
  const auto refresher = std::shared_ptr<int>(new int, [&](int* number) {
    timer->refresh().ref();
    delete number;
  });
  timer = setTimeout([held = refresher] {}, 10);
  const_cast<std::shared_ptr<int>&>(refresher).reset();
  clearTimeout(*timer);
  loop().run();
  BOOST_TEST(backend().waits().empty());
}

BOOST_FIXTURE_TEST_CASE(fired_timer_without_a_handle_is_released, LoopFixture) {
  const Captured captured;
  setTimeout([token = captured.token()] {}, 10);
  loop().run();
  BOOST_TEST(!captured.isAlive());
}

BOOST_FIXTURE_TEST_CASE(timer_fires_though_its_handle_is_dropped, LoopFixture) {
  { const Timeout timer = setTimeout(says("timer"), 10); }
  loop().run();
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(handle_may_be_dropped_inside_the_callback, LoopFixture) {
  auto timer = std::make_shared<std::optional<Timeout>>();
  *timer = setTimeout(says("timer", [timer] { timer->reset(); }), 10);
  timer.reset();
  loop().run();
  BOOST_TEST(log == "timer");
}

// refresh.

BOOST_FIXTURE_TEST_CASE(refresh_of_a_pending_timer_puts_it_off, LoopFixture) {
  const Timeout timer = setTimeout(says("timer"), 10);
  setTimeout(says("5", [&] { timer.refresh(); }), 5);
  setTimeout(says("12"), 12);
  setTimeout(says("20"), 20);
  loop().run();
  BOOST_TEST(log == "5, 12, timer, 20");
}

BOOST_FIXTURE_TEST_CASE(refresh_inside_its_callback_fires_again, LoopFixture) {
  int fired = 0;
  const Timeout timer = setTimeout(says("timer",
                                        [&] {
                                          if (++fired < 3) timer.refresh();
                                        }),
                                   10);
  loop().run();
  BOOST_TEST(log == "timer, timer, timer");
}

BOOST_FIXTURE_TEST_CASE(refresh_after_firing_fires_again, LoopFixture) {
  const Timeout timer = setTimeout(says("timer"), 10);
  loop().run();
  timer.refresh();
  loop().run();
  BOOST_TEST(log == "timer, timer");
}

BOOST_FIXTURE_TEST_CASE(refresh_twice_fires_once, LoopFixture) {
  const Timeout timer = setTimeout(says("timer"), 10);
  timer.refresh().refresh();
  loop().run();
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(refresh_after_clear_does_nothing, LoopFixture) {
  const Timeout pending = setTimeout(says("pending"), 10);
  clearTimeout(pending);
  pending.refresh();
  const Timeout fired = setTimeout(says("fired"), 10);
  loop().run();
  clearTimeout(fired);
  fired.refresh();
  loop().run();
  BOOST_TEST(log == "fired");
}

BOOST_FIXTURE_TEST_CASE(clear_after_refresh_inside_the_callback_wins, LoopFixture) {
  const Timeout timer = setTimeout(says("timer",
                                        [&] {
                                          timer.refresh();
                                          clearTimeout(timer);
                                          timer.refresh();
                                        }),
                                   10);
  loop().run();
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(refresh_of_an_interval_puts_it_off_and_it_goes_on, LoopFixture) {
  const Timeout interval = setInterval(says("i"), 10);
  setTimeout(says("5", [&] { interval.refresh(); }), 5);
  setTimeout(says("26", [&] { clearInterval(interval); }), 26);
  loop().run();
  BOOST_TEST(log == "5, i, i, 26");
}

BOOST_FIXTURE_TEST_CASE(refresh_of_an_interval_inside_its_callback_changes_nothing, LoopFixture) {
  const Timeout interval = setInterval(says("i", [&] { interval.refresh(); }), 10);
  setTimeout(says("35", [&] { clearInterval(interval); }), 35);
  loop().run();
  BOOST_TEST(log == "i, i, i, 35");
}

// ref and unref.

BOOST_FIXTURE_TEST_CASE(timer_has_a_ref_unless_it_is_taken_away, LoopFixture) {
  const Timeout timer = setTimeout(says("timer"), 10);
  BOOST_TEST(timer.hasRef());
  BOOST_TEST(!timer.unref().hasRef());
  BOOST_TEST(timer.ref().hasRef());
}

BOOST_FIXTURE_TEST_CASE(hasRef_tells_the_same_before_and_after_firing_and_clearing, LoopFixture) {
  const Timeout referenced = setTimeout([] {}, 10);
  const Timeout unreferenced = setTimeout([] {}, 10).unref();
  loop().run();
  BOOST_TEST(referenced.hasRef());
  BOOST_TEST(!unreferenced.hasRef());
  clearTimeout(referenced);
  clearTimeout(unreferenced);
  BOOST_TEST(referenced.hasRef());
  BOOST_TEST(!unreferenced.hasRef());
}

BOOST_FIXTURE_TEST_CASE(run_does_not_wait_for_an_unreferenced_timer, LoopFixture) {
  setTimeout(says("timer"), 10).unref();
  setInterval(says("interval"), 10).unref();
  BOOST_TEST(loop().run() == 0);
  BOOST_TEST(backend().waits().empty());
}

BOOST_FIXTURE_TEST_CASE(unreferenced_timer_fires_while_something_else_keeps_run_going,
                        LoopFixture) {
  setTimeout(says("unreferenced"), 10).unref();
  setTimeout(says("referenced"), 20);
  loop().run();
  BOOST_TEST(log == "unreferenced, referenced");
}

BOOST_FIXTURE_TEST_CASE(unref_twice_and_ref_once_is_referenced, LoopFixture) {
  setTimeout(says("timer"), 10).unref().unref().ref();
  loop().run();
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(ref_twice_and_unref_once_is_unreferenced, LoopFixture) {
  setTimeout(says("timer"), 10).ref().ref().unref();
  loop().run();
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(unref_inside_the_callback_of_an_interval_ends_run, LoopFixture) {
  const Timeout interval = setInterval(says("interval", [&] { interval.unref(); }), 10);
  loop().run();
  BOOST_TEST(log == "interval");
}

BOOST_FIXTURE_TEST_CASE(ref_inside_the_callback_of_an_interval_keeps_run_going, LoopFixture) {
  int fired = 0;
  const Timeout interval = setInterval(says("interval",
                                            [&] {
                                              interval.ref();
                                              if (++fired == 3) clearInterval(interval);
                                            }),
                                       10);
  interval.unref();
  setTimeout([] {}, 15);
  loop().run();
  BOOST_TEST(log == "interval, interval, interval");
}

BOOST_FIXTURE_TEST_CASE(ref_of_a_fired_or_cleared_timer_does_not_keep_run_going, LoopFixture) {
  const Timeout fired = setTimeout([] {}, 1);
  loop().run();
  fired.unref().ref();
  const Timeout cleared = setTimeout([] {}, 1);
  clearTimeout(cleared);
  cleared.unref().ref();
  const std::size_t before = backend().waits().size();
  loop().run();
  BOOST_TEST(backend().waits().size() == before);
}

BOOST_FIXTURE_TEST_CASE(refresh_of_an_unreferenced_timer_does_not_keep_run_going, LoopFixture) {
  const Timeout timer = setTimeout(says("timer"), 10).unref();
  setTimeout([] {}, 20);
  loop().run();
  timer.refresh();
  loop().run();
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(timer_unreferenced_by_another_of_its_batch_still_fires, LoopFixture) {
  std::optional<Timeout> second;
  setTimeout([&] { second->unref(); }, 5);
  second = setTimeout(says("second"), 5);
  loop().run();
  BOOST_TEST(log == "second");
}

// Waiting.

BOOST_FIXTURE_TEST_CASE(far_timer_costs_at_most_one_wake_per_level_of_the_wheel, LoopFixture) {
  for (const Duration delay : {Duration(1h), Duration(24h), Duration(30 * 24h), Duration(365 * 24h),
                               Duration(100 * 365 * 24h)}) {
    const std::size_t before = backend().waits().size();
    bool fired = false;
    setTimeout([&] { fired = true; }, delay);
    loop().run();
    BOOST_TEST(fired);
    BOOST_TEST(backend().waits().size() - before <= wheelLevels + 1U);
  }
}

BOOST_FIXTURE_TEST_CASE(near_timer_costs_two_turns, LoopFixture) {
  setTimeout([] {}, 5);
  loop().run();
  BOOST_TEST(backend().waits().size() == 2U);  // until it is due, and the poll of its own turn
}

BOOST_FIXTURE_TEST_CASE(timer_beyond_the_reach_of_the_clock_asks_for_no_wake, LoopFixture) {
  backend().pass(1h);
  setTimeout(says("2^63"), std::uint64_t{1} << 63);
  setTimeout(says("2^64 - 1"), forEver);
  setTimeout(says("infinity"), std::numeric_limits<double>::infinity());
  setTimeout(says("500 years"), std::chrono::years(500));
  BOOST_CHECK_THROW(loop().run(), WaitsForEver);
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(loop_without_timers_asks_for_no_wake, LoopFixture) {
  const Timeout keeper = setTimeout(says("keeper"), forEver);
  happens([&] { clearTimeout(keeper); }, 1000h);
  loop().run();
  BOOST_TEST(!backend().waits().front().has_value());
}

BOOST_FIXTURE_TEST_CASE(cleared_timer_asks_for_no_wake, LoopFixture) {
  setTimeout(says("far"), forEver);
  clearTimeout(setTimeout(says("cleared"), 10));
  BOOST_CHECK_THROW(loop().run(), WaitsForEver);
}

BOOST_FIXTURE_TEST_CASE(clock_that_stands_still_fires_nothing, LoopFixture) {
  backend().stopClock();
  setTimeout(says("timeout"), 1);
  setInterval(says("interval"), 1);
  for (int i = 0; i < 100; ++i) loop().runOnce();
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(clock_that_stood_still_goes_on_as_if_nothing_had_been, LoopFixture) {
  backend().stopClock();
  setTimeout(says("timeout"), 5);
  for (int i = 0; i < 100; ++i) loop().runOnce();
  backend().resumeClock();
  loop().run();
  BOOST_TEST(log == "timeout");
}

BOOST_FIXTURE_TEST_CASE(clock_that_jumps_by_days_makes_all_that_is_due_fire_once, LoopFixture) {
  setTimeout(says("hour"), 1h);
  setInterval(says("minute"), 1min);
  setTimeout(says("month"), 30 * 24h);
  loop().runOnce(0ms);
  backend().pass(72h);
  loop().runOnce(0ms);
  BOOST_TEST(log == "minute, hour");
}

BOOST_FIXTURE_TEST_CASE(thirty_days_pass_without_drift, LoopFixture) {
  constexpr auto month = 30 * 24h;
  int beats = 0;
  int hours = 0;
  const Timeout beat = setInterval([&] { ++beats; }, 10s);
  const Timeout hour = setInterval([&] { ++hours; }, 1h);
  const Instant begin = backend().clock();
  setTimeout(
      [&] {
        clearInterval(beat);
        clearInterval(hour);
      },
      month);
  loop().run();
  BOOST_TEST((backend().clock() - begin < month + 1ms));
  // The last of each falls on the end of the month, where the order of setting decides.
  BOOST_TEST(beats == month / 10s - 1);
  BOOST_TEST(hours == month / 1h - 1);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// The public API beside a list that says what it must do. The clock moves only between turns and
// while the loop sleeps, so every deadline is known exactly: the delay after the end of the
// millisecond in which the timer was started. What is done is done between turns and inside
// callbacks alike.
class TimersAndModel {
 public:
  explicit TimersAndModel(std::mt19937_64& random) : random_(random) {}

  int operations() const { return operations_; }

  void step() {
    if (chance(4)) fixture_.backend().pass(anyDuration());
    for (std::uint64_t i = random_() % 8; i > 0; --i) operate();
    turn();
  }

  void destroyLoop() {
    fixture_.destroyLoop();
    for (const auto& model : models_) {
      require(!model->hasCallback(), "the loop is gone and a callback is not");
      if (model->handle) clearTimeout(model->handle->refresh().unref());
    }
  }

 private:
  // What is known of one timer.
  struct Model {
    bool hasCallback() const { return token.use_count() > 1; }

    std::optional<Timeout> handle = {};
    std::uint64_t delay = 0;
    bool repeats = false;
    bool referenced = true;
    bool cleared = false;
    std::optional<std::uint64_t> deadline = {};            // in milliseconds since the loop began
    std::uint64_t order = 0;                               // among equal deadlines
    std::shared_ptr<int> token = std::make_shared<int>();  // shared with the callback
  };

  bool chance(std::uint64_t oneOf) { return random_() % oneOf == 0; }

  // Of every magnitude alike: the number of bits is random first.
  std::uint64_t anyDelay() {
    return chance(50) ? forEver - random_() % 3 : random_() >> (32 + random_() % 32);
  }
  Duration anyDuration() {
    return chance(20) ? Duration(random_() % Duration(48h).count())
                      : Duration(random_() >> (34 + random_() % 30));
  }

  Duration elapsed() { return fixture_.backend().clock() - begin_; }

  // Half of all is done to recent timers.
  void operate() {
    ++operations_;
    if (models_.empty() || chance(4)) return set();
    const std::size_t choice = chance(2) ? std::min(models_.size(), recent) : models_.size();
    Model& model = *models_[models_.size() - 1 - random_() % choice];
    if (!model.handle) return;
    switch (random_() % 8) {
      case 0:
        clearTimeout(*model.handle);
        model.cleared = true;
        model.deadline.reset();
        break;
      case 1:
      case 2:
      case 3:
        model.handle->refresh();
        start(model);
        break;
      case 4:
        model.handle->ref();
        model.referenced = true;
        break;
      case 5:
        model.handle->unref();
        model.referenced = false;
        break;
      case 6: model.handle.reset(); return;
      default: break;
    }
    require(model.handle->hasRef() == model.referenced, "hasRef() is wrong");
  }

  void set() {
    Model& model = *models_.emplace_back(std::make_unique<Model>());
    model.delay = anyDelay();
    model.repeats = chance(4);
    auto callback = [this, &model, token = model.token] { onFired(model); };
    model.handle =
        model.repeats ? setInterval(callback, model.delay) : setTimeout(callback, model.delay);
    start(model);
  }

  void start(Model& model) {
    if (model.cleared) return;
    const auto tick = std::chrono::ceil<std::chrono::milliseconds>(elapsed()).count();
    const std::uint64_t delay = std::max<std::uint64_t>(model.delay, 1);
    const auto now = static_cast<std::uint64_t>(tick);
    model.deadline = delay > forEver - now ? forEver : now + delay;
    model.order = ++starts_;
  }

  void turn() {
    const auto tick = static_cast<std::uint64_t>(elapsed() / 1ms);
    for (const auto& model : models_) {
      if (model->deadline && *model->deadline <= tick) batch_.push_back(model.get());
    }
    std::sort(batch_.begin(), batch_.end(), [](const Model* a, const Model* b) {
      return std::pair(*a->deadline, a->order) < std::pair(*b->deadline, b->order);
    });
    batchTick_ = tick;
    const bool left = fixture_.loop().runOnce(chance(2) ? Duration::zero() : anyDuration());
    require(nextOfBatch() == nullptr, "a timer that was due did not fire");
    require(left == anyReferenced(), "runOnce() is wrong about what is left");
    checkCallbacks();
  }

  // Null when all have fired, or were cleared or put off before it was their turn.
  Model* nextOfBatch() {
    while (!batch_.empty()) {
      Model* const first = batch_.front();
      if (first->deadline && *first->deadline <= batchTick_) return first;
      batch_.erase(batch_.begin());
    }
    return nullptr;
  }

  void onFired(Model& model) {
    const Model* const expected = nextOfBatch();
    require(expected != nullptr, "a timer fired that is not due");
    require(expected == &model, "timers fired in the wrong order");
    model.deadline.reset();
    for (std::uint64_t i = random_() % 3; i > 0; --i) operate();
    if (model.repeats) start(model);
  }

  bool anyReferenced() const {
    return std::any_of(models_.begin(), models_.end(),
                       [](const auto& model) { return model->deadline && model->referenced; });
  }

  // Timers to which nothing can happen any more are forgotten.
  void checkCallbacks() {
    for (const auto& model : models_) {
      const bool needed = model->deadline || (model->handle && !model->cleared);
      require(model->hasCallback() == needed, "a callback is kept or released wrongly");
    }
    std::erase_if(models_, [](const auto& model) { return !model->hasCallback(); });
  }

  void require(bool condition, const char* otherwise) const {
    if (!condition) BOOST_FAIL(otherwise << ", after " << operations_ << " operations");
  }

  static constexpr std::size_t recent = 16;

  std::mt19937_64& random_;
  LoopFixture fixture_;
  const Instant begin_ = fixture_.backend().clock();
  std::vector<std::unique_ptr<Model>> models_;
  std::vector<Model*> batch_;    // due in this turn, in order, less those that have fired
  std::uint64_t batchTick_ = 0;  // when it began
  std::uint64_t starts_ = 0;
  int operations_ = 0;
};

std::vector<std::uint64_t> seedsToRun() {
  if (const char* text = std::getenv("SPROCKET_SEED")) return {std::strtoull(text, nullptr, 0)};
  std::random_device device;
  return {20240611, device()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timers)

// With SPROCKET_SEED in the environment it runs that seed; otherwise a fixed and a fresh one.
BOOST_AUTO_TEST_CASE(timers_behave_as_their_model_under_100000_random_operations) {
  for (const std::uint64_t seed : seedsToRun()) {
    std::cout << "SPROCKET_SEED=" << seed << std::endl;
    BOOST_TEST_CONTEXT("SPROCKET_SEED=" << seed) {
      std::mt19937_64 random(seed);
      for (int world = 0; world < 20; ++world) {
        TimersAndModel both(random);
        while (both.operations() < 5000) both.step();
        both.destroyLoop();
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
