#include <atomic>
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

#include "sprocket/reactor/post_queue.h"
#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/gate.h"
#include "sprocket/tests/support/loop_fixture.h"

namespace {

using namespace std::chrono_literals;
using namespace sprocket;
using boost::unit_test::label;
using reactor::Loop;
using reactor::Remote;
using reactor::Task;
using tests::LoopFixture;

// Threads that have all begun before any goes on, and are joined at the end.
class Threads {
 public:
  Threads(int count, const std::function<void(int)>& body) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, count, body, i] {
        ++begun_;
        while (begun_ < count) std::this_thread::yield();
        body(i);
      });
    }
  }
  ~Threads() { join(); }
  void join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  std::atomic<int> begun_ = 0;
  std::vector<std::thread> threads_;
};

// Counts those alive, on whatever thread they come and go.
class Token {
 public:
  explicit Token(std::atomic<int>& alive) : alive_(&alive) { ++*alive_; }
  Token(Token&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  ~Token() {
    if (alive_ != nullptr) --*alive_;
  }

 private:
  std::atomic<int>* alive_;
};

// A loop with the system's backend, which runs until it is stopped.
struct RunningLoop {
  Loop loop;
  Timeout keeper = setTimeout([] { BOOST_FAIL("nothing came in 30 seconds"); }, 30s);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(post)

BOOST_FIXTURE_TEST_CASE(posted_tasks_run_in_the_order_of_posting, LoopFixture) {
  const Remote remote = loop().remote();
  for (const char* text : {"1", "2", "3"}) BOOST_TEST(remote.post(says(text)));
  loop().run();
  BOOST_TEST(log == "1, 2, 3");
}

BOOST_FIXTURE_TEST_CASE(post_does_not_run_the_task_itself, LoopFixture) {
  setImmediate([&] {
    loop().remote().post(says("task"));
    say("posted");
  });
  loop().run();
  BOOST_TEST(log == "posted, task");
}

BOOST_FIXTURE_TEST_CASE(remote_may_outlive_the_loop_and_refuses_then, LoopFixture) {
  const Remote remote = loop().remote();
  const Remote copy = remote;
  destroyLoop();
  BOOST_TEST(!remote.post(says("task")));
  BOOST_TEST(!copy.post(says("task")));
}

BOOST_FIXTURE_TEST_CASE(remote_that_was_moved_from_still_leads_to_the_loop, LoopFixture) {
  Remote remote = loop().remote();
  const Remote moved = std::move(remote);
  BOOST_TEST(remote.post(says("task")));
  loop().run();
  BOOST_TEST(log == "task");
}

BOOST_FIXTURE_TEST_CASE(refused_task_is_destroyed_at_once, LoopFixture) {
  const Remote remote = loop().remote();
  destroyLoop();
  std::atomic<int> alive = 0;
  remote.post([token = Token(alive)] {});
  BOOST_TEST(alive == 0);
}

BOOST_FIXTURE_TEST_CASE(task_that_has_run_is_destroyed_at_once, LoopFixture) {
  std::atomic<int> alive = 0;
  loop().remote().post([token = Token(alive)] {});
  loop().remote().post([&] { BOOST_TEST(alive == 0); });
  loop().run();
}

BOOST_FIXTURE_TEST_CASE(remote_does_not_keep_run_going, LoopFixture) {
  const Remote remote = loop().remote();
  loop().run();
  BOOST_TEST(backend().waits().empty());
}

BOOST_FIXTURE_TEST_CASE(task_posted_after_run_has_returned_waits_for_the_next_run, LoopFixture) {
  loop().run();
  BOOST_TEST(loop().remote().post(says("task")));
  loop().run();
  BOOST_TEST(log == "task");
}

BOOST_FIXTURE_TEST_CASE(burst_wakes_the_backend_once, LoopFixture) {
  const Remote remote = loop().remote();
  Threads(3, [&](int) {
    for (int i = 0; i < 100; ++i) remote.post([] {});
  }).join();
  BOOST_TEST(backend().wakes() == 1U);
}

BOOST_FIXTURE_TEST_CASE(each_burst_wakes_the_backend, LoopFixture) {
  for (int burst = 0; burst < 5; ++burst) {
    for (int i = 0; i < 3; ++i) loop().remote().post([] {});
    loop().run();
  }
  BOOST_TEST(backend().wakes() == 5U);
}

BOOST_FIXTURE_TEST_CASE(task_posted_from_a_task_wakes_the_backend, LoopFixture) {
  loop().remote().post([&] { loop().remote().post(says("second")); });
  setTimeout(says("far"), 1h);
  loop().run();
  BOOST_TEST(log == "second, far");
  BOOST_TEST(backend().wakes() == 2U);
}

// The wake of the second burst may be used up by the wait that the exception leaves.
BOOST_FIXTURE_TEST_CASE(task_that_throws_does_not_lose_the_burst_behind_it, LoopFixture) {
  const platform::Instant begin = backend().clock();
  setTimeout(says("far"), 1h);
  loop().remote().post([&] {
    loop().remote().post(says("behind", [&] { BOOST_TEST((backend().clock() == begin)); }));
    throw std::runtime_error("no");
  });
  loop().remote().post(says("beside"));
  BOOST_CHECK_THROW(loop().run(), std::runtime_error);
  loop().run();
  BOOST_TEST(log == "beside, behind, far");
}

// Threads.

BOOST_AUTO_TEST_CASE(post_ends_the_wait_of_another_thread) {
  RunningLoop running;
  std::thread other([remote = running.loop.remote()] { remote.post([] { reactor::stop(7); }); });
  BOOST_TEST(running.loop.run() == 7);
  other.join();
}

BOOST_AUTO_TEST_CASE(posted_task_runs_on_the_thread_of_the_loop, *label("1.1")) {
  RunningLoop running;
  std::thread::id ranOn;
  std::thread other([&, remote = running.loop.remote()] {
    remote.post([&] {
      ranOn = std::this_thread::get_id();
      reactor::stop();
    });
  });
  running.loop.run();
  other.join();
  BOOST_TEST((ranOn == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(tasks_of_each_thread_run_in_its_order) {
  constexpr int threads = 4;
  constexpr int each = 5000;
  RunningLoop running;
  std::vector<int> next(threads);
  int outOfOrder = 0;
  int total = 0;
  Threads posting(threads, [&, remote = running.loop.remote()](int thread) {
    for (int i = 0; i < each; ++i) {
      remote.post([&, thread, i] {
        if (next[static_cast<std::size_t>(thread)]++ != i) ++outOfOrder;
        if (++total == threads * each) reactor::stop();
      });
    }
  });
  running.loop.run();
  BOOST_TEST(total == threads * each);
  BOOST_TEST(outOfOrder == 0);
}

// The loop sleeps again before each, so that each depends on its own wake.
BOOST_AUTO_TEST_CASE(no_wake_is_lost_in_thousands_of_hand_offs) {
  constexpr int rounds = 5000;
  RunningLoop running;
  tests::Gate done;
  std::thread other([&, remote = running.loop.remote()] {
    for (int i = 0; i < rounds; ++i) {
      remote.post([&] { done.release(); });
      done.acquire();
    }
    remote.post([] { reactor::stop(1); });
  });
  BOOST_TEST(running.loop.run() == 1);
  other.join();
}

BOOST_AUTO_TEST_CASE(tasks_that_throw_among_those_of_other_threads_lose_nothing) {
  constexpr int threads = 3;
  constexpr int each = 300;
  RunningLoop running;
  int total = 0;
  Threads posting(threads, [&, remote = running.loop.remote()](int) {
    for (int i = 0; i < each; ++i) {
      remote.post([&, i] {
        ++total;
        if (i % 3 == 0) throw std::runtime_error("no");
      });
    }
  });
  int thrown = 0;
  while (total < threads * each) {
    try {
      running.loop.runOnce();
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  BOOST_TEST(thrown == threads * each / 3);
}

BOOST_AUTO_TEST_CASE(what_is_posted_while_run_stops_is_run_by_the_next) {
  constexpr int threads = 3;
  constexpr int each = 1000;
  RunningLoop running;
  int total = 0;
  Threads posting(threads, [&, remote = running.loop.remote()](int) {
    for (int i = 0; i < each; ++i) {
      remote.post([&] {
        ++total;
        reactor::stop();
      });
    }
  });
  while (total < threads * each) running.loop.run();
  BOOST_TEST(total == threads * each);
}

// Threads post until they are refused; what was taken has run, or is destroyed with the loop.
BOOST_AUTO_TEST_CASE(loop_may_go_while_other_threads_post) {
  for (int round = 0; round < 50; ++round) {
    constexpr int threads = 3;
    std::atomic<int> alive = 0;
    std::atomic<int> posting = 0;
    std::optional<Threads> others;
    {
      RunningLoop running;
      others.emplace(threads, [&, remote = running.loop.remote()](int) {
        ++posting;
        // With a breath between: MinGW's mutex lets a thread that never rests keep all others out.
        while (remote.post([token = Token(alive)] {})) std::this_thread::sleep_for(20us);
      });
      while (posting < threads) running.loop.runOnce(0ms);
      if (round % 2 == 0) running.loop.runOnce(0ms);
    }
    others.reset();
    BOOST_TEST(alive == 0);
  }
}

BOOST_AUTO_TEST_CASE(thread_may_keep_a_remote_to_a_loop_that_went_with_its_thread) {
  std::optional<Remote> remote;
  std::thread([&] {
    remote = Loop::current().remote();
    setTimeout([] {}, 1);
    reactor::run();
  }).join();
  BOOST_TEST(!remote->post([] {}));
}

// A lookup that finishes after all is gone: the last owner of the queue is not the loop's thread.
BOOST_AUTO_TEST_CASE(last_remote_may_go_on_another_thread) {
  tests::Gate gone;
  std::thread other;
  {
    Loop loop;
    other = std::thread([&, remote = loop.remote()] {
      gone.acquire();
      BOOST_TEST(!remote.post([] {}));
    });
  }
  gone.release();
  other.join();
}

BOOST_AUTO_TEST_SUITE_END()
