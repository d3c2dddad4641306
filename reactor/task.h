#pragma once

// Task: what the loop calls once, later.

#include "sprocket/platform/error.h"
#include "sprocket/reactor/unique_function.h"

namespace sprocket::reactor {

using Task = UniqueFunction<void()>;

// Refuses an empty callback at the call that brings it, rather than when it is due.
template <class F>
void requireCallback(const F& callback) {
  if (!isNull(callback)) return;
  throw ArgumentError("ERR_INVALID_ARG_TYPE",
                      "The argument 'callback' must be a function. Received an empty one");
}

}  // namespace sprocket::reactor
