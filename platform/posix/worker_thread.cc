#include "sprocket/platform/worker_thread.h"

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <utility>

#define REPLACEABLE __attribute__((weak))

namespace sprocket::platform {
namespace {

// Blocks signals on this thread while it exists. A thread inherits the mask of the one that starts
// it, so there is no moment at which it could take one.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t signals;
    sigfillset(&signals);
    // A fault whose signal is blocked ends the process without asking the handler.
    for (const int fault : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
      sigdelset(&signals, fault);
    }
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

REPLACEABLE Result<std::thread> startWorkerThread(std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    return SysError{error.code().value(), Operation::none};
  }
}

}  // namespace sprocket::platform
