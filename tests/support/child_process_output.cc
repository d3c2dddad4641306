// What a child has printed, on every system.

#include <stdexcept>

#include "sprocket/tests/support/child_process.h"

namespace sprocket::tests {

std::string ChildProcess::awaitLine(std::string_view beginning) {
  std::string found;
  const auto hasLine = [&] {
    for (std::size_t at = 0, end; (end = output_.find('\n', at)) != output_.npos; at = end + 1) {
      const std::string_view line = std::string_view(output_).substr(at, end - at);
      if (!line.starts_with(beginning)) continue;
      found = line.substr(beginning.size());
      return true;
    }
    return false;
  };
  std::unique_lock lock(mutex_);
  bool has = false;
  changed_.wait_for(lock, kPatience, [&] { return (has = hasLine()) || outputEnded_; });
  if (has) return found;
  throw std::runtime_error("no line '" + std::string(beginning) + "' in:\n" + output_ + errors_);
}

std::string ChildProcess::output() {
  const std::lock_guard lock(mutex_);
  return output_;
}

std::string ChildProcess::errors() {
  const std::lock_guard lock(mutex_);
  return errors_;
}

}  // namespace sprocket::tests
