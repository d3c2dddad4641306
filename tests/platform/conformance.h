#pragma once

// The contract of platform/backend.h in code: one suite of named cases, written against the seam
// alone, that every backend on the host passes. What differs between systems and protocols is told
// by the venue; no case asks which system it runs on.
//
//   addConformanceSuite({.name = "tcp4", .makeBackend = ..., .freshEndpoint = ...});
//
// gives the test cases conformance/tcp4/<case>, when it is called before main() begins.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sprocket/platform/backend.h"
#include "sprocket/tests/support/backend_fixture.h"

namespace sprocket::tests {

// Where the suite runs: a backend, and a kind of endpoint.
struct Venue {
  std::string name;
  std::function<std::unique_ptr<platform::Backend>()> makeBackend;
  std::function<platform::Endpoint()> freshEndpoint;  // where to listen, unused so far

  std::string_view refusal = "ECONNREFUSED";  // what connect() meets where nobody listens any more
  bool hasHalfClose = true;                   // the end of one direction leaves the other alone
  bool hasReset = true;  // reset() reaches the peer as ECONNRESET, behind what was sent before
  bool hasIpAddresses = true;   // endpoints are IP addresses and ports
  bool hasIpv6 = false;         // those are IPv6 ones, and IPv4 clients can come to `::`
  bool hasSocketFiles = false;  // listening makes a file, which goes with the listener
  bool hasThreads = true;       // wake() can come from another thread

  std::size_t acceptsPerTurn = 64;             // of one listener
  std::size_t bytesPerTurn = 4 * 1024 * 1024;  // received by one stream
  std::size_t bigTransfer = 32 * 1024 * 1024;  // far more than buffers below the seam ever hold

  // Descriptors or whatever else leaks, counted before and after each case; may be missing.
  std::function<std::size_t()> countOpenHandles = {};

  std::string unavailable = {};  // why it cannot run on this host; empty if it can
  std::map<std::string, std::string> skipped = {};  // cases by name, with the reason
};

// One case's run: a fixture at a venue.
class Trial : public BackendFixture {
 public:
  explicit Trial(const Venue& venue) : BackendFixture(venue.makeBackend()), venue_(venue) {}

  const Venue& venue() const { return venue_; }

  using BackendFixture::connectPair;
  using BackendFixture::listen;
  RecordingListenerHandler& listen(const platform::ListenOptions& options = {}) {
    return listen(venue_.freshEndpoint(), options);
  }
  Pair connectPair() { return connectPair(listen()); }

  // Where somebody listened and nobody does.
  platform::Endpoint deadEndpoint();

  // Venue::bigTransfer bytes of a pattern.
  const std::string& bigText() const;

  // Waits for the exception that a hook throws. Fails the test if none comes.
  void runUntilThrown();

 private:
  const Venue& venue_;
};

// What a hook throws in cases about exceptions.
struct Thrown {};

// As many turns as an idle wait may take, with some to spare for housekeeping; a spin takes
// thousands.
constexpr std::size_t kFewTurns = 10;
constexpr platform::Duration kIdle = std::chrono::milliseconds(20);

// Bytes that differ by place and by seed.
std::string pattern(std::size_t size, unsigned seed = 1);

struct ConformanceCase {
  std::string_view name;
  void (*run)(Trial&);
  bool Venue::*needs = nullptr;  // elsewhere the case has no meaning and is not there
};

// The groups, a file each: conformance_rules.cc and so on.
std::span<const ConformanceCase> ruleCases();
std::span<const ConformanceCase> connectCases();
std::span<const ConformanceCase> acceptCases();
std::span<const ConformanceCase> receiveCases();
std::span<const ConformanceCase> sendCases();
std::span<const ConformanceCase> closeCases();
std::span<const ConformanceCase> waitCases();
std::span<const ConformanceCase> throwCases();

void addConformanceSuite(Venue venue);

}  // namespace sprocket::tests
