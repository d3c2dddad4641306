// Windows' backend calls the system directly, save for the clock and the wait: what a test wants of
// other calls skips it.

#include "sprocket/platform/windows/syscalls.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/fake_syscalls.h"

namespace sprocket::tests {
namespace {

[[noreturn]] void skipTest() { skipHere("system calls cannot be replaced on Windows"); }

thread_local platform::Instant* virtualNow = nullptr;

// Wine's sockets are driven by another process, so nothing to do may mean not yet.
constexpr DWORD kQuiet = 100;  // milliseconds

}  // namespace

FakeSyscalls::FakeSyscalls() = default;
FakeSyscalls::~FakeSyscalls() { virtualNow = nullptr; }

void FakeSyscalls::useVirtualTime() {
  virtualTime_ = std::chrono::steady_clock::now();
  virtualNow = &*virtualTime_;
}

void FakeSyscalls::fail(Call, int, std::size_t, std::size_t) { skipTest(); }
void FakeSyscalls::failEachOnce(Call, int) { skipTest(); }
void FakeSyscalls::limitTransfers(std::size_t) { skipTest(); }
void FakeSyscalls::limitDescriptors(std::size_t, int) { skipTest(); }
std::size_t FakeSyscalls::count(Call) const { skipTest(); }
void FakeSyscalls::before(Call, std::function<void()>) { skipTest(); }

}  // namespace sprocket::tests

namespace sprocket::platform::syscalls {

ULONG takePackets(HANDLE port, OVERLAPPED_ENTRY* packets, ULONG capacity, DWORD milliseconds) {
  const bool isVirtual = tests::virtualNow != nullptr && milliseconds != INFINITE;
  const DWORD limit = isVirtual && milliseconds > 0 ? tests::kQuiet : milliseconds;
  ULONG count = 0;
  if (!::GetQueuedCompletionStatusEx(port, packets, capacity, &count, limit, FALSE)) count = 0;
  if (isVirtual && count == 0) *tests::virtualNow += std::chrono::milliseconds(milliseconds);
  return count;
}

Instant now() {
  return tests::virtualNow != nullptr ? *tests::virtualNow : std::chrono::steady_clock::now();
}

}  // namespace sprocket::platform::syscalls
