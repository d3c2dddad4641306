// The conformance suite with every system call disturbed once before it is let through: what can be
// interrupted is, and every receive finds nothing at first. None of the suite's promises may
// suffer.

#include <cerrno>
#include <memory>
#include <utility>

#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/platform/conformance.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {
namespace {

using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;

// For the whole program: no case has calls of its own.
FakeSyscalls& interruptedCalls() {
  static FakeSyscalls fake;
  return fake;
}

std::unique_ptr<platform::Backend> makeHostBackend() { return std::move(*platform::makeBackend()); }

// Closing what is not open, and using what is closed, count as leaks do.
std::size_t countDescriptorsAndMistakes() {
  return interruptedCalls().openDescriptors().size() + interruptedCalls().mistakes();
}

[[maybe_unused]] const bool added = [] {
  for (const Call call : {Call::accept, Call::connect, Call::recv, Call::send, Call::sendmsg,
                          Call::open, Call::poll, Call::takeWake, Call::wake, Call::close}) {
    interruptedCalls().failEachOnce(call, EINTR);
  }

  addConformanceSuite({.name = "tcp4_interrupted",
                       .makeBackend = makeHostBackend,
                       .freshEndpoint =
                           [] {
                             const auto address = IpAddress::loopback(platform::Family::v4);
                             return Endpoint(IpEndpoint{address, 0});
                           },
                       .hasThreads = false,  // the substitute for system calls has none
                       .bytesPerTurn = 256 * 1024,
                       .countOpenHandles = countDescriptorsAndMistakes});
  const auto directory = std::make_shared<TempDirectory>();
  addConformanceSuite(
      {.name = "unix_interrupted",
       .makeBackend = makeHostBackend,
       .freshEndpoint = [directory] { return Endpoint(LocalPath{directory->freshPath()}); },
       .refusal = "ENOENT",
       .hasReset = false,
       .hasIpAddresses = false,
       .hasSocketFiles = true,
       .hasThreads = false,
       .bytesPerTurn = 256 * 1024,
       .countOpenHandles = countDescriptorsAndMistakes});
  return true;
}();

}  // namespace
}  // namespace sprocket::tests
