// Ending, by either side, in both modes, and destroying. (behaviour.md, 9; whole sequences of
// events are in sequences_test.cc.)

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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

struct EndFixture : SystemFixture, SocketFixture {
  // A new socket, whose every event is in the trace from here on.
  Socket watched(const net::SocketOptions& options = {}) {
    trace.clear();
    const Socket socket(options);
    trace.watch("socket", socket).watchData("socket", socket);
    return socket;
  }
};

BOOST_FIXTURE_TEST_SUITE(ending, EndFixture)

BOOST_AUTO_TEST_SUITE(ourEnd)

BOOST_TEST_DECORATOR(*label("8.14") * label("9.1"))
BOOST_AUTO_TEST_CASE(withDataBeforeConnectingIsAWriteToAClosedSocket) {
  const Socket socket;
  trace.watch("socket", socket);
  socket.end("x", trace.addsOutcome("ended"));
  run();
  BOOST_TEST(trace.text() ==
             "ended(Socket is closed), socket error(Socket is closed), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("9.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comesBehindAllThatIsQueued, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t written = fill(socket);
  BOOST_TEST((socket.end("last") == socket));
  settle();
  const std::string& all = receiveToEnd(peer);
  BOOST_TEST(all.size() == written + 4);
  BOOST_TEST(all.ends_with("last"));
}

BOOST_TEST_DECORATOR(*label("9.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotEndReading, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  std::size_t received = 0;
  socket.on<"data">([&](std::string_view text) { received += text.size(); });
  socket.end();
  receiveToEnd(peer);
  const std::string piece = pattern(50'000);
  std::size_t sent = 0;
  while (sent < 3'000'000) {
    sent += peer.send(piece);
    loop().runOnce(platform::Duration::zero());
  }
  runUntil([&] { return received == sent; });
  BOOST_TEST(!socket.destroyed());
}

BOOST_TEST_DECORATOR(*label("9.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(saidAgainIsHarmless, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.end(trace.addsOutcome("first"));
  socket.end(trace.addsOutcome("second"));
  socket.end();
  BOOST_TEST(trace.text() == "");
  settle();
  socket.end();
  settle();
  BOOST_TEST(trace.text() == "first, second, socket finish");
}

BOOST_TEST_DECORATOR(*label("1.2") * label("9.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(afterFinishTellsTheCallbackSo, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const auto code = [this](const Error& error) { trace.add(error.code()); };
  socket.end();
  settle();
  socket.end(code);
  BOOST_TEST(trace.text() == "");
  settle();
  peer.sendFin();
  run();
  BOOST_TEST(socket.destroyed());
  socket.end(code);
  run();
  BOOST_TEST(trace.text() == "ERR_STREAM_ALREADY_FINISHED, ERR_STREAM_ALREADY_FINISHED");
}

BOOST_TEST_DECORATOR(*label("9.2") * label("8.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(withDataAfterAnEndIsAWriteAfterEnd, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.end(trace.addsOutcome("first"));
  socket.end("too late", trace.addsOutcome("second"));
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() ==
             "first(write after end), second(write after end), socket error(write after end), "
             "socket close(true)");
}

BOOST_TEST_DECORATOR(*label("9.2") * label("8.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isFinishedWhenAllIsHandedOver, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  fill(socket);
  socket.end();
  socket.on<"finish">([&] { BOOST_TEST(socket.bufferSize() == 0U); });
  settle();
  BOOST_TEST(trace.text() == "");
  receiveToEnd(peer);
  settle();
  BOOST_TEST(trace.text() == "socket finish");
}

// A socket that the peer has dropped already: the system says that it is not connected.
BOOST_TEST_DECORATOR(*label("9.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAConnectionThatThePeerDroppedSucceeds, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  syscalls.fail(Call::shutdown, platform::errorNumber("ENOTCONN"));
  socket.end();
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() == "socket finish, socket end, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.2") * label("6.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(insideConnectAndInsideDataIsFine, V, Venues, EndFixture) {
  const net::Server server = serve(V(), [](Socket served) {
    served.write("hello");
    served.on<"end">([served] { served.end("bye"); });
    served.resume();
  });
  for (const bool insideConnect : {true, false}) {
    const Socket socket = watched();
    socket.once<"connect">([&] {
      if (insideConnect) socket.end();
    });
    socket.once<"data">([&] {
      if (!insideConnect) socket.end();
    });
    socket.connect(placeOf(server));
    run();
    const std::string text = trace.text();
    BOOST_TEST(text.ends_with("socket end, socket close(false)"));
    BOOST_TEST(text.find("socket finish") != std::string::npos);
    BOOST_TEST(socket.bytesRead() == 8U);
  }
}

BOOST_AUTO_TEST_CASE(ofASocketThatWasNeverConnectedTellsItsCallbackWhenItIsDestroyed,
                     *label("6.14")) {
  const Socket socket;
  trace.watch("socket", socket);
  socket.end(trace.addsOutcome("ended"));
  run();
  BOOST_TEST(trace.text() == "");
  socket.destroy();
  run();
  BOOST_TEST(trace.text() ==
             "ended(Cannot call end after a stream was destroyed), socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(theirEnd)

BOOST_TEST_DECORATOR(*label("9.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotDestroyYet, V, Venues, EndFixture) {
  for (const bool halfOpen : {false, true}) {
    for (const bool endsFirst : {false, true}) {
      const Socket socket(net::SocketOptions{.allowHalfOpen = halfOpen});
      RawSocket peer = connectRaw(socket, V());
      int ends = 0;
      socket.on<"end">([&] {
        ++ends;
        BOOST_TEST(!socket.destroyed());
        if (!endsFirst) BOOST_TEST(socket.remotePort().has_value() == V::hasAddresses);
      });
      if (endsFirst) socket.end();
      settle();
      peer.sendFin();
      runUntil([&] { return ends > 0; });
      settle();
      socket.end();
      run();
      BOOST_TEST(ends == 1);
    }
  }
}

BOOST_TEST_DECORATOR(*label("9.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(letsItsListenersWrite, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.on<"end">([&] { BOOST_TEST(socket.write("last ", trace.addsOutcome("written"))); });
  socket.on<"end">([&] { BOOST_TEST(socket.write("words")); });
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() == "socket end, written, socket finish, socket close(false)");
  BOOST_TEST(receiveToEnd(peer) == "last words");
}

BOOST_TEST_DECORATOR(*label("9.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(letsAllThatIsQueuedGoOut, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  const std::size_t written = fill(socket);
  peer.sendFin();
  runUntil([&] { return trace.text() == "socket end"; });
  settle();
  BOOST_TEST(trace.text() == "socket end");
  BOOST_TEST(receiveToEnd(peer).size() == written);
  run();
  BOOST_TEST(trace.text() == "socket end, socket finish, socket close(false)");
}

// Until 'close' it is open only in part.
BOOST_TEST_DECORATOR(*label("9.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(makesLaterWritesFailAsEnded, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  fill(socket);  // so that it cannot close yet
  peer.sendFin();
  runUntil([&] { return trace.text() == "socket end"; });
  BOOST_TEST(!socket.write("too late", [&](const Error& error) {
    BOOST_TEST(error.code() == "EPIPE");
    trace.add(error.what());
  }));
  run();
  const std::string ended = "This socket has been ended by the other party";
  BOOST_TEST(trace.text() ==
             "socket end, " + ended + ", socket error(" + ended + "), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("9.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotBlamedIfWeHadEndedBefore, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  fill(socket);
  socket.end();
  peer.sendFin();
  runUntil([&] { return trace.text() == "socket end"; });
  socket.write("too late");
  run();
  BOOST_TEST(trace.text() == "socket end, socket error(write after end), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("9.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(leavesAHalfOpenSocketToWriteAnyAmount, V, Venues, EndFixture) {
  const Socket socket(net::SocketOptions{.allowHalfOpen = true});
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  peer.sendFin();
  runUntil([&] { return trace.text() == "socket end"; });
  const std::string all = pattern(8'000'000);
  socket.write(all);
  BOOST_TEST(!socket.readable());
  BOOST_TEST(socket.writable());
  BOOST_TEST((receiveAll(peer, all.size()) == all));
  runUntil([&] { return trace.text() == "socket end, socket drain"; });
  socket.write("and more");
  BOOST_TEST(receiveAll(peer, all.size() + 8).ends_with("and more"));
  socket.end();
  run();
  BOOST_TEST(trace.text() == "socket end, socket drain, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(closesAlsoIfAListenerThrows, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.on<"end">([] { throw std::runtime_error("from 'end'"); });
  socket.on<"finish">([] { throw std::runtime_error("from 'finish'"); });
  socket.on<"close">([] { throw std::runtime_error("from 'close'"); });
  peer.sendFin();
  for (const char* from : {"from 'end'", "from 'finish'", "from 'close'"}) {
    BOOST_CHECK_EXCEPTION(run(), std::runtime_error, [&](const std::runtime_error& e) {
      return e.what() == std::string(from);
    });
  }
  run();
  BOOST_TEST(trace.text() == "socket end, socket finish, socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

// From inside the listener of each event, with all that follows already under way.
BOOST_AUTO_TEST_SUITE(destroying)

template <class V>
void runDialogue(EndFixture& fixture, V venue, const Socket& socket) {
  fixture.trace.clear();
  const net::Server server = fixture.serve(venue, [](Socket served) {
    served.on<"error">([] {});
    served.resume();
    served.end("hello");
  });
  fixture.trace.watch("socket", socket).watchData("socket", socket);
  socket.connect(EndFixture::placeOf(server));
  socket.write("x");
  fixture.run();
}

BOOST_TEST_DECORATOR(*label("8.3") * label("9.9") * label("9.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(endsTheEventsFromInsideAnyOfThem, V, Venues, EndFixture) {
  const auto destroys = [](Socket self) { self.destroy(); };
  const auto expect = [&](const Socket& socket, std::string_view events) {
    runDialogue(*this, V(), socket);
    BOOST_TEST(trace.text() == events);
    BOOST_TEST(socket.destroyed());
  };
  // The dialogue undisturbed.
  expect(Socket(),
         "socket connect, socket ready, socket drain, socket data(hello), socket end, "
         "socket finish, socket close(false)");

  const Socket inConnect;
  inConnect.on<"connect">(destroys);
  expect(inConnect, "socket connect, socket close(false)");
  const Socket inReady;
  inReady.on<"ready">(destroys);
  expect(inReady, "socket connect, socket ready, socket close(false)");
  const Socket inDrain;
  inDrain.on<"drain">(destroys);
  expect(inDrain, "socket connect, socket ready, socket drain, socket close(false)");
  const Socket inData;
  inData.on<"data">(destroys);
  expect(inData,
         "socket connect, socket ready, socket drain, socket data(hello), socket close(false)");
  const Socket inEnd;
  inEnd.on<"end">(destroys);
  expect(inEnd,
         "socket connect, socket ready, socket drain, socket data(hello), socket end, "
         "socket close(false)");
  const Socket inFinish;
  inFinish.on<"finish">(destroys);
  expect(inFinish,
         "socket connect, socket ready, socket drain, socket data(hello), socket end, "
         "socket finish, socket close(false)");
  const Socket inClose;
  inClose.on<"close">(destroys);
  expect(inClose,
         "socket connect, socket ready, socket drain, socket data(hello), socket end, "
         "socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.9") * label("9.11") * label("9.12"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(withAnErrorTellsItFromInsideAnyOfThem, V, Venues, EndFixture) {
  const auto destroys = [](Socket self) { self.destroy(Error({.message = "why"})); };
  const auto expect = [&](const Socket& socket, std::string_view events) {
    runDialogue(*this, V(), socket);
    BOOST_TEST(trace.text() == std::string(events) + ", socket error(why), socket close(true)");
  };
  const Socket inConnect;
  inConnect.on<"connect">(destroys);
  expect(inConnect, "socket connect");
  const Socket inData;
  inData.on<"data">(destroys);
  expect(inData, "socket connect, socket ready, socket drain, socket data(hello)");
  const Socket inEnd;
  inEnd.on<"end">(destroys);
  expect(inEnd, "socket connect, socket ready, socket drain, socket data(hello), socket end");
  const Socket inFinish;
  inFinish.on<"finish">(destroys);
  expect(inFinish,
         "socket connect, socket ready, socket drain, socket data(hello), socket end, "
         "socket finish");
}

// Data that was received before, and kept, is not delivered.
BOOST_TEST_DECORATOR(*label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(dropsWhatWasKept, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("kept");
  peer.sendFin();
  settle();
  trace.watch("socket", socket).watchData("socket", socket);
  socket.resume();
  socket.destroy();
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_TEST_DECORATOR(*label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(dropsWhatIsQueued, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t written = fill(socket);
  const std::size_t queued = socket.bufferSize();
  socket.destroy();
  BOOST_TEST(socket.bufferSize() == 0U);
  run();
  // Of an overlapped send that is cancelled, a part may be gone.
  const std::size_t received = receiveToEnd(peer).size();
  BOOST_TEST((kIsWindows ? received >= written - queued : received == written - queued));
}

BOOST_TEST_DECORATOR(*label("9.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldByDestroyedUntilTheNextConnection, V, Venues, EndFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket(net::SocketOptions{.reusable = true});
  BOOST_TEST(!socket.destroyed());
  socket.connect(optionsTo(listener.place));
  BOOST_TEST(!socket.destroyed());
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(!socket.destroyed());
  peer.sendFin();
  run();  // an orderly end
  BOOST_TEST(socket.destroyed());
  socket.connect(optionsTo(listener.place));
  BOOST_TEST(!socket.destroyed());
  socket.destroy();
}

BOOST_TEST_DECORATOR(*label("3.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(andFailingTellOneErrorOnly, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  syscalls.fail(Call::recv, platform::errorNumber("ECONNRESET"));
  syscalls.fail(Call::send, platform::errorNumber("ENOBUFS"));
  syscalls.fail(Call::sendmsg, platform::errorNumber("ENOBUFS"));
  peer.send("unheard");
  socket.write("unsent");
  socket.write("unsent");
  run();
  BOOST_TEST(trace.text() == "socket error(write ENOBUFS), socket close(true)");
}

// Nothing is listening for 'error': it leaves run(), and 'close' comes all the same.
BOOST_TEST_DECORATOR(*label("2.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(withAnErrorThatNobodyHearsThrowsIt, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"close">([&](bool hadError) { trace.add(hadError ? "close(true)" : "close(false)"); });
  const Error why({.message = "why"});
  socket.destroy(why);
  BOOST_CHECK_EXCEPTION(run(), Error, [&](const Error& error) { return error == why; });
  run();
  BOOST_TEST(trace.text() == "close(true)");
}

BOOST_TEST_DECORATOR(*label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(inAnErrorListenerThatThrowsIsNothingNew, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.on<"error">([&](const Error& error) {
    socket.destroy();
    throw error;
  });
  socket.destroy(Error({.message = "why"}));
  BOOST_CHECK_THROW(run(), Error);
  run();
  BOOST_TEST(trace.text() == "socket error(why), socket close(true)");
}

// Of what the user calls, from there on, nothing changes anything. (5.6)
BOOST_TEST_DECORATOR(*label("5.6") * label("14.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(makesEveryOtherCallHarmless, V, Venues, EndFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  const auto callAll = [&] {
    socket.pause().resume().setNoDelay().setKeepAlive(true, 1000).setTimeout(1).ref().unref();
    socket.end();
    socket.destroy();
    socket.unpipe();
    BOOST_TEST(!socket.write("x"));
    BOOST_TEST(!socket.connecting());
    BOOST_TEST(!socket.timeout().has_value());
    BOOST_TEST(!socket.address().has_value());
    BOOST_TEST(!socket.localPort().has_value());
    BOOST_TEST(socket.bufferSize() == 0U);
  };
  socket.destroy();
  callAll();
  run();
  callAll();
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
