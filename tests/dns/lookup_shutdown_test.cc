// The end of a loop while lookups are under way. That nothing freed is touched afterwards is for
// the sanitizers to say: the fixture's end waits for the threads that were left behind.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/tests/dns/fake_system.h"
#include "sprocket/tests/dns/outcome.h"

namespace {

using namespace sprocket;
using dns::Address;
using tests::Outcome;
using namespace std::string_literals;

struct Shutdown {
  tests::FakeSystem system;
  std::optional<reactor::Loop> loop{std::in_place};
};

BOOST_FIXTURE_TEST_SUITE(lookupShutdown, Shutdown)

BOOST_AUTO_TEST_CASE(idleThreadsHaveEndedWhenTheLoopHas) {
  for (int i = 0; i < 4; ++i) {
    const std::string host = std::to_string(i) + ".example";
    system.hang(host);
    dns::lookup(host, [](const Error&, const std::vector<Address>&) {});
  }
  system.awaitHanging(4);
  for (int i = 0; i < 4; ++i) system.release(std::to_string(i) + ".example");
  loop->run();
  loop.reset();
  BOOST_TEST(system.threadsStarted() == 4U);
  BOOST_TEST(system.threadsEnded() == 4U);
}

// Right after the answer, when its thread has hardly left the lookup.
BOOST_AUTO_TEST_CASE(threadThatHasJustAnsweredHasEndedWhenTheLoopHas) {
  for (std::size_t i = 1; i <= 200; ++i) {
    Outcome outcome;
    dns::lookup("a.example", outcome.record());
    loop->run();
    loop.reset();
    BOOST_TEST(outcome.succeeded());
    BOOST_TEST(system.threadsEnded() == i);
    loop.emplace();
  }
}

BOOST_AUTO_TEST_CASE(hungLookupDoesNotDelayTheEndOfItsLoop) {
  system.hang("a.example");
  Outcome outcome;
  const dns::Lookup lookup = dns::lookup("a.example", outcome.record());
  system.awaitHanging(1);
  loop.reset();
  BOOST_TEST(system.threadsEnded() == 0U);
  BOOST_TEST(outcome.count == 0);
  lookup.cancel();
}

BOOST_AUTO_TEST_CASE(hungLookupPastItsDeadlineDoesNotDelayTheEndEither) {
  system.hang("a.example");
  Outcome outcome;
  dns::lookup("a.example", {.timeout = 1}, outcome.record());
  system.awaitHanging(1);
  loop->run();
  BOOST_TEST(outcome.code() == "ETIMEDOUT");
  loop.reset();
  BOOST_TEST(system.threadsEnded() == 0U);
}

BOOST_AUTO_TEST_CASE(waitingLookupsAreNotBegunAnyMore) {
  for (int i = 0; i < 20; ++i) {
    const std::string host = std::to_string(i) + ".example";
    system.hang(host);
    dns::lookup(host, [](const Error&, const std::vector<Address>&) {});
  }
  system.awaitHanging(4);
  loop.reset();
  for (int i = 0; i < 20; ++i) system.release(std::to_string(i) + ".example");
  system.awaitEndOfThreads();
  BOOST_TEST(system.calls().size() == 4U);
}

BOOST_AUTO_TEST_CASE(callbacksAreReleasedUncalled) {
  system.hang("hung.example");
  const auto token = std::make_shared<int>();
  std::vector<dns::Lookup> kept;
  for (const std::string& host : {"hung.example"s, "hung.example"s, "192.0.2.1"s, ""s}) {
    kept.push_back(dns::lookup(
        host, [token](const Error&, const std::vector<Address>&) { BOOST_ERROR("called"); }));
  }
  system.awaitHanging(1);
  loop.reset();
  BOOST_TEST(token.use_count() == 1);
  for (const dns::Lookup& each : kept) each.cancel();
}

// The answer has been posted, and run() is never entered again.
BOOST_AUTO_TEST_CASE(answerThatWasNotFetchedIsDropped) {
  Outcome outcome;
  dns::lookup("a.example", outcome.record());
  while (system.calls().empty()) std::this_thread::yield();
  loop.reset();
  BOOST_TEST(outcome.count == 0);
}

BOOST_AUTO_TEST_CASE(answersLeftByAnExceptionAreDropped) {
  system.hang("a.example");
  Outcome outcome;
  dns::lookup("a.example", [](const Error&, const std::vector<Address>&) { throw 42; });
  dns::lookup("a.example", outcome.record());
  system.release("a.example");
  BOOST_CHECK_THROW(loop->run(), int);
  loop.reset();
  BOOST_TEST(outcome.count == 0);
}

BOOST_AUTO_TEST_CASE(releasedCallbackMayAskAndCancelOnTheLoopThatEnds) {
  struct AsksAsItGoes {
    ~AsksAsItGoes() {
      other->cancel();
      dns::lookup("more.example",
                  [](const Error&, const std::vector<Address>&) { BOOST_ERROR("called"); });
      dns::lookup("192.0.2.1",
                  [](const Error&, const std::vector<Address>&) { BOOST_ERROR("called"); });
    }
    std::optional<dns::Lookup> other;
  };
  system.hang("a.example");
  auto asker = std::make_shared<AsksAsItGoes>();
  dns::lookup("a.example", [asker](const Error&, const std::vector<Address>&) {});
  asker->other = dns::lookup(
      "b.example", [](const Error&, const std::vector<Address>&) { BOOST_ERROR("called"); });
  const std::weak_ptr<AsksAsItGoes> gone = asker;
  asker.reset();
  system.awaitHanging(1);
  loop.reset();
  BOOST_TEST(gone.expired());
}

BOOST_AUTO_TEST_CASE(nextLoopOfTheThreadHasThreadsOfItsOwn) {
  system.hang("a.example");
  Outcome first;
  dns::lookup("a.example", first.record());
  system.awaitHanging(1);
  loop.reset();

  reactor::Loop next;
  Outcome second, third;
  dns::lookup("b.example", second.record());
  dns::lookup("a.example", third.record());
  system.awaitHanging(2);
  system.release("a.example");
  next.run();
  BOOST_TEST(first.count == 0);
  BOOST_TEST(second.succeeded());
  BOOST_TEST(third.succeeded());
}

// Each round ends at another point of the answer's way back, on a loop's thread of its own.
BOOST_AUTO_TEST_CASE(loopsEndWhileAnswersAreOnTheirWay) {
  loop.reset();
  const auto askAndEnd = [] {
    for (int i = 0; i < 100; ++i) {
      reactor::Loop own;
      for (int k = 0; k < 8; ++k) {
        dns::lookup(std::to_string(k) + ".example",
                    [](const Error&, const std::vector<Address>&) {});
      }
      for (int k = 0; k < i % 10; ++k) own.runOnce(std::chrono::milliseconds(0));
    }
  };
  std::thread one(askAndEnd), other(askAndEnd);
  one.join();
  other.join();
  BOOST_TEST(system.threadsStarted() <= 2U * 100U * 4U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
