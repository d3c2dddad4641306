// setNoDelay and setKeepAlive: what the kernel is told, and how often. [15]

#include <cstddef>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/tcp_options.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct OptionsFixture : SystemFixture, SocketFixture {
  // How many options are set by what is called.
  template <class F>
  std::size_t optionsSetBy(F calls) {
    const std::size_t before = syscalls.count(Call::setsockopt);
    calls();
    return syscalls.count(Call::setsockopt) - before;
  }

  static TcpOptions now(const Socket& socket) { return tcpOptionsOf(socket).value(); }

  Socket socket;
};

// What turns keep-alive on with a delay: on, interval, count and idle, or one call of Windows'.
constexpr std::size_t kKeepAliveOptions = kIsWindows ? 1 : 4;

BOOST_FIXTURE_TEST_SUITE(options, OptionsFixture)

BOOST_AUTO_TEST_SUITE(noDelay)

BOOST_AUTO_TEST_CASE(isOffAtFirst, *label("15.1")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST(!now(socket).noDelay);
}

BOOST_AUTO_TEST_CASE(isSetAndTakenBack, *label("15.1")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST((socket.setNoDelay() == socket));
  BOOST_TEST(now(socket).noDelay);
  socket.setNoDelay(false);
  BOOST_TEST(!now(socket).noDelay);
  socket.setNoDelay(true);
  BOOST_TEST(now(socket).noDelay);
}

BOOST_AUTO_TEST_CASE(ofAnAcceptedSocketIsSetToo, *label("15.1")) {
  const Socket served = connectPair(socket, Tcp());
  served.setNoDelay();
  BOOST_TEST(now(served).noDelay);
  BOOST_TEST(!now(socket).noDelay);
}

BOOST_AUTO_TEST_CASE(asItIsCostsNoCall, *label("15.3")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST(optionsSetBy([&] { socket.setNoDelay(false); }) == 0U);
  BOOST_TEST(optionsSetBy([&] { socket.setNoDelay(true); }) == 1U);
  BOOST_TEST(optionsSetBy([&] { socket.setNoDelay(true).setNoDelay(); }) == 0U);
  BOOST_TEST(optionsSetBy([&] { socket.setNoDelay(false).setNoDelay(false); }) == 1U);
}

BOOST_AUTO_TEST_CASE(wishedBeforehandIsInForceInConnect, *label("15.3") * label("6.11")) {
  BOOST_TEST(optionsSetBy([&] { socket.setNoDelay(); }) == 0U);
  bool inForce = false;
  socket.on<"connect">([&] { inForce = now(socket).noDelay; });
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST(inForce);
}

BOOST_AUTO_TEST_CASE(wishedWhileConnectingIsInForceInConnect, *label("15.3") * label("6.11")) {
  const RawListener listener = rawListener(Tcp());
  bool inForce = false;
  socket.on<"connect">([&] { inForce = now(socket).noDelay; });
  socket.connect(optionsTo(listener.place));
  nextTick([&] { socket.setNoDelay(); });
  const RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(inForce);
}

BOOST_AUTO_TEST_CASE(wishedAndTakenBackBeforehandIsNotSet, *label("15.3")) {
  socket.setNoDelay().setNoDelay(false);
  BOOST_TEST(optionsSetBy([&] { connectRaw(socket, Tcp()); }) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(keepAlive)

BOOST_AUTO_TEST_CASE(isOffAtFirst, *label("15.2")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST(!now(socket).keepAlive);
}

BOOST_AUTO_TEST_CASE(isSetWithItsDelayAndTakenBack, *label("15.2")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  const int systemsOwn = now(socket).keepAliveIdle;
  BOOST_TEST((socket.setKeepAlive(true) == socket));
  BOOST_TEST(now(socket).keepAlive);
  now(socket).expectIdle(systemsOwn);
  if (!runsUnderWine()) {
    BOOST_TEST(now(socket).keepAliveInterval == 1);
    BOOST_TEST(now(socket).keepAliveCount == 10);
  }
  socket.setKeepAlive(true, 5999);
  now(socket).expectIdle(5);
  socket.setKeepAlive(true, 999);  // under a second: stays as it is
  now(socket).expectIdle(5);
  socket.setKeepAlive(false);
  BOOST_TEST(!now(socket).keepAlive);
  socket.setKeepAlive(true);
  BOOST_TEST(now(socket).keepAlive);
  now(socket).expectIdle(5);
  socket.setKeepAlive();
  BOOST_TEST(!now(socket).keepAlive);
}

// Told while it is off, the delay is the one for when it is on.
BOOST_AUTO_TEST_CASE(remembersADelayFromBeforeItWasOn, *label("15.2")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  socket.setKeepAlive(false, 7000);
  BOOST_TEST(!now(socket).keepAlive);
  socket.setKeepAlive(true);
  BOOST_TEST(now(socket).keepAlive);
  now(socket).expectIdle(7);
}

BOOST_AUTO_TEST_CASE(takesAnyDelay, *label("15.2")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  socket.setKeepAlive(true, 1e12);
  BOOST_TEST(now(socket).keepAlive);
  if (!runsUnderWine()) BOOST_TEST(now(socket).keepAliveIdle >= 32767);
  socket.setKeepAlive(true, std::chrono::minutes(1));
  now(socket).expectIdle(60);
}

BOOST_AUTO_TEST_CASE(asItIsCostsNoCall, *label("15.3")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(false); }) == 0U);
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(true, 5000); }) == kKeepAliveOptions);
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(true, 5000); }) == 0U);
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(true); }) == 0U);
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(true, 5999); }) == 0U);
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(true, 6000); }) > 0U);
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(false); }) == 1U);
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(false); }) == 0U);
}

