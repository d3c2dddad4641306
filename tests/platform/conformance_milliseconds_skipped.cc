// In place of the conformance suite in milliseconds, where the poller is not epoll.

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/skip.h"

using namespace sprocket;

BOOST_AUTO_TEST_CASE(conformance_in_milliseconds,
                     *tests::skip("only epoll is without nanoseconds on some kernels")) {}
