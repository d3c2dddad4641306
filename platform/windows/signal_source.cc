// Windows has no signals. It tells a console's programs of Ctrl+C, Ctrl+Break, and that the window
// or the system is about to close: here SIGINT, SIGBREAK and SIGTERM. What a program raises itself,
// by the C library, is caught as well.

#include "sprocket/platform/signal_source.h"

#include <winsock2.h>
#include <windows.h>
#include <signal.h>

#include <array>
#include <atomic>

namespace sprocket::platform {
namespace {

using Handler = void (*)(int);

// By number; null while the signal is not caught.
std::array<std::atomic<Handler>, 65> handlers;
std::array<Handler, 65> previousHandlers;

// 0: none. That somebody logs off is told to services, and is no end of theirs.
int signalOf(DWORD event) {
  switch (event) {
    case CTRL_C_EVENT: return SIGINT;
    case CTRL_BREAK_EVENT: return SIGBREAK;
    case CTRL_CLOSE_EVENT:
    case CTRL_SHUTDOWN_EVENT: return SIGTERM;
    default: return 0;
  }
}

// On a thread that the system makes for it.
BOOL WINAPI onConsoleEvent(DWORD event) {
  const int signum = signalOf(event);
  const Handler handler = handlers[static_cast<std::size_t>(signum)];
  if (handler == nullptr) return FALSE;
  handler(signum);
  // Of an end the system does not ask: it comes when this returns. The program has the few seconds
  // that are allowed to close what is open, and ends by itself.
  if (signum == SIGTERM) ::Sleep(INFINITE);
  return TRUE;
}

// The C library forgets a handler when it calls it.
void onRaised(int signum) {
  ::signal(signum, &onRaised);
  if (const Handler handler = handlers[static_cast<std::size_t>(signum)]) handler(signum);
}

bool isKnown(int signum) { return signum == SIGINT || signum == SIGBREAK || signum == SIGTERM; }

}  // namespace

SysError catchSignal(int signum, Handler handler) {
  if (!isKnown(signum)) return {WSAEINVAL, Operation::open};
  const auto index = static_cast<std::size_t>(signum);
  handlers[index] = handler;
  previousHandlers[index] = ::signal(signum, &onRaised);
  // Once and for good: the system holds a lock while handlers run, and that of a closing window
  // does not return, so to take it away in the program's last seconds would hold those up.
  static const BOOL added = ::SetConsoleCtrlHandler(&onConsoleEvent, TRUE);
  static_cast<void>(added);
  return {};
}

void releaseSignal(int signum) {
  const auto index = static_cast<std::size_t>(signum);
  ::signal(signum, previousHandlers[index]);
  handlers[index] = nullptr;
}

}  // namespace sprocket::platform