BOOST_AUTO_TEST_CASE(wishedBeforehandIsInForceInConnect, *label("15.3") * label("6.11")) {
  BOOST_TEST(optionsSetBy([&] { socket.setKeepAlive(true, 5000); }) == 0U);
  TcpOptions inForce;
  socket.on<"connect">([&] { inForce = now(socket); });
  const RawSocket peer = connectRaw(socket, Tcp());
  BOOST_TEST(inForce.keepAlive);
  inForce.expectIdle(5);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(stayForTheNextConnection, *label("6.18")) {
  const Socket again(net::SocketOptions{.reusable = true});
  again.setNoDelay().setKeepAlive(true, 5000);
  connectRaw(again, Tcp());
  again.destroy();
  run();
  const RawSocket peer = connectRaw(again, Tcp());
  BOOST_TEST(now(again).noDelay);
  BOOST_TEST(now(again).keepAlive);
  now(again).expectIdle(5);
}

BOOST_AUTO_TEST_CASE(ofLocalSocketsDoNothing, *label("15.3") * label("16.7")) {
  BOOST_TEST(optionsSetBy([&] {
               const Socket served = connectPair(socket, Unix());
               for (const Socket& each : {socket, served})
                 each.setNoDelay().setKeepAlive(true, 5000);
             }) == 0U);
  BOOST_TEST(!socket.destroyed());
}

BOOST_AUTO_TEST_CASE(ofDestroyedSocketsDoNothing, *label("15.3")) {
  const RawSocket peer = connectRaw(socket, Tcp());
  socket.destroy();
  BOOST_TEST(optionsSetBy([&] { socket.setNoDelay().setKeepAlive(true, 5000); }) == 0U);
  run();
  BOOST_TEST(optionsSetBy([&] { socket.setNoDelay(false).setKeepAlive(false); }) == 0U);
}

// A server's wishes for what it accepts.

BOOST_AUTO_TEST_SUITE(ofServers)

BOOST_AUTO_TEST_CASE(areInForceInConnection, *label("4.1") * label("7.15") * label("15.1")) {
  TcpOptions inForce;
  const net::ServerOptions wishes{
      .noDelay = true, .keepAlive = true, .keepAliveInitialDelay = 5999};
  const net::Server server = serve(
      Tcp(), [&](const Socket& served) { inForce = now(served); }, wishes);
  const RawSocket client = rawClientOf(server);
  runUntil([&] { return inForce.noDelay; });
  BOOST_TEST(inForce.keepAlive);
  inForce.expectIdle(5);
}

BOOST_AUTO_TEST_CASE(areTheSocketsOwn, *label("4.1") * label("15.3")) {
  const RawPair pair = acceptRaw(Tcp(), {.noDelay = true, .keepAlive = true});
  BOOST_TEST(optionsSetBy([&] { pair.socket.setNoDelay().setKeepAlive(true); }) == 0U);
  BOOST_TEST(optionsSetBy([&] { pair.socket.setNoDelay(false); }) == 1U);
  BOOST_TEST(!now(pair.socket).noDelay);
}

BOOST_AUTO_TEST_CASE(costNoCallIfThereAreNone, *label("4.1") * label("15.3")) {
  const net::Server server = serve(Tcp(), [](const Socket&) {});
  const RawSocket client = rawClientOf(server);
  BOOST_TEST(optionsSetBy([&] { runUntil([&] { return server.connections() == 1U; }); }) == 0U);
}

BOOST_AUTO_TEST_CASE(costNoCallOnAPath, *label("15.3") * label("16.7")) {
  BOOST_TEST(optionsSetBy([&] { acceptRaw(Unix(), {.noDelay = true, .keepAlive = true}); }) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
