#include "sprocket/reactor/signals.h"

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/error.h"
#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/loop_fixture.h"
#include "sprocket/tests/support/send_signal.h"

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
    std::signal(SIGUSR1, handlerBeforehand);
    std::signal(SIGUSR2, handlerBeforehand);
  }
  ~SignalFixture() {
    destroyLoop();
    std::signal(SIGUSR1, SIG_DFL);
    std::signal(SIGUSR2, SIG_DFL);
  }

  // One turn that would sleep if nothing had come.
  void turn() {
    const Timeout keeper = setTimeout([] { BOOST_FAIL("slept over a signal"); }, 1h);
    loop().runOnce();
    clearTimeout(keeper);
  }

  std::function<void(int)> tells(const std::string& text) {
    return [this, text](int signum) {
      say(text + (signum == SIGUSR1 ? " usr1" : signum == SIGUSR2 ? " usr2" : " other"));
    };
  }
};

struct Thrown {};

}  // namespace

BOOST_AUTO_TEST_SUITE(signals)

BOOST_FIXTURE_TEST_CASE(listener_is_called_with_the_number_of_the_signal, SignalFixture) {
  onSignal(SIGUSR1, tells("listener"));
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "listener usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_may_leave_off_the_number, SignalFixture) {
  onSignal(SIGUSR1, says("listener"));
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "listener");
}

BOOST_FIXTURE_TEST_CASE(listener_is_called_by_the_loop_and_not_by_the_signal, SignalFixture) {
  onSignal(SIGUSR1, tells("listener"));
  std::raise(SIGUSR1);
  BOOST_TEST(log == "");
}

BOOST_FIXTURE_TEST_CASE(listener_is_called_each_time, SignalFixture) {
  onSignal(SIGUSR1, tells("listener"));
  for (int i = 0; i < 3; ++i) {
    std::raise(SIGUSR1);
    turn();
  }
  BOOST_TEST(log == "listener usr1, listener usr1, listener usr1");
}

BOOST_FIXTURE_TEST_CASE(signal_that_came_twice_before_the_loop_looked_is_told_once, SignalFixture) {
  onSignal(SIGUSR1, tells("listener"));
  std::raise(SIGUSR1);
  std::raise(SIGUSR1);
  turn();
  loop().runOnce(0ms);
  BOOST_TEST(log == "listener usr1");
}

BOOST_FIXTURE_TEST_CASE(several_listeners_are_called_in_the_order_they_were_added, SignalFixture) {
  onSignal(SIGUSR1, tells("1"));
  onSignal(SIGUSR1, tells("2"));
  onSignal(SIGUSR1, tells("3"));
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "1 usr1, 2 usr1, 3 usr1");
}

BOOST_FIXTURE_TEST_CASE(listeners_are_called_for_their_own_signal_only, SignalFixture) {
  onSignal(SIGUSR1, tells("1"));
  onSignal(SIGUSR2, tells("2"));
  std::raise(SIGUSR2);
  turn();
  BOOST_TEST(log == "2 usr2");
}

BOOST_FIXTURE_TEST_CASE(several_signals_are_all_told, SignalFixture) {
  onSignal(SIGUSR1, tells("1"));
  onSignal(SIGUSR2, tells("2"));
  std::raise(SIGUSR2);
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log.find("1 usr1") != std::string::npos);
  BOOST_TEST(log.find("2 usr2") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(signals_come_between_timers_and_immediates, SignalFixture) {
  onSignal(SIGUSR1, tells("signal"));
  setTimeout(says("timer",
                  [&] {
                    std::raise(SIGUSR1);
                    setImmediate(says("immediate"));
                  }),
             1);
  loop().run();
  BOOST_TEST(log == "timer, signal usr1, immediate");
}

BOOST_FIXTURE_TEST_CASE(ticks_come_after_each_listener, SignalFixture) {
  onSignal(SIGUSR1, [&](int) { nextTick(says("tick")); });
  onSignal(SIGUSR1, tells("2"));
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "tick, 2 usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_that_raises_its_signal_is_called_in_the_next_turn, SignalFixture) {
  onSignal(SIGUSR1, [&, first = true](int) mutable {
    say("signal");
    if (std::exchange(first, false)) std::raise(SIGUSR1);
  });
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "signal");
  turn();
  BOOST_TEST(log == "signal, signal");
}

BOOST_FIXTURE_TEST_CASE(listener_does_not_keep_run_going, SignalFixture) {
  onSignal(SIGUSR1, tells("listener"));
  BOOST_TEST(loop().run() == 0);
  BOOST_TEST(backend().waits().empty());
}

