// The five worked examples of net/behaviour.md [19], run as the programs that they are.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/child_process.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;

const std::string kExamples = "tools/examples/";

// An example that listens, on a port of its choice or on a path.
class ServerProcess : public ChildProcess {
 public:
  explicit ServerProcess(const std::string& name, const std::string& place = "0")
      : ChildProcess({kExamples + name, place}), place_(awaitLine("listening on ")) {}

  const std::string& place() const { return place_; }
  int port() const { return std::stoi(place_); }
  bool isLocal() const { return place_.find_first_of("/\\") == 0; }
  RawSocket connect() const {
    return isLocal() ? RawSocket::connect(place_) : RawSocket::connect(port());
  }

 private:
  std::string place_;
};

// Ends a server, by a signal where it can be sent one, and then in good order.
void stop(ChildProcess& server, int signum = SIGTERM) {
  kIsWindows ? server.kill() : server.signal(signum);
  const int status = server.wait();
  if (!kIsWindows) BOOST_TEST(status == 0);
}

template <class Test>
void onPortAndPath(Test test) {
  const TempDirectory directory;
  BOOST_TEST_CONTEXT("on a port") { test(std::string("0")); }
  BOOST_TEST_CONTEXT("on a path") { test(directory.path("s")); }
}

std::size_t countLines(const std::string& text, const std::string& line) {
  std::size_t count = 0;
  for (std::size_t at = text.find(line); at != text.npos; at = text.find(line, at + 1)) ++count;
  return count;
}

BOOST_AUTO_TEST_CASE(echoServerAndClient, *label("19.1") * label("19.2")) {
  onPortAndPath([](const std::string& place) {
    ServerProcess server("echo_server", place);
    ChildProcess client({kExamples + "echo_client", server.place()});
    BOOST_TEST(client.wait() == 0);
    BOOST_TEST(client.output() ==
               "connected to server!\nhello\r\nworld!\r\ndisconnected from server\n");
    BOOST_TEST(client.errors() == "");
    server.awaitLine("client disconnected");
    BOOST_TEST(std::filesystem::exists(server.place()) == (server.isLocal() && !kIsWindows));
    stop(server);
    BOOST_TEST(server.output() ==
               "listening on " + server.place() + "\nclient connected\nclient disconnected\n");
    BOOST_TEST(server.errors() == "");
    BOOST_TEST(!std::filesystem::exists(server.place()));
  });
}

// As nc and telnet do: listens before it speaks, and closes when it has heard enough.
BOOST_AUTO_TEST_CASE(echoToATerminal, *label("19.1")) {
  onPortAndPath([](const std::string& place) {
    ServerProcess server("echo_server", place);
    RawSocket terminal = server.connect();
    BOOST_TEST(terminal.awaitBytes(7) == "hello\r\n");
    terminal.send("first line\n");
    BOOST_TEST(terminal.awaitBytes(18) == "hello\r\nfirst line\n");
    terminal.send("second line\n");
    BOOST_TEST(terminal.awaitBytes(30) == "hello\r\nfirst line\nsecond line\n");
    BOOST_TEST(!terminal.ended());
    terminal.sendFin();
    BOOST_TEST(terminal.awaitEnd().size() == 30u);  // the server's side closes by itself
    BOOST_TEST(terminal.error() == "");
    server.awaitLine("client disconnected");
  });
}

BOOST_AUTO_TEST_CASE(rudeClientsDoNotHarmTheEcho, *label("19.1") * label("9.13")) {
  onPortAndPath([](const std::string& place) {
    ServerProcess server("echo_server", place);
    RawSocket impatient = server.connect();
    impatient.close();
    RawSocket rude = server.connect();
    BOOST_TEST(rude.awaitBytes(7) == "hello\r\n");
    rude.send("never read");
    rude.reset();
    RawSocket last = server.connect();  // still served
    BOOST_TEST(last.awaitBytes(7) == "hello\r\n");
    stop(server);
    BOOST_TEST(countLines(server.output(), "client connected\n") == 3u);
  });
}

BOOST_AUTO_TEST_CASE(echoClientWithoutAServer, *label("19.2")) {
  const std::string port = std::to_string(RawSocket::bind().port());
  ChildProcess client({kExamples + "echo_client", port});
  BOOST_TEST(client.wait() == 1);
  BOOST_TEST(client.output() == "");
  BOOST_TEST(client.errors() == "connect ECONNREFUSED 127.0.0.1:" + port + "\n");
}

