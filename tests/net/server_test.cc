// Server: connections, closing, want of descriptors, and who keeps the loop running.

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::ListenOptions;
using net::Server;
using net::Socket;
using platform::errorNumber;

struct ServerFixture : SystemFixture, NetFixture {
  TempDirectory directory;
  Server server;
  ListenOptions place = {.port = 0, .host = "127.0.0.1"};

  // A server that listens, and has done so when this returns.
  void listen() {
    bool told = false;
    server.listen(place, [&] { told = true; });
    runUntil([&] { return told; });
  }

  // The server's end of a new connection, and the client's.
  struct Pair {
    Socket accepted;
    Socket client;
  };
  Pair connectPair(net::SocketOptions options = {}) {
    std::optional<Socket> accepted;
    server.once<"connection">([&](Socket peer) { accepted = peer; });
    const Socket client = connectTo(server, options);
    runUntil([&] { return accepted.has_value() && !client.connecting(); });
    return {*accepted, client};
  }

  RawSocket rawClient() const {
    const net::Address at = server.address().value();
    return at.path.empty() ? RawSocket::connect(at.port) : RawSocket::connect(at.path);
  }

  int port() const { return server.address().value().port; }
};

// The same test for a TCP port and for a path.
template <class Test>
void onPortAndPath(Test test) {
  BOOST_TEST_CONTEXT("on a port") {
    ServerFixture fixture;
    fixture.listen();
    test(fixture);
  }
  BOOST_TEST_CONTEXT("on a path") {
    ServerFixture fixture;
    fixture.place = {.path = fixture.directory.freshPath()};
    fixture.listen();
    test(fixture);
  }
}

// Connections.

BOOST_AUTO_TEST_CASE(eachConnectionIsToldOnce, *label("7.15")) {
  onPortAndPath([](ServerFixture& f) {
    constexpr std::size_t count = 200;  // more than are accepted in one turn
    std::vector<Socket> accepted;
    f.server.on<"connection">([&](Server self, Socket peer) {
      BOOST_TEST((self == f.server));
      BOOST_TEST(!peer.connecting());
      BOOST_TEST(!peer.destroyed());
      for (const Socket& other : accepted) BOOST_TEST((other != peer));
      accepted.push_back(peer);
      if (accepted.size() == count) f.server.close();
    });
    std::vector<Socket> clients;
    for (std::size_t i = 0; i < count; ++i) clients.push_back(f.connectTo(f.server));
    f.runUntil([&] { return accepted.size() == count; });
    for (const Socket& client : clients) client.destroy();
    f.run();
    BOOST_TEST(accepted.size() == count);
  });
}

BOOST_AUTO_TEST_CASE(aConnectionIsUsableInsideItsListener, *label("5.7") * label("7.15")) {
  onPortAndPath([](ServerFixture& f) {
    f.server.on<"connection">([&](Socket peer) {
      BOOST_TEST(peer.write("hello ", f.trace.addsOutcome("written")));
      peer.end("world", f.trace.addsOutcome("ended"));
      f.server.close();
    });
    Trace client;
    client.watchData("client", f.connectTo(f.server));
    f.run();
    BOOST_TEST(f.trace.text() == "written, ended");
    BOOST_TEST(client.text() == "client data(hello world)");
  });
}

BOOST_AUTO_TEST_CASE(aConnectionMayBeDestroyedInsideItsListener, *label("5.7") * label("7.18")) {
  onPortAndPath([](ServerFixture& f) {
    f.server.on<"connection">([&](Server self, Socket peer) {
      f.trace.watch("accepted", peer);
      peer.destroy();
      self.close(f.trace.addsOutcome("closed"));
    });
    RawSocket client = f.rawClient();
    f.run();
    BOOST_TEST(client.isGone());
    BOOST_TEST((f.trace.text() == "accepted close(false), closed" ||
                f.trace.text() == "closed, accepted close(false)"));  // [7.21]
  });
}

