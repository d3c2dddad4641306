// setTimeout on a socket, in virtual time: it moves only when nothing else happens. [14]

#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;
using std::chrono::milliseconds;

struct VirtualTime : SystemFixture {
  VirtualTime() { syscalls.useVirtualTime(); }
};

struct TimeoutFixture : VirtualTime, SocketFixture {
  TimeoutFixture() { restart(); }

  void restart() { start_ = loop().backend().now(); }
  double elapsed() {
    return std::chrono::duration<double, std::milli>(loop().backend().now() - start_).count();
  }

  void pass(double length) {
    bool isOver = false;
    // The turn in which the timer fires must not wait for anything else.
    sprocket::setTimeout([&] { setImmediate([&] { isOver = true; }); }, length);
    while (!isOver) loop().runOnce();
  }

  // Notes when 'timeout' comes, as whole milliseconds since restart().
  void note(const Socket& of) {
    of.on<"timeout">([this] { times.push_back(static_cast<int>(elapsed())); });
  }

  // Whether the one 'timeout' was so many milliseconds after restart(): never early, and late by no
  // more than ticks are coarse.
  bool wasAfter(int expected) const {
    return times.size() == 1 && times[0] >= expected && times[0] <= expected + 3;
  }

  Socket socket;
  std::vector<int> times;

 private:
  platform::Instant start_;
};

BOOST_FIXTURE_TEST_SUITE(timeout, TimeoutFixture)

