// Sprocket beside Node: the same programs on both must say the same, line by line, and their halves
// must understand each other.
//
// A scenario is a short program in JavaScript, and the same program in C++ with the same name, in
// the files of the same name: write.js and write.cc. Either it is done `alone`, or it has two
// halves, a server and a client, in two processes; who comes first is then decided by what they
// send each other, never by time. Both print a trace of what happens: events, arguments, return
// values, texts of errors.
//
// Two halves run over TCP and over a path, on Node both, which is what is expected; then with ours
// in one role, in the other and in both, and these are the cases: largeWrite_tcp_ours_nodes has our
// server and Node's client. What may differ is listed in differences.cc.
//
// To add a scenario write it in both languages, and add it to the table at the end of the C++ file.
// To run one by hand, say writeAfterEnd between Node's server and our client:
//
//   bazel build //tests/node_parity:parity_peer
//   mkdir -p /tmp/p/writeAfterEnd
//   node tests/node_parity/parity_peer.js server tcp /tmp/p 9 writeAfterEnd &
//   bazel-bin/tests/node_parity/parity_peer client tcp /tmp/p 9 writeAfterEnd

#include "sprocket/tests/node_parity/parity.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/node_parity/differences.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/child_process.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {
namespace {

using parity::Difference;
using parity::Over;
using parity::Scenario;

const std::string kFolder = "tests/node_parity/";

using Command = std::vector<std::string>;
using Trace = std::vector<std::string>;
using Traces = std::map<std::string, Trace>;  // by scenario

// Where node is installed; empty if nowhere.
std::string findNode() {
  std::istringstream path(std::getenv("PATH"));
  for (std::string folder; std::getline(path, folder, ':');) {
    if (std::filesystem::exists(folder + "/node")) return folder + "/node";
  }
  return {};
}

enum class Who { ours, nodes };

std::string nameOf(Who who) { return who == Who::ours ? "ours" : "nodes"; }

Command commandOf(Who who) {
  if (who == Who::ours) return {kFolder + "parity_peer"};
  static const std::string node = findNode();
  if (node.empty()) skipHere("node is not installed");
  return {node, kFolder + "parity_peer.js"};
}

// `name` in place of the value wherever it stands by itself.
void replace(std::string& line, const std::string& value, const std::string& name) {
  for (std::size_t at = 0; (at = line.find(value, at)) != line.npos;) {
    const std::size_t end = at + value.size();
    const auto isDigit = [&](std::size_t index) {
      return index < line.size() && std::isdigit(static_cast<unsigned char>(line[index])) != 0;
    };
    if ((at > 0 && isDigit(at - 1)) || isDigit(end)) {
      at = end;
    } else {
      line.replace(at, value.size(), name);
      at += name.size();
    }
  }
}

// What a peer has printed, by scenario, with the names that it gave to values.
Traces readTraces(const std::string& output) {
  Traces traces;
  std::string scenario;
  std::map<std::string, std::string> names;  // by value
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == ":begin") {
      words >> scenario;
      names.clear();
    } else if (word == ":name") {
      std::string value;
      std::string name;
      words >> value >> name;
      names[value] = name;
      for (std::string& each : traces[scenario]) replace(each, value, name);
    } else if (word != ":end") {
      for (const auto& [each, as] : names) replace(line, each, as);
      traces[scenario].push_back(line);
    }
  }
  return traces;
}

// The half of many scenarios in one process.
class Peer {
 public:
  Peer(Who who, const std::string& half, const std::string& venue, const std::string& folder,
       const std::vector<std::string>& scenarios)
      : process_([&] {
          Command command = commandOf(who);
          command.insert(command.end(), {half, venue, folder, std::to_string(nobody_.port())});
          command.insert(command.end(), scenarios.begin(), scenarios.end());
          return command;
        }()) {}

  void awaitEnd(const std::string& scenario) { process_.awaitLine(":end " + scenario); }

  // Of what it has done, when it has ended or should have.
  Traces traces() {
    BOOST_TEST(process_.wait() == 0);
    BOOST_TEST(process_.errors() == "");
    return readTraces(process_.output());
  }

 private:
  const RawSocket nobody_ = RawSocket::bind();
  ChildProcess process_;
};

struct Halves {
  Traces server;  // or alone
  Traces client;
};

bool isAlone(const Scenario& scenario) { return scenario.client == nullptr; }

bool isOver(const Scenario& scenario, const std::string& venue) {
  return scenario.over == Over::both || (scenario.over == Over::tcp) == (venue == "tcp");
}

