// A program of test cases, one of each outcome, for case_report_test.
#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/skip.h"

using namespace sprocket;

using boost::unit_test::label;

BOOST_AUTO_TEST_CASE(passes, *label("9.4") * label("9.5")) { BOOST_TEST(true); }

BOOST_AUTO_TEST_CASE(fails) { BOOST_TEST(false); }

BOOST_AUTO_TEST_CASE(isSkipped, *tests::skip("1 < 2 & \"so\"")) { BOOST_TEST(false); }

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(dies) { std::abort(); }

BOOST_AUTO_TEST_CASE(comesLater) { BOOST_TEST(true); }

BOOST_AUTO_TEST_SUITE_END()
