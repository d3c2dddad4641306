#pragma once

// The event loop: run it, stop it, and what it does later: timers, immediates, nextTick, signals,
// and work posted from other threads.
//
//   setTimeout([] { std::puts("a second later"); }, 1000);
//   return reactor::run();

#include "sprocket/platform/version.h"

#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/signals.h"
#include "sprocket/reactor/timers.h"

namespace sprocket::reactor {

// Runs the thread's loop: see Loop::run().
inline int run() { return Loop::current().run(); }

// Ends it: see Loop::stop().
inline void stop(int status = 0) { Loop::current().stop(status); }

}  // namespace sprocket::reactor
