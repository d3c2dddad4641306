#pragma once

// Signals that come from elsewhere than the thread that handles them, which std::raise() cannot do.

namespace sprocket::tests {

// To the process, from outside as it were: the system chooses the thread.
void sendSignalToProcess(int signum);

}  // namespace sprocket::tests
