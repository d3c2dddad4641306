// Lookups that the machine's own resolver answers.

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/tests/dns/outcome.h"

namespace {

using namespace sprocket;
using tests::Outcome;

struct System {
  reactor::Loop loop;

  Outcome lookup(const std::string& host, int family) {
    Outcome outcome;
    dns::lookup(host, {.family = family}, outcome.record());
    loop.run();
    return outcome;
  }
};

BOOST_FIXTURE_TEST_SUITE(lookupSystem, System)

BOOST_AUTO_TEST_CASE(localhostIsTheLoopbackAddressOfIpv4) {
  const Outcome outcome = lookup("localhost", 4);
  BOOST_TEST(outcome.succeeded());
  BOOST_TEST(outcome.text() == "127.0.0.1");
  BOOST_TEST(outcome.addresses.at(0).family == 4);
}

BOOST_AUTO_TEST_CASE(localhostOfEitherFamilyIsALoopbackAddress) {
  const Outcome outcome = lookup("localhost", 0);
  BOOST_TEST(outcome.succeeded());
  for (const dns::Address& each : outcome.addresses) {
    BOOST_TEST((each == dns::Address{"127.0.0.1", 4} || each == dns::Address{"::1", 6}));
  }
}

// Reserved for this by RFC 6761. Without a network the system may say that it cannot tell now.
BOOST_AUTO_TEST_CASE(unknownNameIsAnError) {
  const Outcome outcome = lookup("sprocket.invalid", 0);
  BOOST_TEST(outcome.count == 1);
  BOOST_TEST((outcome.code() == "ENOTFOUND" || outcome.code() == "EAI_AGAIN"));
  BOOST_TEST(outcome.error.hostname() == "sprocket.invalid");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
