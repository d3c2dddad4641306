#include <winsock2.h>
#include <windows.h>

#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {

bool runsUnderWine() {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

}  // namespace sprocket::tests
