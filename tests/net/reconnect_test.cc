// Connecting again: on the same socket, after success and after failure, at once and later. [6.18]

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct ReconnectFixture : SystemFixture, SocketFixture {};

BOOST_FIXTURE_TEST_SUITE(reconnecting, ReconnectFixture)

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(inCloseKeepsTheListeners, V, Venues, ReconnectFixture) {
  const net::Server server = serve(V(), [](Socket peer) { peer.end("hello"); });
  const net::ConnectOptions place = placeOf(server);
  const Socket socket;
  trace.watch("socket", socket).watchData("socket", socket);
  int connections = 1;
  socket.on<"close">([&] {
    if (connections++ < 3) socket.connect(place);
  });
  socket.connect(place, trace.adds("listener of the first call"));
  run();
  const std::string once =
      "socket ready, socket data(hello), socket end, socket finish, socket close(false)";
  BOOST_TEST(trace.text() == "socket connect, listener of the first call, " + once +
                                 ", socket connect, " + once + ", socket connect, " + once);
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(manyTimesLeavesNothingBehind, V, Venues, ReconnectFixture) {
  constexpr int kTimes = 200;
  const net::Server server = serve(V(), [](Socket peer) { peer.end("hello"); });
  const net::ConnectOptions place = placeOf(server);
  const Socket socket;
  int connects = 0;
  int closes = 0;
  std::size_t bytes = 0;
  socket.on<"connect">([&] { ++connects; });
  socket.on<"data">([&](std::string_view text) {
    bytes += text.size();
    BOOST_REQUIRE(socket.bytesRead() == 5U);
  });
  socket.on<"close">([&] {
    if (++closes < kTimes) socket.connect(place);
  });
  const std::size_t before = countOpenDescriptors();
  socket.connect(place);
  run();
  BOOST_TEST(connects == kTimes);
  BOOST_TEST(closes == kTimes);
  BOOST_TEST(bytes == 5U * kTimes);
  BOOST_TEST(countOpenDescriptors() == before);
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(afterFailureUntilItSucceeds, V, Venues, ReconnectFixture) {
  const net::ConnectOptions refused = nowhere(V());
  const net::Server server = serve(V(), [](Socket peer) { peer.end(); });
  const net::ConnectOptions place = placeOf(server);
  const Socket socket;
  int failures = 0;
  socket.on<"error">([&] { ++failures; });
  socket.on<"connect">(trace.adds("connect"));
  socket.on<"close">([&](bool hadError) {
    trace.add(hadError ? "close(true)" : "close(false)");
    if (failures == 3) {
      if (hadError) socket.connect(place);
    } else {
      socket.connect(refused);
    }
  });
  socket.connect(refused);
  run();
  BOOST_TEST(failures == 3);
  BOOST_TEST(trace.text() == "close(true), close(true), close(true), connect, close(false)");
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(staysPaused, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket(net::SocketOptions{.reusable = true});
  socket.connect(optionsTo(listener.place));
  { const RawSocket peer = acceptPeer(listener, socket); }
  socket.pause().destroy();
  run();
  socket.connect(optionsTo(listener.place));
  RawSocket peer = acceptPeer(listener, socket);
  peer.send("unread");
  settle();
  BOOST_TEST(socket.isPaused());
  BOOST_TEST(socket.bytesRead() == 0U);
  socket.resume();
  runUntil([&] { return socket.bytesRead() == 6U; });
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(startsCountersAndStatesAfresh, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket(net::SocketOptions{.reusable = true});
  socket.on<"error">([] {});
  socket.on<"data">([] {});
  socket.connect(optionsTo(listener.place));
  {
    RawSocket peer = acceptPeer(listener, socket);
    peer.send("input");
    runUntil([&] { return socket.bytesRead() == 5; });
    socket.end("output");
    socket.remotePort();
    runUntil([&] { return peer.ended(); });
    peer.sendFin();
    run();
  }
  BOOST_TEST(socket.destroyed());
  BOOST_TEST(socket.bytesRead() == 5U);
  BOOST_TEST(socket.bytesWritten() == 6U);

  socket.connect(optionsTo(listener.place));
  BOOST_TEST(!socket.destroyed());
  BOOST_TEST(socket.connecting());
  BOOST_TEST(socket.bytesRead() == 0U);
  BOOST_TEST(socket.bytesWritten() == 0U);
  BOOST_TEST(socket.bufferSize() == 0U);
  BOOST_TEST(!socket.remotePort().has_value());
  RawSocket peer = acceptPeer(listener, socket);
  trace.watch("socket", socket).watchData("socket", socket);
  BOOST_TEST(socket.write("again"));
  socket.end();
  peer.send("and again");
  peer.sendFin();
  run();
  BOOST_TEST(receiveToEnd(peer) == "again");
  BOOST_TEST(trace.text() ==
             "socket finish, socket data(and again), socket end, socket close(false)");
}

// What was queued or kept for the old connection must not come out of the new one.
BOOST_TEST_DECORATOR(*label("6.18") * label("9.16"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(carriesNothingOver, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket(net::SocketOptions{.reusable = true});
  socket.pause();
  socket.connect(optionsTo(listener.place));
  {
    RawSocket old = acceptPeer(listener, socket);
    old.send("old input");
    fill(socket);
    socket.resume();
    socket.pause();
    settle();
    socket.destroy();
    run();
  }
  socket.resume();
  trace.watchData("socket", socket);
  socket.connect(optionsTo(listener.place));
  RawSocket peer = acceptPeer(listener, socket);
  socket.end("new output");
  peer.send("new input");
  peer.sendFin();
  run();
  BOOST_TEST(receiveToEnd(peer) == "new output");
  BOOST_TEST(trace.text() == "socket data(new input)");
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(keepsThePauseAndTheHalfOpenSetting, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket(net::SocketOptions{.allowHalfOpen = true, .reusable = true});
  trace.watchData("socket", socket);
  socket.connect(optionsTo(listener.place));
  acceptPeer(listener, socket);
  socket.pause();
  socket.destroy();
  run();
  socket.connect(optionsTo(listener.place));
  RawSocket peer = acceptPeer(listener, socket);
  peer.send("input");
  peer.sendFin();
  settle();
  BOOST_TEST(trace.text() == "");
  socket.on<"end">(trace.adds("end")).resume();
  runUntil([&] { return trace.text() == "socket data(input), end"; });
  settle();
  BOOST_TEST(socket.write("still open"));
  BOOST_TEST(receiveAll(peer, 10) == "still open");
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotKeepTheTimeout, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket(net::SocketOptions{.reusable = true});
  socket.setTimeout(60000);
  socket.connect(optionsTo(listener.place));
  acceptPeer(listener, socket);
  socket.destroy();
  run();
  socket.connect(optionsTo(listener.place));
  BOOST_TEST(!socket.timeout().has_value());
  acceptPeer(listener, socket);
  BOOST_TEST(!socket.timeout().has_value());
}

BOOST_AUTO_TEST_SUITE(later)

BOOST_TEST_DECORATOR(*label("6.18") * label("1.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isRefusedWithoutListeners, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  const auto captured = std::make_shared<int>();
  socket.on<"connect">([captured] {});
  socket.on<"close">([captured] {});
  socket.connect(optionsTo(listener.place));
  acceptPeer(listener, socket);
  socket.destroy();
  run();
  BOOST_TEST(captured.use_count() == 1);
  BOOST_CHECK_EXCEPTION(
      socket.connect(optionsTo(listener.place)), ArgumentError,
      [](const ArgumentError& e) { return e.code() == "ERR_SOCKET_LISTENERS_RELEASED"; });
  BOOST_TEST(!socket.connecting());
  run();
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(worksWithNewListeners, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  socket.on<"connect">(trace.adds("old"));
  socket.connect(optionsTo(listener.place));
  acceptPeer(listener, socket);
  socket.destroy();
  run();
  socket.on<"connect">(trace.adds("new"));
  socket.connect(optionsTo(listener.place));
  acceptPeer(listener, socket);
  BOOST_TEST(trace.text() == "old, new");
}

BOOST_TEST_DECORATOR(*label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(worksForAReusableSocket, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket(net::SocketOptions{.reusable = true});
  socket.on<"connect">(trace.adds("connect"));
  socket.on<"close">([&] {
    if (trace.text() == "connect") {
      setTimeout([&] { socket.connect(optionsTo(listener.place)); }, 1);
    }
  });
  socket.connect(optionsTo(listener.place));
  acceptPeer(listener, socket);
  socket.destroy();
  runUntil([&] { return trace.text() == "connect, connect"; });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_TEST_DECORATOR(*label("6.18") * label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(inACloseListenerThatThrowsWorks, V, Venues, ReconnectFixture) {
  const net::Server server = serve(V(), [](Socket peer) { peer.end("hello"); });
  const net::ConnectOptions place = placeOf(server);
  const Socket socket;
  trace.watchData("socket", socket);
  socket.once<"close">([&] {
    socket.connect(place);
    throw std::runtime_error("thrown");
  });
  socket.connect(place);
  BOOST_CHECK_THROW(run(), std::runtime_error);
  BOOST_TEST(std::exchange(trace, Trace()).text() == "socket data(hello)");
  run();
  BOOST_TEST(trace.text() == "socket data(hello)");
}

BOOST_TEST_DECORATOR(*label("9.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(andDestroyingInCloseClosesAgain, V, Venues, ReconnectFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  int closes = 0;
  socket.on<"close">([&] {
    if (++closes < 3) socket.connect(optionsTo(listener.place)).destroy();
  });
  socket.destroy();
  run();
  BOOST_TEST(closes == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
