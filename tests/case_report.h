#pragma once

// The result of each test case, in the JUnit file that Bazel keeps beside the test's log, also for
// a cached result. tools/test counts from it, and tells tools/contract what the case has shown.
//
// The file is whole after every change, and a case counts as failed until it has passed. So a
// crash, an exit() or a time-out in the middle leaves the case in progress and those after it as
// failed. (Boost's own JUNIT logger writes at the end, and so nothing at all after a crash.)

#include <map>
#include <string>
#include <vector>

#include <boost/test/tree/observer.hpp>
#include <boost/test/tree/test_unit.hpp>

namespace sprocket::tests {

class CaseReport final : public boost::unit_test::test_observer {
 public:
  explicit CaseReport(std::string path);

  void test_start(boost::unit_test::counter_t, boost::unit_test::test_unit_id root) override;
  void test_unit_start(const boost::unit_test::test_unit&) override;
  void test_unit_finish(const boost::unit_test::test_unit&, unsigned long microseconds) override;
  void test_unit_skipped(const boost::unit_test::test_unit&,
                         boost::unit_test::const_string reason) override;

  // Of the case that runs.
  void skipped(const std::string& reason) { skipReason_ = reason; }

 private:
  enum class Outcome { kPassed, kFailed, kSkipped };

  struct Case {
    std::string suite;
    std::string name;
    std::string items;  // of net/behaviour.md, its labels: "9.4 9.5"
    Outcome outcome = Outcome::kFailed;
    std::string reason = "did not run";  // of a failure or of skipping
    double seconds = 0;
  };

  void write() const;

  std::string path_;
  std::string skipReason_;
  std::vector<Case> cases_;                                      // in the order of the source
  std::map<boost::unit_test::test_unit_id, std::size_t> index_;  // into cases_
};

}  // namespace sprocket::tests