// off.

BOOST_FIXTURE_TEST_CASE(listener_that_is_off_is_not_called, SignalFixture) {
  const SignalListener listener = onSignal(SIGUSR1, tells("off"));
  onSignal(SIGUSR1, tells("on"));
  listener.off();
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "on usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_put_off_by_one_before_it_is_not_called, SignalFixture) {
  std::optional<SignalListener> second;
  onSignal(SIGUSR1, [&](int) { second->off(); });
  second = onSignal(SIGUSR1, tells("2"));
  onSignal(SIGUSR1, tells("3"));
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "3 usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_added_by_another_hears_the_next_signal, SignalFixture) {
  onSignal(SIGUSR1, [&, first = true](int) mutable {
    if (std::exchange(first, false)) onSignal(SIGUSR1, tells("new"));
  });
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "");
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "new usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_that_puts_itself_off_lives_until_it_returns, SignalFixture) {
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;
  std::optional<SignalListener> listener;
  listener = onSignal(SIGUSR1, [&, held = std::move(token)](int) {
    listener->off();
    BOOST_TEST(!watch.expired());
  });
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(watch.expired());
}

BOOST_FIXTURE_TEST_CASE(off_releases_the_listener_though_its_handle_is_kept, SignalFixture) {
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> watch = token;
  const SignalListener listener = onSignal(SIGUSR1, [held = std::move(token)](int) {});
  listener.off();
  BOOST_TEST(watch.expired());
}

BOOST_FIXTURE_TEST_CASE(off_twice_is_harmless, SignalFixture) {
  const SignalListener listener = onSignal(SIGUSR1, tells("1"));
  onSignal(SIGUSR1, tells("2"));
  listener.off();
  listener.off();
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "2 usr1");
}

BOOST_FIXTURE_TEST_CASE(signal_that_came_before_the_last_off_is_dropped, SignalFixture) {
  const SignalListener listener = onSignal(SIGUSR1, tells("old"));
  std::raise(SIGUSR1);
  listener.off();
  onSignal(SIGUSR1, tells("new"));
  loop().runOnce(0ms);
  BOOST_TEST(log == "");
}

// Exceptions.

BOOST_FIXTURE_TEST_CASE(listener_that_throws_costs_the_others_nothing, SignalFixture) {
  onSignal(SIGUSR1, tells("1"));
  onSignal(SIGUSR1, [](int) { throw Thrown(); });
  onSignal(SIGUSR1, tells("3"));
  std::raise(SIGUSR1);
  BOOST_CHECK_THROW(turn(), Thrown);
  turn();
  BOOST_TEST(log == "1 usr1, 3 usr1");
}

// The wake that told of both is used up by then.
BOOST_FIXTURE_TEST_CASE(listener_that_throws_costs_other_signals_nothing, SignalFixture) {
  onSignal(SIGUSR1, [](int) { throw Thrown(); });
  onSignal(SIGUSR2, tells("2"));
  std::raise(SIGUSR1);
  std::raise(SIGUSR2);
  BOOST_CHECK_THROW(turn(), Thrown);
  turn();
  BOOST_TEST(log == "2 usr2");
}

BOOST_FIXTURE_TEST_CASE(io_callback_that_throws_costs_signals_nothing, SignalFixture) {
  onSignal(SIGUSR1, tells("signal"));
  happens([] { throw Thrown(); });
  std::raise(SIGUSR1);
  BOOST_CHECK_THROW(turn(), Thrown);
  turn();
  BOOST_TEST(log == "signal usr1");
}

BOOST_FIXTURE_TEST_CASE(listener_that_throws_hears_the_next_signal, SignalFixture) {
  int heard = 0;
  onSignal(SIGUSR1, [&](int) {
    ++heard;
    throw Thrown();
  });
  for (int i = 0; i < 2; ++i) {
    std::raise(SIGUSR1);
    BOOST_CHECK_THROW(turn(), Thrown);
  }
  BOOST_TEST(heard == 2);
}

// Dispositions.

BOOST_FIXTURE_TEST_CASE(handler_that_was_there_before_is_not_called_meanwhile, SignalFixture) {
  onSignal(SIGUSR1, tells("listener"));
  std::raise(SIGUSR1);
  BOOST_TEST(beforehand == 0);
}

BOOST_FIXTURE_TEST_CASE(last_off_brings_back_the_handler_that_was_there_before, SignalFixture) {
  const SignalListener first = onSignal(SIGUSR1, tells("1"));
  const SignalListener second = onSignal(SIGUSR1, tells("2"));
  first.off();
  BOOST_TEST(dispositionOf(SIGUSR1) != handlerBeforehand);
  second.off();
  BOOST_TEST(dispositionOf(SIGUSR1) == handlerBeforehand);
}

