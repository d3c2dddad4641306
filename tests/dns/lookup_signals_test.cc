// Signals go to the threads that are the program's.

#include <atomic>
#include <csignal>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/tests/dns/outcome.h"

namespace {

std::atomic<int> handlersRun = 0;

void countHandler(int) { ++handlersRun; }

}  // namespace

namespace sprocket::platform {

// In place of the weak one. The signal is for the thread that raises it, the lookup's.
HostLookup lookupHost(const std::string&, std::optional<Family>, LookupHints) {
  std::raise(SIGTERM);
  return {.addresses = {IpAddress::loopback(Family::v4)}};
}

}  // namespace sprocket::platform

namespace {

using namespace sprocket;

BOOST_AUTO_TEST_SUITE(lookupSignals)

BOOST_AUTO_TEST_CASE(noHandlerRunsOnTheThreadOfALookup) {
  const auto previous = std::signal(SIGTERM, &countHandler);
  {
    reactor::Loop loop;
    tests::Outcome outcome;
    dns::lookup("a.example", outcome.record());
    loop.run();
    BOOST_TEST(outcome.succeeded());
  }
  BOOST_TEST(handlersRun == 0);
  std::raise(SIGTERM);
  BOOST_TEST(handlersRun == 1);
  std::signal(SIGTERM, previous);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
