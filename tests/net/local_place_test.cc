// Connecting from an address or a port of one's own. [6.10]

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct LocalPlaceFixture : SystemFixture, SocketFixture {
  Socket socket;
};

BOOST_FIXTURE_TEST_SUITE(aLocalPlace, LocalPlaceFixture)

BOOST_AUTO_TEST_CASE(givenByAddress, *label("6.10")) {
  const RawListener listener = rawListener(Tcp());
  net::ConnectOptions options = optionsTo(listener.place);
  options.localAddress = "127.0.0.7";
  socket.connect(options);
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(socket.localAddress().value() == "127.0.0.7");
}

BOOST_AUTO_TEST_CASE(givenByPort, *label("6.10")) {
  const RawListener listener = rawListener(Tcp());
  const int free = RawSocket::bind().port();
  net::ConnectOptions options = optionsTo(listener.place);
  options.localPort = free;
  socket.connect(options);
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(socket.localPort().value() == free);
  BOOST_TEST(socket.localAddress().value() == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(givenByPortZeroIsAnyPort, *label("6.10")) {
  const RawListener listener = rawListener(Tcp());
  net::ConnectOptions options = optionsTo(listener.place);
  options.localAddress = "127.0.0.7";
  options.localPort = 0;
  socket.connect(options);
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(socket.localAddress().value() == "127.0.0.7");
  BOOST_TEST(socket.localPort().value() > 0);
}

BOOST_AUTO_TEST_CASE(inUseIsABindError, *label("6.10") * label("3.3")) {
  const RawListener listener = rawListener(Tcp());
  const RawSocket holder = RawSocket::listen();
  net::ConnectOptions options = optionsTo(listener.place);
  options.localAddress = "127.0.0.1";
  options.localPort = holder.port();
  trace.watch("socket", socket);
  socket.connect(options);
  run();
  BOOST_TEST(trace.text() == "socket error(bind EADDRINUSE 127.0.0.1:" +
                                 std::to_string(holder.port()) + "), socket close(true)");
}

BOOST_AUTO_TEST_CASE(notOfThisMachineIsABindError, *label("6.10") * label("3.3")) {
  const RawListener listener = rawListener(Tcp());
  net::ConnectOptions options = optionsTo(listener.place);
  options.localAddress = "192.0.2.1";
  trace.watch("socket", socket);
  socket.connect(options);
  run();
  BOOST_TEST(trace.text() == "socket error(bind EADDRNOTAVAIL 192.0.2.1), socket close(true)");
}

BOOST_AUTO_TEST_CASE(mayBeSharedByConnectionsToDifferentPlaces,
                     *label("6.10") *
                         notOnWindows("ports are shared by SO_REUSEADDR, which steals them here")) {
  const auto one = rawListener(Tcp());
  const auto two = rawListener(Tcp());
  const int local = RawSocket::bind().port();
  const Socket first = Socket();
  const Socket second = Socket();
  const Socket third = Socket();
  const auto from = [&](const net::ConnectTo& place) {
    net::ConnectOptions options = optionsTo(place);
    options.localAddress = "127.0.0.1";
    options.localPort = local;
    return options;
  };
  first.connect(from(one.place));
  second.connect(from(two.place));
  runUntil([&] { return !first.connecting() && !second.connecting(); });
  BOOST_TEST(!first.destroyed());
  BOOST_TEST(!second.destroyed());

  trace.watch("third", third);
  third.connect(from(one.place));
  runUntil([&] { return trace.text().find("close") != std::string::npos; });
  const std::string at = "127.0.0.1:";
  BOOST_TEST(trace.text() == "third error(connect EADDRNOTAVAIL " + at +
                                 std::to_string(one.socket.port()) + " - Local (" + at +
                                 std::to_string(local) + ")), third close(true)");
}

BOOST_AUTO_TEST_CASE(isToldByAnErrorOnlyIfItWasGivenWhole, *label("3.3")) {
  const int port = RawSocket::bind().port();
  const auto errorFrom = [&](const char* localAddress, int localPort) {
    net::ConnectOptions options = nowhere(Tcp());
    options.localAddress = localAddress;
    options.localPort = localPort;
    Error met;
    const Socket each;
    each.on<"error">([&](const Error& error) { met = error; });
    each.connect(options);
    run();
    BOOST_TEST(met.code() == "ECONNREFUSED");
    return met;
  };
  for (const Error& error : {errorFrom("127.0.0.7", 0), errorFrom("", port)}) {
    BOOST_TEST(std::string_view(error.what()).find("Local") == std::string_view::npos);
    BOOST_TEST(error.localAddress() == "");
    BOOST_TEST(error.localPort() == 0);
  }
  const Error told = errorFrom("127.0.0.7", port);
  BOOST_TEST(
      std::string_view(told.what()).ends_with(" - Local (127.0.0.7:" + std::to_string(port) + ")"));
  BOOST_TEST(told.localAddress() == "127.0.0.7");
  BOOST_TEST(told.localPort() == port);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
