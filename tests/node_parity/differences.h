#pragma once

// Where Sprocket does otherwise than the installed Node, and why. parity_test fails if one of them
// does not occur any more, and if one occurs that is not here.

#include <string_view>
#include <vector>

namespace sprocket::parity {

// In the half of a scenario that runs on Sprocket, in the order of the trace.
struct Difference {
  std::string_view scenario;
  std::string_view half;  // "server", "client" or "alone"
  std::string_view node;  // the line that Node prints; empty: none here
  std::string_view ours;  // the line that we print in its place; empty: none
  std::string_view reason;
};

extern const std::vector<Difference> kDifferences;

}  // namespace sprocket::parity
