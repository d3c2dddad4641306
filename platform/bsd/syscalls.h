#pragma once

// The system calls that only the BSDs and macOS have, replaceable like those of posix/syscalls.h.

#include <sys/types.h>
// After its types, which FreeBSD's does not include.
#include <sys/event.h>
#include <time.h>

namespace sprocket::platform::syscalls {

int kqueue();
int kevent(int kqueue, const struct kevent* changes, int changeCount, struct kevent* events,
           int capacity, const timespec* timeout);

}  // namespace sprocket::platform::syscalls
