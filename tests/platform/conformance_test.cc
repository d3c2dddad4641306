// The conformance suite on the real backend of the host.

#include "sprocket/tests/platform/conformance.h"

#include <memory>

#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using platform::Endpoint;
using platform::Family;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;

std::unique_ptr<platform::Backend> makeHostBackend() { return std::move(*platform::makeBackend()); }

Venue tcp(std::string name, Family family) {
  return {.name = std::move(name),
          .makeBackend = makeHostBackend,
          .freshEndpoint =
              [family] {
                return Endpoint(IpEndpoint{IpAddress::loopback(family), 0});
              },
          .bytesPerTurn = 256 * 1024,
          .countOpenHandles = countOpenDescriptors};
}

Venue tcp4() { return tcp("tcp4", Family::v4); }

Venue tcp6() {
  Venue venue = tcp("tcp6", Family::v6);
  venue.hasIpv6 = true;
  struct : platform::ListenerHandler {
    platform::StreamHandler& onAccept(platform::Stream&) override { std::abort(); }
    void onDrop(std::size_t, platform::SysError) override {}
    void onError(platform::SysError) override {}
    void onClose() override {}
  } handler;
  const auto backend = makeHostBackend();
  if (auto listener = backend->listen(venue.freshEndpoint(), {}, handler); !listener) {
    venue.unavailable = "this host has no IPv6 loopback: " + std::string(listener.error().code());
  }
  return venue;
}

std::map<std::string, std::string> skippedLocally() {
  if (!runsUnderWine()) return {};
  return {{"an_address_in_use_is_refused", "Wine lets every process make instances of a pipe"}};
}

// Unix sockets or, on Windows, named pipes.
Venue local() {
  const auto directory = std::make_shared<TempDirectory>();
  return {.name = TempDirectory::kHasFiles ? "unix" : "pipe",
          .makeBackend = makeHostBackend,
          .freshEndpoint = [directory] { return Endpoint(LocalPath{directory->freshPath()}); },
          .refusal = "ENOENT",  // the name went with the listener
          .hasReset = false,
          .hasIpAddresses = false,
          .hasSocketFiles = TempDirectory::kHasFiles,
          .bytesPerTurn = 256 * 1024,
          .countOpenHandles = countOpenDescriptors,
          .skipped = skippedLocally()};
}

[[maybe_unused]] const bool added = [] {
  addConformanceSuite(tcp4());
  addConformanceSuite(tcp6());
  addConformanceSuite(local());
  return true;
}();

}  // namespace
}  // namespace sprocket::tests
