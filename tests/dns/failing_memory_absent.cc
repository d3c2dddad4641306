#include "sprocket/tests/dns/failing_memory.h"

namespace sprocket::tests {

bool canFailAllocations() { return false; }

void failAllocationAfter(int, int) {}

bool spareAllocations(bool) { return false; }

bool isAllocationFailureDue() { return false; }

int failedAllocationCount() { return 0; }

}  // namespace sprocket::tests
