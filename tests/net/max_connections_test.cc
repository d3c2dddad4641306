// How many connections a server lets in, and how many it has.

#include <cstddef>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Drop;
using net::Server;
using net::Socket;

struct LimitFixture : SystemFixture, SocketFixture {
  Server server;
  std::vector<Socket> accepted;
  std::vector<Drop> drops;

  template <class V>
  void listen(V venue, std::optional<std::size_t> most = std::nullopt) {
    server.setMaxConnections(most);
    server.on<"connection">([this](Socket peer) { accepted.push_back(peer); });
    server.on<"drop">([this](const Drop& drop) { drops.push_back(drop); });
    listenAt(venue, server);
  }

  // A client whose connection the server has let in or refused when this returns.
  RawSocket arrive() {
    const std::size_t before = accepted.size() + drops.size();
    RawSocket client = rawClientOf(server);
    runUntil([&] { return accepted.size() + drops.size() > before; });
    return client;
  }

  // What getConnections() tells.
  std::optional<std::size_t> count() {
    std::optional<std::size_t> told;
    server.getConnections([&](const Error& error, std::size_t number) {
      BOOST_TEST(!error);
      told = number;
    });
    BOOST_TEST(!told);  // not inside the call
    settle();
    return told;
  }
};

BOOST_FIXTURE_TEST_SUITE(maxConnections, LimitFixture)

BOOST_AUTO_TEST_CASE(isUnsetAtFirstAndReadsBack, *label("1.7") * label("7.17")) {
  BOOST_TEST(!server.maxConnections());
  BOOST_TEST((server.setMaxConnections(3) == server));
  BOOST_TEST((server.maxConnections() == std::optional<std::size_t>(3)));
  BOOST_TEST(!server.setMaxConnections(std::nullopt).maxConnections());
}

BOOST_AUTO_TEST_CASE(refusesANegativeNumber, *label("7.17") * label("1.8")) {
  server.setMaxConnections(3);
  BOOST_CHECK_EXCEPTION(server.setMaxConnections(-1), ArgumentError, [](const auto& error) {
    return error.code() == "ERR_OUT_OF_RANGE" &&
           error.what() == std::string("maxConnections must not be negative. Received -1.");
  });
  BOOST_TEST((server.maxConnections() == std::optional<std::size_t>(3)));
}

