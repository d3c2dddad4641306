// Reading: when data flows, what waits while it does not, and how a peer is held up. [10]

#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

constexpr std::size_t kReadMark = 16384;
constexpr std::size_t kReceiveBuffer = 65536;

struct ReadFixture : SystemFixture, SocketFixture {
  // Adds the data to `received`.
  void collect(const Socket& socket) {
    socket.on<"data">([this](std::string_view text) { received += text; });
  }

  // Sends until the peer's kernel and ours are full.
  std::size_t sendUntilFull(RawSocket& peer) {
    const std::string piece = pattern(kReceiveBuffer);
    std::size_t sent = 0;
    for (;;) {
      const std::size_t count = peer.send(piece);
      sent += count;
      settle();
      if (count == 0 && peer.send("x") == 0) return sent;
      sent += count == 0;
    }
  }

  std::string received;
};

BOOST_FIXTURE_TEST_SUITE(reading, ReadFixture)

BOOST_AUTO_TEST_SUITE(data)

BOOST_TEST_DECORATOR(*label("10.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isWhatWasSentHoweverItIsCut, V, Venues, ReadFixture) {
  const Socket socket;
  syscalls.limitTransfers(3);
  RawSocket peer = connectRaw(socket, V());
  const std::string all = pattern(1000);
  socket.on<"data">([&](const Buffer& chunk) {
    BOOST_REQUIRE(!chunk.empty());
    BOOST_REQUIRE(chunk.size() <= 3U);
    received += chunk.text();
  });
  peer.send(all);
  runUntil([&] { return received.size() == all.size(); });
  BOOST_TEST(received == all);
}

BOOST_TEST_DECORATOR(*label("10.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(canBeTakenInEveryForm, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  std::vector<std::string> forms;
  socket.on<"data">([&](const Buffer& chunk) { forms.emplace_back(chunk.text()); });
  socket.on<"data">([&](Buffer chunk) { forms.emplace_back(chunk.text()); });
  socket.on<"data">([&](std::string_view text) { forms.emplace_back(text); });
  socket.on<"data">([&](std::string text) { forms.push_back(std::move(text)); });
  socket.on<"data">(
      [&](std::span<const std::byte> bytes) { forms.emplace_back(Buffer::viewOf(bytes).text()); });
  socket.on<"data">([&](Socket self, std::string_view text) {
    BOOST_TEST((self == socket));
    forms.emplace_back(text);
  });
  peer.send("hello");
  runUntil([&] { return !forms.empty(); });
  BOOST_TEST((forms == std::vector<std::string>(6, "hello")));
}

// The bytes that it looks at are those of the loop's one buffer, which the next receive fills anew.
BOOST_TEST_DECORATOR(*label("10.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(staysIfItIsKeptByValue, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  std::vector<Buffer> kept;
  socket.on<"data">([&](Buffer chunk) { kept.push_back(std::move(chunk)); });
  for (const char* text : {"first", "other"}) {
    peer.send(text);
    const std::size_t before = kept.size();
    runUntil([&] { return kept.size() > before; });
  }
  BOOST_TEST(kept.at(0).text() == "first");
  BOOST_TEST(kept.at(1).text() == "other");
}

BOOST_TEST_DECORATOR(*label("2.6") * label("10.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aThrowOverWhatWasKeptLosesNotTheEnd, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("kept");
  peer.sendFin();
  settle();
  trace.watch("socket", socket);
  socket.on<"data">([](std::string_view text) { throw std::runtime_error(std::string(text)); });
  BOOST_CHECK_EXCEPTION(run(), std::runtime_error,
                        [](const auto& thrown) { return thrown.what() == std::string("kept"); });
  run();
  BOOST_TEST(trace.text() == "socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesOnAfterAListenerHasThrown, V, Venues, ReadFixture) {
  const Socket socket;
  syscalls.limitTransfers(4);
  RawSocket peer = connectRaw(socket, V());
  collect(socket);
  bool thrown = false;
  socket.on<"data">([&] {
    if (!std::exchange(thrown, true)) throw std::runtime_error("thrown once");
  });
  trace.watch("socket", socket);
  peer.send("all of it");
  peer.sendFin();
  BOOST_CHECK_THROW(run(), std::runtime_error);
  BOOST_TEST(received == "all ");
  run();
  BOOST_TEST(received == "all of it");
  BOOST_TEST(trace.text() == "socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.12"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotHurtByInterruptions, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  collect(socket);
  for (const char* passing : {"EAGAIN", "EINTR"}) {
    if (kIsWindows && passing == std::string_view("EINTR")) continue;  // nothing interrupts there
    syscalls.failEachOnce(Call::recv, platform::errorNumber(passing));
    received.clear();
    peer.send("hello");
    runUntil([&] { return !received.empty(); });
    BOOST_TEST(received == "hello");
  }
  BOOST_TEST(!socket.destroyed());
}

BOOST_AUTO_TEST_SUITE_END()

// Nobody has asked for data yet.
BOOST_AUTO_TEST_SUITE(initially)

BOOST_TEST_DECORATOR(*label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(keepsSomeAndHoldsUpThePeer, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t sent = sendUntilFull(peer);
  // It may take a little more than the mark with its last read.
  BOOST_TEST(socket.bytesRead() <= kReadMark + kReceiveBuffer);
  BOOST_TEST(sent > socket.bytesRead());
}

BOOST_TEST_DECORATOR(*label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(readsNothingIfItsMarkIsZero, V, Venues, ReadFixture) {
  const Socket socket({.readableHighWaterMark = 0});
  RawSocket peer = connectRaw(socket, V());
  peer.send("hello");
  settle();
  BOOST_TEST(socket.bytesRead() == 0U);
  collect(socket);
  runUntil([&] { return received == "hello"; });
}

BOOST_TEST_DECORATOR(*label("10.2") * label("10.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(losesNothing, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  std::string all;
  for (unsigned i = 0; i < 8; ++i) {  // several receives, which together pass the mark
    const std::string piece = pattern(5000, i);
    peer.send(piece);
    all += piece;
    settle();
  }
  collect(socket);
  runUntil([&] { return received.size() >= all.size(); });
  BOOST_TEST((received == all));
  BOOST_TEST(socket.bytesRead() == all.size());
}

BOOST_TEST_DECORATOR(*label("10.2") * label("2.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(beginsToFlowWithTheFirstListenerButLater, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("kept");
  settle();
  nextTick([&] {
    collect(socket);
    BOOST_TEST(received == "");
  });
  loop().runOnce(platform::Duration::zero());
  BOOST_TEST(received == "kept");
}

BOOST_TEST_DECORATOR(*label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(beginsToFlowWithResume, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("discarded");
  settle();
  BOOST_TEST((socket.resume() == socket));
  settle();
  collect(socket);
  peer.send("heard");
  runUntil([&] { return !received.empty(); });
  BOOST_TEST(received == "heard");
  BOOST_TEST(socket.bytesRead() == 14U);
}

BOOST_TEST_DECORATOR(*label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotFlowForOtherListeners, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  peer.send("kept");
  peer.sendFin();
  settle();
  BOOST_TEST(trace.text() == "");
  trace.watchData("socket", socket);
  run();
  BOOST_TEST(trace.text() == "socket data(kept), socket end, socket finish, socket close(false)");
}

// Nobody reads, but there is nothing to be read either.
BOOST_TEST_DECORATOR(*label("9.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(hearsTheEndIfThereWasNothingElse, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() == "socket end, socket finish, socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(flowing)

BOOST_TEST_DECORATOR(*label("10.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(withoutListenersDiscards, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.resume();
  peer.send(pattern(100'000));
  peer.sendFin();
  run();
  BOOST_TEST(socket.bytesRead() == 100'000U);
  BOOST_TEST(trace.text() == "socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesOnWithoutTheLastListener, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.once<"data">([&](std::string_view text) { received += text; });
  peer.send("first");
  runUntil([&] { return !received.empty(); });
  peer.send("second");
  runUntil([&] { return socket.bytesRead() == 11; });
  BOOST_TEST(socket.listenerCount<"data">() == 0U);
  collect(socket);
  peer.send("third");
  runUntil([&] { return socket.bytesRead() == 16; });
  settle();
  BOOST_TEST(received == "firstthird");
}

BOOST_TEST_DECORATOR(*label("10.7") * label("16.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(countsWhatItRead, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::string all = pattern(150'000);
  socket.on<"data">([&](std::string_view text) {
    received += text;
    BOOST_REQUIRE(socket.bytesRead() >= received.size());
  });
  socket.on<"end">([&] { BOOST_TEST(socket.bytesRead() == all.size()); });
  peer.send(all);
  peer.sendFin();
  run();
  BOOST_TEST((received == all));
  BOOST_TEST(socket.bytesRead() == all.size());
}

// One that has much to read takes turns with one that has little.
// However fast its peer is.
BOOST_TEST_DECORATOR(*label("10.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(readsSoMuchATurnAndNoMore, V, Venues, ReadFixture) {
  const Socket busy;
  RawSocket busyPeer = connectRaw(busy, V());
  const Socket quiet;
  RawSocket quietPeer = connectRaw(quiet, V());
  busy.resume();
  bool heard = false;
  quiet.on<"data">([&] { heard = true; });
  const std::string piece = pattern(kReceiveBuffer);
  std::size_t pieces = 0;
  syscalls.before(Call::recv, [&] {
    if (!heard && ++pieces < 100) busyPeer.send(piece);
  });
  busyPeer.send(piece);
  quietPeer.send("x");
  runUntil([&] { return heard; });
  BOOST_TEST(pieces < 20U);
}

BOOST_AUTO_TEST_CASE(doesNotStarveOthers, *label("10.13")) {
  const Socket busy;
  RawSocket busyPeer = connectRaw(busy, Tcp());
  const Socket quiet;
  RawSocket quietPeer = connectRaw(quiet, Tcp());
  constexpr std::size_t kMuch = 2'000'000;
  BOOST_REQUIRE(busyPeer.send(pattern(kMuch)) > kMuch / 2);
  quietPeer.send("x");
  busy.resume();
  bool heard = false;
  quiet.on<"data">([&] {
    heard = true;
    BOOST_TEST(busy.bytesRead() < kMuch / 2);
  });
  runUntil([&] { return heard; });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(paused)

BOOST_TEST_DECORATOR(*label("10.4") * label("10.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(beforeConnectingReadsNothing, V, Venues, ReadFixture) {
  const Socket socket;
  trace.watch("socket", socket).watchData("socket", socket);
  BOOST_TEST((socket.pause() == socket));
  RawSocket peer = connectRaw(socket, V());
  trace.clear();
  peer.send("waits");
  peer.sendFin();
  settle();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(socket.bytesRead() == 0U);
  socket.resume();
  run();
  BOOST_TEST(trace.text() == "socket data(waits), socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(whileConnectingReadsNothing, V, Venues, ReadFixture) {
  const RawListener listener = rawListener(V());
  const Socket socket;
  collect(socket);
  socket.connect(optionsTo(listener.place));
  socket.pause();
  RawSocket peer = acceptPeer(listener, socket);
  peer.send("waits");
  settle();
  BOOST_TEST(socket.isPaused());
  BOOST_TEST(socket.bytesRead() == 0U);
  socket.resume();
  runUntil([&] { return received == "waits"; });
}

BOOST_TEST_DECORATOR(*label("7.16") * label("10.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(fromTheAcceptReadsNothing, V, Venues, ReadFixture) {
  RawPair pair = acceptRaw(V(), {.pauseOnConnect = true});
  trace.watch("socket", pair.socket).watchData("socket", pair.socket);
  pair.peer.send("waits");
  pair.peer.sendFin();
  settle();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(pair.socket.bytesRead() == 0U);
  pair.socket.resume();
  run();
  BOOST_TEST(trace.text() == "socket data(waits), socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(orNotTheLastCallBeforeConnectingCounts, V, Venues, ReadFixture) {
  for (const bool paused : {true, false}) {
    const Socket socket;
    received.clear();
    collect(socket);
    socket.pause().resume().pause();
    if (!paused) socket.resume();
    RawSocket peer = connectRaw(socket, V());
    peer.send("hello");
    settle();
    BOOST_TEST(received == (paused ? "" : "hello"));
    socket.destroy();
  }
}

BOOST_TEST_DECORATOR(*label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotEndedByAListener, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.pause();
  collect(socket);
  peer.send("hello");
  settle();
  BOOST_TEST(received == "");
  socket.resume();
  runUntil([&] { return !received.empty(); });
  BOOST_TEST(received == "hello");
}

// Several receives would follow in the same turn.
BOOST_TEST_DECORATOR(*label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(insideDataHearsNoMoreOfIt, V, Venues, ReadFixture) {
  const Socket socket;
  syscalls.limitTransfers(1000);
  RawSocket peer = connectRaw(socket, V());
  const std::string all = pattern(10'000);
  socket.on<"data">([&](std::string_view text) {
    received += text;
    socket.pause();
  });
  peer.send(all);
  for (std::size_t chunk = 1; chunk <= 10; ++chunk) {
    runUntil([&] { return received.size() == 1000 * chunk; });
    settle();
    BOOST_TEST(received.size() == 1000 * chunk);
    BOOST_TEST(socket.bytesRead() <= received.size() + kReceiveBuffer);
    socket.resume();
  }
  BOOST_TEST(received == all);
}

BOOST_TEST_DECORATOR(*label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(byOneListenerLeavesTheChunkToTheNext, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"data">([&] { socket.pause(); });
  collect(socket);
  peer.send("hello");
  runUntil([&] { return !received.empty(); });
  peer.send("more");
  settle();
  BOOST_TEST(received == "hello");
}

BOOST_TEST_DECORATOR(*label("10.4") * label("16.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsUpThePeer, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  collect(socket);
  peer.send("hello");
  runUntil([&] { return !received.empty(); });
  socket.pause();
  const std::size_t sent = sendUntilFull(peer);
  BOOST_TEST(received == "hello");
  BOOST_TEST(socket.bytesRead() <= 5 + kReceiveBuffer);
  socket.resume();
  runUntil([&] { return received.size() == 5 + sent; });
}

// The end is there, behind what was not read.
BOOST_TEST_DECORATOR(*label("10.6") * label("9.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsBackTheEnd, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  peer.send("unread");
  peer.sendFin();
  settle();  // read, and kept
  BOOST_TEST(socket.bytesRead() == 6U);
  socket.pause();
  trace.watchData("socket", socket);
  settle();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(!socket.destroyed());
  socket.resume();
  run();
  BOOST_TEST(trace.text() == "socket data(unread), socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(againWhileWhatWasKeptIsDelivered, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  peer.send("kept");
  peer.sendFin();
  settle();
  trace.watchData("socket", socket);
  socket.once<"data">([&] { socket.pause(); });
  settle();
  // Nothing is unread any more, so the end may have come too.
  BOOST_TEST(trace.text().starts_with("socket data(kept)"));
  socket.resume();
  run();
  BOOST_TEST(trace.text() == "socket data(kept), socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(beforeTheDeferredFlowDeliversNothing, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("kept");
  settle();
  collect(socket);
  socket.pause();
  settle();
  BOOST_TEST(received == "");
  socket.resume().pause().resume();
  settle();
  BOOST_TEST(received == "kept");
}

BOOST_TEST_DECORATOR(*label("10.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(deliversFirstWhatWasKept, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("kept ");
  settle();
  BOOST_TEST(socket.bytesRead() == 5U);
  socket.pause();
  collect(socket);
  peer.send("and new");
  settle();
  socket.resume();
  runUntil([&] { return received.size() == 12; });
  BOOST_TEST(received == "kept and new");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(failure)

BOOST_TEST_DECORATOR(*label("18.6") * label("9.12") * label("9.13") * label("10.12"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comesBehindTheDataAndIsNoEnd, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket).watchData("socket", socket);
  syscalls.fail(Call::recv, platform::errorNumber("ECONNRESET"), 1);
  peer.send("last words");
  runUntil([&] { return !trace.text().empty(); });
  peer.send("never heard");
  run();
  BOOST_TEST(trace.text() ==
             "socket data(last words), socket error(read ECONNRESET), socket close(true)");
  BOOST_TEST(socket.destroyed());
}

BOOST_AUTO_TEST_CASE(byAReset, *label("9.13")) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, Tcp());
  trace.watch("socket", socket).watchData("socket", socket);
  peer.send("last words");
  peer.reset();
  run();
  BOOST_TEST(trace.text() ==
             "socket data(last words), socket error(read ECONNRESET), socket close(true)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(keepingTheLoop)

BOOST_TEST_DECORATOR(*label("11.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isDoneByReading, V, Venues, ReadFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.resume();
  settle();
  BOOST_TEST(loop().runOnce(platform::Duration::zero()));
  socket.unref();
  BOOST_TEST(!loop().runOnce(platform::Duration::zero()));
  socket.unref().ref();
  BOOST_TEST(loop().runOnce(platform::Duration::zero()));
}

BOOST_TEST_DECORATOR(*label("11.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotDoneByASocketThatNeverRead, V, Venues, ReadFixture) {
  const Socket client;
  client.pause();
  RawSocket peer = connectRaw(client, V());
  const RawPair accepted = acceptRaw(V(), {.pauseOnConnect = true});
  run();
  client.resume();
  BOOST_TEST(loop().runOnce(platform::Duration::zero()));
  client.pause();
  run();
  BOOST_TEST(!client.destroyed());
  BOOST_TEST(!accepted.socket.destroyed());
}

BOOST_TEST_DECORATOR(*label("11.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotDoneByASocketUnrefdBeforehand, V, Venues, ReadFixture) {
  const Socket socket;
  BOOST_TEST((socket.unref() == socket));
  RawSocket peer = connectRaw(socket, V());
  collect(socket);
  run();
  BOOST_TEST((socket.ref() == socket));
  peer.send("hello");
  peer.sendFin();
  run();
  BOOST_TEST(received == "hello");
  BOOST_TEST(socket.destroyed());
}

// While the loop runs for other reasons, it does all that it would do otherwise.
BOOST_TEST_DECORATOR(*label("11.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotNeededToBeServed, V, Venues, ReadFixture) {
  const Socket socket;
  socket.unref();
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket).watchData("socket", socket);
  peer.send("hello");
  peer.sendFin();
  runUntil([&] { return trace.text().ends_with("close(false)"); });
  BOOST_TEST(trace.text() == "socket data(hello), socket end, socket finish, socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
