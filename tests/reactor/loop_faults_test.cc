// Loops that the system refuses to make.

#include <cerrno>
#include <memory>
#include <optional>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/error.h"
#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/fake_backend.h"
#include "sprocket/tests/support/fake_syscalls.h"

namespace {

using namespace sprocket;
using reactor::Loop;
using tests::Call;
using tests::FakeSyscalls;

}  // namespace

BOOST_AUTO_TEST_SUITE(loop_faults)

BOOST_AUTO_TEST_CASE(loop_that_cannot_be_made_throws_an_error_with_the_code_of_the_system) {
  for (const Call call : tests::callsThatMakeABackend()) {
    BOOST_TEST_CONTEXT(tests::callName(call)) {
      FakeSyscalls fake;
      fake.fail(call, EMFILE);
      BOOST_CHECK_EXCEPTION(Loop(), Error, [](const Error& error) {
        return error.code() == "EMFILE" && error.errnum() == EMFILE &&
               error.what() == std::string("loop EMFILE: too many open files");
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(loop_that_cannot_be_made_leaves_no_descriptor_behind) {
  for (const Call call : tests::callsThatMakeABackend()) {
    BOOST_TEST_CONTEXT(tests::callName(call)) {
      FakeSyscalls fake;
      fake.fail(call, EMFILE);
      BOOST_CHECK_THROW(Loop(), Error);
      BOOST_TEST(fake.openDescriptors().empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(loop_that_cannot_be_made_does_not_become_the_threads) {
  Loop outer(std::make_unique<tests::FakeBackend>());
  FakeSyscalls fake;
  fake.fail(Call::makePoller, EMFILE);
  BOOST_CHECK_THROW(Loop(), Error);
  BOOST_TEST(&Loop::current() == &outer);
}

BOOST_AUTO_TEST_CASE(loop_made_on_demand_is_made_when_the_system_has_recovered) {
  FakeSyscalls fake;
  fake.fail(Call::makePoller, EMFILE);
  BOOST_CHECK_THROW(Loop::current(), Error);
  setImmediate([] {});
  BOOST_TEST(reactor::run() == 0);
}

BOOST_AUTO_TEST_CASE(loop_that_goes_closes_its_descriptors) {
  FakeSyscalls fake;
  { Loop loop; }
  BOOST_TEST(fake.openDescriptors().empty());
}

BOOST_AUTO_TEST_SUITE_END()
