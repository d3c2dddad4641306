// Lookups that hang, and how little they hold up: sharing, bounds, threads.

#include "sprocket/dns/lookup_pool.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <new>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/platform/error.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/timers.h"
#include "sprocket/tests/dns/failing_memory.h"
#include "sprocket/tests/dns/fake_system.h"
#include "sprocket/tests/dns/outcome.h"
#include "sprocket/tests/skip.h"

namespace {

using namespace sprocket;
using tests::Outcome;
using namespace std::string_literals;
using boost::unit_test::label;

constexpr std::size_t defaultThreads = dns::LookupPool::defaultThreads;
constexpr std::size_t maxWaiting = dns::LookupPool::maxWaiting;

std::string hostNumber(std::size_t number) { return "host" + std::to_string(number) + ".example"; }

struct Hanging {
  tests::FakeSystem system;
  reactor::Loop loop;
  std::deque<Outcome> outcomes;
  std::vector<dns::Lookup> lookups;

  // The first is number 0.
  Outcome& lookup(const std::string& host) {
    lookups.push_back(dns::lookup(host, outcomes.emplace_back().record()));
    return outcomes.back();
  }

  void cancelAll() {
    for (const dns::Lookup& each : lookups) each.cancel();
  }

  std::string nameOfHung(std::size_t thread) {
    return "hung" + std::to_string(thread) + ".example";
  }

  void hangThreads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      system.hang(nameOfHung(i));
      lookup(nameOfHung(i));
    }
    system.awaitHanging(count);
  }

  void releaseThreads() {
    for (std::size_t i = 0; i < defaultThreads; ++i) system.release(nameOfHung(i));
  }
};

BOOST_FIXTURE_TEST_SUITE(lookupPool, Hanging)

BOOST_AUTO_TEST_CASE(hungLookupDelaysNoTimer, *label("1.4")) {
  hangThreads(defaultThreads);
  bool fired = false;
  setTimeout(
      [&] {
        fired = true;
        cancelAll();
      },
      1);
  loop.run();
  BOOST_TEST(fired);
  BOOST_TEST(outcomes.at(0).count == 0);
}

BOOST_AUTO_TEST_CASE(hungLookupsDelayNoOtherWhileAThreadIsLeft, *label("1.4")) {
  hangThreads(defaultThreads - 1);
  for (std::size_t i = 0; i < 20; ++i) {
    const dns::Lookup asked =
        dns::lookup(hostNumber(i), [&](const Error&, const std::vector<dns::Address>& addresses) {
          BOOST_TEST(addresses.at(0).address == "192.0.2.1");
          loop.stop();
        });
    loop.run();
  }
  BOOST_TEST(system.calls().size() == defaultThreads - 1 + 20);
  BOOST_TEST(outcomes.at(0).count == 0);
}

BOOST_AUTO_TEST_CASE(threadsAreStartedWhenTheyAreNeeded) {
  BOOST_TEST(system.threadsStarted() == 0U);
  for (std::size_t i = 0; i < 3; ++i) {
    hangThreads(i + 1);
    BOOST_TEST(system.threadsStarted() == i + 1);
  }
}

BOOST_AUTO_TEST_CASE(freeThreadIsUsedAgain) {
  for (std::size_t i = 0; i < 10; ++i) {
    lookup(hostNumber(i));
    loop.run();
  }
  BOOST_TEST(system.threadsStarted() == 1U);
}

BOOST_AUTO_TEST_CASE(threadsAreBounded) {
  hangThreads(defaultThreads);
  for (std::size_t i = 0; i < 100; ++i) lookup(hostNumber(i));
  loop.runOnce(std::chrono::milliseconds(0));
  BOOST_TEST(system.threadsStarted() == defaultThreads);
  BOOST_TEST(system.calls().size() == defaultThreads);
  releaseThreads();
  loop.run();
  BOOST_TEST(system.threadsStarted() == defaultThreads);
  for (const Outcome& outcome : outcomes) BOOST_TEST(outcome.succeeded());
}

