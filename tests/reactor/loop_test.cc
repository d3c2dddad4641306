#include "sprocket/reactor/loop.h"

#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/error.h"
#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/fake_backend.h"
#include "sprocket/tests/support/loop_fixture.h"

namespace {

using namespace std::chrono_literals;
using namespace sprocket;
using boost::unit_test::label;
using reactor::Loop;
using reactor::Task;
using tests::FakeBackend;
using tests::LoopFixture;
using Duration = platform::Duration;

struct Thrown : std::runtime_error {
  Thrown() : std::runtime_error("thrown by a callback") {}
};

void throwIt() { throw Thrown(); }

// Counts those of its kind that are alive; does something as it goes.
class Capture {
 public:
  explicit Capture(int& alive, std::function<void()> onDestroy = nullptr)
      : alive_(&alive), onDestroy_(std::move(onDestroy)) {
    ++*alive_;
  }
  Capture(Capture&& other) noexcept
      : alive_(std::exchange(other.alive_, nullptr)), onDestroy_(std::move(other.onDestroy_)) {}
  ~Capture() {
    if (alive_ == nullptr) return;
    if (onDestroy_) onDestroy_();
    --*alive_;
  }

 private:
  int* alive_;
  std::function<void()> onDestroy_;
};

// A callback that owns a Capture.
Task holding(Capture capture) {
  return [capture = std::move(capture)] {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loop)

// run, stop, status.

BOOST_FIXTURE_TEST_CASE(run_returns_zero_when_there_is_nothing_to_do, LoopFixture, *label("1.11")) {
  BOOST_TEST(loop().run() == 0);
}

BOOST_FIXTURE_TEST_CASE(run_with_nothing_to_do_does_not_wait, LoopFixture) {
  loop().run();
  BOOST_TEST(backend().waits().empty());
}

BOOST_FIXTURE_TEST_CASE(run_returns_when_the_last_callback_has_run, LoopFixture, *label("1.11")) {
  setTimeout(says("timer", [&] { setImmediate(says("immediate")); }), 10);
  BOOST_TEST(loop().run() == 0);
  BOOST_TEST(log == "timer, immediate");
}

BOOST_FIXTURE_TEST_CASE(no_kind_of_pending_work_is_slept_over, LoopFixture) {
  const platform::Instant begin = backend().clock();
  setTimeout(says("far"), 1h);
  nextTick(says("tick"));
  loop().runOnce(0ms);
  loop().remote().post(says("post"));
  loop().runOnce(1s);
  setImmediate(says("immediate"));
  loop().runOnce(1s);
  closes(says("close"));
  loop().runOnce(1s);
  BOOST_TEST(log == "tick, post, immediate, close");
  BOOST_TEST((backend().clock() == begin));
}

BOOST_FIXTURE_TEST_CASE(each_kind_of_pending_work_keeps_run_going, LoopFixture,
                        *label("11.1") * label("1.11")) {
  nextTick(says("tick"));
  loop().run();
  loop().remote().post(says("post"));
  loop().run();
  setImmediate(says("immediate"));
  loop().run();
  closes(says("close"));
  loop().run();
  setTimeout(says("timer"), 1);
  loop().run();
  BOOST_TEST(log == "tick, post, immediate, close, timer");
}

BOOST_FIXTURE_TEST_CASE(run_returns_the_status_given_to_stop, LoopFixture) {
  setTimeout([&] { loop().stop(3); }, 1);
  BOOST_TEST(loop().run() == 3);
}

BOOST_FIXTURE_TEST_CASE(stop_ends_the_loop_of_its_thread, LoopFixture) {
  setTimeout([] { reactor::stop(4); }, 1);
  BOOST_TEST(reactor::run() == 4);
}

BOOST_FIXTURE_TEST_CASE(the_last_of_several_stops_gives_the_status, LoopFixture) {
  setImmediate([&] { loop().stop(1); });
  setImmediate([&] { loop().stop(2); });
  BOOST_TEST(loop().run() == 2);
}

BOOST_FIXTURE_TEST_CASE(a_stopped_run_finishes_its_turn, LoopFixture) {
  setTimeout(says("timer", [&] { loop().stop(); }), 1);
  setTimeout(
      [&] {
        setImmediate(says("immediate"));
        closes(says("close"));
        loop().remote().post(says("post"));
      },
      1);
  loop().run();
  BOOST_TEST(log == "timer, post, immediate, close");
}

BOOST_FIXTURE_TEST_CASE(a_stopped_run_does_not_wait_any_more, LoopFixture) {
  setTimeout([&] { loop().stop(); }, 1);
  setTimeout(says("far"), 1h);
  loop().run();
  BOOST_TEST((backend().waits().back() == Duration::zero()));
}

BOOST_FIXTURE_TEST_CASE(a_stopped_run_starts_no_other_turn, LoopFixture) {
  setImmediate(says("first", [&] {
    loop().stop();
    setImmediate(says("second"));
  }));
  loop().run();
  BOOST_TEST(log == "first");
}

BOOST_FIXTURE_TEST_CASE(run_goes_on_where_stop_left_off, LoopFixture) {
  setTimeout([&] { loop().stop(); }, 1);
  setTimeout(says("later"), 2);
  loop().run();
  BOOST_TEST(log == "");
  BOOST_TEST(loop().run() == 0);
  BOOST_TEST(log == "later");
}

BOOST_FIXTURE_TEST_CASE(stop_before_run_lets_it_return_at_once, LoopFixture) {
  setTimeout(says("timer"), 1);
  loop().stop(5);
  BOOST_TEST(loop().run() == 5);
  BOOST_TEST(backend().waits().empty());
}

BOOST_FIXTURE_TEST_CASE(stop_ends_one_run_only, LoopFixture) {
  loop().stop(5);
  loop().run();
  setTimeout(says("timer"), 1);
  BOOST_TEST(loop().run() == 0);
  BOOST_TEST(log == "timer");
}

BOOST_FIXTURE_TEST_CASE(stop_in_a_posted_task_ends_run, LoopFixture) {
  setTimeout(says("far"), 1h);
  loop().remote().post([&] { loop().stop(6); });
  BOOST_TEST(loop().run() == 6);
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(stop_in_a_tick_before_the_first_turn_ends_run, LoopFixture) {
  setTimeout(says("timer"), 1);
  nextTick([&] { loop().stop(7); });
  BOOST_TEST(loop().run() == 7);
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(stop_outlasts_an_exception_of_the_same_callback, LoopFixture) {
  setTimeout(
      [&] {
        loop().stop(8);
        throwIt();
      },
      1);
  setTimeout(says("far"), 1h);
  BOOST_CHECK_THROW(loop().run(), Thrown);
  BOOST_TEST(loop().run() == 8);
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(run_inside_a_callback_throws, LoopFixture) {
  setTimeout([&] { BOOST_CHECK_THROW(loop().run(), std::logic_error); }, 1);
  loop().run();
}

BOOST_FIXTURE_TEST_CASE(runOnce_inside_a_callback_throws, LoopFixture) {
  setTimeout([&] { BOOST_CHECK_THROW(loop().runOnce(), std::logic_error); }, 1);
  loop().run();
}

BOOST_FIXTURE_TEST_CASE(refused_run_leaves_the_one_under_way_unharmed, LoopFixture) {
  setTimeout([&] { loop().run(); }, 1);
  setTimeout(says("second", [&] { BOOST_CHECK_THROW(loop().run(), std::logic_error); }), 2);
  BOOST_CHECK_THROW(loop().run(), std::logic_error);
  loop().run();
  BOOST_TEST(log == "second");
}

// Phases.

BOOST_FIXTURE_TEST_CASE(phases_of_a_turn_come_in_their_order, LoopFixture, *label("1.3")) {
  setTimeout(
      [&] {
        closes(says("close"));
        setImmediate(says("immediate"));
        loop().remote().post(says("post"));
        happens(says("io"));
        setTimeout(says("timer of the next turn"), 1);
        backend().pass(10ms);
        say("timer");
      },
      1);
  loop().run();
  BOOST_TEST(log == "timer, io, post, immediate, close, timer of the next turn");
}

BOOST_FIXTURE_TEST_CASE(timer_set_in_a_timer_waits_for_the_next_turn_though_it_is_due,
                        LoopFixture) {
  setTimeout(
      [&] {
        setTimeout(says("timer"), 1);
        setImmediate(says("immediate"));
        backend().pass(10ms);
      },
      1);
  setTimeout(says("same turn"), 1);
  loop().run();
  BOOST_TEST(log == "same turn, immediate, timer");
}

BOOST_FIXTURE_TEST_CASE(immediate_set_in_an_immediate_waits_for_the_next_turn, LoopFixture) {
  setImmediate(says("first", [&] { setImmediate(says("next turn")); }));
  setImmediate(says("second"));
  closes(says("close"));
  loop().run();
  BOOST_TEST(log == "first, second, close, next turn");
}

BOOST_FIXTURE_TEST_CASE(immediate_set_in_a_timer_comes_in_the_same_turn, LoopFixture) {
  setTimeout([&] { setImmediate(says("immediate")); }, 1);
  setTimeout(says("next turn"), 2);
  loop().run();
  BOOST_TEST(log == "immediate, next turn");
}

BOOST_FIXTURE_TEST_CASE(immediate_set_by_io_comes_before_any_timer, LoopFixture) {
  happens([&] {
    setTimeout(says("timer"), 0);
    setImmediate(says("immediate"));
    backend().pass(10ms);
  });
  loop().runOnce();
  setTimeout(says("keeps the loop"), 20);
  loop().run();
  BOOST_TEST(log == "immediate, timer, keeps the loop");
}

BOOST_FIXTURE_TEST_CASE(task_posted_by_a_task_waits_for_the_next_turn, LoopFixture) {
  loop().remote().post(says("first", [&] { loop().remote().post(says("next turn")); }));
  loop().remote().post(says("second"));
  setImmediate(says("immediate"));
  loop().run();
  BOOST_TEST(log == "first, second, immediate, next turn");
}

BOOST_FIXTURE_TEST_CASE(close_queued_in_a_close_callback_waits_for_the_next_turn, LoopFixture) {
  closes(says("first", [&] {
    closes(says("next turn"));
    setImmediate(says("immediate"));
  }));
  closes(says("second"));
  loop().run();
  BOOST_TEST(log == "first, second, immediate, next turn");
}

BOOST_FIXTURE_TEST_CASE(immediates_come_in_the_order_they_were_set, LoopFixture) {
  for (const char* text : {"1", "2", "3"}) setImmediate(says(text));
  loop().run();
  BOOST_TEST(log == "1, 2, 3");
}

BOOST_FIXTURE_TEST_CASE(immediate_cleared_by_one_before_it_does_not_come, LoopFixture) {
  std::optional<Immediate> second;
  setImmediate([&] { clearImmediate(*second); });
  second = setImmediate(says("cleared"));
  setImmediate(says("third"));
  loop().run();
  BOOST_TEST(log == "third");
}

BOOST_FIXTURE_TEST_CASE(immediate_cleared_twice_or_after_it_came_is_harmless, LoopFixture) {
  const Immediate cleared = setImmediate(says("cleared"));
  clearImmediate(cleared);
  clearImmediate(cleared);
  std::optional<Immediate> came;
  came = setImmediate(says("came", [&] { clearImmediate(*came); }));
  loop().run();
  clearImmediate(*came);
  BOOST_TEST(log == "came");
}

BOOST_FIXTURE_TEST_CASE(immediate_that_came_is_released_though_its_handle_is_kept, LoopFixture) {
  int alive = 0;
  const Immediate immediate = setImmediate(holding(Capture(alive)));
  loop().run();
  BOOST_TEST(alive == 0);
}

BOOST_FIXTURE_TEST_CASE(cleared_immediate_does_not_keep_run_going, LoopFixture) {
  clearImmediate(setImmediate(says("cleared")));
  loop().run();
  BOOST_TEST(backend().waits().empty());
}

// nextTick.

BOOST_FIXTURE_TEST_CASE(ticks_come_in_the_order_they_were_queued, LoopFixture, *label("1.3")) {
  for (const char* text : {"1", "2", "3"}) nextTick(says(text));
  loop().run();
  BOOST_TEST(log == "1, 2, 3");
}

BOOST_FIXTURE_TEST_CASE(tick_queued_by_a_tick_comes_last_but_before_anything_else, LoopFixture,
                        *label("1.3")) {
  setImmediate([&] {
    nextTick(says("1", [&] { nextTick(says("3", [&] { nextTick(says("4")); })); }));
    nextTick(says("2"));
  });
  setImmediate(says("immediate"));
  loop().run();
  BOOST_TEST(log == "1, 2, 3, 4, immediate");
}

BOOST_FIXTURE_TEST_CASE(ticks_queued_before_run_come_before_everything, LoopFixture) {
  setTimeout(says("timer"), 0);
  loop().runOnce(0ms);
  backend().pass(1s);
  nextTick(says("tick"));
  loop().run();
  BOOST_TEST(log == "tick, timer");
}

BOOST_FIXTURE_TEST_CASE(ticks_come_after_each_timer, LoopFixture, *label("1.3")) {
  setTimeout(says("a", [&] { nextTick(says("a's tick")); }), 1);
  setTimeout(says("b", [&] { nextTick(says("b's tick")); }), 1);
  loop().run();
  BOOST_TEST(log == "a, a's tick, b, b's tick");
}

BOOST_FIXTURE_TEST_CASE(ticks_come_after_each_io_callback, LoopFixture, *label("1.3")) {
  happens(says("a", [&] { nextTick(says("a's tick")); }));
  happens(says("b", [&] { nextTick(says("b's tick")); }));
  loop().runOnce();
  BOOST_TEST(log == "a, a's tick, b, b's tick");
}

BOOST_FIXTURE_TEST_CASE(ticks_come_after_each_posted_task, LoopFixture) {
  loop().remote().post(says("a", [&] { nextTick(says("a's tick")); }));
  loop().remote().post(says("b", [&] { nextTick(says("b's tick")); }));
  loop().run();
  BOOST_TEST(log == "a, a's tick, b, b's tick");
}

BOOST_FIXTURE_TEST_CASE(ticks_come_after_each_immediate, LoopFixture) {
  setImmediate(says("a", [&] { nextTick(says("a's tick")); }));
  setImmediate(says("b", [&] { nextTick(says("b's tick")); }));
  loop().run();
  BOOST_TEST(log == "a, a's tick, b, b's tick");
}

BOOST_FIXTURE_TEST_CASE(ticks_come_after_each_close_callback, LoopFixture, *label("1.3")) {
  closes(says("a", [&] { nextTick(says("a's tick")); }));
  closes(says("b", [&] { nextTick(says("b's tick")); }));
  loop().run();
  BOOST_TEST(log == "a, a's tick, b, b's tick");
}

// What a callback owns is destroyed when it has run, and that is user code too.
BOOST_FIXTURE_TEST_CASE(ticks_queued_as_captures_go_come_before_the_next_callback, LoopFixture) {
  int alive = 0;
  const auto put = [&](auto how, const std::string& name) {
    how(holding(Capture(alive, [this, name] { nextTick(says(name + "'s tick")); })));
    how(says("next"));
  };
  put([](Task task) { nextTick(std::move(task)); }, "tick");
  loop().run();
  put([](Task task) { setTimeout(std::move(task), 1); }, "timer");
  loop().run();
  put([](Task task) { setImmediate(std::move(task)); }, "immediate");
  loop().run();
  BOOST_TEST(log == "next, tick's tick, timer's tick, next, immediate's tick, next");
}

BOOST_FIXTURE_TEST_CASE(tick_queued_as_a_posted_task_goes_comes_before_the_next, LoopFixture) {
  int alive = 0;
  loop().remote().post(holding(Capture(alive, [&] { nextTick(says("tick")); })));
  loop().remote().post(says("next"));
  loop().run();
  BOOST_TEST(log == "tick, next");
}

// In the handler itself, not in a callback: the phase has no reason to look for ticks.
BOOST_FIXTURE_TEST_CASE(tick_queued_outside_of_any_callback_is_not_slept_over, LoopFixture) {
  setTimeout(says("timer"), 1h);
  backend().happensIn(0ms, [&] { nextTick(says("tick")); });
  loop().run();
  BOOST_TEST(log == "tick, timer");
}

// Moving is all that the queue does with a task, so the moves tell its work.
BOOST_FIXTURE_TEST_CASE(work_per_tick_does_not_grow_with_the_queue, LoopFixture) {
  struct Counting {
    explicit Counting(std::size_t& counter) : moves(&counter) {}
    Counting(Counting&& other) noexcept : moves(other.moves) { ++*moves; }
    void operator()() const {}
    std::size_t* moves;
  };
  constexpr std::size_t count = 100'000;
  std::size_t moves = 0;
  for (std::size_t i = 0; i < count; ++i) nextTick(Counting(moves));
  loop().run();
  BOOST_TEST(moves < 12 * count);
}

BOOST_FIXTURE_TEST_CASE(ticks_that_queue_ticks_all_come_in_order, LoopFixture) {
  std::vector<int> came;
  int queued = 0;
  const std::function<void(int)> tick = [&](int number) {
    came.push_back(number);
    // Two for each until there are enough: the queue grows, then drains over many borders.
    for (int i = 0; i < 2 && queued < 10'000; ++i)
      nextTick([&tick, next = ++queued] { tick(next); });
  };
  nextTick([&] { tick(0); });
  loop().run();
  std::vector<int> expected;
  for (int i = 0; i <= 10'000; ++i) expected.push_back(i);
  BOOST_TEST(came == expected);
}

// Exceptions.

// `put` queues a callback somewhere. Three are queued, the second throws. Nothing else is there
// that would keep run() going.
template <class Put>
void checkOneThatThrowsCostsTheOthersNothing(LoopFixture& fixture, Put put) {
  put(fixture.says("first"));
  put(fixture.says("second", throwIt));
  put(fixture.says("third"));
  BOOST_CHECK_THROW(fixture.loop().run(), Thrown);
  BOOST_TEST(fixture.log == "first, second");
  BOOST_TEST(fixture.loop().run() == 0);
  BOOST_TEST(fixture.log == "first, second, third");
}

BOOST_FIXTURE_TEST_CASE(timer_that_throws_costs_the_others_nothing, LoopFixture, *label("2.6")) {
  checkOneThatThrowsCostsTheOthersNothing(*this, [](auto f) { setTimeout(std::move(f), 1); });
}

BOOST_FIXTURE_TEST_CASE(io_callback_that_throws_costs_the_others_nothing, LoopFixture,
                        *label("2.6")) {
  setTimeout([] {}, 1);  // I/O alone keeps no loop
  checkOneThatThrowsCostsTheOthersNothing(*this, [&](auto f) { happens(std::move(f)); });
}

BOOST_FIXTURE_TEST_CASE(posted_task_that_throws_costs_the_others_nothing, LoopFixture) {
  checkOneThatThrowsCostsTheOthersNothing(*this,
                                          [&](auto f) { loop().remote().post(std::move(f)); });
}

BOOST_FIXTURE_TEST_CASE(immediate_that_throws_costs_the_others_nothing, LoopFixture,
                        *label("2.6")) {
  checkOneThatThrowsCostsTheOthersNothing(*this, [](auto f) { setImmediate(std::move(f)); });
}

BOOST_FIXTURE_TEST_CASE(close_callback_that_throws_costs_the_others_nothing, LoopFixture,
                        *label("2.6")) {
  checkOneThatThrowsCostsTheOthersNothing(*this, [&](auto f) { closes(std::move(f)); });
}

BOOST_FIXTURE_TEST_CASE(tick_that_throws_costs_the_others_nothing, LoopFixture, *label("2.6")) {
  nextTick(says("first"));
  nextTick(says("second", throwIt));
  nextTick(says("third"));
  BOOST_CHECK_THROW(loop().run(), Thrown);
  loop().run();
  BOOST_TEST(log == "first, second, third");
}

BOOST_FIXTURE_TEST_CASE(tick_that_throws_costs_the_phase_it_came_in_nothing, LoopFixture) {
  setImmediate(says("first", [] { nextTick(throwIt); }));
  setImmediate(says("second"));
  BOOST_CHECK_THROW(loop().run(), Thrown);
  loop().run();
  BOOST_TEST(log == "first, second");
}

BOOST_FIXTURE_TEST_CASE(tick_queued_by_a_callback_that_throws_comes_before_the_others, LoopFixture,
                        *label("1.3")) {
  setImmediate([&] {
    nextTick(says("tick"));
    throwIt();
  });
  setImmediate(says("immediate"));
  BOOST_CHECK_THROW(loop().run(), Thrown);
  loop().run();
  BOOST_TEST(log == "tick, immediate");
}

BOOST_FIXTURE_TEST_CASE(turn_broken_off_by_an_exception_keeps_its_later_phases, LoopFixture) {
  setTimeout(
      [&] {
        happens(says("io"));
        loop().remote().post(says("post"));
        setImmediate(says("immediate"));
        closes(says("close"));
        throwIt();
      },
      1);
  BOOST_CHECK_THROW(loop().run(), Thrown);
  loop().run();
  BOOST_TEST(log == "io, post, immediate, close");
}

BOOST_FIXTURE_TEST_CASE(turn_broken_off_by_an_exception_goes_on_without_waiting, LoopFixture) {
  setTimeout(says("far"), 1h);
  happens(throwIt);
  BOOST_CHECK_THROW(loop().run(), Thrown);
  loop().runOnce();
  BOOST_TEST((backend().waits().back() == Duration::zero()));
}

BOOST_FIXTURE_TEST_CASE(every_callback_may_throw, LoopFixture, *label("2.6")) {
  constexpr int each = 10;
  int thrown = 0;
  for (int i = 0; i < each; ++i) {
    setTimeout(throwIt, 1 + i % 3);
    setImmediate(throwIt);
    nextTick(throwIt);
    loop().remote().post(throwIt);
    closes(throwIt);
  }
  for (bool done = false; !done;) {
    try {
      loop().run();
      done = true;
    } catch (const Thrown&) {
      ++thrown;
    }
  }
  BOOST_TEST(thrown == 5 * each);
}

// runOnce.

BOOST_FIXTURE_TEST_CASE(runOnce_waits_no_longer_than_told, LoopFixture) {
  setTimeout(says("far"), 1h);
  loop().runOnce(3ms);
  BOOST_TEST((backend().waits().back() == Duration(3ms)));
}

BOOST_FIXTURE_TEST_CASE(runOnce_waits_no_longer_than_until_the_next_timer, LoopFixture) {
  setTimeout(says("near"), 5);
  loop().runOnce(1h);
  BOOST_TEST(backend().waits().back().value() <= Duration(6ms));
}

// Of what does not keep the loop running, such as a post or a server that was unref'd, something
// may come; and who runs turns in a loop must not spin.
BOOST_FIXTURE_TEST_CASE(runOnce_waits_as_told_also_if_nothing_referenced_is_left, LoopFixture) {
  BOOST_TEST(!loop().runOnce(3ms));
  BOOST_TEST((backend().waits().back() == std::optional<Duration>(3ms)));
  BOOST_TEST(!loop().runOnce());
  BOOST_TEST((backend().waits().back() == std::optional<Duration>(0ms)));
}

BOOST_FIXTURE_TEST_CASE(runOnce_polls_when_told_so, LoopFixture) {
  setTimeout(says("timer"), 5);
  happens(says("io"));
  loop().runOnce(0ms);
  BOOST_TEST(log == "io");
  BOOST_TEST((backend().waits().back() == Duration::zero()));
}

BOOST_FIXTURE_TEST_CASE(runOnce_never_asks_for_less_than_no_time, LoopFixture) {
  setTimeout(says("timer"), 5);
  loop().runOnce(-5ms);
  setTimeout([&] { backend().pass(1h); }, 1);
  setTimeout(says("overdue by then"), 2);
  loop().run();
  for (const auto& wait : backend().waits()) BOOST_TEST(wait.value().count() >= 0);
}

BOOST_FIXTURE_TEST_CASE(runOnce_is_one_turn, LoopFixture) {
  setImmediate(says("first", [&] { setImmediate(says("second")); }));
  loop().runOnce();
  BOOST_TEST(log == "first");
}

BOOST_FIXTURE_TEST_CASE(runOnce_tells_whether_something_referenced_is_left, LoopFixture) {
  setTimeout(says("timer"), 5);
  setTimeout(says("unreferenced"), 10).unref();
  BOOST_TEST(loop().runOnce());
  BOOST_TEST(!loop().runOnce());
}

BOOST_FIXTURE_TEST_CASE(runOnce_tells_of_stop_as_nothing_left, LoopFixture) {
  setTimeout(says("timer"), 5);
  setImmediate([&] { loop().stop(9); });
  BOOST_TEST(!loop().runOnce());
  BOOST_TEST(loop().run() == 9);
}

// The clock.

BOOST_FIXTURE_TEST_CASE(now_is_the_beginning_of_the_turn, LoopFixture) {
  setTimeout(
      [&] {
        const platform::Instant begin = backend().clock();
        backend().pass(10ms);
        BOOST_TEST((loop().now() == begin));
      },
      1);
  loop().run();
}

BOOST_FIXTURE_TEST_CASE(turn_of_io_alone_reads_the_clock_once, LoopFixture) {
  setTimeout([] {}, 1);
  loop().run();
  const Timeout keeper = setTimeout(says("far"), 1h);
  const std::size_t before = backend().clockReadings();
  const std::size_t waitsBefore = backend().waits().size();
  for (int i = 1; i <= 10; ++i) {
    happens([] { setTimeout([] {}, 1000).unref(); }, i * 1us);
  }
  happens([&] { clearTimeout(keeper); }, 11us);
  loop().run();
  BOOST_TEST(backend().waits().size() - waitsBefore == 11U);
  BOOST_TEST(backend().clockReadings() - before == 11U);
}

BOOST_FIXTURE_TEST_CASE(turn_with_timers_reads_the_clock_twice, LoopFixture) {
  for (int i = 0; i < 100; ++i) setInterval([] {}, 5);
  loop().runOnce();
  const std::size_t before = backend().clockReadings();
  for (int i = 0; i < 10; ++i) loop().runOnce();
  BOOST_TEST(backend().clockReadings() - before <= 20U);
}

// Which loop is the thread's.

BOOST_AUTO_TEST_CASE(loop_is_its_threads_while_it_lives) {
  Loop outer(std::make_unique<FakeBackend>());
  BOOST_TEST(&Loop::current() == &outer);
  {
    Loop inner(std::make_unique<FakeBackend>());
    BOOST_TEST(&Loop::current() == &inner);
  }
  BOOST_TEST(&Loop::current() == &outer);
}

BOOST_AUTO_TEST_CASE(loops_of_a_thread_may_go_in_any_order) {
  Loop first(std::make_unique<FakeBackend>());
  auto second = std::make_unique<Loop>(std::make_unique<FakeBackend>());
  auto third = std::make_unique<Loop>(std::make_unique<FakeBackend>());
  second.reset();
  BOOST_TEST(&Loop::current() == third.get());
  third.reset();
  BOOST_TEST(&Loop::current() == &first);
}

BOOST_FIXTURE_TEST_CASE(loop_may_run_inside_a_callback_of_another, LoopFixture) {
  setTimeout(says("before",
                  [&] {
                    LoopFixture inner;
                    setTimeout(says("inner"), 1);
                    nextTick(says("inner tick"));
                    inner.loop().run();
                  }),
             1);
  nextTick(says("outer tick"));
  loop().run();
  BOOST_TEST(log == "outer tick, before, inner tick, inner");
}

BOOST_AUTO_TEST_CASE(each_thread_has_a_loop_of_its_own) {
  const Loop* const mine = &Loop::current();
  const Loop* others = nullptr;
  std::thread([&] { others = &Loop::current(); }).join();
  BOOST_TEST(others != mine);
  BOOST_TEST(&Loop::current() == mine);
}

BOOST_AUTO_TEST_CASE(loop_made_on_demand_goes_with_its_thread) {
  int alive = 0;
  std::thread([&] {
    setTimeout(holding(Capture(alive)), 1h);
    setImmediate(holding(Capture(alive)));
  }).join();
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(loops_of_two_threads_run_at_the_same_time) {
  const auto count = [](int& turns) {
    setInterval(
        [&turns, left = 50]() mutable {
          ++turns;
          nextTick([] {});
          if (--left == 0) reactor::stop();
        },
        1);
    reactor::run();
  };
  int mine = 0;
  int others = 0;
  std::thread other([&] { count(others); });
  std::thread another([&] { count(mine); });
  other.join();
  another.join();
  BOOST_TEST(mine == 50);
  BOOST_TEST(others == 50);
}

// Services.

struct Service {
  explicit Service(Loop&) { ++made; }
  static inline int made = 0;
};

BOOST_FIXTURE_TEST_CASE(service_is_made_once, LoopFixture) {
  Service::made = 0;
  Service& first = loop().service<Service>();
  BOOST_TEST(&loop().service<Service>() == &first);
  BOOST_TEST(Service::made == 1);
}

struct Foundation {
  explicit Foundation(Loop&) {}
  ~Foundation() { alive = false; }
  static inline bool alive = false;
};

struct House {
  explicit House(Loop& loop) {
    loop.service<Foundation>();
    Foundation::alive = true;
  }
  ~House() { BOOST_TEST(Foundation::alive); }
};

BOOST_FIXTURE_TEST_CASE(service_outlives_those_made_on_top_of_it, LoopFixture) {
  loop().service<House>();
  destroyLoop();
  BOOST_TEST(!Foundation::alive);
}

// The library's own timers.

struct OwnTimer final : reactor::Timer {
  explicit OwnTimer(std::function<void()> f) : callback(std::move(f)) {}
  void onTimeout() override { callback(); }
  std::function<void()> callback;
};

BOOST_FIXTURE_TEST_CASE(own_timer_does_not_keep_run_going, LoopFixture) {
  OwnTimer timer(says("timer"));
  loop().startTimer(timer, 5);
  loop().run();
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(own_timer_started_again_starts_anew, LoopFixture) {
  OwnTimer timer(says("own"));
  loop().startTimer(timer, 5);
  setTimeout(says("4", [&] { loop().startTimer(timer, 5); }), 4);
  setTimeout(says("8"), 8);
  setTimeout(says("12"), 12);
  loop().run();
  BOOST_TEST(log == "4, 8, own, 12");
}

BOOST_FIXTURE_TEST_CASE(own_timer_may_go_while_it_is_running_due_or_just_started, LoopFixture) {
  auto running = std::make_unique<OwnTimer>(says("running"));
  auto due = std::make_unique<OwnTimer>(says("due"));
  auto started = std::make_unique<OwnTimer>(says("started"));
  setTimeout(
      [&] {
        loop().startTimer(*started, 1);
        started.reset();
        due.reset();
        running.reset();
      },
      5);
  loop().startTimer(*running, 10);
  loop().startTimer(*due, 5);
  setTimeout(says("end"), 20);
  loop().run();
  BOOST_TEST(log == "end");
}

// Residents.

struct Keeper : reactor::Resident {
  explicit Keeper(Loop& loop) : Resident(loop) { keepRunning(true); }
  void onLoopGone() override {}
  using Resident::keepRunning;
};

BOOST_FIXTURE_TEST_CASE(resident_keeps_run_going_until_it_says_otherwise, LoopFixture,
                        *label("11.1")) {
  Keeper keeper(loop());
  keeper.keepRunning(true);
  happens(says("io", [&] { keeper.keepRunning(false); }), 1h);
  loop().run();
  BOOST_TEST(log == "io");
}

BOOST_FIXTURE_TEST_CASE(resident_that_is_gone_does_not_keep_run_going, LoopFixture) {
  auto keeper = std::make_unique<Keeper>(loop());
  happens(says("io", [&] { keeper.reset(); }), 1h);
  loop().run();
  BOOST_TEST(log == "io");
}

BOOST_FIXTURE_TEST_CASE(resident_has_no_loop_once_it_is_gone, LoopFixture) {
  Keeper keeper(loop());
  destroyLoop();
  BOOST_TEST(keeper.loop() == nullptr);
  keeper.keepRunning(false);
}

// The end of a loop.

// Where a loop may hold user code, each with how to put it there.
struct Place {
  std::string name;
  std::function<void(LoopFixture&, Task)> put;
};

const std::vector<Place>& places() {
  // What an exception left over: the turn that threw had taken it out of its queue already.
  static const auto breakOff = [](LoopFixture& fixture) {
    BOOST_CHECK_THROW(fixture.loop().run(), Thrown);
  };
  static const std::vector<Place> all = {
      {"timeout", [](LoopFixture&, Task task) { setTimeout(std::move(task), 1); }},
      {"scheduled timeout",
       [](LoopFixture& fixture, Task task) {
         setTimeout(std::move(task), 1000);
         fixture.loop().runOnce(0ms);
       }},
      {"interval", [](LoopFixture&, Task task) { setInterval(std::move(task), 1); }},
      {"immediate", [](LoopFixture&, Task task) { setImmediate(std::move(task)); }},
      {"tick", [](LoopFixture&, Task task) { nextTick(std::move(task)); }},
      {"posted task",
       [](LoopFixture& fixture, Task task) { fixture.loop().remote().post(std::move(task)); }},
      {"signal listener",
       [](LoopFixture&, Task task) {
         reactor::onSignal(SIGTERM, [task = std::move(task)](int) mutable { task(); });
       }},
      {"service",
       [](LoopFixture& fixture, Task task) {
         struct Holder {
           explicit Holder(Loop&) {}
           Task task;
         };
         fixture.loop().service<Holder>().task = std::move(task);
       }},
      {"due timeout",
       [](LoopFixture& fixture, Task task) {
         setTimeout(throwIt, 1);
         setTimeout(std::move(task), 1);
         breakOff(fixture);
       }},
      {"due immediate",
       [](LoopFixture& fixture, Task task) {
         setImmediate(throwIt);
         setImmediate(std::move(task));
         breakOff(fixture);
       }},
      {"due tick",
       [](LoopFixture& fixture, Task task) {
         nextTick(throwIt);
         nextTick(std::move(task));
         breakOff(fixture);
       }},
      {"taken post",
       [](LoopFixture& fixture, Task task) {
         fixture.loop().remote().post(throwIt);
         fixture.loop().remote().post(std::move(task));
         breakOff(fixture);
       }},
  };
  return all;
}

BOOST_AUTO_TEST_CASE(loop_that_goes_releases_all_it_holds) {
  for (const Place& place : places()) {
    BOOST_TEST_CONTEXT(place.name) {
      LoopFixture fixture;
      int alive = 0;
      place.put(fixture, holding(Capture(alive)));
      BOOST_TEST(alive == 1);
      fixture.destroyLoop();
      BOOST_TEST(alive == 0);
    }
  }
}

// All that a capture's destructor may do to a loop that is going, in every place that holds
// captures. What it adds is never called, and released too.
BOOST_AUTO_TEST_CASE(captures_may_do_anything_to_a_loop_that_goes) {
  struct Action {
    std::string name;
    std::function<void(LoopFixture&, Task)> run;
  };
  struct Late {
    explicit Late(Loop&) {}
    Task task;
  };
  std::optional<Timeout> timer;
  std::optional<Immediate> immediate;
  std::optional<reactor::SignalListener> listener;
  std::optional<reactor::Remote> remote;
  const std::vector<Action> actions = {
      {"setTimeout", [](LoopFixture&, Task task) { setTimeout(std::move(task), 1); }},
      {"setInterval", [](LoopFixture&, Task task) { setInterval(std::move(task), 1).unref(); }},
      {"setImmediate", [](LoopFixture&, Task task) { setImmediate(std::move(task)); }},
      {"nextTick", [](LoopFixture&, Task task) { nextTick(std::move(task)); }},
      {"post", [&](LoopFixture&, Task task) { BOOST_TEST(!remote->post(std::move(task))); }},
      {"onSignal",
       [](LoopFixture&, Task task) {
         reactor::onSignal(SIGINT, [task = std::move(task)](int) mutable { task(); });
       }},
      {"service", [](LoopFixture& fixture,
                     Task task) { fixture.loop().service<Late>().task = std::move(task); }},
      {"clear others",
       [&](LoopFixture&, Task) {
         clearTimeout(*timer);
         clearImmediate(*immediate);
         listener->off();
       }},
      {"refresh another", [&](LoopFixture&, Task) { timer->refresh().unref().ref(); }},
      {"stop", [](LoopFixture&, Task) { reactor::stop(1); }},
  };
  for (const Place& place : places()) {
    for (const Action& action : actions) {
      BOOST_TEST_CONTEXT(action.name << " from a " << place.name) {
        LoopFixture fixture;
        int alive = 0;
        int done = 0;
        // The last of the chain does it again, when what the first did has been released.
        const auto act = [&](Capture next) {
          ++done;
          action.run(fixture, [&fixture, next = std::move(next)] { fixture.say("called"); });
        };
        place.put(fixture, holding(Capture(
                               alive, [&] { act(Capture(alive, [&] { act(Capture(alive)); })); })));
        timer = setTimeout(holding(Capture(alive)), 10);
        immediate = setImmediate(holding(Capture(alive)));
        listener = reactor::onSignal(SIGTERM, [c = Capture(alive)](int) {});
        remote = fixture.loop().remote();
        fixture.destroyLoop();
        BOOST_TEST(done == 2);
        BOOST_TEST(alive == 0);
        BOOST_TEST(fixture.log == "");
      }
    }
  }
}

BOOST_FIXTURE_TEST_CASE(handles_may_outlive_the_loop, LoopFixture) {
  const Timeout pending = setTimeout(says("pending"), 10);
  const Timeout fired = setTimeout(says("fired"), 1);
  const Timeout interval = setInterval(says("interval"), 10);
  const Immediate immediate = setImmediate(says("immediate"));
  const reactor::SignalListener listener = reactor::onSignal(SIGTERM, [](int) {});
  const reactor::Remote remote = loop().remote();
  while (log != "immediate, fired") loop().runOnce();
  destroyLoop();
  for (const Timeout& timer : {pending, fired, interval}) {
    timer.refresh().unref().ref().refresh();
    BOOST_TEST(timer.hasRef());
    clearTimeout(timer);
    clearInterval(timer);
    timer.refresh();
  }
  clearImmediate(immediate);
  listener.off();
  BOOST_TEST(!remote.post(says("posted")));
  BOOST_TEST(log == "immediate, fired");
}

BOOST_AUTO_TEST_CASE(handle_of_a_loop_that_is_gone_leaves_the_next_loop_alone) {
  std::optional<Timeout> timer;
  {
    LoopFixture old;
    timer = setTimeout(old.says("old"), 1);
  }
  LoopFixture fixture;
  timer->refresh();
  fixture.loop().run();
  BOOST_TEST(fixture.backend().waits().empty());
}

// Arguments.

BOOST_FIXTURE_TEST_CASE(missing_callback_is_refused_at_the_call, LoopFixture) {
  BOOST_CHECK_THROW(setTimeout(nullptr, 1), ArgumentError);
  BOOST_CHECK_THROW(setInterval(nullptr, 1), ArgumentError);
  BOOST_CHECK_THROW(setImmediate(nullptr), ArgumentError);
  BOOST_CHECK_THROW(nextTick(nullptr), ArgumentError);
  BOOST_CHECK_THROW(reactor::onSignal(SIGTERM, nullptr), ArgumentError);
  BOOST_CHECK_THROW(reactor::onSignal(SIGTERM, static_cast<void (*)()>(nullptr)), ArgumentError);
  BOOST_CHECK_THROW(loop().remote().post(nullptr), ArgumentError);
  BOOST_TEST(loop().run() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
