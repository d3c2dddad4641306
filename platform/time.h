#pragma once

// Time as every floor of Sprocket speaks of it: monotonic, in nanoseconds. The clock itself is
// Backend::now(), so that a simulator can replace it.

#include <chrono>

namespace sprocket::platform {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

}  // namespace sprocket::platform
