// In place of the tests of kqueue, where the poller is another.

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/skip.h"

using namespace sprocket;

BOOST_AUTO_TEST_CASE(kqueue, *tests::skip("runs with --config=kqueue")) {}
