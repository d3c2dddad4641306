#include <algorithm>
#include <cerrno>
#include <clocale>
#include <set>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/sys_error.h"

namespace {

using namespace sprocket::platform;
using boost::unit_test::label;

// Beyond every error number of Linux, FreeBSD and macOS.
constexpr int numbers = 1000;

struct Known {
  int number;
  std::string_view name;
  std::string_view description;
};

// What users of a socket library compare with and read.
constexpr Known known[] = {
    {EACCES, "EACCES", "permission denied"},
    {EADDRINUSE, "EADDRINUSE", "address already in use"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "address not available"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"},
    {EAGAIN, "EAGAIN", "resource temporarily unavailable"},
    {EBADF, "EBADF", "bad file descriptor"},
    {ECANCELED, "ECANCELED", "operation canceled"},
    {ECONNABORTED, "ECONNABORTED", "software caused connection abort"},
    {ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {ECONNRESET, "ECONNRESET", "connection reset by peer"},
    {EEXIST, "EEXIST", "file already exists"},
    {EHOSTUNREACH, "EHOSTUNREACH", "host is unreachable"},
    {EINPROGRESS, "EINPROGRESS", "operation now in progress"},
    {EINVAL, "EINVAL", "invalid argument"},
    {EMFILE, "EMFILE", "too many open files"},
    {ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    {ENETUNREACH, "ENETUNREACH", "network is unreachable"},
    {ENFILE, "ENFILE", "file table overflow"},
    {ENOBUFS, "ENOBUFS", "no buffer space available"},
    {ENOENT, "ENOENT", "no such file or directory"},
    {ENOMEM, "ENOMEM", "not enough memory"},
    {ENOTCONN, "ENOTCONN", "socket is not connected"},
    {ENOTSOCK, "ENOTSOCK", "socket operation on non-socket"},
    {ENOTSUP, "ENOTSUP", "operation not supported"},
    {EPERM, "EPERM", "operation not permitted"},
    {EPIPE, "EPIPE", "broken pipe"},
    {EPROTOTYPE, "EPROTOTYPE", "protocol wrong type for socket"},
    {ETIMEDOUT, "ETIMEDOUT", "connection timed out"},
};

bool isKnown(int number) { return errorName(number) != "UNKNOWN"; }

BOOST_AUTO_TEST_SUITE(errnoNames)

BOOST_AUTO_TEST_CASE(errorsOfSocketsHaveTheirNames, *label("3.2")) {
  for (const Known& each : known) BOOST_TEST(errorName(each.number) == each.name);
}

BOOST_AUTO_TEST_CASE(errorsOfSocketsAreDescribed, *label("3.3")) {
  for (const Known& each : known) {
    BOOST_TEST_CONTEXT(each.name) { BOOST_TEST(errorDescription(each.number) == each.description); }
  }
}

BOOST_AUTO_TEST_CASE(theNumberIsFoundByName) {
  for (const Known& each : known) BOOST_TEST(errorNumber(each.name) == each.number);
}

BOOST_AUTO_TEST_CASE(numberAndNameAreInverse) {
  for (int number = 1; number < numbers; ++number) {
    // The one pair that some systems tell apart and we do not.
    if (number == EOPNOTSUPP || !isKnown(number)) continue;
    BOOST_TEST(errorNumber(errorName(number)) == number);
  }
}

BOOST_AUTO_TEST_CASE(wouldBlockIsEagain) { BOOST_TEST(errorName(EWOULDBLOCK) == "EAGAIN"); }

BOOST_AUTO_TEST_CASE(operationNotSupportedOnSocketIsEnotsup) {
  BOOST_TEST(errorName(EOPNOTSUPP) == "ENOTSUP");
  BOOST_TEST(errorDescription(EOPNOTSUPP) == "operation not supported");
}

BOOST_AUTO_TEST_CASE(numbersThatAreNoneAreUnknown) {
  for (const int number : {0, -1, -ECONNREFUSED, 4095, 1'000'000}) {
    BOOST_TEST_CONTEXT(number) {
      BOOST_TEST(errorName(number) == "UNKNOWN");
      BOOST_TEST(errorDescription(number) == "unknown error");
    }
  }
}

BOOST_AUTO_TEST_CASE(namesThatAreNoneHaveNoNumber) {
  for (const std::string_view name : {"", "UNKNOWN", "EPIPE ", "epipe", "EPIP", "EPIPES"}) {
    BOOST_TEST_CONTEXT(name) { BOOST_TEST(errorNumber(name) == 0); }
  }
}

BOOST_AUTO_TEST_CASE(noTwoErrorsShareADescription) {
  std::set<std::string_view> seen;
  for (int number = 1; number < numbers; ++number) {
    if (number == EOPNOTSUPP || !isKnown(number)) continue;
    BOOST_TEST_CONTEXT(errorName(number)) {
      BOOST_TEST(seen.insert(errorDescription(number)).second);
    }
  }
}

BOOST_AUTO_TEST_CASE(descriptionsAreLowerCaseWordsWithoutFullStop) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz -/:";
  for (int number = 1; number < numbers; ++number) {
    const std::string_view text = errorDescription(number);
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!text.empty());
      BOOST_TEST(text.find_first_not_of(allowed) == std::string_view::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(theLocaleChangesNothing) {
  const std::string before(errorDescription(ECONNREFUSED));
  const std::string locale(std::setlocale(LC_ALL, nullptr));
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  BOOST_TEST(errorDescription(ECONNREFUSED) == before);
  std::setlocale(LC_ALL, locale.c_str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
