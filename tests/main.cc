// Boost.Test itself is compiled here and nowhere else: it takes seven seconds.
#define BOOST_TEST_MODULE sprocket
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
// A crash ends the program. Boost's signal handlers would jump out of it and go on, and hide it
// from the sanitizers.
#define BOOST_TEST_DEFAULTS_TO_CORE_DUMP
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <boost/test/included/unit_test.hpp>

#include "sprocket/tests/case_report.h"
#include "sprocket/tests/skip.h"

int main(int argc, char* argv[]) {
  std::optional<sprocket::tests::CaseReport> report;
  if (const char* path = std::getenv("XML_OUTPUT_FILE")) {  // set by Bazel
    report.emplace(path);
    boost::unit_test::framework::register_observer(*report);
  }
  boost::unit_test::unit_test_monitor.register_exception_translator<sprocket::tests::Skip>(
      [&](const sprocket::tests::Skip& skip) {
        if (report) report->skipped(skip.reason);
      });
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // so that a crash loses no line of the log
  return boost::unit_test::unit_test_main(&init_unit_test, argc, argv);
}
