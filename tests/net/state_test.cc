// What a socket says of itself, in each of its states. [5.5]

#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct StateFixture : SocketFixture {
  static std::string stateOf(const Socket& socket) {
    std::string text(socket.readyState());
    if (socket.pending()) text += " pending";
    if (socket.connecting()) text += " connecting";
    if (socket.readable()) text += " readable";
    if (socket.writable()) text += " writable";
    if (socket.destroyed()) text += " destroyed";
    return text;
  }
};

BOOST_FIXTURE_TEST_SUITE(states, StateFixture)

BOOST_TEST_DECORATOR(*label("5.5") * label("9.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAConnectionThatThisSideEndsFirst, V, Venues, StateFixture) {
  const Socket socket({.allowHalfOpen = true});
  BOOST_TEST(stateOf(socket) == "closed pending");
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place));
  BOOST_TEST(stateOf(socket) == "opening pending connecting writable");
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(stateOf(socket) == "open readable writable");
  socket.resume().end();
  BOOST_TEST(stateOf(socket) == "readOnly readable");
  settle();
  BOOST_TEST(stateOf(socket) == "readOnly readable");
  socket.on<"end">([&] { trace.add(stateOf(socket)); });
  socket.on<"close">([&] { trace.add(stateOf(socket)); });
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() == "closed, closed pending destroyed");
}

BOOST_TEST_DECORATOR(*label("5.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAConnectionThatThePeerEndsFirst, V, Venues, StateFixture) {
  const Socket socket({.allowHalfOpen = true});
  RawSocket peer = connectRaw(socket, V());
  socket.pause();
  peer.sendFin();
  settle();
  BOOST_TEST(stateOf(socket) == "open readable writable");  // nobody has heard the end yet
  socket.resume();
  settle();
  BOOST_TEST(stateOf(socket) == "writeOnly writable");
  socket.destroy();
  BOOST_TEST(stateOf(socket) == "closed pending destroyed");
  run();
  BOOST_TEST(stateOf(socket) == "closed pending destroyed");
}

BOOST_TEST_DECORATOR(*label("5.5") * label("6.4") * label("6.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAConnectionThatIsEndedBeforeItIsThere, V, Venues, StateFixture) {
  const Socket socket;
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place)).end("last");
  BOOST_TEST(stateOf(socket) == "opening pending connecting");
  BOOST_TEST(socket.writableLength() == 4U);
  socket.on<"connect">([&] { trace.add(stateOf(socket)); });
  acceptPeer(listener, socket);
  BOOST_TEST(trace.text() == "readOnly readable");
}

BOOST_TEST_DECORATOR(*label("5.5") * label("6.12"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAConnectionThatFails, V, Venues, StateFixture) {
  const Socket socket;
  socket.on<"error">([&] { trace.add(stateOf(socket)); });
  socket.connect(nowhere(V()));
  run();
  BOOST_TEST(trace.text() == "closed pending destroyed");
}

BOOST_TEST_DECORATOR(*label("5.5"))
BOOST_AUTO_TEST_CASE(ofOptionsThatNobodyGave, *label("5.1")) {
  constexpr auto expectDefaults = [](const auto& options) {
    BOOST_TEST(!options.fd);
    BOOST_TEST(!options.readable);
    BOOST_TEST(!options.writable);
    BOOST_TEST(!options.allowHalfOpen);
    BOOST_TEST(!options.noDelay);
    BOOST_TEST(!options.keepAlive);
    BOOST_TEST(options.keepAliveInitialDelay == 0);
    BOOST_TEST(options.readableHighWaterMark == 16384U);
    BOOST_TEST(options.writableHighWaterMark == 0U);
    BOOST_TEST(options.onread.buffer.empty());
    BOOST_TEST(!options.onread.callback);
    BOOST_TEST(!options.reusable);
  };
  expectDefaults(net::SocketOptions());
  expectDefaults(net::ConnectOptions());
}

BOOST_AUTO_TEST_CASE(tellsThePresentTimeout) {
  const Socket socket;
  BOOST_TEST(!socket.timeout().has_value());
  socket.setTimeout(1500);
  BOOST_TEST(socket.timeout().value() == 1500);
  socket.setTimeout(0);
  BOOST_TEST(!socket.timeout().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(notices, StateFixture)

BOOST_TEST_DECORATOR(*label("2.1") * label("2.4") * label("10.4") * label("10.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofPauseComeAtOnceAndOfResumeLater, V, Venues, StateFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  socket.on<"pause">(trace.adds("pause")).template on<"resume">(trace.adds("resume"));
  socket.pause();
  BOOST_TEST(socket.isPaused());
  trace.add("paused");
  socket.pause();
  socket.resume();
  BOOST_TEST(!socket.isPaused());
  trace.add("resumed");
  socket.resume();
  settle();
  BOOST_TEST(trace.text() == "pause, paused, resumed, resume");
}

BOOST_TEST_DECORATOR(*label("2.1") * label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofTheFirstDataListenerIsResume, V, Venues, StateFixture) {
  const Socket socket;
  socket.on<"resume">(trace.adds("resume"));
  RawSocket peer = connectRaw(socket, V());
  trace.watchData("socket", socket);
  peer.send("hello");
  settle();
  BOOST_TEST(trace.text() == "resume, socket data(hello)");
}

BOOST_TEST_DECORATOR(*label("2.1") * label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofPipesComeFromTheDestination, V, Venues, StateFixture) {
  const Socket source;
  const Socket first;
  const Socket second;
  const RawSocket peers[] = {connectRaw(source, V()), connectRaw(first, V()),
                             connectRaw(second, V())};
  const auto watch = [&](const Socket& socket, const std::string& name) {
    socket.on<"pipe">([&, name](const Socket& from) {
      BOOST_TEST((from == source));
      trace.add(name + " pipe");
    });
    socket.on<"unpipe">([&, name](const Socket& from) {
      BOOST_TEST((from == source));
      trace.add(name + " unpipe");
    });
  };
  watch(first, "first");
  watch(second, "second");
  source.pipe(first);
  source.pipe(second);
  source.unpipe(first);
  source.unpipe(first);
  source.unpipe();
  BOOST_TEST(trace.text() == "first pipe, second pipe, first unpipe, second unpipe");
}

// Each was to be taken off; that is done, and what is new stays.
BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofUnpipeMayPipeAgain, V, Venues, StateFixture) {
  const Socket source;
  const Socket destination;
  RawSocket from = connectRaw(source, V());
  RawSocket to = connectRaw(destination, V());
  destination.on<"unpipe">([&] { source.pipe(destination); });
  source.pipe(destination);
  source.unpipe();
  from.send("on");
  BOOST_TEST(receiveAll(to, 2) == "on");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