// Runs all that are to run there.
Halves runAll(const std::string& venue, Who server, Who client) {
  const bool alone = venue == "alone";
  const TempDirectory folder;
  std::vector<std::string> names;
  for (const Scenario& each : parity::scenarios()) {
    if (isAlone(each) != alone || (!alone && !isOver(each, venue))) continue;
    names.emplace_back(each.name);
    std::filesystem::create_directory(folder.path(each.name));
  }
  const std::string path = folder.path("");
  const std::string root = path.substr(0, path.size() - 1);
  Peer first(server, alone ? "alone" : "server", venue, root, names);
  std::optional<Peer> second;
  if (!alone) second.emplace(client, "client", venue, root, names);
  for (const std::string& name : names) {
    first.awaitEnd(name);
    if (second) second->awaitEnd(name);
  }
  return {first.traces(), second ? second->traces() : Traces()};
}

// Done once.
const Halves& halves(const std::string& venue, Who server, Who client) {
  static std::map<std::tuple<std::string, Who, Who>, Halves> done;
  const auto key = std::tuple(venue, server, client);
  if (!done.contains(key)) done[key] = runAll(venue, server, client);
  return done[key];
}

std::string text(const Trace& trace) {
  std::string all;
  for (const std::string& line : trace) all += "    " + line + "\n";
  return all;
}

// Whether our trace of a half is Node's but for the listed differences, each of which occurs.
bool matches(const Trace& node, const Trace& ours, std::vector<Difference> differences) {
  std::size_t i = 0;
  std::size_t j = 0;
  auto next = differences.begin();
  while (i < node.size() || j < ours.size()) {
    if (i < node.size() && j < ours.size() && node[i] == ours[j]) {
      ++i, ++j;
      continue;
    }
    if (next == differences.end()) return false;
    if (!next->node.empty() && (i == node.size() || node[i++] != next->node)) return false;
    if (!next->ours.empty() && (j == ours.size() || ours[j++] != next->ours)) return false;
    ++next;
  }
  return next == differences.end();
}

void compare(const std::string& scenario, const std::string& half, Who who, const Traces& expected,
             const Traces& actual) {
  const Trace& node = expected.at(scenario);
  const Trace ours = actual.contains(scenario) ? actual.at(scenario) : Trace();
  std::vector<Difference> differences;
  if (who == Who::ours) {
    std::copy_if(
        parity::kDifferences.begin(), parity::kDifferences.end(), std::back_inserter(differences),
        [&](const Difference& each) { return each.scenario == scenario && each.half == half; });
  }
  BOOST_TEST(matches(node, ours, differences), scenario + ", " + half + ":\n  node prints\n"
                                                   << text(node) << "  and " << nameOf(who) << "\n"
                                                   << text(ours));
}

void runCase(const std::string& scenario, const std::string& venue, Who server, Who client) {
  const Halves& expected = halves(venue, Who::nodes, Who::nodes);
  const Halves& actual = halves(venue, server, client);
  const bool alone = venue == "alone";
  compare(scenario, alone ? "alone" : "server", server, expected.server, actual.server);
  if (!alone) compare(scenario, "client", client, expected.client, actual.client);
}

void addCase(const Scenario& scenario, const std::string& venue, Who server, Who client) {
  std::string name(scenario.name);
  if (venue != "alone") name += "_" + venue + "_" + nameOf(server) + "_" + nameOf(client);
  const std::string scenarioName(scenario.name);
  boost::unit_test::framework::current_auto_test_suite().add(boost::unit_test::make_test_case(
      [=] { runCase(scenarioName, venue, server, client); }, name, __FILE__, __LINE__));
}

[[maybe_unused]] const bool added = [] {
  for (const Scenario& each : parity::scenarios()) {
    if (isAlone(each)) addCase(each, "alone", Who::ours, Who::ours);
    for (const std::string venue : {"tcp", "path"}) {
      if (isAlone(each) || !isOver(each, venue)) continue;
      addCase(each, venue, Who::ours, Who::ours);
      addCase(each, venue, Who::ours, Who::nodes);
      addCase(each, venue, Who::nodes, Who::ours);
    }
  }
  return true;
}();

BOOST_AUTO_TEST_CASE(bothHaveTheSameScenarios) {
  ChildProcess ours(commandOf(Who::ours));
  ChildProcess nodes(commandOf(Who::nodes));
  BOOST_TEST(ours.wait() == 0);
  BOOST_TEST(nodes.wait() == 0);
  BOOST_TEST(ours.output() == nodes.output());
}

BOOST_AUTO_TEST_CASE(everyDifferenceIsOfAScenario) {
  const auto scenarios = parity::scenarios();
  for (const Difference& each : parity::kDifferences) {
    const auto scenario =
        std::find_if(scenarios.begin(), scenarios.end(),
                     [&](const Scenario& one) { return one.name == each.scenario; });
    BOOST_TEST_REQUIRE((scenario != scenarios.end()), each.scenario);
    BOOST_TEST((each.half == "alone") == isAlone(*scenario), each.scenario);
    BOOST_TEST(!each.reason.empty(), each.scenario);
  }
}

}  // namespace
}  // namespace sprocket::tests
