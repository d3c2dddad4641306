#include "sprocket/reactor/signals.h"

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/error.h"
#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/gate.h"
#include "sprocket/tests/support/loop_fixture.h"
#include "sprocket/tests/support/send_signal.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace std::chrono_literals;
using namespace sprocket;
using reactor::Loop;
using reactor::onSignal;
using reactor::SignalListener;
using tests::LoopFixture;
using tests::sendSignalToProcess;

std::atomic<int> beforehand = 0;  // calls of the handler that was there before ours

void handlerBeforehand(int) { ++beforehand; }

// What a signal does, as std::signal knows it: a function, SIG_DFL or SIG_IGN.
using Disposition = void (*)(int);

Disposition dispositionOf(int signum) {
  const Disposition found = std::signal(signum, SIG_IGN);
  std::signal(signum, found);
  return found;
}

// A loop over a FakeBackend that is kept running, and for both signals of the tests a handler of
// the program's own, so that none ends the test.
struct SignalFixture : LoopFixture {
  SignalFixture() {
    beforehand = 0;
    std::signal(tests::kSignal, handlerBeforehand);
    std::signal(tests::kOtherSignal, handlerBeforehand);
  }
  ~SignalFixture() {
    destroyLoop();
    std::signal(tests::kSignal, SIG_DFL);
    std::signal(tests::kOtherSignal, SIG_DFL);
  }

  // One turn that would sleep if nothing had come.
  void turn() {
    const Timeout keeper = setTimeout([] { BOOST_FAIL("slept over a signal"); }, 1h);
    loop().runOnce();
    clearTimeout(keeper);
  }

  std::function<void(int)> tells(const std::string& text) {
    return [this, text](int signum) {
      say(text + (signum == tests::kSignal        ? " usr1"
                  : signum == tests::kOtherSignal ? " usr2"
                                                  : " other"));
    };
  }
};

struct Thrown {};

}  // namespace

BOOST_AUTO_TEST_SUITE(signals)

BOOST_FIXTURE_TEST_CASE(listener_is_called_with_the_number_of_the_signal, SignalFixture) {
  onSignal(tests::kSignal, tells("listener"));
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "listener usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_may_leave_off_the_number, SignalFixture) {
  onSignal(tests::kSignal, says("listener"));
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "listener");
}

BOOST_FIXTURE_TEST_CASE(listener_is_called_by_the_loop_and_not_by_the_signal, SignalFixture) {
  onSignal(tests::kSignal, tells("listener"));
  std::raise(tests::kSignal);
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(listener_is_called_each_time, SignalFixture) {
  onSignal(tests::kSignal, tells("listener"));
  for (int i = 0; i < 3; ++i) {
    std::raise(tests::kSignal);
    turn();
  }
  BOOST_TEST(log == "listener usr1, listener usr1, listener usr1");
}

BOOST_FIXTURE_TEST_CASE(signal_that_came_twice_before_the_loop_looked_is_told_once, SignalFixture) {
  onSignal(tests::kSignal, tells("listener"));
  std::raise(tests::kSignal);
  std::raise(tests::kSignal);
  turn();
  loop().runOnce(0ms);
  BOOST_TEST(log == "listener usr1");
}

BOOST_FIXTURE_TEST_CASE(several_listeners_are_called_in_the_order_they_were_added, SignalFixture) {
  onSignal(tests::kSignal, tells("1"));
  onSignal(tests::kSignal, tells("2"));
  onSignal(tests::kSignal, tells("3"));
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "1 usr1, 2 usr1, 3 usr1");
}

BOOST_FIXTURE_TEST_CASE(listeners_are_called_for_their_own_signal_only, SignalFixture) {
  onSignal(tests::kSignal, tells("1"));
  onSignal(tests::kOtherSignal, tells("2"));
  std::raise(tests::kOtherSignal);
  turn();
  BOOST_TEST(log == "2 usr2");
}

