// Server::listen() on what another handle has, and what Windows has not.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/tcp_options.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Server;
using net::Socket;

struct SharedFixture : SystemFixture, SocketFixture {
  Server first;
  Server second;
  std::size_t firstGot = 0;
  std::size_t secondGot = 0;

  SharedFixture() {
    first.on<"connection">([&](Socket peer) { ++firstGot, peer.destroy(); });
    second.on<"connection">([&](Socket peer) { ++secondGot, peer.destroy(); });
  }

  void connectSome(const net::Address& place) {
    const std::size_t before = firstGot + secondGot;
    std::vector<RawSocket> clients;
    for (int i = 0; i < 5; ++i) {
      clients.push_back(place.path.empty() ? RawSocket::connect(place.port)
                                           : RawSocket::connect(place.path));
    }
    runUntil([&] { return firstGot + secondGot == before + clients.size(); });
  }
};

template <class Call>
std::string messageOf(Call call) {
  try {
    call();
  } catch (const ArgumentError& error) {
    return error.code() + ": " + error.what();
  }
  return "nothing was thrown";
}

// Each connection goes to one of them.
BOOST_TEST_DECORATOR(*label("7.1") * label("7.27"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(bothServersAccept, V, Venues, SharedFixture) {
  listenAt(V(), first);
  BOOST_TEST((second.listen(first, [&] { trace.add("called back"); }) == second));
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(second.listening());
  BOOST_TEST((second.address() == first.address()));
  settle();
  BOOST_TEST(trace.text() == "called back");
  connectSome(*first.address());
  connectSome(*first.address());
}

BOOST_FIXTURE_TEST_CASE(theBacklogToldLastCounts, SharedFixture,
                        *label("7.1") * label("7.5") * label("7.27") *
                            notOnWindows("there it stays the first one")) {
  listenAt(Tcp(), first);
  second.listen(first, 7);
  Server().listen(first);
  Server().listen(first, 0);
  BOOST_TEST((syscalls.backlogs() == std::vector{511, 7, 511, 511}));
}

// Of the server that accepts them.
BOOST_FIXTURE_TEST_CASE(theConnectionsHaveTheOptionsOfTheirServer, SharedFixture,
                        *label("7.15") * label("7.27")) {
  bool noDelay = false;
  const Server other = net::createServer({.noDelay = true}, [&](Socket peer) {
    noDelay = tcpOptionsOf(peer).value().noDelay;
    peer.destroy();
  });
  listenAt(Tcp(), first);
  other.listen(first);
  first.close();
  const RawSocket client = RawSocket::connect(other.address()->port);
  runUntil([&] { return other.connections() == 0U && noDelay; });
}

BOOST_TEST_DECORATOR(*label("7.27") * label("7.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(theOriginalGoesOnWithoutTheOther, V, Venues, SharedFixture) {
  listenAt(V(), first);
  second.listen(first).close(trace.addsOutcome("closed"));
  settle();
  BOOST_TEST(trace.text() == "closed");
  connectSome(*first.address());
  BOOST_TEST(firstGot == 5U);
}

BOOST_FIXTURE_TEST_CASE(theOtherGoesOnWithoutTheOriginal, SharedFixture,
                        *label("7.27") * label("7.18")) {
  listenAt(Tcp(), first);
  second.listen(first);
  first.close(trace.addsOutcome("closed"));
  settle();
  BOOST_TEST(trace.text() == "closed");
  connectSome(*second.address());
  BOOST_TEST(secondGot == 5U);
}

// The path goes with the server that made it, and only with that.
BOOST_FIXTURE_TEST_CASE(aPathGoesWithWhoMadeIt, SharedFixture,
                        *label("7.27") * label("16.3") * notOnWindows("pipes are no files")) {
  listenAt(Unix(), first);
  second.listen(first);
  const std::string path = first.address()->path;
  second.close();
  BOOST_TEST(std::filesystem::is_socket(path));
  second.listen(first);
  const RawSocket waiting = RawSocket::connect(path);
  first.close();
  BOOST_TEST(!std::filesystem::exists(path));
  runUntil([&] { return secondGot == 1; });  // who waits already is served
}

// Nobody who waits is lost, and the path stays.
BOOST_TEST_DECORATOR(*label("7.10") * label("7.27"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aServerThatSharesItsOwnPlaceGoesOn, V, Venues, SharedFixture) {
  listenAt(V(), first);
  settle();
  trace.watch("first", first);
  const net::Address place = *first.address();
  const RawSocket waiting =
      place.path.empty() ? RawSocket::connect(place.port) : RawSocket::connect(place.path);
  BOOST_TEST((first.listen(first, [&] { trace.add("called back"); }) == first));
  BOOST_TEST(trace.text() == "");
  runUntil([&] { return firstGot == 1U; });
  BOOST_TEST(trace.text() == "first listening, called back, first connection");
  BOOST_TEST((first.address() == place));
  connectSome(place);
}

BOOST_FIXTURE_TEST_CASE(aServerThatSharesMayMoveAndBeShared, SharedFixture,
                        *label("7.10") * label("7.27")) {
  listenAt(Tcp(), first);
  second.listen(0, "127.0.0.1").listen(first, 5).listen(second);
  Server third;
  third.on<"connection">([&](Socket peer) { ++secondGot, peer.destroy(); });
  third.listen(second);
  first.close(), second.close();
  connectSome(*third.address());
}

BOOST_FIXTURE_TEST_CASE(aHandleWithNothingToListenOnIsAnArgumentError, SharedFixture,
                        *label("7.27") * label("1.8")) {
  const std::string message =
      "ERR_INVALID_ARG_VALUE: listen() needs a server of this loop that listens or a socket that "
      "has "
      "a descriptor";
  listenAt(Tcp(), first);
  BOOST_TEST(messageOf([&] { first.listen(second); }) == message);
  BOOST_TEST(messageOf([&] { first.listen(Socket()); }) == message);
  {
    reactor::Loop inner;
    BOOST_TEST(messageOf([&] { Server().listen(first); }) == message);
  }
  BOOST_TEST(first.listening());  // nothing has changed
  second.listen(0, "127.0.0.1").close();
  BOOST_TEST(messageOf([&] { first.listen(second); }) == message);
  BOOST_CHECK_THROW(second.listen(first, -1), ArgumentError);
}

// As with a port.
BOOST_FIXTURE_TEST_CASE(nothingHappensToAServerWhoseLoopIsGone, SharedFixture, *label("5.6")) {
  std::optional<Server> left;
  {
    reactor::Loop inner;
    left.emplace().listen(0, "127.0.0.1");
  }
  listenAt(Tcp(), first);
  BOOST_TEST((left->listen(0) == *left));
  BOOST_TEST((left->listen(first) == *left));
  BOOST_TEST((left->listen(*left) == *left));
  BOOST_TEST(!left->listening());
}

// Windows.

BOOST_FIXTURE_TEST_CASE(aDescriptorIsNotSupported, SharedFixture,
                        *label("7.28") * onlyOnWindows()) {
  trace.watch("server", first);
  first.listen({.fd = 3});
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() == "server error(listen ENOTSUP: operation not supported)");
  BOOST_TEST(messageOf([] { Socket({.fd = 3, .readable = true}); }) ==
             "ERR_INVALID_FD_TYPE: Unsupported fd type: this system has no descriptors");
}

BOOST_FIXTURE_TEST_CASE(aNegativeDescriptorIsAnArgumentError, SharedFixture,
                        *label("5.2") * label("7.27")) {
  const std::string message =
      "ERR_OUT_OF_RANGE: The value of \"fd\" is out of range. It must be >= 0 && <= 2147483647. "
      "Received -1";
  BOOST_TEST(messageOf([&] { first.listen({.fd = -1}); }) == message);
  BOOST_TEST(messageOf([] { Socket({.fd = -1}); }) == message);
}

}  // namespace
}  // namespace sprocket::tests
