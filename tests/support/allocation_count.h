#pragma once

// How often operator new was called in a program that links this, for tests of what must not
// allocate.
//
//   const std::size_t before = allocationCount();
//   emitter.emit();
//   BOOST_TEST(allocationCount() == before);

#include <cstddef>

namespace sprocket::tests {

// By every thread, since the program began.
std::size_t allocationCount() noexcept;

// Of those, how many have not been given back yet.
std::size_t liveAllocationCount() noexcept;

}  // namespace sprocket::tests