BOOST_FIXTURE_TEST_CASE(several_signals_are_all_told, SignalFixture) {
  onSignal(tests::kSignal, tells("1"));
  onSignal(tests::kOtherSignal, tells("2"));
  std::raise(tests::kOtherSignal);
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log.find("1 usr1") != std::string::npos);
  BOOST_TEST(log.find("2 usr2") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(signals_come_between_timers_and_immediates, SignalFixture) {
  onSignal(tests::kSignal, tells("signal"));
  setTimeout(says("timer",
                  [&] {
                    std::raise(tests::kSignal);
                    setImmediate(says("immediate"));
                  }),
             1);
  loop().run();
  BOOST_TEST(log == "timer, signal usr1, immediate");
}

BOOST_FIXTURE_TEST_CASE(ticks_come_after_each_listener, SignalFixture) {
  onSignal(tests::kSignal, [&](int) { nextTick(says("tick")); });
  onSignal(tests::kSignal, tells("2"));
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "tick, 2 usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_that_raises_its_signal_is_called_in_the_next_turn, SignalFixture) {
  onSignal(tests::kSignal, [&, first = true](int) mutable {
    say("signal");
    if (std::exchange(first, false)) std::raise(tests::kSignal);
  });
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "signal");
  turn();
  BOOST_TEST(log == "signal, signal");
}

BOOST_FIXTURE_TEST_CASE(listener_does_not_keep_run_going, SignalFixture) {
  onSignal(tests::kSignal, tells("listener"));
  BOOST_TEST(loop().run() == 0);
  BOOST_TEST(backend().waits().empty());
}

// off.

BOOST_FIXTURE_TEST_CASE(listener_that_is_off_is_not_called, SignalFixture) {
  const SignalListener listener = onSignal(tests::kSignal, tells("off"));
  onSignal(tests::kSignal, tells("on"));
  listener.off();
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "on usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_put_off_by_one_before_it_is_not_called, SignalFixture) {
  std::optional<SignalListener> second;
  onSignal(tests::kSignal, [&](int) { second->off(); });
  second = onSignal(tests::kSignal, tells("2"));
  onSignal(tests::kSignal, tells("3"));
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "3 usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_added_by_another_hears_the_next_signal, SignalFixture) {
  onSignal(tests::kSignal, [&, first = true](int) mutable {
    if (std::exchange(first, false)) onSignal(tests::kSignal, tells("new"));
  });
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "");
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "new usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_that_puts_itself_off_lives_until_it_returns, SignalFixture) {
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;
  std::optional<SignalListener> listener;
  listener = onSignal(tests::kSignal, [&, held = std::move(token)](int) {
    listener->off();
    BOOST_TEST(!watch.expired());
  });
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(watch.expired());
}

BOOST_FIXTURE_TEST_CASE(off_releases_the_listener_though_its_handle_is_kept, SignalFixture) {
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;
  const SignalListener listener = onSignal(tests::kSignal, [held = std::move(token)](int) {});
  listener.off();
  BOOST_TEST(watch.expired());
}

BOOST_FIXTURE_TEST_CASE(off_twice_is_harmless, SignalFixture) {
  const SignalListener listener = onSignal(tests::kSignal, tells("1"));
  onSignal(tests::kSignal, tells("2"));
  listener.off();
  listener.off();
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "2 usr1");
}

BOOST_FIXTURE_TEST_CASE(signal_that_came_before_the_last_off_is_dropped, SignalFixture) {
  const SignalListener listener = onSignal(tests::kSignal, tells("old"));
  std::raise(tests::kSignal);
  listener.off();
  onSignal(tests::kSignal, tells("new"));
  loop().runOnce(0ms);
  BOOST_TEST(log == "");
}

// Exceptions.

BOOST_FIXTURE_TEST_CASE(listener_that_throws_costs_the_others_nothing, SignalFixture) {
  onSignal(tests::kSignal, tells("1"));
  onSignal(tests::kSignal, [](int) { throw Thrown(); });
  onSignal(tests::kSignal, tells("3"));
  std::raise(tests::kSignal);
  BOOST_CHECK_THROW(turn(), Thrown);
  turn();
  BOOST_TEST(log == "1 usr1, 3 usr1");
}

// The wake that told of both is used up by then.
BOOST_FIXTURE_TEST_CASE(listener_that_throws_costs_other_signals_nothing, SignalFixture) {
  onSignal(tests::kSignal, [](int) { throw Thrown(); });
  onSignal(tests::kOtherSignal, tells("2"));
  std::raise(tests::kSignal);
  std::raise(tests::kOtherSignal);
  BOOST_CHECK_THROW(turn(), Thrown);
  turn();
  BOOST_TEST(log == "2 usr2");
}