BOOST_AUTO_TEST_CASE(aConnectionMayBePausedInsideItsListener, *label("5.7") * label("10.4")) {
  onPortAndPath([](ServerFixture& f) {
    std::optional<Socket> accepted;
    f.server.on<"connection">([&](Socket peer) {
      accepted = peer.pause();
      f.trace.watchData("accepted", peer).watch("accepted", peer);
      f.server.close();
    });
    RawSocket client = f.rawClient();
    client.send("hello");
    client.sendFin();
    f.runUntil([&] { return accepted.has_value(); });
    f.loop().runOnce(std::chrono::milliseconds(5));
    BOOST_TEST(f.trace.text() == "");
    accepted->resume();
    f.run();
    BOOST_TEST(f.trace.text() ==
               "accepted data(hello), accepted end, accepted finish, accepted close(false)");
  });
}

BOOST_AUTO_TEST_CASE(acceptedSocketsKeepDataUntilSomebodyWantsIt, *label("10.2")) {
  onPortAndPath([](ServerFixture& f) {
    RawSocket client = f.rawClient();
    client.send("early");
    std::optional<Socket> accepted;
    f.server.on<"connection">([&](Socket peer) { accepted = peer; });
    f.runUntil([&] { return accepted.has_value() && accepted->bytesRead() == 5; });
    f.trace.watchData("accepted", *accepted);
    f.runUntil([&] { return f.trace.text() == "accepted data(early)"; });
  });
}

BOOST_AUTO_TEST_CASE(halfOpenIsHandedOn, *label("7.15") * label("9.6")) {
  for (const bool halfOpen : {false, true}) {
    BOOST_TEST_CONTEXT("allowHalfOpen " << halfOpen) {
      ServerFixture f;
      f.server = net::createServer({.allowHalfOpen = halfOpen});
      f.listen();
      auto [accepted, client] = f.connectPair();
      f.trace.watch("accepted", accepted);
      accepted.resume();
      client.resume().end();
      f.server.close();
      accepted.on<"end">([](Socket self) { setTimeout([=] { self.end("late"); }, 1); });
      f.run();
      BOOST_TEST(f.trace.text() == "accepted end, accepted finish, accepted close(false)");
      BOOST_TEST(client.bytesRead() == (halfOpen ? 4u : 0u));
    }
  }
}

BOOST_AUTO_TEST_CASE(pauseOnConnectReadsNothingAtAll, *label("7.16") * label("10.6")) {
  for (const bool onPath : {false, true}) {
    BOOST_TEST_CONTEXT((onPath ? "on a path" : "on a port")) {
      ServerFixture f;
      f.server = net::createServer({.pauseOnConnect = true});
      if (onPath) f.place = {.path = f.directory.freshPath()};
      f.listen();
      RawSocket client = f.rawClient();
      client.send("hello");
      client.sendFin();
      std::optional<Socket> accepted;
      f.server.on<"connection">([&](Socket peer) {
        accepted = peer;
        f.trace.watch("accepted", peer).watchData("accepted", peer);  // overrides no pause
      });
      f.runUntil([&] { return accepted.has_value(); });
      for (int i = 0; i < 5; ++i) f.loop().runOnce(std::chrono::milliseconds(2));
      BOOST_TEST(accepted->bytesRead() == 0u);
      BOOST_TEST(f.trace.text() == "");
      // It makes no claim on the loop. [11.3]
      f.server.close();
      f.run();
      BOOST_TEST(f.trace.text() == "");
      accepted->resume();
      f.run();
      BOOST_TEST(f.trace.text() ==
                 "accepted data(hello), accepted end, accepted finish, accepted close(false)");
      BOOST_TEST(accepted->bytesRead() == 5u);
    }
  }
}

