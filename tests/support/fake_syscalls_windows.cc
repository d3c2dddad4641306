// Windows' backend calls the system directly, so no call of it can be replaced: a test that wants
// that is skipped.

#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/fake_syscalls.h"

namespace sprocket::tests {
namespace {

[[noreturn]] void skipTest() { skipHere("system calls cannot be replaced on Windows"); }

}  // namespace

FakeSyscalls::FakeSyscalls() = default;
FakeSyscalls::~FakeSyscalls() = default;

void FakeSyscalls::fail(Call, int, std::size_t, std::size_t) { skipTest(); }
void FakeSyscalls::failEachOnce(Call, int) { skipTest(); }
void FakeSyscalls::limitTransfers(std::size_t) { skipTest(); }
void FakeSyscalls::limitDescriptors(std::size_t, int) { skipTest(); }
void FakeSyscalls::useVirtualTime() { skipTest(); }
std::size_t FakeSyscalls::count(Call) const { skipTest(); }
void FakeSyscalls::before(Call, std::function<void()>) { skipTest(); }

}  // namespace sprocket::tests
