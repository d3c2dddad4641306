#pragma once

// setTimeout, setInterval, setImmediate and nextTick, as Node has them.
//
//   setTimeout([=] { server.listen(port); }, 1000);
//   auto beat = setInterval(sendHeartbeat, 30s);
//   clearInterval(beat);
//
// All are of the calling thread's loop. What was set happens whether or not the handle is kept. A
// handle may be kept longer than the loop lives, and every call on it is safe at any time.

#include <compare>
#include <cstddef>
#include <functional>

#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/ref_counted.h"
#include "sprocket/reactor/task.h"
#include "sprocket/reactor/timer.h"

namespace sprocket {

namespace reactor {
class TimeoutState;
class ImmediateState;
}  // namespace reactor

// What setTimeout and setInterval return. Copies are handles to the same timer.
class Timeout {
 public:
  // Whether the loop runs on for this timer's sake; it does unless unref() is called.
  Timeout ref() const;
  Timeout unref() const;
  bool hasRef() const;

  // Starts the delay anew, also if the timer has fired already. Does nothing once it is cleared.
  Timeout refresh() const;

 private:
  friend class reactor::TimeoutState;
  friend void clearTimeout(const Timeout& timeout);

  explicit Timeout(reactor::RefPtr<reactor::TimeoutState> state);

 public:
  Timeout(const Timeout&) noexcept;
  Timeout& operator=(const Timeout&) noexcept;
  ~Timeout();

  // Whether both name the same timer; and some order, for sets.
  friend bool operator==(const Timeout& a, const Timeout& b) noexcept {
    return a.state_.get() == b.state_.get();
  }
  friend std::strong_ordering operator<=>(const Timeout& a, const Timeout& b) noexcept {
    return std::compare_three_way()(a.state_.get(), b.state_.get());
  }

 private:
  friend struct std::hash<Timeout>;

  reactor::RefPtr<reactor::TimeoutState> state_;
};

// What setImmediate returns.
class Immediate {
 public:
  Immediate(const Immediate&) noexcept;
  Immediate& operator=(const Immediate&) noexcept;
  ~Immediate();

 private:
  friend class reactor::ImmediateState;
  friend void clearImmediate(const Immediate& immediate);

  explicit Immediate(reactor::RefPtr<reactor::ImmediateState> state);

  reactor::RefPtr<reactor::ImmediateState> state_;
};

// Calls `callback` once, when the delay is over: never before, and after it by what the loop's
// present turn takes. Timers of equal delay fire in the order in which they were set.
Timeout setTimeout(reactor::Task callback, reactor::Delay delay);

// The same again and again, the delay counting from the end of the turn in which it was called: an
// interval that overruns does not pile up.
Timeout setInterval(reactor::Task callback, reactor::Delay delay);

// Calls `callback` in this turn's phase of immediates, or the next turn's if set inside that phase.
Immediate setImmediate(reactor::Task callback);

// Calls `callback` as soon as the callback that is running now has returned.
void nextTick(reactor::Task callback);

// Nothing happens if it has fired or been cleared already.
void clearTimeout(const Timeout& timeout);
void clearInterval(const Timeout& timeout);
void clearImmediate(const Immediate& immediate);

}  // namespace sprocket

template <>
struct std::hash<sprocket::Timeout> {
  std::size_t operator()(const sprocket::Timeout& timeout) const noexcept {
    return std::hash<const void*>()(timeout.state_.get());
  }
};
