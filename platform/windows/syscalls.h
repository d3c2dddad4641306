#pragma once

// The calls that a test replaces to be the master of time; as with lookupHost(), by linking its
// own.

#include <winsock2.h>
#include <windows.h>

#include "sprocket/platform/time.h"

namespace sprocket::platform::syscalls {

// GetQueuedCompletionStatusEx: how many packets there are, 0 if none came in time.
ULONG takePackets(HANDLE port, OVERLAPPED_ENTRY* packets, ULONG capacity, DWORD milliseconds);

// The performance counter, which is finer than a millisecond.
Instant now();

}  // namespace sprocket::platform::syscalls
