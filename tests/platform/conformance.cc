#include "sprocket/tests/platform/conformance.h"

#include <cstdint>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace sprocket::tests {
namespace {

namespace ut = boost::unit_test;

void runCase(const Venue& venue, const ConformanceCase& conformanceCase) {
  const std::size_t before = venue.countOpenHandles ? venue.countOpenHandles() : 0;
  {
    Trial trial(venue);
    conformanceCase.run(trial);
    BOOST_TEST(trial.closeAll(), "an onClose() did not come");
  }
  const std::size_t after = venue.countOpenHandles ? venue.countOpenHandles() : 0;
  BOOST_TEST(after == before, "handles leaked");
}

ut::test_case* makeCase(const std::shared_ptr<const Venue>& venue,
                        const ConformanceCase& described) {
  ut::test_case* testCase = ut::make_test_case([venue, described] { runCase(*venue, described); },
                                               std::string(described.name), __FILE__, __LINE__);
  const auto skipped = venue->skipped.find(std::string(described.name));
  const std::string reason = skipped != venue->skipped.end() ? skipped->second : venue->unavailable;
  if (!reason.empty()) {
    testCase->add_precondition([reason](ut::test_unit_id) {
      boost::test_tools::assertion_result available(false);
      available.message() << reason;
      return available;
    });
  }
  return testCase;
}

// Suites that are added under one name stay apart; so there is one, made by the first who asks.
ut::test_suite& conformanceSuite() {
  static ut::test_suite* const suite = [] {
    auto* made = new ut::test_suite("conformance", __FILE__, __LINE__);
    ut::framework::master_test_suite().add(made);
    return made;
  }();
  return *suite;
}

}  // namespace

platform::Endpoint Trial::deadEndpoint() {
  RecordingListenerHandler& listener = listen();
  const platform::Endpoint endpoint = listener.listener().localEndpoint();
  listener.close();
  runUntil([&] { return listener.closed(); });
  return endpoint;
}

const std::string& Trial::bigText() const {
  static std::string text;  // made once, because it takes longer than most cases
  if (text.size() != venue_.bigTransfer) text = pattern(venue_.bigTransfer);
  return text;
}

void Trial::runUntilThrown() {
  bool thrown = false;
  try {
    comesToHold([] { return false; });
  } catch (const Thrown&) {
    thrown = true;
  }
  BOOST_REQUIRE(thrown);
}

std::string pattern(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::uint32_t state = seed * 2654435761u + 1;
  for (char& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

void addConformanceSuite(Venue venue) {
  const auto shared = std::make_shared<const Venue>(std::move(venue));
  auto* suite = new ut::test_suite(shared->name, __FILE__, __LINE__);
  for (const auto group : {ruleCases(), connectCases(), acceptCases(), receiveCases(), sendCases(),
                           closeCases(), waitCases(), throwCases()}) {
    for (const ConformanceCase& described : group) {
      if (described.needs != nullptr && !((*shared).*described.needs)) continue;
      suite->add(makeCase(shared, described));
    }
  }
  conformanceSuite().add(suite);
}

}  // namespace sprocket::tests