BOOST_TEST_DECORATOR(*label("14.1") * label("14.5") * label("14.7") * label("16.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comesOnceOfAnIdleSocket, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  note(socket);
  restart();
  BOOST_TEST((socket.setTimeout(50) == socket));
  BOOST_TEST(socket.timeout().value() == 50.0);
  pass(500);
  BOOST_TEST(wasAfter(50));
}

BOOST_TEST_DECORATOR(*label("14.3") * label("14.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(leavesTheSocketAsItIs, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket).watchData("socket", socket);
  socket.setTimeout(50);
  pass(100);
  BOOST_TEST(trace.text() == "socket timeout");
  BOOST_TEST(!socket.destroyed());
  BOOST_TEST(socket.write("still here"));
  BOOST_TEST(receiveAll(peer, 10) == "still here");
  peer.send("me too");
  pass(200);  // and it counts from there again
  BOOST_TEST(trace.text() == "socket timeout, socket data(me too), socket timeout");
}

BOOST_TEST_DECORATOR(*label("14.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayBeSetWithACallbackBeforeTheConnection, V, Venues,
                                 TimeoutFixture) {
  const RawListener listener = rawListener(V());
  socket.setTimeout(10'000, trace.adds("first"));
  socket.connect(optionsTo(listener.place));
  socket.setTimeout(50, trace.adds("second"));
  const RawSocket peer = acceptPeer(listener, socket);
  pass(100);
  BOOST_TEST(trace.text() == "first, second");
}

BOOST_TEST_DECORATOR(*label("14.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isAbsentOfAnAcceptedSocket, V, Venues, TimeoutFixture) {
  BOOST_TEST(!acceptRaw(V()).socket.timeout().has_value());
}

BOOST_AUTO_TEST_CASE(isAbsentUnlessItWasSet, *label("14.1") * label("1.7")) {
  BOOST_TEST(!socket.timeout().has_value());
  socket.setTimeout(0);
  BOOST_TEST(!socket.timeout().has_value());
}

BOOST_AUTO_TEST_SUITE(activity)

BOOST_TEST_DECORATOR(*label("14.4") * label("16.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofThePeerStartsItAnew, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  socket.resume();
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(40);
  peer.send("x");
  pass(300);
  BOOST_TEST(wasAfter(90));
}

BOOST_TEST_DECORATOR(*label("14.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofThePeerCountsAlsoIfNobodyListens, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(40);
  peer.send("kept");
  pass(300);
  BOOST_TEST(wasAfter(90));
}

BOOST_TEST_DECORATOR(*label("14.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(byAWriteStartsItAnew, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(40);
  socket.write("x");
  pass(300);
  BOOST_TEST(wasAfter(90));
}

BOOST_TEST_DECORATOR(*label("14.4") * label("14.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(byWhatTheKernelTakesStartsItAnew, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  fill(socket);
  settle();
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(40);
  peer.receive();  // makes room
  pass(300);
  BOOST_TEST(wasAfter(90));
  BOOST_TEST(socket.bufferSize() > 0U);
}

BOOST_TEST_DECORATOR(*label("14.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAWriteThatProgressesHoldsItOff, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  socket.write(pattern(60'000'000));
  note(socket);
  socket.setTimeout(50);
  for (int i = 0; i < 4; ++i) {
    pass(40);
    BOOST_TEST(times.empty());
    peer.receive();
    settle();
  }
  BOOST_TEST(times.empty());
}

// It sits in the queue, and that is no activity.
BOOST_TEST_DECORATOR(*label("14.4") * label("14.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotSittingInTheQueue, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  note(socket);
  fill(socket);
  settle();
  restart();
  socket.setTimeout(50);
  pass(300);
  BOOST_TEST(wasAfter(50));
}

BOOST_AUTO_TEST_CASE(isStartingToConnect, *label("14.4")) {
  const UnansweringPort port;
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(30);
  socket.connect(port.number(), "127.0.0.1");
  pass(300);
  BOOST_TEST(wasAfter(80));
  BOOST_TEST(socket.connecting());
  socket.destroy();
}

BOOST_TEST_DECORATOR(*label("14.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isHavingConnected, V, Venues, TimeoutFixture) {
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(40);
  RawSocket peer = connectRaw(socket, V());
  pass(300);
  BOOST_TEST(wasAfter(90));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(setting)

BOOST_TEST_DECORATOR(*label("14.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(zeroDisablesIt, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  note(socket);
  socket.setTimeout(50);
  pass(40);
  socket.setTimeout(0);
  BOOST_TEST(!socket.timeout().has_value());
  pass(300);
  socket.write("x");
  pass(300);
  BOOST_TEST(times.empty());
}

BOOST_TEST_DECORATOR(*label("14.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(anotherValueStartsAnewWithIt, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(40);
  socket.setTimeout(100);
  pass(500);
  BOOST_TEST(wasAfter(140));
  socket.setTimeout(milliseconds(20));
  BOOST_TEST(socket.timeout().value() == 20.0);
  times.clear();
  restart();
  socket.setTimeout(20);
  pass(300);
  BOOST_TEST(wasAfter(20));
}

BOOST_TEST_DECORATOR(*label("14.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(itsCallbackIsCalledOnce, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  socket.setTimeout(20, [this](Socket self) {
    BOOST_TEST((self == socket));
    trace.add("callback");
  });
  BOOST_TEST(socket.listenerCount<"timeout">() == 1U);
  pass(50);
  socket.write("x");
  pass(50);
  BOOST_TEST(trace.text() == "callback");
  BOOST_TEST(socket.listenerCount<"timeout">() == 0U);
}

BOOST_AUTO_TEST_CASE(zeroRemovesTheCallbackGiven, *label("14.2")) {
  const net::Listener callback = trace.adds("never");
  socket.setTimeout(20, callback);
  socket.setTimeout(20, trace.adds("other"));
  socket.setTimeout(0, callback);
  BOOST_TEST(socket.listenerCount<"timeout">() == 1U);
  socket.setTimeout(20);
  pass(50);
  BOOST_TEST(trace.text() == "other");
}

BOOST_AUTO_TEST_CASE(toWhatIsNoTimeThrowsAndChangesNothing, *label("14.2") * label("1.8")) {
  const auto telling = [](std::string_view value) {
    return [value](const ArgumentError& error) {
      return std::string_view(error.what()).find(value) != std::string_view::npos;
    };
  };
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(40);
  BOOST_CHECK_EXCEPTION(socket.setTimeout(-1, [] {}), ArgumentError, telling("-1"));
  BOOST_CHECK_EXCEPTION(socket.setTimeout(-0.25), ArgumentError, telling("-0.25"));
  BOOST_CHECK_EXCEPTION(socket.setTimeout(std::nan("")), ArgumentError, telling("nan"));
  BOOST_CHECK_EXCEPTION(socket.setTimeout(INFINITY), ArgumentError, telling("inf"));
  BOOST_TEST(socket.timeout().value() == 50.0);
  BOOST_TEST(socket.listenerCount<"timeout">() == 1U);
  pass(100);
  BOOST_TEST(wasAfter(50));
}

BOOST_AUTO_TEST_CASE(tooLongATimeIsCut, *label("14.2")) {
  note(socket);
  socket.setTimeout(1e12);
  BOOST_TEST(socket.timeout().value() == 2147483647.0);
  pass(100);
  BOOST_TEST(times.empty());
}

BOOST_AUTO_TEST_CASE(fractionsAreRoundedUp, *label("14.2") * label("14.7")) {
  note(socket);
  restart();
  socket.setTimeout(10.5);
  BOOST_TEST(socket.timeout().value() == 10.5);
  pass(50);
  BOOST_TEST(wasAfter(11));
  times.clear();
  restart();
  socket.setTimeout(0.25);
  pass(50);
  BOOST_TEST(wasAfter(1));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(comesWhileConnecting, *label("14.7")) {
  const UnansweringPort port;
  trace.watch("socket", socket);
  restart();
  socket.setTimeout(50, [this] { times.push_back(static_cast<int>(elapsed())); });
  socket.connect(port.number(), "127.0.0.1");
  pass(100);
  BOOST_TEST(wasAfter(50));
  BOOST_TEST(trace.text() == "socket timeout");
  socket.destroy();
}

BOOST_AUTO_TEST_CASE(comesOfASocketThatIsNotConnected, *label("14.7")) {
  note(socket);
  restart();
  socket.setTimeout(50);
  pass(200);
  BOOST_TEST(wasAfter(50));
}

BOOST_AUTO_TEST_CASE(doesNotKeepTheLoop, *label("11.3")) {
  note(socket);
  socket.setTimeout(50);
  run();
  BOOST_TEST(times.empty());
}

BOOST_TEST_DECORATOR(*label("14.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotComeAfterDestroy, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  note(socket);
  socket.setTimeout(50);
  pass(40);
  socket.destroy();
  socket.setTimeout(5, [] {});
  BOOST_TEST(!socket.timeout().has_value());
  BOOST_TEST(socket.listenerCount<"timeout">() == 1U);
  pass(300);
  BOOST_TEST(times.empty());
}

// All are due in one tick.
BOOST_TEST_DECORATOR(*label("14.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofOneSocketMayDestroyAnotherAndItself, V, Venues, TimeoutFixture) {
  const Socket first;
  const Socket second;
  const Socket third;
  const RawSocket one = connectRaw(first, V());
  const RawSocket two = connectRaw(second, V());
  const RawSocket three = connectRaw(third, V());
  first.setTimeout(50, [&](Socket self) {
    trace.add("first");
    second.destroy();
    self.destroy();
  });
  second.setTimeout(50, trace.adds("second"));
  third.setTimeout(50, trace.adds("third"));
  pass(100);
  BOOST_TEST(trace.text() == "first, third");
  BOOST_TEST(first.destroyed());
  BOOST_TEST(!third.destroyed());
}

BOOST_TEST_DECORATOR(*label("14.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayBeSetAnewByItsListener, V, Venues, TimeoutFixture) {
  RawSocket peer = connectRaw(socket, V());
  socket.on<"timeout">([&] {
    times.push_back(static_cast<int>(elapsed()));
    if (times.size() < 3) socket.setTimeout(50);
  });
  restart();
  socket.setTimeout(50);
  pass(400);
  BOOST_TEST(times.size() == 3U);
  BOOST_TEST(times.back() >= 150);
}

BOOST_TEST_DECORATOR(*label("18.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(changesNothingInTheOrderOfEvents, V, Venues, TimeoutFixture) {
  const RawListener listener = rawListener(V());
  trace.watch("socket", socket).watchData("socket", socket);
  socket.setTimeout(20);
  socket.connect(optionsTo(listener.place));
  RawSocket peer = acceptPeer(listener, socket);
  pass(50);
  peer.send("hello");
  pass(50);
  peer.sendFin();
  runUntil([&] { return socket.destroyed(); });
  pass(50);
  BOOST_TEST(trace.text() ==
             "socket connect, socket ready, socket timeout, socket data(hello), socket timeout, "
             "socket end, socket finish, socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
