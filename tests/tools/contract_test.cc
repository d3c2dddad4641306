// Runs tools/contract on this tree, and copies of it on trees of the test's own.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sprocket/tools/source_tree.h"

namespace {

namespace fs = std::filesystem;
using namespace sprocket;

struct Run {
  bool succeeded;
  std::string output;
};

Run run(const fs::path& root, const std::string& arguments = "") {
  const fs::path output = fs::path(std::getenv("TEST_TMPDIR")) / "output";
  const std::string command = "'" + (root / "tools/contract").string() + "' " + arguments + " >'" +
                              output.string() + "' 2>&1";
  const bool succeeded = std::system(command.c_str()) == 0;
  std::ifstream file(output);
  return {succeeded, std::string(std::istreambuf_iterator<char>(file), {})};
}

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

// A tree of three items, one of them optional.
struct Tree {
  const fs::path root = fs::path(std::getenv("TEST_TMPDIR")) / "tree";

  Tree() {
    write(root / "net/behaviour.md",
          "# What it does\n\n**1.1** Works.\n\n**1.2** As **9.9** does.\n\n**1.10** [O] More.\n");
    fs::create_directory(root / "tools");
    fs::copy_file("tools/contract", root / "tools/contract");
    write(root / "tests/net/other_test.cc", "");
    write(root / "tests/tools/sample.cc", "BOOST_AUTO_TEST_CASE(x, *label(\"9.9\")) {}\n");
  }
  ~Tree() { fs::remove_all(root); }

  Run tests(const std::string& source) const {
    write(root / "tests/net/x_test.cc", source);
    return run(root);
  }
  Run passed(const std::string& lines) const {
    write(root / "passed", lines);
    return run(root, "--passed <'" + (root / "passed").string() + "'");
  }
};

void check(const Run& run, bool succeeded, const std::string& output) {
  BOOST_TEST(run.succeeded == succeeded);
  BOOST_TEST(run.output == output);
}

BOOST_AUTO_TEST_SUITE(contract)

BOOST_AUTO_TEST_CASE(everyItemIsShownByATestOfThisTree) {
  const Run result = run(tools::checkoutRoot());
  BOOST_TEST(result.succeeded, result.output);
}

BOOST_FIXTURE_TEST_CASE(labelsAreFoundInEveryKindOfCase, Tree) {
  check(tests("BOOST_TEST_DECORATOR(*label(\"1.1\"))\n"
              "BOOST_AUTO_TEST_CASE_TEMPLATE(a, T, Ts) {}\n"
              "BOOST_FIXTURE_TEST_CASE(b, Fixture,\n"
              "                        *skipUnless([] { return x(); }, \"not (\") *\n"
              "                            label(\"1.10\") * label(\"1.2\")) {}\n"),
        true, "3 of 3 items shown\n");
}

BOOST_FIXTURE_TEST_CASE(anItemWithoutALabelIsMissingUnlessItIsOptional, Tree) {
  check(tests("BOOST_AUTO_TEST_CASE(a, *label(\"1.1\")) {}\n"), false,
        "optional, waiting: 1.10\nnot shown: 1.2\n1 of 3 items shown\n");
  check(tests("BOOST_AUTO_TEST_CASE(a, *label(\"1.1\") * label(\"1.2\")) {}\n"), true,
        "optional, waiting: 1.10\n2 of 3 items shown\n");
}

BOOST_FIXTURE_TEST_CASE(aLabelThatNamesNoItemIsAMistake, Tree) {
  check(tests("BOOST_AUTO_TEST_CASE(a, *label(\"1.1\") * label(\"1.2\") * label(\"1.3\")) {}\n"),
        false, "a label that names no item: 1.3\noptional, waiting: 1.10\n2 of 3 items shown\n");
}

BOOST_FIXTURE_TEST_CASE(whatNeverRunsShowsNothing, Tree) {
  check(tests("BOOST_AUTO_TEST_CASE(a, *label(\"1.1\") * disabled()) {}\n"
              "BOOST_TEST_DECORATOR(*label(\"1.1\"))\n"
              "BOOST_AUTO_TEST_CASE(b, *tests::skip(\"never\")) {}\n"
              "// BOOST_AUTO_TEST_CASE(c, *label(\"1.1\")) {}\n"
              "BOOST_AUTO_TEST_SUITE(off, *boost::unit_test::disabled())\n"
              "BOOST_AUTO_TEST_SUITE(inner)\n"
              "BOOST_AUTO_TEST_CASE(d, *label(\"1.1\")) {}\n"
              "BOOST_AUTO_TEST_SUITE_END()\n"
              "BOOST_AUTO_TEST_CASE(e, *label(\"1.1\")) {}\n"
              "BOOST_AUTO_TEST_SUITE_END()\n"
              "BOOST_AUTO_TEST_CASE(f, *label(\"1.2\")) {}\n"),
        false, "optional, waiting: 1.10\nnot shown: 1.1\n1 of 3 items shown\n");
}

BOOST_FIXTURE_TEST_CASE(ofARunLinuxMustShowEverything, Tree) {
  check(passed("linux 1.1 1.2\nlinux\nkqueue 1.2\n"), true,
        "not shown on kqueue: 1.1 1.10\noptional, waiting: 1.10\n2 of 3 items shown\n");
  check(passed("linux 1.1\nkqueue 1.2\n"), false,
        "not shown on kqueue: 1.1 1.10\noptional, waiting: 1.10\nnot shown: 1.2\n"
        "1 of 3 items shown\n");
}

BOOST_FIXTURE_TEST_CASE(ofARunWindowsMustShowWhatExistsThereOnly, Tree) {
  write(root / "net/behaviour.md", "**1.1** Works.\n\n**1.2** [Windows] As pipes do.\n");
  check(passed("linux 1.1\nkqueue 1.1\n"), true,
        "to be shown on windows: 1.2\n1 of 2 items shown\n");
  check(passed("linux 1.1\nwindows 1.1\n"), false, "not shown: 1.2\n1 of 2 items shown\n");
  check(passed("linux 1.1\nwindows 1.1 1.2\n"), true, "2 of 2 items shown\n");
}

BOOST_FIXTURE_TEST_CASE(ofARunWindowsNeedNotShowWhatIsNotThere, Tree) {
  write(root / "net/behaviour.md", "**1.1** Works.\n\n**1.2** [POSIX] As files do.\n");
  check(passed("linux 1.1 1.2\nkqueue 1.1\nwindows 1.1\n"), true,
        "not shown on kqueue: 1.2\n2 of 2 items shown\n");
  check(passed("linux 1.1\nwindows 1.1 1.2\n"), false, "not shown: 1.2\n1 of 2 items shown\n");
}

BOOST_FIXTURE_TEST_CASE(withoutItemsNothingIsShown, Tree) {
  write(root / "net/behaviour.md", "");
  BOOST_TEST(!tests("").succeeded);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
