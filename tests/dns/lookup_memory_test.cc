// Lookups when memory runs out, on the loop's thread or on theirs.

#include <atomic>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/tests/dns/failing_memory.h"
#include "sprocket/tests/dns/outcome.h"
#include "sprocket/tests/skip.h"

namespace {

// Whether the thread finds no memory when it comes from the system.
std::atomic<bool> failsOnItsWayBack = false;

}  // namespace

namespace sprocket::platform {

// In place of the weak one.
HostLookup lookupHost(const std::string& host, std::optional<Family>, LookupHints) {
  if (host == "no-memory.example") throw std::bad_alloc();
  HostLookup answer;
  if (host == "no.example") {
    answer.error = HostLookupError::notFound();
  } else {
    answer.addresses = {IpAddress::loopback(Family::v4)};
  }
  if (failsOnItsWayBack) tests::failAllocationAfter(0);
  return answer;
}

}  // namespace sprocket::platform

namespace {

using namespace sprocket;
using tests::Outcome;

struct Memory {
  ~Memory() { failsOnItsWayBack = false; }

  reactor::Loop loop;

  Outcome lookup(const std::string& host) {
    Outcome outcome;
    dns::lookup(host, outcome.record());
    loop.run();
    return outcome;
  }
};

BOOST_FIXTURE_TEST_SUITE(lookupMemory, Memory)

BOOST_AUTO_TEST_CASE(systemWithoutMemoryIsAnError) {
  const Outcome outcome = lookup("no-memory.example");
  BOOST_TEST(outcome.count == 1);
  BOOST_TEST(outcome.code() == "EAI_MEMORY");
}

const auto ifMemoryCanFail =
    tests::skipUnless(&tests::canFailAllocations, "this sanitizer keeps operator new");

BOOST_TEST_DECORATOR(*ifMemoryCanFail)
BOOST_AUTO_TEST_CASE(answerThatFindsNoMemoryIsAnError) {
  failsOnItsWayBack = true;
  const int failedBefore = tests::failedAllocationCount();
  const Outcome outcome = lookup("a.example");
  BOOST_TEST(tests::failedAllocationCount() == failedBefore + 1);
  BOOST_TEST(outcome.count == 1);
  BOOST_TEST(outcome.code() == "EAI_MEMORY");
}

// What fails is the first allocation of the loop's queue of posted tasks.
BOOST_TEST_DECORATOR(*ifMemoryCanFail)
BOOST_AUTO_TEST_CASE(answerThatCannotBePostedComesLater) {
  failsOnItsWayBack = true;
  const int failedBefore = tests::failedAllocationCount();
  const Outcome outcome = lookup("no.example");
  BOOST_TEST(tests::failedAllocationCount() == failedBefore + 1);
  BOOST_TEST(outcome.count == 1);
  BOOST_TEST(outcome.code() == "ENOTFOUND");
}

// False if it threw for want of memory, with nothing changed; `after` allocations were to succeed.
bool tryLookup(const std::string& host, int after, Outcome& outcome) {
  std::string name = host;
  dns::LookupCallback callback = outcome.record();
  tests::failAllocationAfter(after);
  try {
    dns::lookup(std::move(name), std::move(callback));
  } catch (const std::bad_alloc&) {
    return false;
  }
  BOOST_TEST(tests::isAllocationFailureDue());  // or one failed and nobody was told
  tests::failAllocationAfter(-1);
  return true;
}

// Each allocation of a call fails in turn, until there is none left.
void failEachAllocation(const std::string& host, bool isFirstOfLoop) {
  for (int after = 0;; ++after) {
    reactor::Loop loop;
    Outcome before, outcome, again;
    if (!isFirstOfLoop) {
      dns::lookup("b.example", before.record());
      loop.run();
    }
    const bool accepted = tryLookup(host, after, outcome);
    BOOST_TEST(loop.run() == 0);
    BOOST_TEST(outcome.count == (accepted ? 1 : 0));
    dns::lookup(host, again.record());
    BOOST_TEST(loop.run() == 0);
    BOOST_TEST(again.count == 1);
    if (accepted) return;
  }
}

BOOST_TEST_DECORATOR(*ifMemoryCanFail)
BOOST_AUTO_TEST_CASE(failedAllocationThrowsFromTheCallWithNothingChanged) {
  for (const std::string host : {"a.example", "192.0.2.1", "not..a.name"}) {
    for (const bool isFirstOfLoop : {true, false}) {
      BOOST_TEST_CONTEXT(host << (isFirstOfLoop ? ", first" : ", later")) {
        const int failedBefore = tests::failedAllocationCount();
        failEachAllocation(host, isFirstOfLoop);
        BOOST_TEST(tests::failedAllocationCount() > failedBefore);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
