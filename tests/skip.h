#pragma once

// How a test case is skipped: by name, with a reason, which tools/test prints.
//
//   BOOST_AUTO_TEST_CASE(bindsToIpv6, *tests::skipUnless(hasIpv6, "this host has no ::1")) {...}
//   BOOST_AUTO_TEST_CASE(tellsPeerOfReset, *tests::skip("Wine sends FIN for RST")) {...}
//
// The condition is asked just before the case (or the suite, which may be skipped alike) would
// run. A case that cannot go on half-way fails, save when what it stands on is not to be had on
// this system: then that, a substitute of system calls say, skips whoever asks for it.

#include <string>
#include <utility>

#include <boost/test/tree/decorator.hpp>
#include <boost/test/tree/test_unit.hpp>

namespace sprocket::tests {

// condition() -> bool
template <typename Condition>
boost::unit_test::decorator::precondition skipUnless(Condition condition, std::string reason) {
  return boost::unit_test::decorator::precondition(
      [condition = std::move(condition),
       reason = std::move(reason)](boost::unit_test::test_unit_id) {
        boost::test_tools::assertion_result result(condition());
        result.message() << reason;
        return result;
      });
}

inline boost::unit_test::decorator::precondition skip(std::string reason) {
  return skipUnless([] { return false; }, std::move(reason));
}

struct Skip {
  std::string reason;
};

[[noreturn]] inline void skipHere(std::string reason) { throw Skip{std::move(reason)}; }

}  // namespace sprocket::tests
