#pragma once

// A loop over a FakeBackend, and a log of what ran on it. While it lives it is the thread's loop,
// so that setTimeout and its kin go to it.
//
//   BOOST_FIXTURE_TEST_CASE(nextTickComesBeforeTimers, LoopFixture) {
//     setTimeout(says("timer"), 1);
//     nextTick(says("tick"));
//     loop().run();
//     BOOST_TEST(log == "tick, timer");
//   }

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/fake_backend.h"

namespace sprocket::tests {

class LoopFixture {
 public:
  LoopFixture() : LoopFixture(std::make_unique<FakeBackend>()) {}

  reactor::Loop& loop() { return *loop_; }
  FakeBackend& backend() { return *backend_; }
  void destroyLoop() { loop_.reset(); }

  // A callback that writes `text` down, and one that then goes on to do something.
  auto says(std::string text) {
    return [this, text = std::move(text)] { say(text); };
  }
  template <class F>
  auto says(std::string text, F then) {
    return [this, text = std::move(text), then = std::move(then)]() mutable {
      say(text);
      then();
    };
  }
  void say(const std::string& text) { log += (log.empty() ? "" : ", ") + text; }

  // Has the phase of I/O call it, as a socket would, once so much time has passed.
  void happens(std::function<void()> callback,
               platform::Duration delay = platform::Duration::zero()) {
    backend_->happensIn(delay, [this, callback = std::move(callback)] { loop_->call(callback); });
  }

  // Has the phase of 'close' callbacks call it.
  void closes(std::function<void()> callback) {
    loop_->queueClose(closeTasks_.emplace_back(std::move(callback)));
  }

  std::string log;

 private:
  struct CloseTask final : reactor::PhaseTask {
    explicit CloseTask(std::function<void()> f) : callback(std::move(f)) {}
    void onPhase() override { callback(); }
    std::function<void()> callback;
  };

  explicit LoopFixture(std::unique_ptr<FakeBackend> backend) : backend_(backend.get()) {
    loop_.emplace(std::move(backend));
  }

  FakeBackend* backend_;  // the loop's, so it goes with it
  std::list<CloseTask> closeTasks_;
  std::optional<reactor::Loop> loop_;
};

}  // namespace sprocket::tests
