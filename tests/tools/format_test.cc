// Every source is as clang-format would have it. Versions differ in where they break lines, so
// only one counts.
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/skip.h"
#include "sprocket/tools/source_tree.h"

namespace {

using namespace sprocket;

std::vector<std::string> linesFrom(const std::string& command) {
  std::vector<std::string> lines;
  std::FILE* const pipe = popen(command.c_str(), "r");
  BOOST_TEST_REQUIRE(pipe != nullptr);
  std::string line;
  for (int c; (c = std::fgetc(pipe)) != EOF;) {
    if (c != '\n') {
      line += static_cast<char>(c);
    } else {
      lines.push_back(std::exchange(line, {}));
    }
  }
  pclose(pipe);
  return lines;
}

// A command, or empty.
std::string clangFormat14() {
  for (const std::string name : {"clang-format-14", "clang-format"}) {
    for (const std::string& line : linesFrom(name + " --version 2>&1")) {
      if (line.find("clang-format version 14.") != std::string::npos) return name;
    }
  }
  return {};
}

BOOST_AUTO_TEST_SUITE(format)

BOOST_AUTO_TEST_CASE(theTreeIsFormatted, *tests::skipUnless([] { return !clangFormat14().empty(); },
                                                            "no clang-format 14 here")) {
  const std::filesystem::path root = tools::checkoutRoot();
  std::filesystem::current_path(root);
  std::string command = clangFormat14() + " --style=file --dry-run";
  for (const tools::Source& source : tools::readSources(root)) command += ' ' + source.path;
  std::string path;
  for (const std::string& line : linesFrom(command + " 2>&1")) {
    // "path:line:column: warning: code should be clang-formatted", and more; once for each path.
    if (line.find(": warning: ") == line.npos) continue;
    if (path != std::exchange(path, line.substr(0, line.find(':')))) BOOST_ERROR(line);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
