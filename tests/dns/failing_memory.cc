#include "sprocket/tests/dns/failing_memory.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace sprocket::tests {
namespace {

thread_local int failAfter = -1;
thread_local int timesLeft = 0;
thread_local bool areSpared = false;
std::atomic<int> failedCount = 0;

bool failsNow() {
  if (areSpared || failAfter < 0) return false;
  if (failAfter > 0) {
    --failAfter;
    return false;
  }
  if (--timesLeft == 0) failAfter = -1;
  return true;
}

}  // namespace

bool canFailAllocations() { return true; }

void failAllocationAfter(int count, int times) {
  failAfter = count;
  timesLeft = times;
}

bool spareAllocations(bool spared) { return std::exchange(areSpared, spared); }

bool isAllocationFailureDue() { return failAfter >= 0; }

int failedAllocationCount() { return failedCount; }

}  // namespace sprocket::tests

void* operator new(std::size_t size) {
  using namespace sprocket::tests;
  void* const memory = failsNow() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory != nullptr) return memory;
  ++failedCount;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
