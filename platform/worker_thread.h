#pragma once

// Threads of the library's own, for calls that block. One .cc per OS.

#include <functional>
#include <thread>

#include "sprocket/platform/result.h"

namespace sprocket::platform {

// Starts a thread on which the program's signal handlers do not run: a signal goes to a thread that
// is the program's. The exceptions are what a fault of the thread itself raises, as a crash
// reporter has to see. `body` may not throw.
//
// Replaceable, as lookupHost() is, so that tests can count threads or have none to give.
Result<std::thread> startWorkerThread(std::function<void()> body);

}  // namespace sprocket::platform
