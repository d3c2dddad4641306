// What was opened is closed: after run() returns only the loop's own descriptors are left, and
// after the loop none. Counted by asking the system, not the library.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/poller_kind.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Server;
using net::Socket;

using Descriptors = std::map<int, std::string>;

struct DescriptorsFixture {
  TempDirectory directory;
  const Descriptors before = openDescriptors();
  std::optional<NetFixture> loop{std::in_place};
  const Descriptors withLoop = openDescriptors();

  // Runs to the end, twice, so that what the first time leaves for ever is seen.
  void expectNothingLeft(const std::function<void()>& scenario) {
    for (int i = 0; i < 2; ++i) {
      scenario();
      loop->run();
      BOOST_TEST((openDescriptors() == withLoop));
    }
    loop.reset();
    BOOST_TEST((openDescriptors() == before));
  }
};

Server echoServer() {
  return net::createServer([](Server self, Socket peer) { peer.pipe(peer), self.close(); });
}

BOOST_FIXTURE_TEST_CASE(aLoopHasOnlyThoseOfItsBackend, DescriptorsFixture) {
  std::multiset<std::string> own;
  for (const auto& [fd, what] : withLoop) {
    if (!before.contains(fd)) own.insert(what);
  }
  BOOST_TEST((own == ownDescriptors()));
  loop.reset();
  BOOST_TEST((openDescriptors() == before));
}

BOOST_FIXTURE_TEST_CASE(anEchoOnAPort, DescriptorsFixture, *label("9.16")) {
  expectNothingLeft([&] {
    const Server server = echoServer().listen();
    NetFixture::connectTo(server).resume().end("hello");
  });
}

BOOST_FIXTURE_TEST_CASE(anEchoOnAPath, DescriptorsFixture, *label("9.16")) {
  expectNothingLeft([&] {
    const Server server = echoServer().listen(directory.freshPath());
    NetFixture::connectTo(server).resume().end("hello");
  });
}

BOOST_FIXTURE_TEST_CASE(namesAndTheThreadsThatAskForThem, DescriptorsFixture) {
  expectNothingLeft([&] {
    const Server server = Server().listen(0, "localhost");
    server.on<"error">([] {});
    server.on<"listening">([=] {
      Socket().on<"error">([] {}).resume().connect(server.address()->port);
      setTimeout([=] { server.close(); }, 1);
    });
    server.on<"connection">([](Socket peer) { peer.destroy(); });
    Socket().on<"error">([] {}).connect(80, "no such name");
  });
}

BOOST_FIXTURE_TEST_CASE(failures, DescriptorsFixture) {
  const RawSocket holder = RawSocket::listen();
  const UnansweringPort silent;
  const Descriptors withSilent = openDescriptors();
  for (int i = 0; i < 2; ++i) {
    Socket().on<"error">([] {}).connect(RawSocket::bind().port(), "127.0.0.1");
    Socket().on<"error">([] {}).connect(directory.path("missing"));
    Socket().on<"error">([] {}).connect(
        {.port = holder.port(), .host = "127.0.0.1", .localAddress = "192.0.2.1"});
    const Socket connecting = Socket().connect(silent.number(), "127.0.0.1");
    setTimeout([=] { connecting.destroy(); }, 1);
    Socket().connect(silent.number(), "127.0.0.1").destroy();
    Server().on<"error">([] {}).listen(holder.port(), "127.0.0.1");
    Server().on<"error">([] {}).listen(directory.path("missing/socket"));
    Server().on<"error">([] {}).listen(0, "192.0.2.1");
    loop->run();
    BOOST_TEST((openDescriptors() == withSilent));
  }
}

BOOST_FIXTURE_TEST_CASE(aServerThatMoves, DescriptorsFixture, *label("7.10")) {
  expectNothingLeft([&] {
    const Server server = Server().listen().listen(directory.freshPath()).listen(0, "127.0.0.1");
    server.on<"connection">([](Server self, Socket peer) {
      peer.destroy();
      self.listen().close();
    });
    NetFixture::connectTo(server).resume();
  });
}

BOOST_FIXTURE_TEST_CASE(connectionsInTheQueueOfAServerThatCloses, DescriptorsFixture) {
  expectNothingLeft([&] {
    const Server server = Server().listen(0, "127.0.0.1");
    for (int i = 0; i < 5; ++i) NetFixture::connectTo(server).resume().on<"error">([] {});
    server.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
  });
}

BOOST_FIXTURE_TEST_CASE(exceptionsFromListeners, DescriptorsFixture, *label("2.6")) {
  for (int i = 0; i < 2; ++i) {
    const Server server = Server().listen(0, "127.0.0.1");
    server.on<"connection">([](Server self, Socket peer) {
      self.close();
      peer.on<"close">([] { throw 3; });
      peer.on<"end">([] { throw 2; });
      peer.resume();
      throw 1;
    });
    NetFixture::connectTo(server).resume().end();
    int thrown = 0;
    while (thrown < 3) {
      try {
        loop->run();
      } catch (int number) {
        BOOST_TEST(number == ++thrown);
      }
    }
    loop->run();
    BOOST_TEST((openDescriptors() == withLoop));
  }
}

// What is unreferenced stays open as long as the loop, and no longer.
BOOST_FIXTURE_TEST_CASE(whatIsUnreferenced, DescriptorsFixture, *label("11.5")) {
  const Server server = Server().listen(0, "127.0.0.1").unref();
  std::optional<Socket> accepted;
  server.on<"connection">([&](Socket peer) { accepted = peer.unref(); });
  const Socket client = NetFixture::connectTo(server);
  loop->runUntil([&] { return accepted && !client.connecting(); });
  client.unref();
  loop->run();
  BOOST_TEST(openDescriptors().size() == withLoop.size() + 3);
  loop.reset();
  BOOST_TEST((openDescriptors() == before));
}

// A child that runs another program has none of them: the list is what /proc tells of each.
BOOST_FIXTURE_TEST_CASE(noneIsInherited, DescriptorsFixture, *label("15.4")) {
  const Server server = Server().listen().unref();
  const Server local = Server().listen(directory.path("s")).unref();
  std::optional<Socket> accepted;
  server.on<"connection">([&](Socket peer) { accepted = peer; });
  const Socket client = NetFixture::connectTo(server);
  loop->runUntil([&] { return accepted && !client.connecting(); });
  for (const auto& [fd, what] : openDescriptors()) {
    if (before.contains(fd)) continue;
    BOOST_TEST(isCloseOnExec(fd), what << " would be inherited");
    if (what.starts_with("socket:")) BOOST_TEST(isNonBlocking(fd), what << " blocks");
  }
}

}  // namespace
}  // namespace sprocket::tests
