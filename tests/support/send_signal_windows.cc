#include <winsock2.h>
#include <windows.h>

#include <csignal>
#include <cstdint>

#include "sprocket/tests/support/send_signal.h"

namespace sprocket::tests {

// The console's events come on a thread that the system makes. What has none is raised on one of
// our own.
void sendSignalToProcess(int signum) {
  if (signum == SIGINT && GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0)) return;
  const HANDLE thread = CreateThread(
      nullptr, 0,
      [](void* number) -> DWORD {
        std::raise(static_cast<int>(reinterpret_cast<std::intptr_t>(number)));
        return 0;
      },
      reinterpret_cast<void*>(static_cast<std::intptr_t>(signum)), 0, nullptr);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
}

}  // namespace sprocket::tests
