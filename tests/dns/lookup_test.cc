// What a lookup answers, and when.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/platform/error.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/timers.h"
#include "sprocket/tests/dns/fake_system.h"
#include "sprocket/tests/dns/outcome.h"
#include "sprocket/tests/support/fake_backend.h"

namespace {

using namespace sprocket;
using boost::unit_test::label;
using dns::Address;
using platform::Family;
using platform::HostLookupError;
using tests::Outcome;
using namespace std::string_literals;
using boost::unit_test::label;

struct Lookups {
  tests::FakeSystem system;
  reactor::Loop loop;

  Outcome lookup(const std::string& host, const dns::LookupOptions& options = {}) {
    Outcome outcome;
    dns::lookup(host, options, outcome.record());
    loop.run();
    return outcome;
  }
};

BOOST_FIXTURE_TEST_SUITE(dnsLookup, Lookups)

BOOST_AUTO_TEST_SUITE(answers)

BOOST_AUTO_TEST_CASE(allAddressesComeInTheOrderOfTheSystem) {
  system.answer("a.example", {"2001:db8::2", "192.0.2.7", "2001:db8::1", "192.0.2.3"});
  const Outcome outcome = lookup("a.example", {.all = true});
  BOOST_TEST(outcome.succeeded());
  BOOST_TEST((outcome.addresses ==
              std::vector<Address>{
                  {"2001:db8::2", 6}, {"192.0.2.7", 4}, {"2001:db8::1", 6}, {"192.0.2.3", 4}}));
}

BOOST_AUTO_TEST_CASE(firstAddressIsTheAnswerUnlessAllAreAskedFor) {
  system.answer("a.example", {"2001:db8::2", "192.0.2.7"});
  BOOST_TEST(lookup("a.example").text() == "2001:db8::2");
  system.answer("b.example", {"192.0.2.7"});
  BOOST_TEST(lookup("b.example").text() == "192.0.2.7");
}

// One query of the system serves both who wants all and who wants one.
BOOST_AUTO_TEST_CASE(allIsNoOtherQuery) {
  system.answer("a.example", {"192.0.2.7", "192.0.2.8"});
  system.hang("a.example");
  Outcome one, all;
  dns::lookup("a.example", one.record());
  dns::lookup("a.example", {.all = true}, all.record());
  system.release("a.example");
  loop.run();
  BOOST_TEST(one.text() == "192.0.2.7");
  BOOST_TEST(all.text() == "192.0.2.7 192.0.2.8");
  BOOST_TEST(system.calls().size() == 1U);
}

BOOST_AUTO_TEST_CASE(hintsAreTheSystemsToHeed, *label("6.9")) {
  for (const dns::Hints hints : {dns::Hints(), dns::ADDRCONFIG, dns::V4MAPPED | dns::ALL,
                                 dns::ADDRCONFIG | dns::V4MAPPED | dns::ALL}) {
    BOOST_TEST(lookup("a.example", {.family = 6, .hints = hints}).succeeded());
    BOOST_TEST((system.calls().back().hints == hints));
  }
}

BOOST_AUTO_TEST_CASE(scopeIdIsInTheText) {
  system.answer("a.example", {"fe80::1%4000000000"});
  BOOST_TEST(lookup("a.example").text() == "fe80::1%4000000000");
}

BOOST_AUTO_TEST_CASE(familyIsTheSystemsToHeed) {
  for (const auto& [family, asked] :
       {std::tuple(0, std::optional<Family>()), std::tuple(4, std::optional(Family::v4)),
        std::tuple(6, std::optional(Family::v6))}) {
    BOOST_TEST(lookup("a.example", {.family = family}).succeeded());
    BOOST_TEST((system.calls().back().family == asked));
  }
}

BOOST_AUTO_TEST_CASE(withoutOptionsEitherFamilyWillDo) {
  dns::lookup("a.example", [](const Error&, const std::vector<Address>&) {});
  loop.run();
  BOOST_TEST(!system.calls().at(0).family.has_value());
}

BOOST_AUTO_TEST_CASE(nameReachesTheSystemUnchanged) {
  for (const std::string& name : {"localhost"s, "EXAMPLE.com."s, "127.1"s, "0x7f.0.0.1"s, "a b"s,
                                  std::string(63, 'l') + "." + std::string(63, 'l')}) {
    lookup(name);
    BOOST_TEST(system.calls().back().host == name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(failureIsInNodesWording, *label("3.1") * label("3.3")) {
  const HostLookupError notFound = HostLookupError::notFound();
  system.fail("no.example", notFound);
  const Outcome outcome = lookup("no.example");
  BOOST_TEST(outcome.count == 1);
  BOOST_TEST(outcome.addresses.empty());
  const Error& error = outcome.error;
  BOOST_TEST(error.what() == "getaddrinfo ENOTFOUND no.example"s);
  BOOST_TEST(error.code() == "ENOTFOUND");
  BOOST_TEST(error.errnum() == notFound.number);
  BOOST_TEST(error.syscall() == "getaddrinfo");
  BOOST_TEST(error.hostname() == "no.example");
  BOOST_TEST(error.address() == "");
  BOOST_TEST(error.port() == 0);
}

BOOST_AUTO_TEST_CASE(codeAndNumberAreTheSystems) {
  system.fail("no.example", {"EMFILE", 24});
  const Error error = lookup("no.example").error;
  BOOST_TEST(error.what() == "getaddrinfo EMFILE no.example"s);
  BOOST_TEST(error.code() == "EMFILE");
  BOOST_TEST(error.errnum() == 24);
}

BOOST_AUTO_TEST_CASE(failureIsNotRemembered) {
  system.fail("a.example", HostLookupError::tryAgain());
  BOOST_TEST(lookup("a.example").code() == "EAI_AGAIN");
  system.answer("a.example", {"192.0.2.1"});
  BOOST_TEST(lookup("a.example").text() == "192.0.2.1");
}

BOOST_AUTO_TEST_CASE(wrongFamilyIsThrownAndNamed) {
  for (const int family : {-1, 1, 5, 10, 46}) {
    Outcome outcome;
    const auto isRight = [&](const ArgumentError& error) {
      BOOST_TEST(error.code() == "ERR_INVALID_ARG_VALUE");
      BOOST_TEST(error.what() == "The argument 'family' must be one of: 0, 4, 6. Received " +
                                     std::to_string(family));
      return true;
    };
    BOOST_CHECK_EXCEPTION(dns::lookup("a.example", {.family = family}, outcome.record()),
                          ArgumentError, isRight);
    loop.run();
    BOOST_TEST(outcome.count == 0);
  }
  BOOST_TEST(system.calls().empty());
}

BOOST_AUTO_TEST_CASE(wrongOptionsAreThrownAndNamed) {
  struct Mistake {
    dns::LookupOptions options;
    std::string code;
    std::string received;
  };
  for (const Mistake& mistake :
       {Mistake{{.hints = 8}, "ERR_INVALID_ARG_VALUE", "8"},
        Mistake{{.hints = dns::ADDRCONFIG | dns::Hints(64)}, "ERR_INVALID_ARG_VALUE", "65"},
        Mistake{{.hints = -1}, "ERR_INVALID_ARG_VALUE", "-1"},
        Mistake{{.timeout = -1.5}, "ERR_OUT_OF_RANGE", "-1.5"},
        Mistake{{.timeout = std::nan("")}, "ERR_OUT_OF_RANGE", "nan"},
        Mistake{{.timeout = INFINITY}, "ERR_OUT_OF_RANGE", "inf"}}) {
    Outcome outcome;
    const auto isRight = [&](const ArgumentError& error) {
      BOOST_TEST(error.code() == mistake.code);
      BOOST_TEST(std::string(error.what()).ends_with("Received " + mistake.received));
      return true;
    };
    BOOST_CHECK_EXCEPTION(dns::lookup("a.example", mistake.options, outcome.record()),
                          ArgumentError, isRight);
    loop.run();
    BOOST_TEST(outcome.count == 0);
  }
  BOOST_TEST(system.calls().empty());
}

BOOST_AUTO_TEST_CASE(emptyCallbackIsThrown) {
  const auto isRight = [](const ArgumentError& error) {
    return error.code() == "ERR_INVALID_ARG_TYPE";
  };
  BOOST_CHECK_EXCEPTION(dns::lookup("a.example", nullptr), ArgumentError, isRight);
  loop.run();
  BOOST_TEST(system.calls().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(withoutTheSystem)

BOOST_AUTO_TEST_CASE(addressIsItsOwnAnswerWhateverTheFamily) {
  const std::vector<Address> literals = {
      {"192.0.2.1", 4},   {"0.0.0.0", 4},          {"255.255.255.255", 4},   {"::1", 6},
      {"2001:db8::7", 6}, {"::ffff:192.0.2.1", 6}, {"fe80::1%4000000000", 6}};
  for (const Address& literal : literals) {
    for (const int family : {0, 4, 6}) {
      const Outcome outcome = lookup(literal.address, {.family = family});
      BOOST_TEST(outcome.succeeded());
      BOOST_TEST((outcome.addresses == std::vector{literal}));
    }
  }
  BOOST_TEST(system.calls().empty());
  BOOST_TEST(system.threadsStarted() == 0U);
}

BOOST_AUTO_TEST_CASE(addressHasOneTextHoweverItWasWritten) {
  BOOST_TEST(lookup("2001:DB8:0:0::0007").text() == "2001:db8::7");
  BOOST_TEST(system.calls().empty());
}

BOOST_AUTO_TEST_CASE(addressWithAZoneThatIsNotThereIsNotFound) {
  const Outcome outcome = lookup("fe80::1%no-such-zone");
  BOOST_TEST(outcome.error.what() == "getaddrinfo ENOTFOUND fe80::1%no-such-zone"s);
  BOOST_TEST(system.calls().empty());
}

BOOST_AUTO_TEST_CASE(whatCannotBeANameIsNotFound, *label("6.8")) {
  const std::string longLabel(64, 'a');
  std::string longName(254, 'a');
  for (std::size_t i = 40; i < longName.size() - 1; i += 41) longName[i] = '.';
  for (const std::string& name :
       {""s, "."s, "a..b"s, ".a"s, longLabel, longName, "a\0b"s, "localhost\0"s, "a\nb"s, "\x7f"s,
        "b\xc3\xbc"
        "cher.example"s}) {
    const Outcome outcome = lookup(name);
    BOOST_TEST(outcome.count == 1);
    BOOST_TEST(outcome.code() == "ENOTFOUND");
    BOOST_TEST(outcome.error.errnum() == HostLookupError::notFound().number);
    BOOST_TEST(outcome.error.hostname() == name);
    BOOST_TEST(outcome.addresses.empty());
  }
  BOOST_TEST(system.calls().empty());
  BOOST_TEST(system.threadsStarted() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(callbacks)

BOOST_AUTO_TEST_CASE(systemIsAskedOnAnotherThreadAndAnswersOnTheLoops, *label("1.1")) {
  const Outcome outcome = lookup("a.example");
  BOOST_TEST((system.calls().at(0).thread != std::this_thread::get_id()));
  BOOST_TEST((outcome.thread == std::this_thread::get_id()));
}

// An answer, a literal and a refusal, asked for outside of run() and from inside a callback.
BOOST_AUTO_TEST_CASE(callbackComesOnceAndNeverInsideTheCall) {
  for (const std::string& host : {"a.example"s, "192.0.2.1"s, ""s}) {
    Outcome outside;
    dns::lookup(host, outside.record());
    BOOST_TEST(outside.count == 0);
    loop.run();
    loop.run();
    BOOST_TEST(outside.count == 1);

    Outcome inside;
    setTimeout(
        [&] {
          dns::lookup(host, inside.record());
          BOOST_TEST(inside.count == 0);
        },
        1);
    loop.run();
    BOOST_TEST(inside.count == 1);
  }
}

BOOST_AUTO_TEST_CASE(literalIsAnsweredAsSoonAsThePresentCallbackHasReturned) {
  std::string order;
  setImmediate([&] {
    dns::lookup("192.0.2.1",
                [&](const Error&, const std::vector<Address>&) { order += "literal "; });
    order += "callback ";
  });
  setImmediate([&] { order += "next "; });
  loop.run();
  BOOST_TEST(order == "callback literal next ");
}

BOOST_AUTO_TEST_CASE(lookupKeepsTheLoopRunning, *label("11.1")) {
  system.hang("a.example");
  Outcome outcome;
  dns::lookup("a.example", outcome.record());
  BOOST_TEST(loop.runOnce(std::chrono::milliseconds(0)));
  system.release("a.example");
  loop.run();
  BOOST_TEST(outcome.succeeded());
  BOOST_TEST(!loop.runOnce(std::chrono::milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(lookupGoesOnWithoutItsHandle) {
  Outcome outcome;
  { const dns::Lookup dropped = dns::lookup("a.example", outcome.record()); }
  loop.run();
  BOOST_TEST(outcome.succeeded());
}

BOOST_AUTO_TEST_CASE(callbackMayAskAgain) {
  std::string order;
  dns::lookup("a.example", [&](const Error&, const std::vector<Address>& first) {
    order += first.at(0).address + " ";
    system.answer("a.example", {"192.0.2.2"});
    dns::lookup("a.example", [&](const Error&, const std::vector<Address>& second) {
      order += second.at(0).address;
    });
  });
  loop.run();
  BOOST_TEST(order == "192.0.2.1 192.0.2.2");
  BOOST_TEST(system.calls().size() == 2U);
}

BOOST_AUTO_TEST_CASE(callbackIsReleasedAfterItsCall) {
  const auto token = std::make_shared<int>();
  const dns::Lookup kept =
      dns::lookup("a.example", [token](const Error&, const std::vector<Address>&) {});
  BOOST_TEST(token.use_count() == 2);
  loop.run();
  BOOST_TEST(token.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(ticksOfACallbackComeBeforeTheNextOneOfTheSameAnswer) {
  system.hang("a.example");
  std::string order;
  for (const std::string& name : {"1"s, "2"s}) {
    dns::lookup("a.example", [&order, name](const Error&, const std::vector<Address>&) {
      order += "answer" + name + " ";
      nextTick([&order, name] { order += "tick" + name + " "; });
    });
  }
  system.release("a.example");
  loop.run();
  BOOST_TEST(order == "answer1 tick1 answer2 tick2 ");
}

// As of all I/O, so that setImmediate() there comes before any timer.
BOOST_AUTO_TEST_CASE(answerComesInThePhaseOfIo) {
  std::string order;
  dns::lookup("a.example", [&](const Error&, const std::vector<Address>&) {
    setTimeout([&] { order += "timeout "; }, 0);
    setImmediate([&] { order += "immediate "; });
  });
  loop.run();
  BOOST_TEST(order == "immediate timeout ");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(exceptions)

BOOST_AUTO_TEST_CASE(exceptionLeavesRunAsItWasThrown) {
  for (const std::string& host : {"a.example"s, "192.0.2.1"s, ""s}) {
    dns::lookup(host, [](const Error&, const std::vector<Address>&) { throw 42; });
    BOOST_CHECK_EXCEPTION(loop.run(), int, [](int thrown) { return thrown == 42; });
    BOOST_TEST(loop.run() == 0);
  }
}

BOOST_AUTO_TEST_CASE(errorMayBeThrownOn) {
  dns::lookup("", [](const Error& err, const std::vector<Address>&) { throw err; });
  BOOST_CHECK_EXCEPTION(loop.run(), Error,
                        [](const Error& thrown) { return thrown.code() == "ENOTFOUND"; });
}

// Three wait for one answer and each of them throws.
BOOST_AUTO_TEST_CASE(exceptionTakesNoOtherCallbackWithIt) {
  system.hang("a.example");
  std::string order;
  for (int i = 1; i <= 3; ++i) {
    dns::lookup("a.example", [&order, i](const Error&, const std::vector<Address>&) {
      order += std::to_string(i);
      throw std::runtime_error("thrown");
    });
  }
  system.release("a.example");
  for (const char* const expected : {"1", "12", "123"}) {
    BOOST_CHECK_THROW(loop.run(), std::runtime_error);
    BOOST_TEST(order == expected);
  }
  BOOST_TEST(loop.run() == 0);
  BOOST_TEST(order == "123");
  BOOST_TEST(system.calls().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deadlines)

// On a clock that stands still until nothing else can happen.
BOOST_AUTO_TEST_CASE(lookupThatHangsFailsAtItsDeadlineAndNotBefore) {
  auto owned = std::make_unique<tests::FakeBackend>();
  tests::FakeBackend& backend = *owned;
  reactor::Loop own(std::move(owned));
  system.hang("a.example");
  const platform::Instant begin = backend.clock();
  Outcome outcome;
  dns::lookup("a.example", {.timeout = 5000}, outcome.record());
  own.run();
  BOOST_TEST(outcome.count == 1);
  BOOST_TEST(outcome.error.what() == "getaddrinfo ETIMEDOUT a.example"s);
  BOOST_TEST(outcome.code() == "ETIMEDOUT");
  BOOST_TEST(outcome.error.syscall() == "getaddrinfo");
  BOOST_TEST(outcome.error.hostname() == "a.example");
  BOOST_TEST(outcome.error.errnum() == HostLookupError::timedOut().number);
  BOOST_TEST((backend.clock() - begin >= std::chrono::milliseconds(5000)));
  BOOST_TEST((backend.clock() - begin <= std::chrono::milliseconds(5002)));
}

BOOST_AUTO_TEST_CASE(answerAfterTheDeadlineIsDropped) {
  system.hang("a.example");
  Outcome late, other;
  dns::lookup("a.example", {.timeout = 1}, late.record());
  dns::lookup("a.example", other.record());
  while (late.count == 0) loop.runOnce(std::chrono::milliseconds(1));
  BOOST_TEST(late.code() == "ETIMEDOUT");
  system.release("a.example");
  loop.run();
  BOOST_TEST(late.count == 1);
  BOOST_TEST(other.succeeded());
  BOOST_TEST(system.calls().size() == 1U);
}

BOOST_AUTO_TEST_CASE(answerBeforeTheDeadlineIsTheOnlyOne) {
  Outcome outcome, literal;
  dns::lookup("a.example", {.timeout = 1e9}, outcome.record());
  dns::lookup("192.0.2.9", {.timeout = 1}, literal.record());
  loop.run();
  BOOST_TEST(outcome.succeeded());
  BOOST_TEST(literal.succeeded());
  bool waited = false;
  setTimeout([&] { waited = true; }, 3);
  loop.run();
  BOOST_TEST(waited);
  BOOST_TEST(literal.count == 1);
}

BOOST_AUTO_TEST_CASE(cancelledLookupHasNoDeadline) {
  system.hang("a.example");
  Outcome outcome;
  dns::lookup("a.example", {.timeout = 1}, outcome.record()).cancel();
  bool waited = false;
  setTimeout([&] { waited = true; }, 3);
  loop.run();
  BOOST_TEST(waited);
  BOOST_TEST(outcome.count == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cancelling)

BOOST_AUTO_TEST_CASE(cancelledLookupCallsNothingAndKeepsNothingRunning) {
  for (const std::string& host : {"hung.example"s, "192.0.2.1"s, ""s}) {
    system.hang("hung.example");
    Outcome outcome;
    dns::lookup(host, outcome.record()).cancel();
    loop.run();
    BOOST_TEST(outcome.count == 0);
  }
}

BOOST_AUTO_TEST_CASE(cancellingReleasesTheCallbackAtOnce) {
  system.hang("a.example");
  const auto token = std::make_shared<int>();
  const dns::Lookup asked =
      dns::lookup("a.example", [token](const Error&, const std::vector<Address>&) {});
  system.awaitHanging(1);
  asked.cancel();
  BOOST_TEST(token.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(answerAfterCancellingIsDropped) {
  system.hang("a.example");
  Outcome outcome;
  const dns::Lookup asked = dns::lookup("a.example", outcome.record());
  system.awaitHanging(1);
  asked.cancel();
  system.release("a.example");
  // Its thread answers one more query, so the first answer has come by then, if it was the only
  // one.
  system.allowThreads(1);
  Outcome other;
  dns::lookup("b.example", other.record());
  loop.run();
  BOOST_TEST(other.succeeded());
  BOOST_TEST(outcome.count == 0);
}

BOOST_AUTO_TEST_CASE(cancellingTwiceOrAfterTheCallDoesNothing) {
  Outcome outcome;
  const dns::Lookup asked = dns::lookup("a.example", outcome.record());
  loop.run();
  asked.cancel();
  asked.cancel();
  BOOST_TEST(outcome.succeeded());
  BOOST_TEST(loop.run() == 0);
}

BOOST_AUTO_TEST_CASE(callbackMayCancelItsOwnLookup) {
  for (const std::string& host : {"a.example"s, "192.0.2.1"s}) {
    std::optional<dns::Lookup> own;
    const auto token = std::make_shared<int>();
    own = dns::lookup(host, [&, token](const Error&, const std::vector<Address>&) {
      own->cancel();
      own.reset();
      BOOST_TEST(token.use_count() == 2);  // the callback is still whole
    });
    loop.run();
    BOOST_TEST(token.use_count() == 1);
  }
}

BOOST_AUTO_TEST_CASE(callbackMayCancelANeighbourOfTheSameAnswer) {
  system.hang("a.example");
  Outcome second, third;
  std::optional<dns::Lookup> neighbour;
  dns::lookup("a.example", [&](const Error&, const std::vector<Address>&) { neighbour->cancel(); });
  neighbour = dns::lookup("a.example", second.record());
  dns::lookup("a.example", third.record());
  system.release("a.example");
  loop.run();
  BOOST_TEST(second.count == 0);
  BOOST_TEST(third.succeeded());
}

BOOST_AUTO_TEST_CASE(releasedCallbackMayCancelItsLookupAgain) {
  struct CancelsAsItGoes {
    ~CancelsAsItGoes() {
      if (*asked) (*asked)->cancel();
    }
    std::shared_ptr<std::optional<dns::Lookup>> asked;
  };
  system.hang("a.example");
  const auto asked = std::make_shared<std::optional<dns::Lookup>>();
  const auto last = std::make_shared<CancelsAsItGoes>(CancelsAsItGoes{asked});
  *asked = dns::lookup("a.example", [last](const Error&, const std::vector<Address>&) {});
  (*asked)->cancel();
  BOOST_TEST(last.use_count() == 1);
  BOOST_TEST(loop.run() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