BOOST_AUTO_TEST_CASE(anExceptionFromConnectionCostsNothing, *label("2.6")) {
  onPortAndPath([](ServerFixture& f) {
    std::optional<Socket> accepted;
    int connections = 0;
    f.server.on<"connection">([&](Socket peer) {
      if (++connections > 1) return;
      accepted = peer;
      f.trace.watchData("accepted", peer).watch("accepted", peer);
      throw std::runtime_error("from 'connection'");
    });
    RawSocket first = f.rawClient();
    RawSocket second = f.rawClient();  // waits behind it
    first.send("hello");
    BOOST_CHECK_EXCEPTION(f.run(), std::runtime_error, [](const std::exception& error) {
      return std::string(error.what()) == "from 'connection'";
    });
    first.sendFin();
    second.close();
    f.runUntil([&] { return accepted->destroyed(); });
    f.server.close();
    f.run();
    BOOST_TEST(connections == 2);
    BOOST_TEST(f.trace.text() ==
               "accepted data(hello), accepted end, accepted finish, accepted close(false)");
  });
}

BOOST_FIXTURE_TEST_CASE(listenersStayForTheNextTime, ServerFixture, *label("7.10")) {
  trace.watch("server", server);
  server.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
  server.once<"close">([](Server self) { self.listen(0, "127.0.0.1"); });
  server.on<"listening">([](Server self) { connectTo(self).resume().on<"error">([] {}); });
  server.listen(0, "127.0.0.1");
  run();
  BOOST_TEST(trace.text() ==
             "server listening, server connection, server close, server listening, server "
             "connection, server close");
}

// Closing.

BOOST_FIXTURE_TEST_CASE(closingAServerThatIsNotOpen, ServerFixture, *label("2.4") * label("7.19")) {
  trace.watch("server", server);
  const Server same = server.close([&](const Error& error) {
    trace.add("callback");
    BOOST_TEST(error.what() == "Server is not running.");
    BOOST_TEST(error.code() == "ERR_SERVER_NOT_RUNNING");
  });
  BOOST_TEST((same == server));
  BOOST_TEST(trace.text() == "");  // later
  run();
  BOOST_TEST(trace.text() == "server close, callback");

  server.close();
  run();
  BOOST_TEST(trace.text() == "server close, callback, server close");
}

BOOST_AUTO_TEST_CASE(closingWithoutConnections, *label("7.18") * label("7.13")) {
  onPortAndPath([](ServerFixture& f) {
    f.trace.watch("server", f.server);
    const net::Address place = f.server.address().value();
    BOOST_TEST((f.server.close(f.trace.addsOutcome("callback")) == f.server));
    BOOST_TEST(!f.server.listening());
    // New attempts are refused at once.
    BOOST_TEST((place.path.empty() ? connectFailure(place.port) == "ECONNREFUSED"
                                   : connectFailure(place.path) == "ENOENT"));
    BOOST_TEST(f.trace.text() == "");
    f.run();
    BOOST_TEST(f.trace.text() == "server close, callback");
  });
}

// The backend says that in the phase of I/O, which comes after the next immediates only in the turn
// after this one.
BOOST_FIXTURE_TEST_CASE(closeComesWhenTheDescriptorIsClosed, ServerFixture, *label("7.18")) {
  listen();
  server.on<"close">(trace.adds("close"));
  setImmediate([&] {
    server.close();
    setImmediate(trace.adds("next turn"));
  });
  run();
  BOOST_TEST(trace.text() == "next turn, close");
}

BOOST_AUTO_TEST_CASE(closingWaitsForTheLastConnection, *label("7.18") * label("18.8")) {
  onPortAndPath([](ServerFixture& f) {
    auto [first, firstClient] = f.connectPair();
    auto [second, secondClient] = f.connectPair();
    f.trace.watch("server", f.server);
    f.server.close(f.trace.addsOutcome("callback"));
    first.destroy();
    f.runUntil([&client = firstClient] { return client.destroyed(); });
    BOOST_TEST(f.trace.text() == "");
    second.write("still served");
    f.trace.watchData("client", secondClient);
    secondClient.on<"data">([](Socket self) { self.end(); });
    f.run();
    BOOST_TEST(f.trace.text() == "client data(still served), server close, callback");
  });
}

