#pragma once

// An operator new that fails when it is told to, in every program that this is linked into. The
// file without it is for sanitizers that no program can take operator new away from.

namespace sprocket::tests {

bool canFailAllocations();

// On this thread, once, after so many that succeed. Negative: not any more.
void failAllocationAfter(int count);

// Whether the failure that was asked for has not come yet.
bool isAllocationFailureDue();

// Of all threads.
int failedAllocationCount();

}  // namespace sprocket::tests
