#pragma once

// Where a test cannot run: on Windows, or under Wine, which lacks some of it. It is skipped there,
// by name and with the reason.
//
//   BOOST_AUTO_TEST_CASE(isCut, *notOnWindows("the name of a pipe is never cut")) {...}

#include <string>
#include <utility>

#include "sprocket/tests/skip.h"

namespace sprocket::tests {

#ifdef _WIN32
constexpr bool kIsWindows = true;
#else
constexpr bool kIsWindows = false;
#endif

bool runsUnderWine();

// A table of thousands of runs would take minutes under Wine, which gets each so many-th of them.
constexpr int kSweepStep = kIsWindows ? 7 : 1;

inline auto notOnWindows(std::string reason) {
  return skipUnless([] { return !kIsWindows; }, std::move(reason));
}

inline auto onlyOnWindows() {
  return skipUnless([] { return kIsWindows; }, "of Windows");
}

inline auto notUnderWine(std::string reason) {
  return skipUnless([] { return !runsUnderWine(); }, std::move(reason));
}

}  // namespace sprocket::tests