BOOST_FIXTURE_TEST_CASE(aConnectionCountsUntilItIsDestroyed, ServerFixture, *label("7.21")) {
  listen();
  auto [accepted, client] = connectPair();
  bool closed = false;
  server.close([&] { closed = true; });
  accepted.on<"close">([&] { trace.add(closed ? "after" : "before"); });
  accepted.end();  // is not enough
  loop().runOnce(std::chrono::milliseconds(1));
  BOOST_TEST(!closed);
  accepted.destroy();
  accepted.destroy();
  run();
  BOOST_TEST(closed);
  BOOST_TEST((trace.text() == "after" || trace.text() == "before"));
}

BOOST_FIXTURE_TEST_CASE(aConnectionThatItsPeerHasEndedCounts, ServerFixture, *label("7.21")) {
  server = net::createServer({.allowHalfOpen = true});
  listen();
  auto [accepted, client] = connectPair();
  server.close(trace.adds("closed"));
  accepted.on<"end">(trace.adds("ended")).resume();
  client.end();
  runUntil([&] { return !trace.text().empty(); });
  loop().runOnce(std::chrono::milliseconds(1));
  BOOST_TEST(trace.text() == "ended");
  accepted.destroy();
  run();
  BOOST_TEST(trace.text() == "ended, closed");
}

BOOST_FIXTURE_TEST_CASE(connectionsInTheQueueAreNotAcceptedAnyMore, ServerFixture, *label("7.18")) {
  listen();
  trace.watch("server", server);
  RawSocket client = rawClient();
  server.close();
  run();
  BOOST_TEST(trace.text() == "server close");
  BOOST_TEST(client.isGone());
}

BOOST_FIXTURE_TEST_CASE(closeInsideConnectionLeavesTheQueueAlone, ServerFixture, *label("7.18")) {
  listen();
  trace.watch("server", server);
  server.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
  RawSocket first = rawClient();
  RawSocket second = rawClient();
  run();
  BOOST_TEST(trace.text() == "server connection, server close");
}

BOOST_AUTO_TEST_CASE(closeBeforeListeningCancelsIt, *label("7.11")) {
  const auto expectCancelled = [](ServerFixture& f) {
    f.server.close(f.trace.addsOutcome("callback"));
    BOOST_TEST(!f.server.listening());
    f.run();
    BOOST_TEST(f.trace.take() == "server close, callback");
  };
  ServerFixture f;
  f.trace.watch("server", f.server);
  f.server.listen(0, "127.0.0.1");
  expectCancelled(f);
  f.server.listen(f.directory.freshPath());
  expectCancelled(f);
  f.names.answer("slow.test", {"127.0.0.1"});
  f.server.listen(0, "slow.test");
  expectCancelled(f);
}

// The answer comes after close(), or the failure would have been told after it.
BOOST_FIXTURE_TEST_CASE(closeWhileTheNameIsResolved, ServerFixture, *label("7.11")) {
  names.fail("nowhere.test", platform::HostLookupError::notFound());
  names.hang("nowhere.test");
  trace.watch("server", server);
  server.listen(0, "nowhere.test");
  names.awaitHanging(1);
  server.close(trace.addsOutcome("callback"));
  names.release("nowhere.test");
  run();
  BOOST_TEST(trace.text() == "server close, callback");
}

BOOST_FIXTURE_TEST_CASE(closeCancelsAFailureThatIsNotToldYet, ServerFixture, *label("7.11")) {
  trace.watch("server", server);
  server.listen(directory.impossiblePath());
  server.close(trace.addsOutcome("callback"));
  run();
  BOOST_TEST(trace.text() == "server close, callback(Server is not running.)");
}

