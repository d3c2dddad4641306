#include "sprocket/platform/worker_thread.h"

#include <winsock2.h>
#include <windows.h>

#include <system_error>
#include <utility>

namespace sprocket::platform {

// Signals of Windows come on threads of their own, never on this one.
Result<std::thread> startWorkerThread(std::function<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error&) {
    return SysError{ERROR_MAX_THRDS_REACHED, Operation::none};
  }
}

}  // namespace sprocket::platform