BOOST_AUTO_TEST_CASE(waitingQueriesAreAskedInTheirOrder) {
  system.allowThreads(1);
  hangThreads(1);
  std::vector<std::string> expected = {nameOfHung(0)};
  for (std::size_t i = 0; i < 10; ++i) {
    lookup(hostNumber(i));
    expected.push_back(hostNumber(i));
  }
  releaseThreads();
  loop.run();
  BOOST_TEST(system.hostsAsked() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE(size)

BOOST_AUTO_TEST_CASE(ofThePoolIsWhatWasSet) {
  dns::setPoolSize(2);
  hangThreads(2);
  for (std::size_t i = 0; i < 10; ++i) lookup(hostNumber(i));
  loop.runOnce(std::chrono::milliseconds(0));
  BOOST_TEST(system.threadsStarted() == 2U);
  BOOST_TEST(system.calls().size() == 2U);
  releaseThreads();
  loop.run();
  for (const Outcome& outcome : outcomes) BOOST_TEST(outcome.succeeded());
}

BOOST_AUTO_TEST_CASE(growingServesThoseThatWait) {
  hangThreads(defaultThreads);
  Outcome& waiting = lookup("a.example");
  dns::setPoolSize(static_cast<int>(defaultThreads) + 3);
  BOOST_TEST(system.threadsStarted() == defaultThreads + 1);
  while (waiting.count == 0) loop.runOnce();
  BOOST_TEST(waiting.succeeded());
  BOOST_TEST(outcomes.at(0).count == 0);
  releaseThreads();
  loop.run();
}

// One at a time then, in their order.
BOOST_AUTO_TEST_CASE(shrinkingLeavesThreadsAtRest) {
  hangThreads(defaultThreads);
  dns::setPoolSize(1);
  releaseThreads();
  loop.run();
  system.hang("a.example");
  system.hang("b.example");
  lookup("a.example");
  Outcome& second = lookup("b.example");
  system.awaitHanging(1);
  loop.runOnce(std::chrono::milliseconds(0));
  BOOST_TEST(system.hostsAsked().back() == "a.example");
  system.release("a.example");
  system.release("b.example");
  loop.run();
  BOOST_TEST(second.succeeded());
  BOOST_TEST(system.hostsAsked().back() == "b.example");
}

// That no thread can be added is no reason to leave those asleep that may work again.
BOOST_TEST_DECORATOR(*tests::skipUnless(&tests::canFailAllocations,
                                        "this sanitizer keeps operator new"))
BOOST_AUTO_TEST_CASE(growingWithoutMemoryWakesThreadsAtRest) {
  hangThreads(defaultThreads);
  dns::setPoolSize(1);
  releaseThreads();
  loop.run();
  for (std::size_t i = 0; i < 2 * defaultThreads; ++i) {
    system.hang(hostNumber(i));
    lookup(hostNumber(i));
  }
  system.awaitHanging(1);
  bool threw = false;
  tests::failAllocationAfter(0);
  try {
    dns::setPoolSize(2 * static_cast<int>(defaultThreads));
  } catch (const std::bad_alloc&) {
    threw = true;
  }
  BOOST_TEST(threw);
  system.awaitHanging(defaultThreads);
  for (std::size_t i = 0; i < 2 * defaultThreads; ++i) system.release(hostNumber(i));
  loop.run();
  for (const Outcome& outcome : outcomes) BOOST_TEST(outcome.succeeded());
}

BOOST_AUTO_TEST_CASE(nonsenseIsThrownAndNamed) {
  for (const int size : {0, -1, 1025}) {
    BOOST_CHECK_EXCEPTION(dns::setPoolSize(size), ArgumentError, [&](const ArgumentError& error) {
      return error.code() == "ERR_OUT_OF_RANGE" &&
             std::string(error.what()).ends_with("Received " + std::to_string(size));
    });
  }
  hangThreads(defaultThreads);
  lookup("a.example");
  BOOST_TEST(system.threadsStarted() == defaultThreads);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sharing)

BOOST_AUTO_TEST_CASE(equalQueriesAreOneLookup) {
  hangThreads(1);
  for (int i = 0; i < 99; ++i) lookup(nameOfHung(0));
  BOOST_TEST(system.threadsStarted() == 1U);
  releaseThreads();
  loop.run();
  BOOST_TEST(system.calls().size() == 1U);
  BOOST_TEST(outcomes.size() == 100U);
  for (const Outcome& outcome : outcomes) {
    BOOST_TEST(outcome.succeeded());
    BOOST_TEST(outcome.text() == "192.0.2.1");
  }
}

BOOST_AUTO_TEST_CASE(sharersAreCalledInTheOrderInWhichTheyAsked) {
  system.hang("a.example");
  std::string order;
  for (int i = 0; i < 5; ++i) {
    dns::lookup("a.example", [&order, i](const Error&, const std::vector<dns::Address>&) {
      order += std::to_string(i);
    });
  }
  system.release("a.example");
  loop.run();
  BOOST_TEST(order == "01234");
}

BOOST_AUTO_TEST_CASE(sharersOfAFailureEachHaveIt) {
  system.fail("hung0.example", platform::HostLookupError::tryAgain());
  hangThreads(1);
  lookup(nameOfHung(0));
  releaseThreads();
  loop.run();
  for (const Outcome& outcome : outcomes) {
    BOOST_TEST(outcome.count == 1);
    BOOST_TEST(outcome.error.what() == "getaddrinfo EAI_AGAIN hung0.example"s);
  }
}

BOOST_AUTO_TEST_CASE(queryThatWaitsIsSharedToo) {
  hangThreads(defaultThreads);
  lookup("a.example");
  lookup("a.example");
  releaseThreads();
  loop.run();
  BOOST_TEST(system.calls().size() == defaultThreads + 1);
}

BOOST_AUTO_TEST_CASE(otherFamilyIsAnotherQuery) {
  system.hang("a.example");
  std::array<Outcome, 3> each;
  const std::array<int, 3> families = {0, 4, 6};
  for (std::size_t i = 0; i < 3; ++i) {
    dns::lookup("a.example", {.family = families[i]}, each[i].record());
  }
  system.awaitHanging(3);
  system.release("a.example");
  loop.run();
  BOOST_TEST(each[0].text() == "192.0.2.1");
  BOOST_TEST(each[1].text() == "192.0.2.1");
  BOOST_TEST(each[2].text() == "2001:db8::1");
}

BOOST_AUTO_TEST_CASE(otherHintsAreAnotherQuery) {
  system.hang("a.example");
  for (const dns::Hints hints : {dns::Hints(), dns::ADDRCONFIG, dns::ADDRCONFIG}) {
    dns::lookup("a.example", {.hints = hints}, outcomes.emplace_back().record());
  }
  system.awaitHanging(2);
  system.release("a.example");
  loop.run();
  BOOST_TEST(system.calls().size() == 2U);
}

BOOST_AUTO_TEST_CASE(oneOfTheSharersMayCancel) {
  hangThreads(1);
  lookup(nameOfHung(0));
  lookups.at(0).cancel();
  releaseThreads();
  loop.run();
  BOOST_TEST(outcomes.at(0).count == 0);
  BOOST_TEST(outcomes.at(1).succeeded());
}

// Or a caller that gives up and tries again, as many do, would hang one thread after the other.
BOOST_AUTO_TEST_CASE(hungQueryIsSharedAfterEverybodyHasCancelled) {
  hangThreads(1);
  for (int i = 0; i < 20; ++i) {
    lookups.back().cancel();
    lookup(nameOfHung(0));
  }
  BOOST_TEST(system.threadsStarted() == 1U);
  releaseThreads();
  loop.run();
  BOOST_TEST(system.calls().size() == 1U);
  BOOST_TEST(outcomes.back().succeeded());
}

BOOST_AUTO_TEST_CASE(finishedQueryIsAskedAnew) {
  lookup("a.example");
  loop.run();
  lookup("a.example");
  loop.run();
  BOOST_TEST(system.calls().size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bounds)

BOOST_AUTO_TEST_CASE(lookupThatFindsTheQueueFullFailsLater) {
  hangThreads(defaultThreads);
  for (std::size_t i = 0; i < maxWaiting; ++i) lookup(hostNumber(i));
  Outcome& refused = lookup("one-too-many.example");
  BOOST_TEST(refused.count == 0);
  loop.runOnce(std::chrono::milliseconds(0));
  BOOST_TEST(refused.count == 1);
  BOOST_TEST(refused.error.what() == "getaddrinfo EAI_AGAIN one-too-many.example"s);
  BOOST_TEST(refused.error.errnum() == platform::HostLookupError::tryAgain().number);
  releaseThreads();
  loop.run();
  BOOST_TEST(system.calls().size() == defaultThreads + maxWaiting);
  for (const Outcome& outcome : outcomes) BOOST_TEST(outcome.count == 1);
  BOOST_TEST(outcomes.at(defaultThreads + maxWaiting - 1).succeeded());
}

BOOST_AUTO_TEST_CASE(fullQueueStillSharesAndAnswersLiterals) {
  hangThreads(defaultThreads);
  for (std::size_t i = 0; i < maxWaiting; ++i) lookup(hostNumber(i));
  Outcome& shared = lookup(hostNumber(0));
  Outcome& literal = lookup("192.0.2.9");
  releaseThreads();
  loop.run();
  BOOST_TEST(shared.succeeded());
  BOOST_TEST(literal.text() == "192.0.2.9");
}

BOOST_AUTO_TEST_CASE(refusedQueryMayBeAskedAgain) {
  hangThreads(defaultThreads);
  for (std::size_t i = 0; i < maxWaiting; ++i) lookup(hostNumber(i));
  lookup("again.example");
  releaseThreads();
  loop.run();
  BOOST_TEST(outcomes.back().code() == "EAI_AGAIN");
  BOOST_TEST(lookup("again.example").count == 0);
  loop.run();
  BOOST_TEST(outcomes.back().succeeded());
}

BOOST_AUTO_TEST_CASE(cancellingMakesRoomAndTheSystemIsNotAsked) {
  hangThreads(defaultThreads);
  for (std::size_t i = 0; i < maxWaiting; ++i) lookup(hostNumber(i));
  lookups.back().cancel();
  Outcome& other = lookup("other.example");
  releaseThreads();
  loop.run();
  BOOST_TEST(other.succeeded());
  for (const std::string& host : system.hostsAsked())
    BOOST_TEST(host != hostNumber(maxWaiting - 1));
}

BOOST_AUTO_TEST_CASE(queryThatOthersWaitForKeepsItsPlace) {
  hangThreads(defaultThreads);
  lookup("a.example");
  Outcome& second = lookup("a.example");
  lookups.at(defaultThreads).cancel();
  releaseThreads();
  loop.run();
  BOOST_TEST(second.succeeded());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(refusedThreads)

BOOST_AUTO_TEST_CASE(lookupWithoutAnyThreadFailsLater) {
  system.allowThreads(0);
  Outcome& outcome = lookup("a.example");
  BOOST_TEST(outcome.count == 0);
  loop.run();
  BOOST_TEST(outcome.code() == "EAI_AGAIN");
  system.allowThreads(1);
  lookup("a.example");
  loop.run();
  BOOST_TEST(outcomes.back().succeeded());
}

BOOST_AUTO_TEST_CASE(lookupsShareTheThreadsThereAre) {
  system.allowThreads(2);
  for (std::size_t i = 0; i < 20; ++i) lookup(hostNumber(i));
  loop.run();
  BOOST_TEST(system.threadsStarted() == 2U);
  for (const Outcome& outcome : outcomes) BOOST_TEST(outcome.succeeded());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
