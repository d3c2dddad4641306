#include "sprocket/tests/support/descriptor_limit.h"

namespace sprocket::tests {

// Windows has no such limit. (Wine has its host's, which only the host can raise.)
void needDescriptors(std::size_t) {}

}  // namespace sprocket::tests