BOOST_FIXTURE_TEST_CASE(closeInsideListening, ServerFixture, *label("7.18")) {
  trace.watch("server", server);
  server.listen(0, [&](Server self) { self.close(trace.addsOutcome("callback")); });
  run();
  BOOST_TEST(trace.text() == "server listening, server close, callback");
}

BOOST_FIXTURE_TEST_CASE(closeInsideError, ServerFixture, *label("7.19")) {
  server.on<"error">([&](Server self) { self.close(trace.addsOutcome("callback")); });
  server.listen(directory.impossiblePath());
  run();
  BOOST_TEST(trace.text() == "callback(Server is not running.)");
}

BOOST_FIXTURE_TEST_CASE(closeInsideClose, ServerFixture, *label("7.19")) {
  listen();
  server.once<"close">([&](Server self) { self.close(trace.addsOutcome("second")); });
  server.on<"close">(trace.adds("close"));
  server.close(trace.addsOutcome("first"));
  run();
  BOOST_TEST(trace.text() == "close, first, close, second(Server is not running.)");
}

BOOST_AUTO_TEST_CASE(closingTwice, *label("7.19")) {
  onPortAndPath([](ServerFixture& f) {
    auto [accepted, client] = f.connectPair();
    f.trace.watch("server", f.server);
    f.server.close(f.trace.addsOutcome("first"));
    f.server.close(f.trace.addsOutcome("second"));  // at once
    f.loop().runOnce(std::chrono::milliseconds(1));
    f.server.close(f.trace.addsOutcome("third"));  // while it waits
    BOOST_TEST(f.trace.text() == "");
    client.destroy();
    f.run();
    BOOST_TEST(f.trace.text() ==
               "server close, first, second(Server is not running.), third(Server is not "
               "running.)");
  });
}

BOOST_FIXTURE_TEST_CASE(callbacksAndListenersRunInTheOrderTheyCame, ServerFixture,
                        *label("18.8") * label("2.2")) {
  listen();
  server.on<"close">(trace.adds("a"));
  server.close(trace.addsOutcome("b"));
  server.once<"close">(trace.adds("c"));
  server.close(trace.addsOutcome("d"));
  server.prependListener<"close">(trace.adds("0"));
  run();
  BOOST_TEST(trace.text() == "0, a, b, c, d(Server is not running.)");
  trace.clear();
  server.close();
  run();
  BOOST_TEST(trace.text() == "0, a");
}

BOOST_AUTO_TEST_CASE(listenAgainWhileOldConnectionsLive, *label("7.20")) {
  onPortAndPath([](ServerFixture& f) {
    const net::Address place = f.server.address().value();
    auto [old, oldClient] = f.connectPair();
    f.trace.watch("server", f.server);
    f.server.close(f.trace.addsOutcome("first"));
    f.server.listen({.port = place.path.empty() ? std::optional(place.port) : std::nullopt,
                     .host = place.address,
                     .path = place.path});
    f.runUntil([&] { return f.trace.text() == "server listening"; });
    auto [now, nowClient] = f.connectPair();
    // The old ones go: the server listens, so there is no 'close'.
    oldClient.destroy();
    f.runUntil([&, peer = old] { return peer.destroyed(); });
    f.loop().runOnce(std::chrono::milliseconds(1));
    BOOST_TEST(f.trace.text() == "server listening, server connection");
    // Nor when the last connection goes.
    nowClient.destroy();
    f.runUntil([&, peer = now] { return peer.destroyed(); });
    f.loop().runOnce(std::chrono::milliseconds(1));
    BOOST_TEST(f.trace.text() == "server listening, server connection");
    // Nor when it moves. [7.10]
    f.server.listen({.path = f.directory.freshPath()});
    f.runUntil([&] { return f.trace.text().ends_with("listening"); });
    f.loop().runOnce(std::chrono::milliseconds(1));
    f.loop().runOnce(std::chrono::milliseconds(1));
    BOOST_TEST(f.trace.text() == "server listening, server connection, server listening");
    f.server.close(f.trace.addsOutcome("second"));
    f.run();
    BOOST_TEST(f.trace.text() ==
               "server listening, server connection, server listening, server close, first, "
               "second");
  });
}

