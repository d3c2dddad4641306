#include <winsock2.h>
#include <windows.h>

#include "sprocket/tests/support/open_descriptors.h"

namespace sprocket::tests {

std::size_t countOpenDescriptors() {
  DWORD count = 0;
  GetProcessHandleCount(GetCurrentProcess(), &count);
  return count;
}

}  // namespace sprocket::tests
