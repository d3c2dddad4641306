#include "sprocket/platform/windows/syscalls.h"

namespace sprocket::platform::syscalls {

ULONG takePackets(HANDLE port, OVERLAPPED_ENTRY* packets, ULONG capacity, DWORD milliseconds) {
  ULONG count = 0;
  return ::GetQueuedCompletionStatusEx(port, packets, capacity, &count, milliseconds, FALSE) ? count
                                                                                             : 0;
}

Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace sprocket::platform::syscalls