BOOST_AUTO_TEST_CASE(goodbyeToEveryone, *label("19.3")) {
  onPortAndPath([](const std::string& place) {
    ServerProcess server("goodbye_server", place);
    for (int i = 0; i < 3; ++i) {
      RawSocket client = server.connect();
      BOOST_TEST(client.awaitEnd() == "goodbye\n");
      BOOST_TEST(client.error() == "");
    }
    stop(server);
    BOOST_TEST(server.output() == "listening on " + server.place() + "\n");
  });
}

BOOST_AUTO_TEST_CASE(retryUntilThePortIsFree, *label("19.4") * label("7.9")) {
  RawSocket holder = RawSocket::listen();
  const std::string port = std::to_string(holder.port());
  const auto begin = std::chrono::steady_clock::now();
  ChildProcess server({kExamples + "retry", port});
  server.awaitLine("Address in use, retrying...");
  holder.close();
  BOOST_TEST(server.awaitLine("listening on ") == port);
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= std::chrono::seconds(1)));
  BOOST_TEST(connectFailure(std::stoi(port)) == "");
  stop(server);
  BOOST_TEST(server.output() == "Address in use, retrying...\nlistening on " + port + "\n");
}

BOOST_AUTO_TEST_CASE(aSignalWhileItWaitsToRetry, *label("19.4")) {
  const RawSocket holder = RawSocket::listen();
  ChildProcess server({kExamples + "retry", std::to_string(holder.port())});
  server.awaitLine("Address in use, retrying...");
  server.signal(SIGTERM);
  BOOST_TEST(server.wait() == 0);
}

BOOST_AUTO_TEST_CASE(exclusiveOnLocalhost, *label("19.5")) {
  ServerProcess server("exclusive");
  NetFixture fixture;
  // Which of the two `localhost` is here depends on the machine.
  const auto ask = [&](int family) {
    const auto client =
        net::connect({.port = server.port(), .host = "localhost", .family = family});
    fixture.trace.watchData("client", client);
    return client;
  };
  ask(4).on<"error">([&] { ask(6); });
  fixture.run();
  BOOST_TEST(fixture.trace.text() == "client data(exclusively yours\n)");

  // Nobody else gets the port; an error that nobody handles ends the program, and says why.
  ChildProcess second({kExamples + "exclusive", server.place()});
  BOOST_TEST(second.wait() == ChildProcess::kAborted);
  BOOST_TEST(second.errors().find("listen EADDRINUSE: address already in use ") !=
             std::string::npos);
  BOOST_TEST(second.output() == "");
  stop(server, SIGINT);
}

BOOST_AUTO_TEST_CASE(signalsEndServersWithClients) {
  for (const int signum : {SIGTERM, SIGINT}) {
    BOOST_TEST_CONTEXT("signal " << signum) {
      onPortAndPath([signum](const std::string& place) {
        for (const char* name : {"echo_server", "goodbye_server"}) {
          BOOST_TEST_CONTEXT(name) {
            ServerProcess server(name, place);
            std::vector<RawSocket> clients;
            for (int i = 0; i < 3; ++i) clients.push_back(server.connect());
            for (RawSocket& client : clients) client.awaitBytes(1);
            server.signal(signum);
            BOOST_TEST(server.wait() == 0);
            BOOST_TEST(server.errors() == "");
            for (RawSocket& client : clients) BOOST_TEST(client.isGone());
            BOOST_TEST(!std::filesystem::exists(server.place()));
          }
        }
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(anArgumentIsNeeded) {
  for (const char* name : {"echo_server", "echo_client", "goodbye_server", "retry", "exclusive"}) {
    BOOST_TEST_CONTEXT(name) {
      ChildProcess program({kExamples + name});
      BOOST_TEST(program.wait() == 2);
      BOOST_TEST(program.errors() == "usage: " + kExamples + name + " PORT_OR_PATH\n");
    }
  }
}

// No example, but a program as many are: what is open is closed, and its file removed.
BOOST_AUTO_TEST_CASE(exitInsideACallbackEndsTheProgram, *label("11.5")) {
  const TempDirectory directory;
  ChildProcess program({"tests/net/exiting", directory.path("s")});
  BOOST_TEST(program.wait() == 7);
  BOOST_TEST(program.errors() == "");
  BOOST_TEST(!std::filesystem::exists(directory.path("s")));
}

}  // namespace
}  // namespace sprocket::tests