BOOST_FIXTURE_TEST_CASE(anOldConnectionThatGoesWhileTheNameIsResolved, ServerFixture,
                        *label("7.20")) {
  listen();
  auto [old, client] = connectPair();
  trace.watch("server", server);
  names.answer("slow.test", {"127.0.0.1"});
  names.hang("slow.test");
  server.close(trace.addsOutcome("first"));
  server.listen(0, "slow.test");
  client.destroy();
  runUntil([&, peer = old] { return peer.destroyed(); });
  loop().runOnce(std::chrono::milliseconds(1));
  names.release("slow.test");
  runUntil([&] { return server.listening(); });
  loop().runOnce(std::chrono::milliseconds(1));
  BOOST_TEST(trace.text() == "server listening");
  server.close();
  run();
  BOOST_TEST(trace.text() == "server listening, server close, first");
}

BOOST_FIXTURE_TEST_CASE(closeThenListenWithoutConnections, ServerFixture,
                        *label("7.18") * label("7.20")) {
  listen();
  trace.watch("server", server);
  server.close(trace.addsOutcome("first"));
  server.listen(0, "127.0.0.1");
  runUntil([&] { return trace.text().find("first") != std::string::npos; });
  BOOST_TEST(server.listening());
  BOOST_TEST(trace.text() == "server listening, server close, first");
  server.close(trace.addsOutcome("second"));
  run();
  BOOST_TEST(trace.text() == "server listening, server close, first, server close, second");
}

// Want of descriptors. A pipe's clients are not cut off, but wait for an instance.

// Windows has sockets ready for so many connections.
constexpr std::size_t kReady = kIsWindows ? 8 : 0;

std::string connections(std::size_t count) {
  std::string text;
  while (count-- > 0) text += "server connection, ";
  return text;
}

BOOST_AUTO_TEST_CASE(withoutDescriptorsConnectionsAreDroppedAndServiceResumes, *label("7.23")) {
  onPortAndPath([](ServerFixture& f) {
    if (kIsWindows && !f.server.address()->path.empty()) return;
    f.trace.watch("server", f.server);
    f.server.on<"connection">([](Socket peer) { peer.end("served").resume(); });
    std::size_t dropped = 0;
    f.server.on<"drop">([&](const net::Drop& drop) {
      BOOST_TEST(drop.why.code() == "EMFILE");
      BOOST_TEST(drop.why.what() == "accept EMFILE");
      BOOST_TEST(drop.why.syscall() == "accept");
      dropped += drop.count;
    });
    auto [accepted, established] = f.connectPair();
    std::vector<RawSocket> clients;
    for (std::size_t i = 0; i < kReady + 3; ++i) clients.push_back(f.rawClient());
    f.syscalls.limitDescriptors(f.syscalls.openDescriptors().size(), errorNumber("EMFILE"));
    f.runUntil([&] { return dropped == 3; });
    for (std::size_t i = kReady; i < clients.size(); ++i) BOOST_TEST(clients[i].isGone());
    BOOST_TEST(f.server.listening());

    // It serves again as soon as there is room, and without being told.
    established.destroy();
    RawSocket later = f.rawClient();
    f.runUntil([&] { return later.isGone(); });
    BOOST_TEST(later.receive() == "served");
    later.close();
    for (std::size_t i = 0; i < kReady; ++i) BOOST_TEST(clients[i].receive() == "served");
    clients.clear();
    f.server.close();
    f.run();
    BOOST_TEST(f.trace.text() ==
               connections(1 + kReady) + "server drop(3 EMFILE), server connection, server close");
  });
}

