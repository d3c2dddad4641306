#include "sprocket/platform/descriptor.h"

#include <winsock2.h>
#include <windows.h>

// A number means something to one C runtime of several only, and nothing to the system.

namespace sprocket::platform {

DescriptorKind kindOf(int) noexcept { return DescriptorKind::unsupported; }

Result<Descriptor> Descriptor::takeOver(int) noexcept {
  return SysError{WSAEOPNOTSUPP, Operation::open};
}

Descriptor::~Descriptor() = default;

Result<Descriptor> Descriptor::duplicateOf(int) noexcept {
  return SysError{WSAEOPNOTSUPP, Operation::open};
}

}  // namespace sprocket::platform
