#include "sprocket/tests/case_report.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

#include <boost/test/framework.hpp>
#include <boost/test/results_collector.hpp>
#include <boost/test/tree/traverse.hpp>
#include <boost/test/tree/visitor.hpp>

namespace sprocket::tests {
namespace {

namespace ut = boost::unit_test;

// Calls visit(test case) for every one in the unit, which may be a case itself.
template <typename Visit>
void forEachCase(const ut::test_unit& unit, Visit visit) {
  struct Visitor : ut::test_tree_visitor {
    explicit Visitor(Visit& v) : visit_(v) {}
    void visit(const ut::test_case& test) override { visit_(test); }
    Visit& visit_;
  } visitor(visit);
  ut::traverse_test_tree(unit.p_id, visitor, /*ignore_status=*/true);
}

std::string quoted(std::string_view text) {
  std::string xml = "\"";
  for (const char c : text) {
    switch (c) {
      case '&': xml += "&amp;"; break;
      case '<': xml += "&lt;"; break;
      case '>': xml += "&gt;"; break;
      case '"': xml += "&quot;"; break;
      default: xml += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return xml + '"';
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

CaseReport::CaseReport(std::string path) : path_(std::move(path)) {}

void CaseReport::test_start(ut::counter_t, ut::test_unit_id root) {
  forEachCase(ut::framework::get<ut::test_unit>(root), [this](const ut::test_case& test) {
    // Left out by --run_test, as against disabled in the source.
    if (!test.is_enabled() && test.p_default_status != ut::test_unit::RS_DISABLED) return;
    const std::string path = test.full_name();  // suite/.../case
    const std::size_t nameAt = path.size() - test.p_name->size();
    index_.emplace(test.p_id, cases_.size());
    cases_.push_back({.suite = path.substr(0, std::max<std::size_t>(nameAt, 1) - 1),
                      .name = test.p_name,
                      .items = joined(test.p_labels)});
  });
  write();
}

void CaseReport::test_unit_start(const ut::test_unit& unit) {
  const auto found = index_.find(unit.p_id);
  if (found == index_.end()) return;  // a suite
  cases_[found->second].reason = "did not finish";
  write();
}

void CaseReport::test_unit_finish(const ut::test_unit& unit, unsigned long microseconds) {
  const auto found = index_.find(unit.p_id);
  if (found == index_.end()) return;
  const ut::test_results& results = ut::results_collector.results(unit.p_id);
  Case& test = cases_[found->second];
  test.seconds = static_cast<double>(microseconds) / 1e6;
  test.outcome = results.passed() ? Outcome::kPassed : Outcome::kFailed;
  test.reason = "checks failed: " + std::to_string(results.p_assertions_failed);
  if (results.passed() && !skipReason_.empty()) {
    test.outcome = Outcome::kSkipped;
    test.reason = skipReason_;
  }
  skipReason_.clear();
  write();
}

void CaseReport::test_unit_skipped(const ut::test_unit& unit, ut::const_string reason) {
  std::string_view text(reason.begin(), reason.size());
  if (constexpr std::string_view kPrefix = "precondition failed: "; text.starts_with(kPrefix)) {
    text.remove_prefix(kPrefix.size());
  }
  forEachCase(unit, [&](const ut::test_case& test) {
    const auto found = index_.find(test.p_id);
    if (found == index_.end()) return;
    cases_[found->second].outcome = Outcome::kSkipped;
    cases_[found->second].reason = text;
  });
  write();
}

// A case per line, attributes in this order: tools/test relies on both.
void CaseReport::write() const {
  const auto count = [this](Outcome outcome) {
    return std::count_if(cases_.begin(), cases_.end(),
                         [outcome](const Case& test) { return test.outcome == outcome; });
  };
  std::ofstream out(path_, std::ios::trunc | std::ios::binary);  // one format on every system
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"sprocket\" "
         "tests=\""
      << cases_.size() << "\" failures=\"" << count(Outcome::kFailed) << "\" skipped=\""
      << count(Outcome::kSkipped) << "\">\n";
  for (const Case& test : cases_) {
    out << "<testcase classname=" << quoted(test.suite) << " name=" << quoted(test.name)
        << " items=" << quoted(test.items) << " time=\"" << test.seconds << '"';
    switch (test.outcome) {
      case Outcome::kPassed: out << "/>\n"; break;
      case Outcome::kFailed:
        out << "><failure message=" << quoted(test.reason) << "/></testcase>\n";
        break;
      case Outcome::kSkipped:
        out << "><skipped message=" << quoted(test.reason) << "/></testcase>\n";
        break;
    }
  }
  out << "</testsuite>\n</testsuites>\n";
}

}  // namespace sprocket::tests