BOOST_FIXTURE_TEST_CASE(last_off_inside_the_listener_brings_it_back_too, SignalFixture) {
  std::optional<SignalListener> listener;
  listener = onSignal(SIGUSR1, [&](int) { listener->off(); });
  std::raise(SIGUSR1);
  turn();
  std::raise(SIGUSR1);
  BOOST_TEST(beforehand == 1);
}

BOOST_FIXTURE_TEST_CASE(end_of_the_loop_brings_it_back_too, SignalFixture) {
  onSignal(SIGUSR1, tells("1"));
  onSignal(SIGUSR2, tells("2"));
  destroyLoop();
  BOOST_TEST(dispositionOf(SIGUSR1) == handlerBeforehand);
  BOOST_TEST(dispositionOf(SIGUSR2) == handlerBeforehand);
}

BOOST_FIXTURE_TEST_CASE(default_disposition_comes_back, SignalFixture) {
  std::signal(SIGUSR1, SIG_DFL);
  onSignal(SIGUSR1, tells("1")).off();
  BOOST_TEST((dispositionOf(SIGUSR1) == SIG_DFL));
}

BOOST_FIXTURE_TEST_CASE(listening_again_after_the_last_off_works, SignalFixture) {
  onSignal(SIGUSR1, tells("old")).off();
  onSignal(SIGUSR1, tells("new"));
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "new usr1");
}

BOOST_FIXTURE_TEST_CASE(disposition_is_kept_while_another_loop_listens, SignalFixture) {
  const SignalListener outer = onSignal(SIGUSR1, tells("outer"));
  {
    LoopFixture inner;
    onSignal(SIGUSR1, [&](int) { inner.say("inner"); });
  }
  std::raise(SIGUSR1);
  turn();
  BOOST_TEST(log == "outer usr1");
  outer.off();
  BOOST_TEST(dispositionOf(SIGUSR1) == handlerBeforehand);
}

BOOST_FIXTURE_TEST_CASE(signals_that_nobody_asked_for_are_left_alone, SignalFixture) {
  onSignal(SIGUSR1, tells("1"));
  BOOST_TEST(dispositionOf(SIGUSR2) == handlerBeforehand);
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
  onSignal(SIGUSR1, tells("good"));
  std::raise(SIGUSR1);
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
  std::counting_semaphore<2> listening(0);
  const auto listen = [&](int& status) {
    RunningLoop running;
    onSignal(SIGUSR1, [] { reactor::stop(1); });
    listening.release();
    status = running.loop.run();
  };
  int first = 0;
  int second = 0;
  std::thread one([&] { listen(first); });
  std::thread two([&] { listen(second); });
  listening.acquire();
  listening.acquire();
  sendSignalToProcess(SIGUSR1);
  one.join();
  two.join();
  BOOST_TEST(first == 1);
  BOOST_TEST(second == 1);
}

BOOST_AUTO_TEST_CASE(no_signal_is_lost_in_thousands_of_hand_offs) {
  constexpr int rounds = 2000;
  RunningLoop running;
  std::binary_semaphore heard(0);
  onSignal(SIGUSR1, [&, left = rounds]() mutable {
    if (--left == 0) reactor::stop(1);
    heard.release();
  });
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      std::raise(SIGUSR1);
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
  onSignal(SIGUSR1, tells("listener"));
  std::thread other([] { std::raise(SIGUSR1); });
  while (!waking) std::this_thread::yield();
  destroyLoop();
  gone = true;
  other.join();
  BOOST_TEST(!goneTooEarly);
}

// Handlers run on one thread while the backends that they wake come and go on another.
BOOST_FIXTURE_TEST_CASE(loop_may_go_while_its_signals_come_in_on_another_thread, SignalFixture) {
  std::atomic<bool> done = false;
  std::atomic<int> raised = 0;
  std::thread other([&] {
    while (!done) {
      std::raise(SIGUSR1);
      ++raised;
    }
  });
  for (int round = 0; round < 100; ++round) {
    Loop loop;
    bool heard = false;
    onSignal(SIGUSR1, [&] { heard = true; });
    const int before = raised;
    while (raised < before + 2) std::this_thread::yield();
    loop.runOnce(0ms);
    BOOST_TEST(heard);
  }
  done = true;
  other.join();
  BOOST_TEST(dispositionOf(SIGUSR1) == handlerBeforehand);
}

BOOST_AUTO_TEST_SUITE_END()
