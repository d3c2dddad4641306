#pragma once

// Wine is not Windows: tests of what it lacks are skipped under it, by name and with the reason.

#ifdef _WIN32
#include <windows.h>
#include <winsock2.h>
#endif

namespace sprocket::tests {

inline bool runsUnderWine() {
#ifdef _WIN32
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
#else
  return false;
#endif
}

}  // namespace sprocket::tests
