#include <winsock2.h>
#include <windows.h>

#include <cstdint>

#include "sprocket/tests/support/open_descriptors.h"

namespace sprocket::tests {

std::size_t countOpenDescriptors() {
  DWORD count = 0;
  GetProcessHandleCount(GetCurrentProcess(), &count);
  return count;
}

// The values of handles are small multiples of four.
std::size_t countInheritable() {
  std::size_t count = 0;
  for (std::uintptr_t value = 4; value < 64 * 1024; value += 4) {
    DWORD flags = 0;
    const bool isOpen = GetHandleInformation(reinterpret_cast<HANDLE>(value), &flags) != FALSE;
    if (isOpen && (flags & HANDLE_FLAG_INHERIT) != 0) ++count;
  }
  return count;
}

}  // namespace sprocket::tests
