#include "sprocket/tests/support/send_signal.h"

#include <signal.h>
#include <unistd.h>

namespace sprocket::tests {

void sendSignalToProcess(int signum) { kill(getpid(), signum); }

}  // namespace sprocket::tests
