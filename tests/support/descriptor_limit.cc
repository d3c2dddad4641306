#include "sprocket/tests/support/descriptor_limit.h"

#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace sprocket::tests {

void needDescriptors(std::size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return;
  limit.rlim_cur = count;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
    throw std::system_error(errno, std::generic_category(), "too few descriptors are allowed");
  }
}

}  // namespace sprocket::tests
