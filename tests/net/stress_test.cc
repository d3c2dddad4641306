// Much at once, between processes.

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/child_process.h"
#include "sprocket/tests/support/descriptor_limit.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"
#include "sprocket/tools/examples/program.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Socket;

// The echo server of the examples: it greets, and then sends back what it gets.
class EchoProcess : public ChildProcess {
 public:
  explicit EchoProcess(const std::string& place)
      : ChildProcess({"tools/examples/echo_server", place}), place_(awaitLine("listening on ")) {}

  net::ConnectOptions options() const {
    const auto to = examples::portOrPath(place_);
    return {.port = to.checkedPort(), .host = "127.0.0.1", .path = to.path()};
  }
  RawSocket connect() const {
    return options().path.empty() ? RawSocket::connect(*options().port)
                                  : RawSocket::connect(place_);
  }
  const std::string& place() const { return place_; }

 private:
  std::string place_;
};

constexpr std::string_view kGreeting = "hello\r\n";

template <class Test>
void onPortAndPath(Test test) {
  const TempDirectory directory;
  BOOST_TEST_CONTEXT("on a port") {
    EchoProcess server("0");
    test(server);
  }
  BOOST_TEST_CONTEXT("on a path") {
    EchoProcess server(directory.path("s"));
    test(server);
  }
}

// One of many clients: says its messages one after the other, each when the one before is back.
class Talker {
 public:
  Talker(const net::ConnectOptions& place, std::size_t number, std::function<void()> onReady)
      : number_(number), socket_(net::connect(place)) {
    socket_.on<"data">([this, onReady](std::string_view bytes) {
      const bool wasReady = heard_.size() >= kGreeting.size();
      heard_ += bytes;
      if (!wasReady) {
        if (heard_.size() >= kGreeting.size()) onReady();
      } else if (heard_.size() == kGreeting.size() + said_.size()) {
        goOn();
      }
    });
    socket_.on<"error">([this](const Error& error) { failure_ = error.what(); });
  }

  void goOn() {
    if (messages_ == kMessages) {
      socket_.end();
      return;
    }
    const std::string message = std::to_string(number_) + "/" + std::to_string(messages_++) + "\n";
    said_ += message;
    socket_.write(message);
  }

  bool heardEverything() const {
    return messages_ == kMessages && heard_ == std::string(kGreeting) + said_;
  }
  const std::string& failure() const { return failure_; }

 private:
  static constexpr int kMessages = 100;

  std::size_t number_;
  Socket socket_;
  int messages_ = 0;
  std::string said_;
  std::string heard_;
  std::string failure_;
};

// Wine takes ten times as long.
const std::size_t kConnections = runsUnderWine() ? 200 : 2000;
constexpr std::size_t kConnecting = 200;  // at a time: a queue holds 511

BOOST_AUTO_TEST_CASE(twoThousandConnectionsAtOnce) {
  needDescriptors(kConnections + 100);
  onPortAndPath([](EchoProcess& server) {
    NetFixture fixture;
    std::vector<std::unique_ptr<Talker>> talkers;
    std::size_t ready = 0;
    const auto connectMore = [&] {
      while (talkers.size() < std::min(ready + kConnecting, kConnections)) {
        talkers.push_back(
            std::make_unique<Talker>(server.options(), talkers.size(), [&] { ++ready; }));
      }
    };
    while (ready < kConnections) {
      connectMore();
      fixture.loop().runOnce(std::chrono::milliseconds(100));
    }
    for (const auto& talker : talkers) talker->goOn();
    fixture.run();
    std::size_t complete = 0;
    for (const auto& talker : talkers) {
      BOOST_TEST(talker->failure() == "");
      if (talker->heardEverything()) ++complete;
    }
    BOOST_TEST(complete == kConnections);
    server.signal(SIGTERM);
    BOOST_TEST(server.wait() == 0);
  });
}

// A source of bytes that no pattern in the code could make by accident, and their checksum.
class RandomBytes {
 public:
  void fill(std::string& piece) {
    for (char& byte : piece) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      byte = static_cast<char>(state_ >> 32);
    }
  }

 private:
  std::uint64_t state_ = 88172645463325252u;
};

class Checksum {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      value_ = (value_ ^ static_cast<unsigned char>(byte)) * 1099511628211u;  // FNV-1a
    }
    count_ += bytes.size();
  }
  friend bool operator==(const Checksum&, const Checksum&) = default;

 private:
  std::uint64_t value_ = 14695981039346656037u;
  std::uint64_t count_ = 0;
};

constexpr std::uint64_t kTotal = 50 << 20;

