#pragma once

// Catches signals for one loop and remembers them until it asks. Nothing is caught that was not
// asked for, and what was there before comes back afterwards. One file per system.

#include "sprocket/platform/backend.h"
#include "sprocket/platform/result.h"

namespace sprocket::platform {

class SignalCatcher {
 public:
  // Wakes the backend when a signal comes.
  explicit SignalCatcher(Backend& backend);
  ~SignalCatcher();
  SignalCatcher(const SignalCatcher&) = delete;
  SignalCatcher& operator=(const SignalCatcher&) = delete;

  // Several catchers may watch the same signal; each gets it.
  SysError watch(int signum);
  void unwatch(int signum);

  // The next signal that came since the last call, or 0. Of one signal that came several times
  // meanwhile it tells one, as the kernel does.
  int take();

 private:
  struct Slot;

  Slot& slot_;
};

}  // namespace sprocket::platform
