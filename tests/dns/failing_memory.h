#pragma once

// An operator new that fails when it is told to, in every program that this is linked into. The
// file without it is for sanitizers that no program can take operator new away from.

namespace sprocket::tests {

bool canFailAllocations();

// On this thread, once or so many times, after so many that succeed. Negative: not any more.
void failAllocationAfter(int count, int times = 1);

// Whether this thread's allocations are left alone, and not counted either, until told otherwise:
// those of the test itself. Returns what was so before.
bool spareAllocations(bool spared);

// Whether the failure that was asked for has not come yet.
bool isAllocationFailureDue();

// Of all threads.
int failedAllocationCount();

}  // namespace sprocket::tests
