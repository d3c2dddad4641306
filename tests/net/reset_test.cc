// The two ways to leave that Node has beside end() and destroy(). [9.15]

#include <chrono>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/platform/sys_error.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct VirtualTimeFixture : SystemFixture, SocketFixture {
  VirtualTimeFixture() { syscalls.useVirtualTime(); }

  platform::Instant now() { return *syscalls.virtualTime(); }
};

BOOST_FIXTURE_TEST_SUITE(destroySoon, SocketFixture)

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(sendsEverythingAndLeaves, V, Venues, VirtualTimeFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  const std::size_t filled = fill(socket);
  socket.destroySoon();
  BOOST_TEST(!socket.destroyed());
  BOOST_TEST(receiveToEnd(peer).size() == filled);
  run();
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotWaitForThePeersEnd, V, Venues, VirtualTimeFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.setTimeout(10);
  socket.resume().write("last");
  socket.destroySoon();
  runUntil([&] { return socket.destroyed(); });
  const auto destroyed = now();
  run();
  BOOST_TEST((now() - destroyed <= std::chrono::milliseconds(1100)));
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
  BOOST_TEST(receiveToEnd(peer) == "last");
}

// Which the system would send for what nobody has read, and the peer lose what it was sent last.
BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(sparesThePeerAReset, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.pause();
  peer.send(pattern(50'000));
  settle();
  socket.write("last");
  socket.destroySoon();
  runUntil([&] { return socket.destroyed(); });
  peer.send("more");
  BOOST_TEST(receiveToEnd(peer) == "last");
  BOOST_TEST(peer.error() == "");
  peer.close();
  run();
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isOverWhenThePeerEnds, V, Venues, VirtualTimeFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.write("last");
  socket.destroySoon();
  runUntil([&] { return socket.destroyed(); });
  const auto destroyed = now();
  peer.sendFin();
  run();
  BOOST_TEST((now() - destroyed < std::chrono::milliseconds(500)));
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotListenForEverToAPeerWhoGoesOn, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.pause().write("last");
  socket.destroySoon();
  bool closed = false;
  socket.on<"close">([&] { closed = true; });
  const std::string much = pattern(1'000'000);
  std::size_t sent = 0;
  runUntil([&] {
    if (!closed) sent += peer.send(much);
    return closed || sent > 100'000'000;
  });
  BOOST_TEST(closed);
}

BOOST_TEST_DECORATOR(*label("9.15") * label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isCutShortByDestroy, V, Venues, VirtualTimeFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.write("last");
  socket.destroySoon();
  runUntil([&] { return socket.destroyed(); });
  const auto destroyed = now();
  socket.destroy(Error({.message = "too late"}));
  run();
  BOOST_TEST((now() - destroyed < std::chrono::milliseconds(500)));
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
}

// A turn that takes as long as the peer has.
BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(readsWhatCameInTheMeantime, V, Venues, VirtualTimeFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.write("last");
  socket.destroySoon();
  runUntil([&] { return socket.destroyed(); });
  peer.send("more");
  peer.sendFin();
  loop().nextTick([&] { *syscalls.virtualTime() += std::chrono::seconds(5); });
  run();
  BOOST_TEST(receiveToEnd(peer) == "last");
  BOOST_TEST(peer.error() == "");
}

BOOST_TEST_DECORATOR(*label("9.15") * label("11.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(keepsTheLoopOnlyIfItIsReferenced, V, Venues, VirtualTimeFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.unref().write("last");
  socket.destroySoon();
  runUntil([&] { return socket.destroyed(); });
  const auto destroyed = now();
  run();
  BOOST_TEST((now() == destroyed));
  socket.ref();
  run();
  BOOST_TEST((now() - destroyed >= std::chrono::milliseconds(900)));
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
}

// Once it is over 'close' comes, whether the socket is referenced or not.
BOOST_TEST_DECORATOR(*label("9.11") * label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(closesAnUnreferencedSocketThatIsDestroyed, V, Venues,
                                 VirtualTimeFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.unref().write("last");
  socket.destroySoon();
  runUntil([&] { return socket.destroyed(); });
  socket.destroy();
  run();
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.9") * label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotLingerIfItIsDestroyedBeforeAllIsSent, V, Venues,
                                 VirtualTimeFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  fill(socket);
  socket.destroySoon();
  socket.destroy();
  const auto destroyed = now();
  run();
  BOOST_TEST((now() - destroyed < std::chrono::milliseconds(500)));
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(afterTheEndLeavesAtOnceOrWhenThatIsDone, V, Venues,
                                 SocketFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.end();
  settle();
  BOOST_TEST(trace.text() == "socket finish");
  socket.destroySoon();
  BOOST_TEST(socket.destroyed());
  run();
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(whileConnectingConnectsFirst, V, Venues, VirtualTimeFixture) {
  const Socket socket;
  const RawListener listener = rawListener(V());
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  socket.write("hello");
  socket.destroySoon();
  run();
  BOOST_TEST(trace.text() == "socket connect, socket ready, socket finish, socket close(false)");
  RawSocket peer = listener.socket.accept();
  BOOST_TEST(receiveToEnd(peer) == "hello");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_AUTO_TEST_CASE(beforeConnectingIsDestroy) {
  const Socket socket;
  trace.watch("socket", socket);
  socket.destroySoon();
  BOOST_TEST(socket.destroyed());
  socket.destroySoon();
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
  socket.destroySoon();
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(resetAndDestroy, SocketFixture)

BOOST_TEST_DECORATOR(*label("9.15") * notUnderWine("Wine's recv() takes a reset for an end"))
BOOST_AUTO_TEST_CASE(tellsThePeerEconnreset) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, Tcp());
  trace.watch("socket", socket);
  socket.resetAndDestroy();
  BOOST_TEST(socket.destroyed());
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
  runUntil([&] { return peer.isGone(); });
  BOOST_TEST(peer.error() == "ECONNRESET");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_AUTO_TEST_CASE(losesWhatIsQueued) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, Tcp());
  trace.watch("socket", socket);
  const std::size_t filled = fill(socket);
  socket.write("queued", trace.addsOutcome("write"));
  socket.resetAndDestroy();
  run();
  BOOST_TEST(trace.text() ==
             "write(Cannot call write after a stream was destroyed), socket close(false)");
  runUntil([&] { return peer.isGone(); });
  BOOST_TEST(peer.receive().size() < filled);
}

BOOST_TEST_DECORATOR(*label("9.13") * label("9.15"))
BOOST_AUTO_TEST_CASE(isAnErrorOfThePeersSocket) {
  const Socket socket;
  const Socket served = connectPair(socket, Tcp());
  trace.watch("served", served.resume());
  socket.resetAndDestroy();
  run();
  BOOST_TEST(trace.text() == "served error(read ECONNRESET), served close(true)");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_AUTO_TEST_CASE(whileConnectingWaitsForTheConnection) {
  const Socket socket;
  const RawListener listener = rawListener(Tcp());
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  socket.resetAndDestroy();
  BOOST_TEST(socket.connecting());
  run();
  BOOST_TEST(trace.text() == "socket connect, socket ready, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_AUTO_TEST_CASE(whileAConnectionFailsChangesNothing) {
  const Socket socket;
  trace.watch("socket", socket);
  socket.connect(nobody.port(), "127.0.0.1").resetAndDestroy();
  run();
  BOOST_TEST(trace.text() == "socket error(connect ECONNREFUSED 127.0.0.1:" +
                                 std::to_string(nobody.port()) + "), socket close(true)");
}

// Whether it is TCP is not asked of the system, which may not know any more: BSDs forget a socket's
// address once the peer has reset it.
struct SystemSocketFixture : SystemFixture, SocketFixture {};
BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_FIXTURE_TEST_CASE(needsNoAddress, SystemSocketFixture) {
  const Socket client;
  const Socket served = connectPair(client, Tcp());
  trace.watch("client", client).watch("served", served);
  syscalls.fail(Call::getsockname, platform::errorNumber("EINVAL"), 0, FakeSyscalls::kForEver);
  client.resetAndDestroy();
  served.resetAndDestroy();
  run();
  BOOST_TEST(trace.text() == "client close(false), served close(false)");
}

// A reset that was asked for is not one of the next connection.
BOOST_TEST_DECORATOR(*label("6.18") * label("9.15"))
BOOST_AUTO_TEST_CASE(endsWithItsConnection) {
  const Socket socket({.reusable = true});
  {
    const RawSocket peer = connectRaw(socket, Tcp());
    socket.resetAndDestroy();
    run();
  }
  RawSocket peer = connectRaw(socket, Tcp());
  socket.destroy();
  runUntil([&] { return peer.isGone(); });
  BOOST_TEST(peer.error() == "");
}

BOOST_TEST_DECORATOR(*label("9.15"))
BOOST_AUTO_TEST_CASE(withoutAConnectionIsAnError) {
  const Socket socket;
  trace.watch("socket", socket);
  socket.resetAndDestroy();
  run();
  BOOST_TEST(trace.text() == "socket error(Socket is closed), socket close(true)");
  socket.resetAndDestroy();
  run();
  BOOST_TEST(trace.text() == "socket error(Socket is closed), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("1.8") * label("9.15"))
BOOST_AUTO_TEST_CASE(ofALocalConnectionIsAMistake) {
  const auto isRightError = [](const ArgumentError& error) {
    return error.code() == "ERR_INVALID_HANDLE_TYPE";
  };
  const Socket socket;
  const RawListener listener = rawListener(Unix());
  socket.connect(optionsTo(listener.place));
  BOOST_CHECK_EXCEPTION(socket.resetAndDestroy(), ArgumentError, isRightError);
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_CHECK_EXCEPTION(socket.resetAndDestroy(), ArgumentError, isRightError);
  BOOST_TEST(socket.write("still there"));
  BOOST_TEST(receiveAll(peer, 11) == "still there");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
