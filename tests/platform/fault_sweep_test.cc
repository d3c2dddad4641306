// SQLite's way: a scenario is run with its first system call failing, then with its second, and so
// on, each with every error that the manual page gives. Every run must end within a bounded number
// of turns with the work done or the failure reported once, with nothing open, nothing closed twice
// and nothing used after it was closed; and what only concerns the moment (EINTR, EAGAIN, a client
// that left the queue) must not be noticed at all.

#include <algorithm>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/support/backend_fixture.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;
using platform::SysError;

constexpr std::size_t kMostTurns = 2'000;

const Endpoint kTcp = IpEndpoint{IpAddress::loopback(platform::Family::v4), 0};

Endpoint unixPath() {
  static TempDirectory directory;
  return LocalPath{directory.freshPath()};
}

// One run of a scenario. A scenario arranges streams that close themselves in the end whatever
// happens, and says afterwards whether the work was done.
class Run {
 public:
  using Scenario = std::function<bool(Run&)>;

  explicit Run(const Scenario& scenario) {
    fake.limitTransfers(2'000);
    fake.useVirtualTime();
    scenario_ = scenario;
  }

  // Returns whether the call to fail was made.
  bool perform() {
    done_ = begin() && scenario_(*this);
    if (fixture_) end();
    BOOST_TEST(fake.openDescriptors().empty());
    BOOST_TEST(fake.mistakes() == 0u);
    return !fake.struck().empty();
  }

  // What is arranged by scenarios.
  RecordingListenerHandler* listen(const Endpoint& endpoint) {
    auto listener = fixture_->tryListen(endpoint);
    if (!listener) {
      failures_.push_back(listener.error());
      return nullptr;
    }
    (*listener)->startAccepting();
    return *listener;
  }
  BackendFixture& fixture() { return *fixture_; }

  // Turns until all streams, at least so many, have closed themselves.
  void goOnUntil(const std::function<bool()>& over) {
    for (turns_ = 0; turns_ < kMostTurns && !over(); ++turns_) {
      fixture_->turn(std::chrono::seconds(1));
    }
    BOOST_TEST(over(), "not over after " << kMostTurns << " turns");
  }

  bool done() const { return done_; }
  const std::vector<SysError>& failures() const { return failures_; }

  FakeSyscalls fake;

 private:
  bool begin() {
    auto backend = platform::makeBackend();
    if (!backend) {
      failures_.push_back(backend.error());
      return false;
    }
    fixture_.emplace(std::move(*backend));
    return true;
  }

  void end() {
    BOOST_TEST(fixture_->closeAll());
    const auto told = fixture_->failures();
    failures_.insert(failures_.end(), told.begin(), told.end());
    fixture_.reset();
  }

  Scenario scenario_;
  std::optional<BackendFixture> fixture_;
  std::vector<SysError> failures_;
  std::size_t turns_ = 0;
  bool done_ = false;
};

// Is over when the client and what was accepted have closed themselves.
bool allClosed(const RecordingStreamHandler& client, const RecordingListenerHandler& listener) {
  return client.closed() &&
         std::all_of(listener.accepted().begin(), listener.accepted().end(),
                     [](const RecordingStreamHandler* server) { return server->closed(); });
}

void closeOnFailure(RecordingStreamHandler& stream) {
  stream.on.error = [&stream] { stream.close(); };
}

// Listens, connects, sends there and back with back-pressure, half-closes, closes.
bool echo(Run& run, const Endpoint& endpoint) {
  RecordingListenerHandler* listener = run.listen(endpoint);
  if (listener == nullptr) return false;
  listener->on.accept = [](RecordingStreamHandler& server) {
    server.startReceiving();
    server.on.receive = [&server] {
      server.sendAll(server.latest());
      if (server.inFlight() > 0) server.stopReceiving();
    };
    server.on.send = [&server] {
      if (server.inFlight() == 0) server.startReceiving();
    };
    server.on.end = [&server] {
      server.shutdownSend();
      server.close();
    };
    closeOnFailure(server);
  };
  const std::string text(64 * 1024, 'x');
  RecordingStreamHandler& client = run.fixture().connect(listener->listener().localEndpoint());
  client.on.connect = [&] {
    if (client.failed()) return client.close();
    client.startReceiving();
    client.send(text);
  };
  client.on.send = [&] {
    if (client.inFlight() == 0) client.shutdownSend();
  };
  client.on.end = [&] { client.close(); };
  closeOnFailure(client);
  run.goOnUntil([&] { return allClosed(client, *listener); });
  return client.ended() && client.received() == text && client.sentCount() == text.size();
}

// Several at once, with options and a local address; the server says a word and hangs up.
bool greetings(Run& run, const Endpoint& endpoint) {
  RecordingListenerHandler* listener = run.listen(endpoint);
  if (listener == nullptr) return false;
  listener->on.accept = [](RecordingStreamHandler& server) {
    server.on.connect = [&server] {
      server.stream().setNoDelay(true);
      server.stream().remoteEndpoint();
      server.send("hello");
    };
    server.on.send = [&server] {
      if (server.inFlight() == 0) server.close();
    };
    closeOnFailure(server);
  };
  std::vector<RecordingStreamHandler*> clients;
  for (int i = 0; i < 10; ++i) {
    const Endpoint local = endpoint.isIp() && i % 2 == 0 ? kTcp : Endpoint();
    RecordingStreamHandler& client =
        run.fixture().connect(listener->listener().localEndpoint(), {.local = local});
    client.startReceiving();
    client.stream().setKeepAlive(true, std::chrono::seconds(10));
    client.on.connect = [&client] {
      if (client.failed()) client.close();
    };
    client.on.end = [&client] { client.close(); };
    closeOnFailure(client);
    clients.push_back(&client);
  }
  run.fixture().backend().wake();
  run.goOnUntil([&] {
    return std::all_of(clients.begin(), clients.end(),
                       [&](auto* client) { return allClosed(*client, *listener); });
  });
  return std::all_of(clients.begin(), clients.end(),
                     [](auto* client) { return client->received() == "hello"; });
}

// The server has enough in the middle of a transfer.
bool reset(Run& run, const Endpoint& endpoint) {
  RecordingListenerHandler* listener = run.listen(endpoint);
  if (listener == nullptr) return false;
  listener->on.accept = [](RecordingStreamHandler& server) {
    server.startReceiving();
    server.on.receive = [&server] {
      if (server.receivedCount() > 10'000) server.reset();
    };
    server.on.end = [&server] { server.close(); };
    closeOnFailure(server);
  };
  RecordingStreamHandler& client = run.fixture().connect(listener->listener().localEndpoint());
  client.on.connect = [&] {
    if (client.failed()) return client.close();
    client.startReceiving();
    client.send(std::string(10'000'000, 'x'));
  };
  client.on.end = [&] { client.close(); };
  closeOnFailure(client);
  run.goOnUntil([&] { return allClosed(client, *listener); });
  // That the client is told is the work here. A unix socket tells of an error only if it had bytes
  // that were not read.
  return client.failed() || (client.ended() && !endpoint.isIp());
}

bool refused(Run& run, const Endpoint& endpoint) {
  RecordingListenerHandler* listener = run.listen(endpoint);
  if (listener == nullptr) return false;
  const Endpoint dead = listener->listener().localEndpoint();
  listener->close();
  run.goOnUntil([&] { return listener->closed(); });
  RecordingStreamHandler& client = run.fixture().connect(dead);
  client.startReceiving();
  client.on.connect = [&] { client.close(); };
  run.goOnUntil([&] { return client.closed(); });
  return client.error().code() == (dead.isIp() ? "ECONNREFUSED" : "ENOENT");
}

// A failure that other failures follow from on the other side, and so not one that is told once.
bool spreads(int errnum) {
  const std::string_view name = platform::errorName(errnum);
  return name == "ECONNRESET" || name == "ECONNABORTED" || name == "EPIPE";
}

std::ptrdiff_t countOf(const std::vector<SysError>& failures, int errnum) {
  return std::count_if(failures.begin(), failures.end(),
                       [errnum](const SysError& error) { return error.errnum == errnum; });
}

void check(const Run& run, const std::vector<SysError>& usual) {
  const std::vector<FakeSyscalls::Struck>& struck = run.fake.struck();
  if (std::all_of(struck.begin(), struck.end(),
                  [](const auto& each) { return isPassing(each.call, each.errnum); })) {
    BOOST_TEST(run.done());
    BOOST_TEST(run.failures().size() <= usual.size());
    return;
  }
  BOOST_TEST((run.done() || !run.failures().empty()), "the failure went unreported");
  if (struck.size() > 1 || spreads(struck[0].errnum)) return;
  BOOST_TEST(countOf(run.failures(), struck[0].errnum) <= 1 + countOf(usual, struck[0].errnum));
}

std::string describe(std::size_t index, const std::vector<FakeSyscalls::Struck>& struck) {
  std::string text = "from call " + std::to_string(index) + " on:";
  for (const auto& each : struck) {
    text += " " + std::string(callName(each.call)) + " " +
            std::string(platform::errorName(each.errnum));
  }
  return text;
}

// Returns how many points that were.
std::size_t sweepWith(std::size_t width, const Run::Scenario& scenario,
                      const std::vector<SysError>& usual) {
  std::size_t points = 0;
  bool reached = true;
  for (std::size_t index = 0; reached; index += kSweepStep) {
    reached = false;
    for (std::size_t variant = 0;; ++variant) {
      Run run(scenario);
      run.fake.failAt(index, variant, width);
      BOOST_TEST_CONTEXT("call " << index << ", variant " << variant << ", width " << width) {
        if (!run.perform()) break;
      }
      BOOST_TEST_CONTEXT(describe(index, run.fake.struck())) { check(run, usual); }
      reached = true;
      ++points;
    }
  }
  return points;
}

// The second and third call fail as well in some of the runs: errors in the answer to an error are
// the ones that nobody has seen.
void sweep(std::string_view name, const Run::Scenario& scenario) {
  std::vector<SysError> usual;
  {
    Run undisturbed(scenario);
    undisturbed.perform();
    BOOST_REQUIRE(undisturbed.done());
    usual = undisturbed.failures();
  }
  std::size_t points = 0;
  for (const std::size_t width : {1u, 2u, 3u}) points += sweepWith(width, scenario, usual);
  std::cout << "fault_sweep/" << name << ": " << points << " points\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_sweep)

BOOST_AUTO_TEST_CASE(echo_over_tcp) {
  sweep("echo_over_tcp", [](Run& run) { return echo(run, kTcp); });
}
BOOST_AUTO_TEST_CASE(echo_over_unix) {
  sweep("echo_over_unix", [](Run& run) { return echo(run, unixPath()); });
}
BOOST_AUTO_TEST_CASE(greetings_over_tcp) {
  sweep("greetings_over_tcp", [](Run& run) { return greetings(run, kTcp); });
}
BOOST_AUTO_TEST_CASE(greetings_over_unix) {
  sweep("greetings_over_unix", [](Run& run) { return greetings(run, unixPath()); });
}
BOOST_AUTO_TEST_CASE(reset_over_tcp) {
  sweep("reset_over_tcp", [](Run& run) { return reset(run, kTcp); });
}
BOOST_AUTO_TEST_CASE(reset_over_unix) {
  sweep("reset_over_unix", [](Run& run) { return reset(run, unixPath()); });
}
BOOST_AUTO_TEST_CASE(refused_over_tcp) {
  sweep("refused_over_tcp", [](Run& run) { return refused(run, kTcp); });
}
BOOST_AUTO_TEST_CASE(refused_over_unix) {
  sweep("refused_over_unix", [](Run& run) { return refused(run, unixPath()); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sprocket::tests