// Waiting for room takes no turns of the loop.
BOOST_FIXTURE_TEST_CASE(wantOfDescriptorsDoesNotSpin, ServerFixture, *label("7.23")) {
  listen();
  std::size_t dropped = 0;
  server.on<"drop">([&](const net::Drop& drop) { dropped += drop.count; });
  syscalls.limitDescriptors(syscalls.openDescriptors().size(), errorNumber("EMFILE"));
  std::vector<RawSocket> clients;
  for (std::size_t i = 0; i < kReady + 3; ++i) clients.push_back(rawClient());
  runUntil([&] { return dropped == 3; });
  const std::size_t before = syscalls.count(Call::poll);
  setTimeout([] { reactor::stop(); }, 200);
  run();
  BOOST_TEST(syscalls.count(Call::poll) - before <= 15u);  // 10, 20, 40 ... ms apart
}

BOOST_FIXTURE_TEST_CASE(aServerMayBeClosedInsideDrop, ServerFixture, *label("7.23")) {
  listen();
  trace.watch("server", server);
  std::vector<Socket> accepted;
  server.on<"connection">([&](Socket peer) { accepted.push_back(peer); });
  server.on<"drop">([&](Server self) {
    self.close();
    for (const Socket& each : accepted) each.destroy();
  });
  std::vector<RawSocket> clients;
  for (std::size_t i = 0; i < kReady + 1; ++i) clients.push_back(rawClient());
  syscalls.limitDescriptors(syscalls.openDescriptors().size(), errorNumber("EMFILE"));
  run();
  BOOST_TEST(trace.text() == connections(kReady) + "server drop(1 EMFILE), server close");
}

// Failures of accepting.

BOOST_AUTO_TEST_CASE(aConnectionThatIsGoneBeforeItIsAcceptedIsPassedOver, *label("7.22")) {
  onPortAndPath([](ServerFixture& f) {
    if (kIsWindows && !f.server.address()->path.empty()) return;  // pipes' clients are not reset
    f.trace.watch("server", f.server);
    f.syscalls.fail(Call::accept, errorNumber("ECONNABORTED"), 0, 3);
    f.server.listen(f.place);
    f.server.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
    RawSocket client = f.rawClient();
    f.run();
    BOOST_TEST(f.trace.text() == "server listening, server connection, server close");
  });
}

BOOST_AUTO_TEST_CASE(theServerGoesOnAfterAnErrorOfAccept, *label("7.22")) {
  onPortAndPath([](ServerFixture& f) {
    f.trace.watch("server", f.server);
    f.server.on<"error">([&](const Error& error) {
      BOOST_TEST(error.code() == "EINVAL");
      BOOST_TEST(error.errnum() == errorNumber("EINVAL"));
      BOOST_TEST(error.syscall() == "accept");
      BOOST_TEST(f.server.listening());
    });
    f.syscalls.fail(Call::accept, errorNumber("EINVAL"), 0, 2);
    f.server.listen(f.place);
    f.server.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
    RawSocket client = f.rawClient();
    f.run();
    BOOST_TEST(f.trace.text() ==
               "server listening, server error(accept EINVAL), server error(accept EINVAL), server "
               "connection, server close");
  });
}

BOOST_FIXTURE_TEST_CASE(anErrorOfAcceptThatNobodyHearsLeavesRun, ServerFixture,
                        *label("2.5") * label("7.22")) {
  syscalls.fail(Call::accept, errorNumber("EINVAL"));
  server.listen(place);
  server.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
  RawSocket client = rawClient();
  BOOST_CHECK_EXCEPTION(run(), Error, [](const Error& error) {
    return error.what() == std::string("accept EINVAL");
  });
  BOOST_TEST(server.listening());
  run();
  BOOST_TEST(!server.listening());
}

// Who keeps the loop running.

