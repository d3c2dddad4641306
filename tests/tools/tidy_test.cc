#include "sprocket/tools/tidy.h"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tools/source_tree.h"

namespace {

using namespace sprocket;
using tools::Finding;
using tools::Source;

BOOST_AUTO_TEST_SUITE(tidy)

BOOST_AUTO_TEST_CASE(theTreeIsTidy) {
  const std::vector<Source> sources = tools::readSources(tools::checkoutRoot());
  BOOST_TEST(sources.size() > 0u);
  for (const Finding& finding : tools::tidy(sources)) {
    BOOST_ERROR(finding.path << ':' << finding.line << ": " << finding.message);
  }
}

// The rules, each shown to fail. Beside the source given there are one header per floor and one
// of the tests, all tidy.
std::vector<Finding> findingsIn(const Source& source) {
  const std::string header = "#pragma once\n\n// For others to include.\n";
  return tools::tidy({source,
                      {"dns/dns.h", header},
                      {"net/net.h", header},
                      {"platform/backend.h", header},
                      {"reactor/loop.h", header},
                      {"tests/skip.h", header}});
}

void checkTidy(const Source& source) {
  for (const Finding& finding : findingsIn(source)) {
    BOOST_ERROR(finding.path << ':' << finding.line << ": " << finding.message);
  }
}

void checkFinds(const Source& source, std::size_t line, const std::string& words) {
  const std::vector<Finding> findings = findingsIn(source);
  BOOST_TEST_REQUIRE(findings.size() == 1u, "instead of one finding: " << findings.size());
  BOOST_TEST(findings[0].path == source.path);
  BOOST_TEST(findings[0].line == line);
  BOOST_TEST(findings[0].message.find(words) != std::string::npos, findings[0].message);
}

BOOST_AUTO_TEST_CASE(includesGoDownOnly) {
  const std::string dns = "#include \"sprocket/dns/dns.h\"\n";
  const std::string net = "#include \"sprocket/net/net.h\"\n";
  const std::string platform = "#include \"sprocket/platform/backend.h\"\n";
  const std::string reactor = "#include \"sprocket/reactor/loop.h\"\n";
  const std::string tests = "#include \"sprocket/tests/skip.h\"\n";
  checkTidy({"net/x.cc", dns + net + platform + reactor});
  checkTidy({"dns/x.cc", dns + platform + reactor});
  checkTidy({"reactor/x.cc", platform + reactor});
  checkTidy({"platform/x.cc", platform});
  checkTidy({"tests/x.cc", dns + net + platform + reactor + tests});
  checkFinds({"dns/x.cc", platform + net}, 2, "go down");
  checkFinds({"reactor/x.cc", dns}, 1, "go down");
  checkFinds({"reactor/x.cc", net}, 1, "go down");
  checkFinds({"platform/posix/x.cc", reactor}, 1, "go down");
  checkFinds({"net/x.cc", tests}, 1, "go down");
}

BOOST_AUTO_TEST_CASE(systemHeadersStayInFoldersOfPlatform) {
  const std::string unix = "#include <vector>\n#  include <unistd.h>\n";
  checkTidy({"platform/posix/x.cc", unix});
  checkTidy({"tests/platform/x.cc", unix});
  checkTidy({"tests/support/x.cc", unix});
  checkFinds({"platform/x.cc", unix}, 2, "not a header of standard C++");
  checkFinds({"net/x.cc", unix}, 2, "not a header of standard C++");
  checkFinds({"tests/net/x.cc", unix}, 2, "not a header of standard C++");
  checkFinds({"reactor/x.cc", "#include <sys/epoll.h>\n"}, 1, "not a header of standard C++");
}

BOOST_AUTO_TEST_CASE(boostIsForTests) {
  const std::string boost = "#include <boost/test/unit_test.hpp>\n";
  checkTidy({"tests/net/x.cc", boost});
  checkFinds({"net/x.cc", boost}, 1, "Boost");
  checkFinds({"tools/x.cc", boost}, 1, "Boost");
}

BOOST_AUTO_TEST_CASE(conditionalsStayUnderPlatform) {
  checkTidy({"platform/x.cc", "#if A\n#elif B\n#else\n#endif\n"});
  for (const std::string conditional :
       {"#if A", "#ifdef A", " # ifndef A", "#else", "#elif A", "#endif"}) {
    checkFinds({"net/x.cc", "\n" + conditional + "\n"}, 2, "conditionals");
  }
}

BOOST_AUTO_TEST_CASE(ourHeadersHaveOneSpelling) {
  checkFinds({"net/x.cc", "#include \"net/net.h\"\n"}, 1, "spelled");
  checkFinds({"net/x.cc", "#include \"net.h\"\n"}, 1, "spelled");
  checkFinds({"net/x.cc", "#include \"sprocket/net.h\"\n"}, 1, "spelled");
}

BOOST_AUTO_TEST_CASE(headersOpenWithPragmaOnceAndAComment) {
  checkTidy({"net/x.h", "#pragma once\n\n// What it is.\n"});
  checkFinds({"net/x.h", "// What it is.\n\n#pragma once\n"}, 1, "#pragma once");
  checkFinds({"net/x.h", "#pragma once\n\nint x;\n"}, 1, "what it is");
}

BOOST_AUTO_TEST_CASE(sourcesIncludeTheirOwnHeaderFirst) {
  const std::string own = "#include \"sprocket/reactor/loop.h\"\n";
  const std::string other = "#include <vector>\n";
  checkTidy({"reactor/loop.cc", own + other});
  checkFinds({"reactor/loop.cc", other + own}, 1, "own header");
}

BOOST_AUTO_TEST_CASE(linesHaveAHundredColumns) {
  std::string line = "//";
  while (line.size() < 100) line += 'x';
  checkTidy({"net/x.cc", line + "\n"});
  checkFinds({"net/x.cc", "\n" + line + "x\n"}, 2, "100 columns");

  std::string greek = "//";  // two bytes a character
  while (greek.size() < 198) greek += "\u03b1";
  checkTidy({"net/x.cc", greek + "\n"});
  checkFinds({"net/x.cc", greek + "\u03b1\n"}, 1, "100 columns");
}

BOOST_AUTO_TEST_CASE(linesHaveNoStrayBlanks) {
  checkFinds({"net/x.cc", "int\tx;\n"}, 1, "tab");
  checkFinds({"net/x.cc", "int x; \n"}, 1, "blank");
  checkFinds({"net/x.cc", "int x;\r\n"}, 1, "blank");
  checkFinds({"net/x.cc", "int x;"}, 1, "newline");
}

BOOST_AUTO_TEST_CASE(notesToSelfAreFound) {
  for (const std::string note : {"\x54ODO", "\x46IXME", "\x58XX"}) {
    checkFinds({"net/x.cc", "\n// " + note + "(me): later\n"}, 2, note);
    checkTidy({"net/x.cc", "// " + note + "S and MY_" + note + " are other words\n"});
  }
}

// What users copy is compiled.
BOOST_AUTO_TEST_CASE(theReadmesProgramIsAnExample) {
  const auto read = [](const char* path) {
    std::ifstream file(tools::checkoutRoot() / path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string program = read("tools/examples/readme.cc");
  BOOST_TEST(!program.empty());
  BOOST_TEST(read("README.md").find("```cpp\n" + program + "```") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
