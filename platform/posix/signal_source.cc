#include "sprocket/platform/signal_source.h"

#include <signal.h>

#include <array>
#include <cerrno>

namespace sprocket::platform {
namespace {

std::array<struct sigaction, 65> previousActions;

}  // namespace

SysError catchSignal(int signum, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  auto& previous = previousActions[static_cast<std::size_t>(signum)];
  return sigaction(signum, &action, &previous) < 0 ? SysError{errno, Operation::open} : SysError{};
}

void releaseSignal(int signum) {
  sigaction(signum, &previousActions[static_cast<std::size_t>(signum)], nullptr);
}

}  // namespace sprocket::platform