BOOST_AUTO_TEST_CASE(aListeningServerKeepsTheLoopUnlessToldOtherwise,
                     *label("7.26") * label("11.1") * label("11.2")) {
  onPortAndPath([](ServerFixture& f) {
    BOOST_TEST((f.server.unref() == f.server));
    f.server.unref();
    f.run();  // returns at once
    BOOST_TEST(f.server.listening());
    BOOST_TEST((f.server.ref() == f.server));
    BOOST_TEST(f.loop().runOnce(std::chrono::milliseconds(0)));
    f.server.unref();
    f.run();
  });
}

BOOST_FIXTURE_TEST_CASE(unrefIsRememberedAndTheLastCallCounts, ServerFixture,
                        *label("7.26") * label("11.2")) {
  server.unref().unref().ref();
  server.listen(0, "127.0.0.1");
  BOOST_TEST(loop().runOnce(std::chrono::milliseconds(0)));
  server.close();
  run();
  server.unref();
  server.listen(0, "127.0.0.1");
  run();
  BOOST_TEST(server.listening());
  server.close();
  run();
  BOOST_TEST(!server.listening());
}

BOOST_FIXTURE_TEST_CASE(anUnreferencedServerIsServedWhileTheLoopRuns, ServerFixture,
                        *label("11.4") * label("11.5")) {
  listen();
  server.unref();
  server.on<"connection">([](Socket peer) { peer.pipe(peer); });
  auto client = connectTo(server);
  trace.watchData("client", client);
  client.write("hello");
  client.on<"data">([](Socket self) { self.end(); });
  run();
  BOOST_TEST(trace.text() == "client data(hello)");
  BOOST_TEST(server.listening());
}

BOOST_AUTO_TEST_CASE(unrefOfAServerLeavesItsConnections, *label("7.26") * label("11.5")) {
  onPortAndPath([](ServerFixture& f) {
    auto [accepted, client] = f.connectPair();
    client.unref();
    f.server.unref();
    BOOST_TEST(f.loop().runOnce(std::chrono::milliseconds(0)));  // for the accepted one
    accepted.unref();
    f.run();
    BOOST_TEST(!accepted.destroyed());
    accepted.ref();
    client.end();
    accepted.resume();
    f.run();
    BOOST_TEST(accepted.destroyed());
    auto [later, laterClient] = f.connectPair();
    laterClient.unref();
    BOOST_TEST(f.loop().runOnce(std::chrono::milliseconds(0)));  // for the accepted one
    later.destroy();
    f.run();
  });
}

BOOST_FIXTURE_TEST_CASE(closingKeepsTheLoopOfAnUnreferencedServer, ServerFixture, *label("11.1")) {
  listen();
  server.unref();
  trace.watch("server", server);
  server.close();
  run();
  BOOST_TEST(trace.text() == "server close");
}

BOOST_FIXTURE_TEST_CASE(unrefAndRefInEveryState, ServerFixture,
                        *label("7.26") * label("11.2") * label("5.6")) {
  const auto bothWays = [](const auto& handle) { handle.unref().unref().ref().unref().ref(); };
  bothWays(server);  // fresh
  names.answer("slow.test", {"127.0.0.1"});
  server.listen(0, "slow.test");
  bothWays(server);  // resolving
  runUntil([&] { return server.listening(); });
  bothWays(server);  // listening
  Socket fresh;
  bothWays(fresh);
  auto [accepted, client] = connectPair();
  bothWays(accepted), bothWays(client);
  auto connecting = connectTo(server);
  bothWays(connecting);
  connecting.destroy();
  bothWays(connecting);  // closing
  server.close();
  bothWays(server);  // closing
  accepted.end();
  bothWays(accepted);
  client.resume().end();
  accepted.resume();
  run();
  bothWays(accepted), bothWays(client), bothWays(connecting), bothWays(server);  // closed
  run();
  destroyLoop();
  bothWays(accepted), bothWays(client), bothWays(connecting), bothWays(server);
  BOOST_TEST(accepted.destroyed());
}

}  // namespace
}  // namespace sprocket::tests
