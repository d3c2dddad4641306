#include "sprocket/tests/dns/failing_memory.h"

namespace sprocket::tests {

bool canFailAllocations() { return false; }

void failAllocationAfter(int) {}

bool isAllocationFailureDue() { return false; }

int failedAllocationCount() { return 0; }

}  // namespace sprocket::tests