BOOST_TEST_DECORATOR(*label("7.17"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(oneTooManyIsAcceptedAndClosed, V, Venues, LimitFixture) {
  listen(V(), 2);
  const RawSocket first = arrive();
  const RawSocket second = arrive();
  RawSocket third = arrive();
  BOOST_TEST(accepted.size() == 2U);
  BOOST_REQUIRE(drops.size() == 1U);
  BOOST_TEST(drops[0].count == 1U);
  BOOST_TEST(!drops[0].why);
  runUntil([&] { return third.isGone(); });
  BOOST_TEST(third.receive() == "");
  for (const Socket& each : accepted) BOOST_TEST(!each.destroyed());
}

BOOST_TEST_DECORATOR(*label("7.17"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(zeroRefusesAll, V, Venues, LimitFixture) {
  listen(V(), 0);
  for (int i = 0; i < 3; ++i) arrive();
  BOOST_TEST(accepted.empty());
  BOOST_TEST(drops.size() == 3U);
}

BOOST_AUTO_TEST_CASE(aDropTellsBothEndsOfTheConnection, *label("7.17")) {
  listen(Tcp(), 0);
  const RawSocket client = arrive();
  const Drop& drop = drops.at(0);
  BOOST_TEST(drop.localAddress.value() == "127.0.0.1");
  BOOST_TEST(drop.localPort.value() == server.address()->port);
  BOOST_TEST(drop.localFamily.value() == "IPv4");
  BOOST_TEST(drop.remoteAddress.value() == "127.0.0.1");
  BOOST_TEST(drop.remotePort.value() == client.port());
  BOOST_TEST(drop.remoteFamily.value() == "IPv4");
}

BOOST_AUTO_TEST_CASE(aDropOfALocalConnectionTellsNoAddresses, *label("7.17") * label("1.7")) {
  listen(Unix(), 0);
  arrive();
  const Drop& drop = drops.at(0);
  BOOST_TEST(!drop.localAddress);
  BOOST_TEST(!drop.localPort);
  BOOST_TEST(!drop.localFamily);
  BOOST_TEST(!drop.remoteAddress);
  BOOST_TEST(!drop.remotePort);
  BOOST_TEST(!drop.remoteFamily);
}

BOOST_TEST_DECORATOR(*label("7.17"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(refusesAlsoIfNobodyListensForDrops, V, Venues, LimitFixture) {
  listen(V(), 0);
  server.removeAllListeners<"drop">();
  RawSocket client = rawClientOf(server);
  runUntil([&] { return client.isGone(); });
  BOOST_TEST(accepted.empty());
}

BOOST_TEST_DECORATOR(*label("7.17"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isLookedAtForEachAccept, V, Venues, LimitFixture) {
  listen(V());
  const RawSocket first = arrive();
  server.setMaxConnections(1);
  const RawSocket second = arrive();
  server.setMaxConnections(2);
  const RawSocket third = arrive();
  const RawSocket fourth = arrive();
  server.setMaxConnections(std::nullopt);
  const RawSocket fifth = arrive();
  server.setMaxConnections(0);
  const RawSocket sixth = arrive();
  BOOST_TEST(accepted.size() == 3U);
  BOOST_TEST(drops.size() == 3U);
  for (const Socket& each : accepted) BOOST_TEST(!each.destroyed());  // lowering it ends none
}

// Of many that are accepted in one turn as many live as may.
BOOST_TEST_DECORATOR(*label("7.17"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isKeptInABurst, V, Venues, LimitFixture) {
  listen(V(), 4);
  std::vector<RawSocket> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(rawClientOf(server));
  runUntil([&] { return accepted.size() + drops.size() == 10; });
  BOOST_TEST(accepted.size() == 4U);
}

// In the listener in which it is destroyed: before its 'close'.
BOOST_TEST_DECORATOR(*label("7.17") * label("7.21"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aSlotIsFreeOnceAConnectionIsDestroyed, V, Venues, LimitFixture) {
  listen(V(), 1);
  server.on<"connection">([](Socket peer) { peer.destroy(); });
  std::vector<RawSocket> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(rawClientOf(server));
  runUntil([&] { return accepted.size() == 5; });
  BOOST_TEST(drops.empty());
}

BOOST_TEST_DECORATOR(*label("7.17") * label("7.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(whatIsRefusedHoldsUpNoClose, V, Venues, LimitFixture) {
  listen(V(), 0);
  trace.watch("server", server);
  server.on<"drop">([&] { server.close(); });
  const RawSocket client = arrive();
  run();
  BOOST_TEST(trace.text() == "server listening, server drop(1 ), server close");
}

BOOST_TEST_DECORATOR(*label("7.17") * label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aListenerForDropsMayThrow, V, Venues, LimitFixture) {
  listen(V(), 0);
  server.once<"drop">([] { throw std::runtime_error("on purpose"); });
  RawSocket client = rawClientOf(server);
  BOOST_CHECK_THROW(runUntil([] { return false; }), std::runtime_error);
  runUntil([&] { return client.isGone(); });
  arrive();
  BOOST_TEST(accepted.empty());
  BOOST_TEST(drops.size() == 2U);
}

// Not taken for a want of memory of the server's own, which would be another drop.
BOOST_TEST_DECORATOR(*label("7.17") * label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aListenerForDropsMayRunOutOfMemory, V, Venues, LimitFixture) {
  listen(V(), 0);
  server.once<"drop">([] { throw std::bad_alloc(); });
  RawSocket client = rawClientOf(server);
  BOOST_CHECK_THROW(runUntil([&] { return !drops.empty(); }), std::bad_alloc);
  runUntil([&] { return client.isGone(); });
  BOOST_TEST(drops.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(getConnections, LimitFixture)

BOOST_TEST_DECORATOR(*label("1.2") * label("7.24") * label("7.25") * label("7.21"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(countsWhatLives, V, Venues, LimitFixture) {
  const auto both = [&] { return std::pair(count(), server.connections()); };
  const auto twice = [](std::size_t number) {
    const std::optional<std::size_t> told = number;
    return std::pair(told, told);
  };
  BOOST_TEST((both() == twice(0)));  // before listen
  listen(V(), 2);
  BOOST_TEST((both() == twice(0)));
  const RawSocket first = arrive();
  BOOST_TEST((both() == twice(1)));
  const RawSocket second = arrive();
  const RawSocket refused = arrive();
  BOOST_TEST((both() == twice(2)));
  accepted[0].destroy();
  BOOST_TEST((server.connections() == std::optional<std::size_t>(1)));  // before its 'close'
  server.close();
  BOOST_TEST((both() == twice(1)));
  accepted[1].destroy();
  run();
  BOOST_TEST((both() == twice(0)));  // after close
}

BOOST_AUTO_TEST_CASE(takesCallbacksOfEveryForm, *label("7.24") * label("1.9")) {
  int calls = 0;
  const auto called = [&] { ++calls; };
  BOOST_TEST((server.getConnections(called) == server));
  server.getConnections([&](const Error&) { ++calls; });
  server.getConnections([&](Error error, std::size_t number) { calls += !error && number == 0; });
  server.getConnections([&](Server self) { calls += self == server; });
  server.getConnections([&](Server self, Error) { calls += self == server; });
  server.getConnections([&](Server self, Error, std::size_t) { calls += self == server; });
  BOOST_TEST(calls == 0);
  run();
  BOOST_TEST(calls == 6);
  static_assert(!std::is_invocable_v<decltype(&Server::getConnections), Server, void (*)(int)>);
  BOOST_CHECK_THROW(server.getConnections({}), ArgumentError);
}

BOOST_AUTO_TEST_SUITE_END()

// The server that accepted a socket.

BOOST_TEST_DECORATOR(*label("1.10") * label("5.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(anAcceptedSocketNamesItsServer, V, Venues, LimitFixture) {
  listen(V());
  const RawSocket client = arrive();
  const Socket& socket = accepted.at(0);
  BOOST_TEST((socket.server() == server));
  bool inClose = false;
  socket.on<"close">([&](Socket self) { inClose = self.server() == server; });
  socket.destroy();
  BOOST_TEST((socket.server() == server));
  settle();
  BOOST_TEST(inClose);
  BOOST_TEST(!socket.server());
}

BOOST_FIXTURE_TEST_CASE(aSocketThatConnectedHasNoServer, LimitFixture, *label("5.5")) {
  const Socket socket;
  BOOST_TEST(!socket.server());
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST(!socket.server());
}

BOOST_FIXTURE_TEST_CASE(aSocketThatConnectsAnewHasNoServerAnyMore, LimitFixture,
                        *label("5.5") * label("6.18")) {
  listen(Tcp());
  const RawSocket client = arrive();
  const RawListener elsewhere = rawListener(Tcp());
  const Socket& socket = accepted.at(0);
  socket.on<"close">([&](Socket self) {
    if (self.server()) self.connect(optionsTo(elsewhere.place));
  });
  socket.destroy();
  runUntil([&] { return socket.connecting(); });
  BOOST_TEST(!socket.server());
  BOOST_TEST((server.connections() == std::optional<std::size_t>(0)));
  const RawSocket peer = acceptPeer(elsewhere, socket);
  socket.removeAllListeners().destroy();
  settle();
  BOOST_TEST((server.connections() == std::optional<std::size_t>(0)));
}

BOOST_FIXTURE_TEST_CASE(theFamilyOfTheLocalAddress, LimitFixture, *label("13.1") * label("13.3")) {
  listen(Tcp());
  const Socket client;
  BOOST_TEST(!client.localFamily());
  connectRaw(client, Tcp());
  BOOST_TEST(client.localFamily().value() == "IPv4");
  const RawSocket raw = arrive();
  BOOST_TEST(accepted.at(0).localFamily().value() == "IPv4");
  const Socket local;
  const RawSocket peer = connectRaw(local, Unix());
  BOOST_TEST(!local.localFamily());
}

}  // namespace
}  // namespace sprocket::tests