BOOST_FIXTURE_TEST_CASE(io_callback_that_throws_costs_signals_nothing, SignalFixture) {
  onSignal(tests::kSignal, tells("signal"));
  happens([] { throw Thrown(); });
  std::raise(tests::kSignal);
  BOOST_CHECK_THROW(turn(), Thrown);
  turn();
  BOOST_TEST(log == "signal usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_that_throws_hears_the_next_signal, SignalFixture) {
  int heard = 0;
  onSignal(tests::kSignal, [&](int) {
    ++heard;
    throw Thrown();
  });
  for (int i = 0; i < 2; ++i) {
    std::raise(tests::kSignal);
    BOOST_CHECK_THROW(turn(), Thrown);
  }
  BOOST_TEST(heard == 2);
}

// Dispositions.

BOOST_FIXTURE_TEST_CASE(handler_that_was_there_before_is_not_called_meanwhile, SignalFixture) {
  onSignal(tests::kSignal, tells("listener"));
  std::raise(tests::kSignal);
  BOOST_TEST(beforehand == 0);
}

BOOST_FIXTURE_TEST_CASE(last_off_brings_back_the_handler_that_was_there_before, SignalFixture) {
  const SignalListener first = onSignal(tests::kSignal, tells("1"));
  const SignalListener second = onSignal(tests::kSignal, tells("2"));
  first.off();
  BOOST_TEST(dispositionOf(tests::kSignal) != handlerBeforehand);
  second.off();
  BOOST_TEST(dispositionOf(tests::kSignal) == handlerBeforehand);
}

BOOST_FIXTURE_TEST_CASE(last_off_inside_the_listener_brings_it_back_too, SignalFixture) {
  std::optional<SignalListener> listener;
  listener = onSignal(tests::kSignal, [&](int) { listener->off(); });
  std::raise(tests::kSignal);
  turn();
  std::raise(tests::kSignal);
  BOOST_TEST(beforehand == 1);
}

BOOST_FIXTURE_TEST_CASE(end_of_the_loop_brings_it_back_too, SignalFixture) {
  onSignal(tests::kSignal, tells("1"));
  onSignal(tests::kOtherSignal, tells("2"));
  destroyLoop();
  BOOST_TEST(dispositionOf(tests::kSignal) == handlerBeforehand);
  BOOST_TEST(dispositionOf(tests::kOtherSignal) == handlerBeforehand);
}

BOOST_FIXTURE_TEST_CASE(default_disposition_comes_back, SignalFixture) {
  std::signal(tests::kSignal, SIG_DFL);
  onSignal(tests::kSignal, tells("1")).off();
  BOOST_TEST((dispositionOf(tests::kSignal) == SIG_DFL));
}

BOOST_FIXTURE_TEST_CASE(listening_again_after_the_last_off_works, SignalFixture) {
  onSignal(tests::kSignal, tells("old")).off();
  onSignal(tests::kSignal, tells("new"));
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "new usr1");
}

BOOST_FIXTURE_TEST_CASE(disposition_is_kept_while_another_loop_listens, SignalFixture) {
  const SignalListener outer = onSignal(tests::kSignal, tells("outer"));
  {
    LoopFixture inner;
    onSignal(tests::kSignal, [&](int) { inner.say("inner"); });
  }
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "outer usr1");
  outer.off();
  BOOST_TEST(dispositionOf(tests::kSignal) == handlerBeforehand);
}

BOOST_FIXTURE_TEST_CASE(signals_that_nobody_asked_for_are_left_alone, SignalFixture) {
  onSignal(tests::kSignal, tells("1"));
  BOOST_TEST(dispositionOf(tests::kOtherSignal) == handlerBeforehand);
}

// Wrong numbers.

void checkRefused(int signum) {
  BOOST_CHECK_EXCEPTION(onSignal(signum, [](int) {}), ArgumentError, [&](const ArgumentError& e) {
    return std::string(e.what()).find("signal " + std::to_string(signum) + " ") !=
               std::string::npos &&
           e.code() == "EINVAL";
  });
}

BOOST_FIXTURE_TEST_CASE(signal_that_cannot_be_caught_is_refused, LoopFixture) {
  checkRefused(9);  // SIGKILL, everywhere
}

BOOST_FIXTURE_TEST_CASE(signal_that_was_refused_once_is_refused_again, LoopFixture) {
  checkRefused(9);
  checkRefused(9);
}