// The client obeys 'drain' and reads all the while; the server, in whose memory the bytes would
// pile up, is another process.
BOOST_AUTO_TEST_CASE(fiftyMegabytesThroughTheEcho, *label("8.11") * label("10.9")) {
  onPortAndPath([](EchoProcess& server) {
    NetFixture fixture;
    Checksum sent, received;
    RandomBytes random;
    std::string piece(64 * 1024, '\0');
    std::size_t mostQueued = 0;
    const auto send = [&](Socket self) {
      while (self.bytesWritten() < kTotal) {
        random.fill(piece);
        sent.add(piece);
        const bool goOn = self.write(piece);
        mostQueued = std::max(mostQueued, self.bufferSize());
        if (!goOn) return;
      }
      self.end();
    };
    const std::size_t memoryBefore = server.memory();
    const Socket client = net::connect(server.options(), send);
    client.on<"drain">(send);
    client.on<"data">([&](Socket self, std::string_view bytes) {
      const std::uint64_t before = self.bytesRead() - bytes.size();
      const auto greeting = before < kGreeting.size() ? kGreeting.size() - before : 0;
      received.add(bytes.substr(std::min<std::size_t>(greeting, bytes.size())));
    });
    bool orderly = false;
    client.on<"close">([&](bool hadError) { orderly = !hadError; });
    fixture.run();
    BOOST_TEST(orderly);
    BOOST_TEST((received == sent));
    BOOST_TEST(client.bytesRead() == kTotal + kGreeting.size());
    BOOST_TEST(client.bytesWritten() == kTotal);
    BOOST_TEST(mostQueued <= piece.size());
    const std::size_t grown = server.peakMemory() - memoryBefore;
    BOOST_TEST_MESSAGE("the server's memory grew by " << grown / 1024 << " KiB");
    BOOST_TEST(grown < 16u << 20);  // a few hundred KiB, save under a sanitizer
  });
}

BOOST_AUTO_TEST_CASE(aClientThatIsKilledInMidTransfer, *label("8.15") * label("9.13")) {
  onPortAndPath([](EchoProcess& server) {
    RawSocket bystander = server.connect();
    for (int i = 0; i < 5; ++i) {
      ChildProcess client({"tests/net/flooder", server.place()});
      client.awaitLine("flowing");
      client.kill();
      BOOST_TEST(client.wait() != 0);
    }
    bystander.send("still there?");
    BOOST_TEST(bystander.awaitBytes(19) == std::string(kGreeting) + "still there?");
    RawSocket next = server.connect();
    BOOST_TEST(next.awaitBytes(7) == kGreeting);
    server.signal(SIGTERM);
    BOOST_TEST(server.wait() == 0);
    BOOST_TEST(server.errors() == "");
  });
}

// The limit is real: the kernel refuses.
BOOST_AUTO_TEST_CASE(aServerThatRunsOutOfDescriptors, *label("7.23")) {
  onPortAndPath([](EchoProcess& server) {
    // UBSan needs descriptors to look at a type for the first time, so it gets to see here what
    // will come.
    RawSocket polite = server.connect();
    polite.send("x");
    polite.awaitBytes(8);
    polite.close();
    server.awaitLine("client disconnected");
    server.connect().reset();
    server.awaitLine("client failed: ");
    server.limitDescriptors(24);
    std::vector<RawSocket> clients;
    for (int i = 0; i < 60; ++i) clients.push_back(server.connect());
    std::vector<RawSocket> served;
    std::size_t cutOff = 0;
    for (RawSocket& client : clients) {
      if (client.awaitBytes(7) == kGreeting) {
        served.push_back(std::move(client));
      } else {
        ++cutOff;
      }
    }
    BOOST_TEST(served.size() >= 10u);
    BOOST_TEST(served.size() <= 20u);
    BOOST_TEST(cutOff == 60 - served.size());
    BOOST_REQUIRE(server.errors() == "");
    for (RawSocket& client : served) {  // they do not notice
      client.send("x");
      const std::string& got = client.awaitBytes(8);
      if (server.errors().find("<memory cannot be printed>") != std::string::npos) {
        skipHere("UBSan had no descriptor left to look at an object with");
      }
      BOOST_TEST(got.back() == 'x');
    }
    served.clear();
    RawSocket next = server.connect();
    BOOST_TEST(next.awaitBytes(7) == kGreeting);
    server.signal(SIGTERM);
    BOOST_TEST(server.wait() == 0);
    BOOST_TEST(server.errors() == "");
  });
}

}  // namespace
}  // namespace sprocket::tests
