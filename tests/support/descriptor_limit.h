#pragma once

// How many descriptors a process may have: this one and those that it starts.

#include <cstddef>

namespace sprocket::tests {

// Raises the soft limit as far as that; throws if the hard one is lower.
void needDescriptors(std::size_t count);

}  // namespace sprocket::tests
