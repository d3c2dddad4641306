// Writing: what a write answers, what it costs, in which order it is told of, and how it fails. [8]

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
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

struct WriteFixture : SystemFixture, SocketFixture {
  std::function<void(const Error&)> addsCode(std::string what) {
    return [this, what](const Error& e) { trace.add(e ? what + " " + e.code() : what); };
  }
};

BOOST_FIXTURE_TEST_SUITE(writing, WriteFixture)

BOOST_TEST_DECORATOR(*label("8.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(sendsDuringTheCallIfNothingIsQueued, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  BOOST_TEST(socket.write("hello"));
  BOOST_TEST(peer.receive() == "hello");
  BOOST_TEST(socket.bufferSize() == 0U);
  BOOST_TEST(socket.bytesWritten() == 5U);
}

BOOST_TEST_DECORATOR(*label("8.1") * label("8.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(takesEveryKindOfChunkAtOnce, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::string text = "2";
  const std::vector<std::byte> vector{std::byte{'4'}};
  const Buffer owner = Buffer::from(std::string("6"));
  BOOST_TEST(socket.write("1"));
  BOOST_TEST(socket.write(text));
  BOOST_TEST(socket.write(std::string("3")));
  BOOST_TEST(socket.write(vector));
  BOOST_TEST(socket.write(std::span(vector)));
  BOOST_TEST(socket.write(owner));
  BOOST_TEST(socket.write(std::string_view("\0", 1)));
  socket.end("8");
  BOOST_TEST((receiveToEnd(peer) == std::string("123446\0"
                                                "8",
                                                8)));
}

// The callers' memory is used again as soon as the calls have returned.
BOOST_TEST_DECORATOR(*label("8.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(takesEveryKindOfChunkToBeQueued, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t before = fill(socket);
  for (const std::size_t size : {std::size_t{10}, std::size_t{10000}}) {
    std::string text = pattern(size);
    BOOST_TEST(!socket.write(text));
    BOOST_TEST(!socket.write(std::string_view(text)));
    BOOST_TEST(!socket.write(std::as_bytes(std::span(text))));
    BOOST_TEST(!socket.write(Buffer::viewOf(std::as_bytes(std::span(text)))));
    BOOST_TEST(!socket.write(std::as_const(text)));
    text.assign(size, '?');
    BOOST_TEST(!socket.write(pattern(size)));
    BOOST_TEST(!socket.write(Buffer::from(pattern(size))));
  }
  socket.end();
  std::string expected;
  for (int i = 0; i < 7; ++i) expected += pattern(10);
  for (int i = 0; i < 7; ++i) expected += pattern(10000);
  BOOST_TEST((receiveToEnd(peer).substr(before) == expected));
}

BOOST_TEST_DECORATOR(*label("8.2") * label("8.9") * label("8.10") * label("16.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isFalseWhileAnythingIsQueued, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t written = fill(socket);
  BOOST_TEST(socket.bufferSize() > 0U);
  BOOST_TEST(socket.bytesWritten() == written);
  BOOST_TEST(!socket.write("x"));
  BOOST_TEST(!socket.write(""));
  BOOST_TEST(socket.bytesWritten() == written + 1);
  receiveAll(peer, written + 1);
  runUntil([&] { return socket.bufferSize() == 0; });
  BOOST_TEST(socket.write("y"));
  BOOST_TEST(receiveAll(peer, written + 2).ends_with("xy"));
  BOOST_TEST(socket.bytesWritten() == written + 2);
}

BOOST_TEST_DECORATOR(*label("8.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(queueIsThereBeforeTheConnection, V, Venues, WriteFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  BOOST_TEST(socket.writableLength() == 0U);
  socket.connect(optionsTo(listener.place));
  socket.write("early");
  BOOST_TEST(socket.writableLength() == 5U);
  BOOST_TEST(socket.bufferSize() == 5U);
  const RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(socket.writableLength() == 0U);
  fill(socket);
  socket.destroy();
  BOOST_TEST(socket.writableLength() == 0U);
}

BOOST_TEST_DECORATOR(*label("8.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(queueShrinksAsThePeerReads, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.write(pattern(8'000'000));
  std::size_t last = socket.bufferSize();
  BOOST_TEST(last > 0U);
  BOOST_TEST(last < 8'000'000U);
  while (last > 0) {
    peer.receive();
    loop().runOnce(std::chrono::milliseconds(1));
    BOOST_REQUIRE(socket.bufferSize() <= last);
    last = socket.bufferSize();
  }
  BOOST_TEST((receiveAll(peer, 8'000'000) == pattern(8'000'000)));
}

BOOST_TEST_DECORATOR(*label("9.12") * label("9.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(thatMeetsAResetTellsIt, V, Venues, WriteFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  syscalls.fail(Call::send, platform::errorNumber("ECONNRESET"));
  socket.write("x");
  run();
  BOOST_TEST(trace.text() == "socket error(write ECONNRESET), socket close(true)");
}

BOOST_AUTO_TEST_SUITE(drain)

BOOST_TEST_DECORATOR(*label("8.3") * label("18.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comesOnceTheQueueIsEmpty, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  const std::size_t written = fill(socket);
  socket.write("a", trace.addsOutcome("a"));
  socket.write("b", trace.addsOutcome("b"));
  socket.on<"drain">([&] { BOOST_TEST(socket.bufferSize() == 0U); });
  settle();
  BOOST_TEST(trace.text() == "");
  receiveAll(peer, written + 2);
  runUntil([&] { return !trace.text().empty(); });
  settle();
  BOOST_TEST(trace.text() == "socket drain, a, b");
}

BOOST_TEST_DECORATOR(*label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotComeIfNoWriteReturnedFalse, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  for (int i = 0; i < 10; ++i) BOOST_TEST(socket.write("x", trace.addsOutcome("x")));
  settle();
  BOOST_TEST(trace.text() == "x, x, x, x, x, x, x, x, x, x");
}

BOOST_TEST_DECORATOR(*label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comesOncePerPeriod, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  std::size_t total = 0;
  for (int period = 1; period <= 3; ++period) {
    total += fill(socket);
    receiveAll(peer, total);
    runUntil([&] { return socket.bufferSize() == 0; });
    settle();
  }
  BOOST_TEST(trace.text() == "socket drain, socket drain, socket drain");
}

BOOST_TEST_DECORATOR(*label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotComeAfterEnd, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  const std::size_t written = fill(socket);
  socket.end(trace.addsOutcome("ended"));
  BOOST_TEST(receiveToEnd(peer).size() == written);
  settle();
  BOOST_TEST(trace.text() == "ended, socket finish");
}

// The queue was empty, but is not any more when the listeners' turn has come.
BOOST_TEST_DECORATOR(*label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(waitsIfTheQueueHasFilledAgain, V, Venues, WriteFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  std::size_t written = 5;
  socket.connect(optionsTo(listener.place), [&] {
    // Runs after what was queued has been sent, and before anybody was told.
    nextTick([&] { written += fill(socket); });
  });
  BOOST_TEST(!socket.write("first"));
  socket.on<"drain">([&] { trace.add("drain " + std::to_string(socket.bufferSize())); });
  RawSocket peer = acceptPeer(listener, socket);
  settle();
  receiveAll(peer, written);
  runUntil([&] { return socket.bufferSize() == 0; });
  settle();
  BOOST_TEST(trace.text() == "drain 0");
}

BOOST_TEST_DECORATOR(*label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayWriteUntilFalseAgain, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  constexpr std::size_t kTotal = 6'000'000;
  const std::string all = pattern(kTotal);
  std::size_t written = 0;
  std::size_t longestQueue = 0;
  constexpr std::size_t kPiece = 50'000;
  const auto writeMore = [&] {
    bool more = true;
    while (more && written < kTotal) {
      more = socket.write(std::string_view(all).substr(written, kPiece));
      written += kPiece;
      longestQueue = std::max(longestQueue, socket.bufferSize());
    }
  };
  socket.on<"drain">(writeMore);
  writeMore();
  BOOST_TEST((receiveAll(peer, kTotal) == all));
  // A source that obeys keeps the queue within one write. (8.11)
  BOOST_TEST(longestQueue <= kPiece);
  BOOST_TEST(longestQueue > 0U);
}

BOOST_TEST_DECORATOR(*label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(thatThrowsKeepsNobodyFromHisCallback, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t written = fill(socket);
  socket.write("a", trace.addsOutcome("a"));
  socket.write("b", [&] {
    trace.add("b");
    throw std::runtime_error("from a callback");
  });
  socket.end("c", trace.addsOutcome("c"));
  socket.on<"finish">([&] {
    trace.add("finish");
    throw std::runtime_error("from a listener");
  });
  const auto untilThrown = [&] {
    BOOST_CHECK_THROW(runUntil([&] { return peer.receive(), false; }), std::runtime_error);
  };
  untilThrown();
  BOOST_TEST(trace.text() == "a, b");
  untilThrown();
  BOOST_TEST(trace.text() == "a, b, c, finish");
  BOOST_TEST(receiveToEnd(peer).size() == written + 3);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(callbacks)

BOOST_AUTO_TEST_CASE(mayTakeTheEmitterFirst, *label("8.4") * label("9.1") * label("7.19")) {
  const net::Server server;
  const Socket socket;
  RawSocket peer = connectRaw(socket, Tcp());
  std::size_t calls = 0;
  const auto count = [&](const auto& self, const auto& expected) { calls += self == expected; };
  socket.write("", [&](Socket self) { count(self, socket); });
  socket.write("", [&](Socket self, const Error& error) { count(self, socket), calls += !error; });
  socket.end([&](Socket self) { count(self, socket); });
  server.close(
      [&](net::Server self, const Error& error) { count(self, server), calls += !!error; });
  settle();
  BOOST_TEST(calls == 6U);
}

BOOST_TEST_DECORATOR(*label("8.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comeLaterAndInOrder, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.write("a", trace.addsOutcome("a"));
  socket.write("b", trace.addsOutcome("b"));
  BOOST_TEST(trace.text() == "");
  settle();
  BOOST_TEST(trace.text() == "a, b");
}

// One big write in the middle, which the kernel does not take at once.
BOOST_TEST_DECORATOR(*label("8.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comeWhenTheKernelHasAllOfIt, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::string big = pattern(30'000'000);  // far more than the kernel holds
  BOOST_TEST(socket.write("a", trace.addsOutcome("a")));
  BOOST_TEST(!socket.write(big, trace.addsOutcome("big")));
  BOOST_TEST(!socket.write("b", trace.addsOutcome("b")));
  settle();
  BOOST_TEST(trace.text() == "a");
  receiveAll(peer, 1);
  settle();
  BOOST_TEST(trace.text() == "a");
  receiveAll(peer, big.size() + 2);
  settle();
  BOOST_TEST(trace.text() == "a, big, b");
}

BOOST_TEST_DECORATOR(*label("8.2") * label("8.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comeOfEmptyWritesToo, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  BOOST_TEST(socket.write("", trace.addsOutcome("empty")));
  BOOST_TEST(trace.text() == "");
  settle();
  BOOST_TEST(trace.text() == "empty");
  BOOST_TEST(socket.bytesWritten() == 0U);
  BOOST_TEST(peer.receive() == "");
}

BOOST_TEST_DECORATOR(*label("8.4") * label("8.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofEmptyWritesWaitForThoseBefore, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t written = fill(socket);
  socket.write("a", trace.addsOutcome("a"));
  socket.write("", trace.addsOutcome("empty"));
  settle();
  BOOST_TEST(trace.text() == "");
  receiveAll(peer, written + 1);
  settle();
  BOOST_TEST(trace.text() == "a, empty");
}

// Some of them are done again and again while the rest waits.
BOOST_TEST_DECORATOR(*label("8.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comeInOrderHoweverManyWait, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  std::size_t total = fill(socket);
  const Buffer piece = Buffer::from(pattern(100'000));
  std::vector<std::size_t> called;
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < 300; ++i) {
    total += piece.size();
    socket.write(piece, [&, i] { called.push_back(i); });
    expected.push_back(i);
  }
  for (std::size_t some = 0; some < total; some += 1'000'000) receiveAll(peer, some);
  receiveAll(peer, total);
  settle();
  BOOST_TEST(called == expected, boost::test_tools::per_element());
}

BOOST_TEST_DECORATOR(*label("8.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayWriteAgain, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  int writes = 0;
  std::function<void()> next = [&] {
    if (++writes <= 1000) socket.write("x", [&] { next(); });
  };
  next();
  BOOST_TEST(receiveAll(peer, 1000).size() == 1000U);
  runUntil([&] { return writes == 1001; });
}

BOOST_TEST_DECORATOR(*label("8.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayDestroyTheSocket, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.write("a", [&] {
    trace.add("a");
    socket.destroy();
  });
  socket.write("b", addsCode("b"));
  settle();
  // Its bytes were gone already, so it may well have succeeded. (9.9)
  BOOST_TEST(trace.text() == "a, b, socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gathering)

BOOST_TEST_DECORATOR(*label("8.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(sendsManyQueuedWritesByFewCalls, V, Venues, WriteFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  socket.connect(optionsTo(listener.place));
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    socket.write("line " + std::to_string(i) + "\n");
    expected += "line " + std::to_string(i) + "\n";
  }
  const std::size_t before = syscalls.count(Call::send) + syscalls.count(Call::sendmsg);
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(receiveAll(peer, expected.size()) == expected);
  BOOST_TEST(syscalls.count(Call::send) + syscalls.count(Call::sendmsg) - before <= 2U);
}

// Byte by byte, whatever is asked for.
BOOST_TEST_DECORATOR(*label("8.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(survivesAKernelThatTakesLittle, V, Venues, WriteFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  socket.connect(optionsTo(listener.place));
  syscalls.limitTransfers(7);
  std::string expected;
  for (int i = 0; i < 5; ++i) {
    const std::string big = pattern(6000, static_cast<unsigned>(i));
    socket.write("small");
    socket.write(big);
    expected += "small" + big;
  }
  socket.write("last", trace.addsOutcome("last"));
  socket.end();
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST((receiveToEnd(peer) == expected + "last"));
  settle();
  BOOST_TEST(trace.text() == "last");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(failure)

BOOST_AUTO_TEST_CASE(ofASocketThatWasNeverConnected, *label("8.2") * label("8.14")) {
  const Socket socket;
  trace.watch("socket", socket);
  BOOST_TEST(!socket.write("x", addsCode("x")));
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() ==
             "x ERR_SOCKET_CLOSED, socket error(Socket is closed), socket close(true)");
  BOOST_TEST(socket.bytesWritten() == 0U);
}

BOOST_TEST_DECORATOR(*label("8.2") * label("8.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(afterDestroyIsToldToTheCallbackOnly, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.destroy();
  BOOST_TEST(!socket.write("x", addsCode("x")));
  BOOST_TEST(trace.text() == "");
  settle();
  BOOST_TEST(trace.text() == "x ERR_STREAM_DESTROYED, socket close(false)");
  BOOST_TEST(!socket.write("y", addsCode("y")));
  run();
  BOOST_TEST(trace.text() == "x ERR_STREAM_DESTROYED, socket close(false), y ERR_STREAM_DESTROYED");
  BOOST_TEST(peer.receive() == "");
}

BOOST_TEST_DECORATOR(*label("8.2") * label("8.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(afterEndIsAnError, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.end("the end");
  BOOST_TEST(!socket.write("x", addsCode("x")));
  BOOST_TEST(trace.text() == "");
  settle();
  BOOST_TEST(trace.text() ==
             "x ERR_STREAM_WRITE_AFTER_END, socket error(write after end), socket close(true)");
  BOOST_TEST(receiveToEnd(peer) == "the end");
}

BOOST_TEST_DECORATOR(*label("9.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofEndWithDataAfterEndIsAnErrorToo, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.end().end("more");
  settle();
  BOOST_TEST(trace.text() == "socket error(write after end), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("8.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(afterEndWhileConnectingIsAnErrorToo, V, Venues, WriteFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  socket.write("a", addsCode("a"));
  socket.end();
  BOOST_TEST(!socket.write("x", addsCode("x")));
  run();
  BOOST_TEST(trace.text() ==
             "a ERR_STREAM_WRITE_AFTER_END, x ERR_STREAM_WRITE_AFTER_END, "
             "socket error(write after end), socket close(true)");
}

// The peer has gone and said so by a reset, which the next send meets.
BOOST_TEST_DECORATOR(*label("8.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofThePeerRaisesNoSignalIfSeveralAreGathered, V, Venues,
                                 WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"error">([] {});
  socket.pause();
  peer.close();
  settle();
  for (int i = 0; i < 3; ++i) {  // the first is what tells the peer, if it is far away
    socket.cork();
    socket.write(pattern(100'000));
    socket.write(pattern(100'000));
    socket.uncork();
    settle();
  }
  runUntil([&] { return socket.destroyed(); });
}

BOOST_TEST_DECORATOR(*label("8.12") * label("8.15") * label("9.13") * label("3.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofThePeerFailsAllThatWaits, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.pause();
  fill(socket);
  socket.write("a", addsCode("a"));
  socket.write("", addsCode("empty"));
  socket.end(addsCode("end"));
  peer.close();
  runUntil([&] { return socket.destroyed(); });
  settle();
  const std::string text = trace.text();
  BOOST_TEST_MESSAGE(text);
  const std::string code = text.substr(2, text.find(',') - 2);
  BOOST_TEST((code == "EPIPE" || code == "ECONNRESET"));
  BOOST_TEST(text == "a " + code + ", empty " + code + ", end " + code + ", socket error(write " +
                         code + "), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("8.12"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(thatIsKnownAtOnceIsToldLater, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  syscalls.fail(Call::send, platform::errorNumber("ENOBUFS"));
  syscalls.fail(Call::sendmsg, platform::errorNumber("ENOBUFS"));
  BOOST_TEST(!socket.write("a", addsCode("a")));
  BOOST_TEST(!socket.write("b", addsCode("b")));
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(!socket.destroyed());
  run();
  BOOST_TEST(trace.text() ==
             "a ENOBUFS, b ENOBUFS, socket error(write ENOBUFS), socket close(true)");
}

// What the kernel had taken has succeeded, whatever comes after.
BOOST_TEST_DECORATOR(*label("8.4") * label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(byDestroyIsNotOfWhatIsGone, V, Venues, WriteFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.write("gone", addsCode("gone"));
  socket.write(pattern(8'000'000), addsCode("big"));
  socket.write("waiting", addsCode("waiting"));
  socket.end(addsCode("end"));
  socket.destroy();
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() ==
             "gone, big ERR_STREAM_DESTROYED, waiting ERR_STREAM_DESTROYED, "
             "end ERR_STREAM_DESTROYED, socket close(false)");
  BOOST_TEST(socket.bufferSize() == 0U);
  BOOST_TEST(!receiveToEnd(peer).ends_with("waiting"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_TEST_DECORATOR(*label("11.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(keepsTheLoopUntilAllIsSent, V, Venues, WriteFixture) {
  const Socket socket;
  const Socket served = connectPair(socket, V());
  std::string received;
  served.on<"data">([&](std::string_view text) { received += text; });
  served.unref();
  socket.pause();  // so that reading keeps nothing
  socket.write(pattern(8'000'000));
  run();
  runUntil([&] { return received.size() == 8'000'000U; });
  BOOST_TEST((received == pattern(8'000'000)));
}

// Nothing but the loop can stop it: no peer is too slow for empty writes.
BOOST_TEST_DECORATOR(*label("1.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(fromItsOwnCallbackForEverLeavesTimeForOthers, V, Venues,
                                 WriteFixture) {
  const Socket client;
  connectPair(client, V());
  std::size_t written = 0;
  bool stopped = false;
  const std::function<void()> pump = [&] {
    if (++written == 1'000'000) throw Hang();
    if (!stopped) client.write("", [&] { pump(); });
  };
  pump();
  setTimeout([&] { stopped = true; }, 1);
  runUntil([&] { return stopped; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
