#include "sprocket/tests/support/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> count = 0;
std::atomic<std::size_t> live = 0;

void* allocate(std::size_t size) {
  ++count;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  ++live;
  return memory;
}

void deallocate(void* memory) noexcept {
  if (memory == nullptr) return;
  --live;
  std::free(memory);
}

}  // namespace

namespace sprocket::tests {

std::size_t allocationCount() noexcept { return count; }
std::size_t liveAllocationCount() noexcept { return live; }

}  // namespace sprocket::tests

// The other forms, of arrays and without exceptions, come here too.
void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t) noexcept { deallocate(memory); }
