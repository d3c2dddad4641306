// pipe(): all data of one socket to another, no faster than that takes it. [10.9]

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/platform/sys_error.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct PipeFixture : SystemFixture, SocketFixture {
  // Turns enough for several hops.
  void settleAll() {
    for (int i = 0; i < 5; ++i) settle();
  }

  // Sends all of it, while the loop runs and the other end is read.
  void pump(RawSocket& from, std::string_view bytes, RawSocket& to) {
    runUntil([&] {
      bytes.remove_prefix(from.send(bytes.substr(0, 256 * 1024)));
      to.receive();
      return bytes.empty();
    });
  }

  // Watches both, with 'unpipe'.
  void watchPipe() {
    trace.watch("source", source).watch("sink", sink);
    sink.on<"unpipe">([this](const Socket& from) {
      BOOST_TEST((from == source));
      trace.add("sink unpipe");
    });
  }

  const Socket source{net::SocketOptions{.allowHalfOpen = true}};
  const Socket sink{net::SocketOptions{.allowHalfOpen = true}};
};

std::uint64_t checksum(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

BOOST_FIXTURE_TEST_SUITE(pipe, PipeFixture)

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(carriesDataAndTheEnd, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  trace.watch("source", source);
  trace.watch("sink", sink);
  BOOST_TEST((source.pipe(sink) == sink));
  in.send("hello ");
  BOOST_TEST(receiveAll(out, 6) == "hello ");
  in.send("world");
  in.sendFin();
  BOOST_TEST(receiveToEnd(out) == "hello world");
  BOOST_TEST(out.ended());
  settle();
  BOOST_TEST(trace.text() == "source end, sink finish");
}

BOOST_TEST_DECORATOR(*label("10.9") * label("19.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(toItselfIsAnEcho, V, Venues, PipeFixture) {
  RawPair pair = acceptRaw(V());
  trace.watch("socket", pair.socket);
  BOOST_TEST((pair.socket.pipe(pair.socket) == pair.socket));
  pair.peer.send("hello");
  BOOST_TEST(receiveAll(pair.peer, 5) == "hello");
  pair.peer.send(" and bye");
  pair.peer.sendFin();
  BOOST_TEST(receiveToEnd(pair.peer) == "hello and bye");
  run();
  BOOST_TEST(trace.text() == "socket end, socket finish, socket close(false)");
}

// Faster than the peer reads it, all that the kernel cannot hold stays with the sender.
BOOST_TEST_DECORATOR(*label("10.9") * label("8.11") * label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsUpTheSourceForASlowDestination, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  source.pipe(sink);
  const std::string piece = pattern(64 * 1024);
  std::string all;
  std::size_t longestQueue = 0;
  for (int idle = 0; idle < 5;) {
    const std::size_t count = in.send(piece);
    all += piece.substr(0, count);
    idle = count == 0 ? idle + 1 : 0;
    settle();
    longestQueue = std::max(longestQueue, sink.bufferSize());
    BOOST_REQUIRE(all.size() < 100'000'000U);
  }
  BOOST_TEST(!source.isPaused());
  BOOST_TEST(longestQueue > 0U);
  BOOST_TEST(longestQueue <= 64U * 1024);
  in.sendFin();
  BOOST_TEST((receiveToEnd(out) == all));
}

BOOST_TEST_DECORATOR(*label("10.9") * label("12.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(carriesTwentyMegabytesThere, V, Venues, PipeFixture) {
  constexpr std::size_t kMuch = 20'000'000;
  const std::string all = pattern(kMuch);
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  source.pipe(sink);
  pump(in, all, out);
  in.sendFin();
  const std::string& received = receiveToEnd(out);
  BOOST_TEST(received.size() == kMuch);
  BOOST_TEST(checksum(received) == checksum(all));
  BOOST_TEST(source.bytesRead() == kMuch);
  BOOST_TEST(sink.bytesWritten() == kMuch);
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(toItselfCarriesTwentyMegabytes, V, Venues, PipeFixture) {
  constexpr std::size_t kMuch = 20'000'000;
  const std::string all = pattern(kMuch);
  RawPair pair = acceptRaw(V());
  pair.socket.pipe(pair.socket);
  pump(pair.peer, all, pair.peer);
  pair.peer.sendFin();
  const std::string& received = receiveToEnd(pair.peer);
  BOOST_TEST(received.size() == kMuch);
  BOOST_TEST(checksum(received) == checksum(all));
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isAsGoodByteByByte, V, Venues, PipeFixture) {
  RawPair pair = acceptRaw(V());
  pair.socket.pipe(pair.socket);
  const std::string all = pattern(20'000);
  syscalls.limitTransfers(7);
  pair.peer.send(all);
  pair.peer.sendFin();
  BOOST_TEST((receiveToEnd(pair.peer) == all));
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(leavesTheDestinationOpenIfToldTo, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  trace.watch("source", source);
  trace.watch("sink", sink);
  source.pipe(sink, false);
  in.send("hello ");
  in.sendFin();
  runUntil([&] { return trace.text() == "source end"; });
  settle();
  sink.write("and more");
  BOOST_TEST(receiveAll(out, 14) == "hello and more");
  BOOST_TEST(!out.ended());
  BOOST_TEST(trace.text() == "source end");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesToSeveralDestinations, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  const Socket other(net::SocketOptions{.allowHalfOpen = true});
  RawSocket otherOut = connectRaw(other, V());
  source.pipe(sink);
  source.pipe(other);
  const std::string all = pattern(8'000'000);
  std::string heard;
  source.on<"data">([&](std::string_view text) { heard += text; });
  std::string_view rest = all;
  runUntil([&] {
    rest.remove_prefix(in.send(rest.substr(0, 256 * 1024)));
    out.receive();
    otherOut.receive();
    return rest.empty();
  });
  in.sendFin();
  runUntil([&] {
    otherOut.receive();  // or it would hold up the other
    return out.isGone() && otherOut.isGone();
  });
  BOOST_TEST((out.receive() == all));
  BOOST_TEST((otherOut.receive() == all));
  BOOST_TEST((heard == all));
}

// The slowest sets the pace, until it is gone.
BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(waitsForTheSlowestOnlyWhileItIsThere, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  const Socket slow(net::SocketOptions{.allowHalfOpen = true});
  RawSocket slowOut = connectRaw(slow, V());
  source.pipe(sink);
  source.pipe(slow);
  fill(slow);
  in.send("held up ");
  BOOST_TEST(receiveAll(out, 8) == "held up ");
  in.send("in the kernel");
  settleAll();
  BOOST_TEST(out.receive() == "held up ");
  slow.destroy();
  BOOST_TEST(receiveAll(out, 21) == "held up in the kernel");
  in.sendFin();
  receiveToEnd(out);
  BOOST_TEST(out.ended());
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(waitsNoLongerForOneThatIsUnpiped, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  const Socket slow;
  RawSocket slowOut = connectRaw(slow, V());
  source.pipe(sink);
  source.pipe(slow);
  fill(slow);
  in.send("held up ");
  BOOST_TEST(receiveAll(out, 8) == "held up ");
  in.send("in the kernel");
  settleAll();
  BOOST_TEST(out.receive() == "held up ");
  BOOST_TEST((source.unpipe(slow) == source));
  BOOST_TEST(receiveAll(out, 21) == "held up in the kernel");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(stopsWhenTheDestinationCloses, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  trace.watch("source", source);
  trace.watch("sink", sink);
  source.pipe(sink);
  in.send("hello");
  receiveAll(out, 5);
  sink.destroy();
  in.send("unheard");
  settleAll();
  BOOST_TEST(trace.text() == "sink close(false)");
  BOOST_TEST(!source.destroyed());
  // It is held up, and goes on when it is told to.
  BOOST_TEST(source.bytesRead() <= 12U);
  trace.watchData("source", source);
  source.resume();
  in.sendFin();
  runUntil([&] { return trace.text().ends_with("end"); });
  BOOST_TEST(trace.text() == "sink close(false), source data(unheard), source end");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(stopsWhenTheDestinationFails, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  trace.watch("source", source);
  trace.watch("sink", sink);
  source.pipe(sink);
  syscalls.fail(Call::send, platform::errorNumber("ENOBUFS"));
  syscalls.fail(Call::sendmsg, platform::errorNumber("ENOBUFS"));
  in.send("hello");
  runUntil([&] { return sink.destroyed(); });
  settleAll();
  BOOST_TEST(trace.text() == "sink error(write ENOBUFS), sink close(true)");
  BOOST_TEST(!source.destroyed());
}

// That the user has ended the destination is no mistake of the source.
BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(stopsWhenTheDestinationHasEnded, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  trace.watch("source", source);
  trace.watch("sink", sink);
  source.pipe(sink);
  in.send("hello");
  receiveAll(out, 5);
  sink.end();
  settle();
  in.send("too late");
  settleAll();
  BOOST_TEST(trace.text() == "sink finish");
  BOOST_TEST(!sink.destroyed());
  BOOST_TEST(!source.destroyed());
}

// What comes in between end() and the end of what is queued is a write after end.
BOOST_TEST_DECORATOR(*label("10.9") * label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(toItselfGivesNoDataOnceThatHasFailedIt, V, Venues, PipeFixture) {
  RawPair pair = acceptRaw(V());
  trace.watch("socket", pair.socket).watchData("socket", pair.socket);
  pair.socket.pipe(pair.socket);
  fill(pair.socket);
  pair.socket.end();
  settle();
  pair.peer.send("too late");
  settle();
  BOOST_TEST(trace.text() == "socket error(write after end), socket close(true)");
}

// Nobody is left to read what the peer still says, and its end must be heard.
BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(toItselfHearsThePeersEndAfterItsOwn, V, Venues, PipeFixture) {
  RawPair pair = acceptRaw(V());
  trace.watch("socket", pair.socket);
  pair.socket.pipe(pair.socket);
  pair.peer.send("hello");
  BOOST_TEST(receiveAll(pair.peer, 5) == "hello");
  pair.socket.end(" and bye");
  settle();
  pair.peer.send("never echoed");
  settle();
  pair.peer.sendFin();
  BOOST_TEST(receiveToEnd(pair.peer) == "hello and bye");
  run();
  BOOST_TEST(trace.text() == "socket finish, socket end, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesOnToOthersWhenOneDestinationHasEnded, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  const Socket ended(net::SocketOptions{.allowHalfOpen = true});
  RawSocket endedOut = connectRaw(ended, V());
  source.pipe(ended);
  source.pipe(sink);
  fill(ended);
  in.send("held up ");
  BOOST_TEST(receiveAll(out, 8) == "held up ");
  ended.end();
  in.send("no more");
  receiveToEnd(endedOut);
  BOOST_TEST(receiveAll(out, 15) == "held up no more");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(thatLosesItsSourceLeavesTheDestination, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  trace.watch("source", source);
  trace.watch("sink", sink);
  source.pipe(sink);
  in.send("hello");
  receiveAll(out, 5);
  source.destroy(Error({.message = "why"}));
  settleAll();
  BOOST_TEST(trace.text() == "source error(why), source close(true)");
  sink.write(" again");
  BOOST_TEST(receiveAll(out, 11) == "hello again");
}

BOOST_TEST_DECORATOR(*label("10.9") * label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isStoppedByUnpipe, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  source.pipe(sink);
  in.send("hello");
  receiveAll(out, 5);
  BOOST_TEST(!source.isPaused());
  BOOST_TEST((source.unpipe() == source));
  BOOST_TEST(source.isPaused());
  in.send("kept");
  in.sendFin();
  settleAll();
  BOOST_TEST(out.receive() == "hello");
  BOOST_TEST(!out.ended());
  source.unpipe(sink);  // once more
  trace.watchData("source", source);
  source.resume();
  runUntil([&] { return !trace.text().empty(); });
  settle();
  BOOST_TEST(trace.text() == "source data(kept)");
  BOOST_TEST(out.receive() == "hello");
}

BOOST_TEST_DECORATOR(*label("10.9") * label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isStoppedByUnpipeBeforeItIsConnected, V, Venues, PipeFixture) {
  source.pipe(sink);
  source.unpipe(sink);
  BOOST_TEST(source.isPaused());
  RawSocket in = connectRaw(source, V());
  in.send("kept");
  settleAll();
  trace.watchData("source", source);
  source.resume();
  runUntil([&] { return !trace.text().empty(); });
  BOOST_TEST(trace.text() == "source data(kept)");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isUnpipedFromOneDestinationOnly, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  const Socket other;
  RawSocket otherOut = connectRaw(other, V());
  source.pipe(sink);
  source.pipe(other);
  source.unpipe(other);
  in.send("hello");
  BOOST_TEST(receiveAll(out, 5) == "hello");
  settle();
  BOOST_TEST(otherOut.receive() == "");
}

// 'unpipe' tells that a pipe has come to its end, however it did.

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldOfAsUnpipedWhenTheSourceEnds, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  watchPipe();
  source.pipe(sink);
  in.sendFin();
  receiveToEnd(out);
  settle();
  BOOST_TEST(trace.text() == "source end, sink unpipe, sink finish");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldOfAsUnpipedIfTheDestinationStaysOpen, V, Venues,
                                 PipeFixture) {
  RawSocket in = connectRaw(source, V());
  const RawSocket out = connectRaw(sink, V());
  watchPipe();
  source.pipe(sink, false);
  in.sendFin();
  runUntil([&] { return trace.text().ends_with("unpipe"); });
  settle();
  BOOST_TEST(trace.text() == "source end, sink unpipe");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldOfAsUnpipedWhenTheDestinationFinishes, V, Venues,
                                 PipeFixture) {
  const RawSocket in = connectRaw(source, V());
  const RawSocket out = connectRaw(sink, V());
  watchPipe();
  source.pipe(sink);
  sink.end();
  settle();
  BOOST_TEST(trace.text() == "sink finish, sink unpipe");
}

// Not inside the call, and before 'error' and 'close', which nothing comes between or behind.
BOOST_TEST_DECORATOR(*label("10.9") * label("2.4") * label("2.7") * label("9.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldOfAsUnpipedWhenTheDestinationIsDestroyed, V, Venues,
                                 PipeFixture) {
  const RawSocket in = connectRaw(source, V());
  const RawSocket out = connectRaw(sink, V());
  const Socket other;
  const RawSocket otherOut = connectRaw(other, V());
  watchPipe();
  trace.watch("other", other);
  other.on<"unpipe">(trace.adds("other unpipe"));
  source.pipe(sink);
  source.pipe(other);
  sink.destroy(Error({.message = "why"}));
  BOOST_TEST(trace.text() == "");
  settle();
  BOOST_TEST(trace.take() == "sink unpipe, sink error(why), sink close(true)");
  other.destroy();
  settle();
  BOOST_TEST(trace.text() == "other unpipe, other close(false)");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldOfAsUnpipedWhenItMeetsAWriteAfterEnd, V, Venues,
                                 PipeFixture) {
  RawSocket in = connectRaw(source, V());
  const RawSocket out = connectRaw(sink, V());
  watchPipe();
  source.pipe(sink);
  fill(sink);
  sink.end();
  in.send("too late");
  runUntil([&] { return sink.destroyed(); });
  settle();
  BOOST_TEST(trace.text() == "sink unpipe, sink error(write after end), sink close(true)");
}

// As in Node: nothing is told of the source's end but by itself.
BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotToldOfAsUnpipedWhenTheSourceIsDestroyed, V, Venues,
                                 PipeFixture) {
  const RawSocket in = connectRaw(source, V());
  const RawSocket out = connectRaw(sink, V());
  watchPipe();
  source.pipe(sink);
  source.destroy();
  settle();
  sink.destroy();
  settle();
  BOOST_TEST(trace.text() == "source close(false), sink close(false)");
}

BOOST_TEST_DECORATOR(*label("10.9") * label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isEndedAlsoIfAListenerOfUnpipeThrows, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  const RawSocket out = connectRaw(sink, V());
  watchPipe();
  sink.on<"unpipe">([] { throw std::runtime_error("on purpose"); });
  source.pipe(sink);
  in.sendFin();
  BOOST_CHECK_THROW(runUntil([] { return false; }), std::runtime_error);
  settle();
  BOOST_TEST(trace.text() == "source end, sink unpipe, sink finish");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(canBeChained, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  // There and back through a connection whose two ends are both ours.
  const Socket middle;
  const Socket served = connectPair(middle, V(), {.allowHalfOpen = true});
  RawSocket out = connectRaw(sink, V());
  source.pipe(middle);
  served.pipe(sink);
  const std::string all = pattern(5'000'000);
  pump(in, all, out);
  in.sendFin();
  BOOST_TEST((receiveToEnd(out) == all));
}

// It was connected to, spoke and ended before anybody piped it on; and the destination has no room
// for what it said.
BOOST_TEST_DECORATOR(*label("10.9") * label("10.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(carriesTheEndBehindWhatWasKept, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  in.send("last words");
  in.sendFin();
  settle();
  trace.watch("source", source);
  const RawListener listener = rawListener(V());
  sink.connect(optionsTo(listener.place));
  source.pipe(sink);
  settle();
  RawSocket out = acceptPeer(listener, sink);
  BOOST_TEST(receiveToEnd(out) == "last words");
  BOOST_TEST(out.ended());
  BOOST_TEST(trace.text() == "source end");
}

BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofASourceThatHasEndedEndsTheDestination, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  trace.watch("source", source);
  in.sendFin();
  runUntil([&] { return trace.text() == "source end"; });
  settle();
  source.pipe(sink);
  receiveToEnd(out);
  BOOST_TEST(out.ended());
}

BOOST_TEST_DECORATOR(*label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(startsAPausedSource, V, Venues, PipeFixture) {
  source.pause();
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  in.send("hello");
  settle();
  source.pipe(sink);
  BOOST_TEST(receiveAll(out, 5) == "hello");
}

BOOST_TEST_DECORATOR(*label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isHeldUpByPause, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  RawSocket out = connectRaw(sink, V());
  source.pipe(sink);
  source.pause();
  in.send("hello");
  settleAll();
  BOOST_TEST(out.receive() == "");
  source.resume();
  BOOST_TEST(receiveAll(out, 5) == "hello");
}

// A proxy as it is usually written: the far end is not there yet when the near one speaks.
BOOST_TEST_DECORATOR(*label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(waitsForADestinationThatConnects, V, Venues, PipeFixture) {
  RawSocket in = connectRaw(source, V());
  const RawListener listener = rawListener(V());
  in.send("question");
  source.pipe(sink);
  sink.pipe(source);
  sink.connect(optionsTo(listener.place));
  RawSocket out = acceptPeer(listener, sink);
  in.send("s");
  BOOST_TEST(receiveAll(out, 9) == "questions");
  out.send("answer");
  BOOST_TEST(receiveAll(in, 6) == "answer");
}

BOOST_AUTO_TEST_CASE(toASocketThatIsNotConnectedIsAnErrorThere, *label("10.9") * label("8.14")) {
  RawSocket in = connectRaw(source, Unix());
  trace.watch("source", source);
  trace.watch("sink", sink);
  source.pipe(sink);
  in.send("hello");
  runUntil([&] { return sink.destroyed(); });
  settleAll();
  BOOST_TEST(trace.text() == "sink error(Socket is closed), sink close(true)");
  BOOST_TEST(!source.destroyed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
