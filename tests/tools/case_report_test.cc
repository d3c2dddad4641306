// Runs case_report_sample, as Bazel runs a test, and reads the report that it leaves.
#include "sprocket/tests/case_report.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace {

struct Run {
  bool succeeded;
  std::vector<std::string> cases;  // the report's lines, without the times
};

Run runSample(const std::string& arguments) {
  const std::string report = std::string(std::getenv("TEST_TMPDIR")) + "/report.xml";
  const std::string command =
      "XML_OUTPUT_FILE='" + report + "' tests/tools/case_report_sample " + arguments;
  Run run = {.succeeded = std::system(command.c_str()) == 0, .cases = {}};
  std::ifstream file(report);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("<testcase ")) continue;
    const std::size_t time = line.find(" time=");
    line.erase(time, line.find_first_of("/>", time) - time);
    run.cases.push_back(line);
  }
  return run;
}

std::string testcase(const std::string& attributes, const std::string& outcome) {
  return "<testcase " + attributes + "><" + outcome + "/></testcase>";
}

const std::string kPassed = R"(<testcase classname="" name="passes" items="9.4 9.5"/>)";
const std::string kFailed =
    testcase(R"(classname="" name="fails" items="")", R"(failure message="checks failed: 1")");
const std::string kSkipped = testcase(R"(classname="" name="isSkipped" items="")",
                                      R"(skipped message="1 &lt; 2 &amp; &quot;so&quot;")");
const std::string kUnfinished =
    testcase(R"(classname="crash" name="dies" items="")", R"(failure message="did not finish")");
const std::string kNotRun =
    testcase(R"(classname="crash" name="comesLater" items="")", R"(failure message="did not run")");

void check(const Run& run, const std::vector<std::string>& expected) {
  BOOST_TEST(run.cases == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE(caseReport)

BOOST_AUTO_TEST_CASE(tellsWhatPassedFailedAndWasSkipped) {
  const Run run = runSample("--run_test='!crash'");
  BOOST_TEST(!run.succeeded);
  check(run, {kPassed, kFailed, kSkipped});
}

BOOST_AUTO_TEST_CASE(leavesOutWhatWasNotAskedFor) {
  const Run run = runSample("--run_test=passes");
  BOOST_TEST(run.succeeded);
  check(run, {kPassed});
}

BOOST_AUTO_TEST_CASE(succeedsIfTheOthersAreSkipped) {
  const Run run = runSample("--run_test=passes,isSkipped");
  BOOST_TEST(run.succeeded);
  check(run, {kPassed, kSkipped});
}

BOOST_AUTO_TEST_CASE(countsACrashAndWhatCameAfterItAsFailed) {
  const Run run = runSample("");
  BOOST_TEST(!run.succeeded);
  check(run, {kPassed, kFailed, kSkipped, kUnfinished, kNotRun});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