BOOST_FIXTURE_TEST_CASE(number_that_is_no_signal_is_refused, LoopFixture) {
  for (const int signum : {0, -1, 65, 9999}) checkRefused(signum);
}

BOOST_FIXTURE_TEST_CASE(refused_listener_is_released_and_leaves_the_loop_as_it_was, SignalFixture) {
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;
  BOOST_CHECK_THROW(onSignal(9999, [held = std::move(token)](int) {}), ArgumentError);
  BOOST_TEST(watch.expired());
  onSignal(tests::kSignal, tells("good"));
  std::raise(tests::kSignal);
  turn();
  BOOST_TEST(log == "good usr1");
}

// With the system's backend, asleep.

struct RunningLoop {
  Loop loop;
  Timeout keeper = setTimeout([] { BOOST_FAIL("nothing came in 30 seconds"); }, 30s);
};

BOOST_AUTO_TEST_CASE(signal_to_the_process_ends_the_wait) {
  RunningLoop running;
  onSignal(SIGTERM, [] { reactor::stop(1); });
  std::thread other([] { sendSignalToProcess(SIGTERM); });
  BOOST_TEST(running.loop.run() == 1);
  other.join();
}

BOOST_AUTO_TEST_CASE(signal_handled_on_another_thread_ends_the_wait) {
  RunningLoop running;
  onSignal(SIGTERM, [] { reactor::stop(1); });
  std::thread other([] { std::raise(SIGTERM); });
  BOOST_TEST(running.loop.run() == 1);
  other.join();
}

BOOST_AUTO_TEST_CASE(loops_of_two_threads_both_hear_the_signal) {
  tests::Gate listening;
  const auto listen = [&](int& status) {
    RunningLoop running;
    onSignal(tests::kSignal, [] { reactor::stop(1); });
    listening.release();
    status = running.loop.run();
  };
  int first = 0;
  int second = 0;
  std::thread one([&] { listen(first); });
  std::thread two([&] { listen(second); });
  listening.acquire();
  listening.acquire();
  sendSignalToProcess(tests::kSignal);
  one.join();
  two.join();
  BOOST_TEST(first == 1);
  BOOST_TEST(second == 1);
}

BOOST_AUTO_TEST_CASE(no_signal_is_lost_in_thousands_of_hand_offs) {
  constexpr int rounds = 2000;
  RunningLoop running;
  tests::Gate heard;
  onSignal(tests::kSignal, [&, left = rounds]() mutable {
    if (--left == 0) reactor::stop(1);
    heard.release();
  });
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      std::raise(tests::kSignal);
      heard.acquire();
    }
  });
  BOOST_TEST(running.loop.run() == 1);
  other.join();
}

// The handler on the other thread is held inside wake(), for long enough to lose the backend there.
BOOST_FIXTURE_TEST_CASE(loop_that_goes_waits_for_a_handler_that_is_waking_it, SignalFixture) {
  std::atomic<bool> waking = false;
  std::atomic<bool> gone = false;
  std::atomic<bool> goneTooEarly = false;
  backend().whenWoken([&] {
    waking = true;
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    goneTooEarly = gone.load();
  });
  onSignal(tests::kSignal, tells("listener"));
  std::thread other([] { std::raise(tests::kSignal); });
  while (!waking) std::this_thread::yield();
  destroyLoop();
  gone = true;
  other.join();
  BOOST_TEST(!goneTooEarly);
}

// Handlers run on one thread while the backends that they wake come and go on another.
BOOST_FIXTURE_TEST_CASE(loop_may_go_while_its_signals_come_in_on_another_thread, SignalFixture,
                        *tests::notOnWindows("the C library forgets a handler while it calls it")) {
  std::atomic<bool> done = false;
  std::atomic<int> raised = 0;
  std::thread other([&] {
    while (!done) {
      std::raise(tests::kSignal);
      ++raised;
    }
  });
  for (int round = 0; round < 100; ++round) {
    Loop loop;
    bool heard = false;
    onSignal(tests::kSignal, [&] { heard = true; });
    const int before = raised;
    while (raised < before + 2) std::this_thread::yield();
    loop.runOnce(0ms);
    BOOST_TEST(heard);
  }
  done = true;
  other.join();
  BOOST_TEST(dispositionOf(tests::kSignal) == handlerBeforehand);
}

BOOST_AUTO_TEST_SUITE_END()
