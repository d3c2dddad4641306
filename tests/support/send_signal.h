#pragma once

// Signals that come from elsewhere than the thread that handles them, which std::raise() cannot do.

#include <csignal>

namespace sprocket::tests {

// Two that no one else uses. (Windows knows three in all, and the third comes by Ctrl+C.)
#ifdef _WIN32
constexpr int kSignal = SIGTERM;
constexpr int kOtherSignal = SIGBREAK;
#else
constexpr int kSignal = SIGUSR1;
constexpr int kOtherSignal = SIGUSR2;
#endif

// To the process, from outside as it were: the system chooses the thread.
void sendSignalToProcess(int signum);

}  // namespace sprocket::tests
