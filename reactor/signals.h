#pragma once

// onSignal: signals as callbacks on the loop.
//
//   onSignal(SIGTERM, [=] { server.close(); });

#include <concepts>
#include <deque>
#include <utility>
#include <vector>

#include "sprocket/platform/signals.h"
#include "sprocket/reactor/ref_counted.h"
#include "sprocket/reactor/task.h"
#include "sprocket/reactor/unique_function.h"

namespace sprocket::reactor {

class Loop;
class SignalState;

// What onSignal returns; dropping it changes nothing.
class SignalListener {
 public:
  SignalListener(const SignalListener&) noexcept;
  SignalListener& operator=(const SignalListener&) noexcept;
  ~SignalListener();

  // Stops listening. With a signal's last listener the disposition it had before comes back.
  void off() const;

 private:
  friend class SignalState;
  friend SignalListener onSignal(int, UniqueFunction<void(int)>);

  explicit SignalListener(RefPtr<SignalState> state);

  RefPtr<SignalState> state_;
};

// Calls `listener` with the signal's number each time it comes, on the calling thread's loop, in
// the phase of I/O; several listeners in the order in which they were added. Does not keep the loop
// running. Throws an ArgumentError for a number that is no signal or cannot be caught.
SignalListener onSignal(int signum, UniqueFunction<void(int)> listener);

// The same for a listener that has no use for the number.
template <class F>
concept NumberlessListener = std::invocable<F&> && !std::invocable<F&, int>;

template <NumberlessListener F>
SignalListener onSignal(int signum, F listener) {
  Task task = std::move(listener);
  requireCallback(task);
  return onSignal(signum, [task = std::move(task)](int) mutable { task(); });
}

// A loop's listeners for signals.
class SignalHub {
 public:
  explicit SignalHub(Loop& loop);
  ~SignalHub();

  void add(RefPtr<SignalState> state);
  void remove(SignalState& state);
  void deliver();

 private:
  Loop& loop_;
  platform::SignalCatcher catcher_;
  std::vector<RefPtr<SignalState>> listeners_;
  std::deque<RefPtr<SignalState>> due_;  // to be called; outlasts deliver() only if one threw
};

}  // namespace sprocket::reactor
