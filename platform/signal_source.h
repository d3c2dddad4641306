#pragma once

// Where signals come from. One .cc per OS. Not both at once from two threads.

#include "sprocket/platform/sys_error.h"

namespace sprocket::platform {

// Has `handler` run when the signal comes, on whatever thread and stack the system chooses. The
// signal is in 1..64 and not caught yet. EINVAL if this system has none such or does not let it be
// caught.
SysError catchSignal(int signum, void (*handler)(int));

// What was there before comes back.
void releaseSignal(int signum);

}  // namespace sprocket::platform
