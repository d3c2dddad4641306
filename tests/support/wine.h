#pragma once

// Wine is not Windows: tests of what it lacks are skipped under it, by name and with the reason.

#ifdef _WIN32
#include <windows.h>
#include <winsock2.h>
#endif

namespace sprocket::tests {

// Whether all that the kernel has taken was reported: of an overlapped send that is cancelled, a
// part may be gone.
#ifdef _WIN32
constexpr bool kTellsWhatIsSent = false;
#else
constexpr bool kTellsWhatIsSent = true;
#endif

inline bool runsUnderWine() {
#ifdef _WIN32
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
#else
  return false;
#endif
}

}  // namespace sprocket::tests
