// What write() answers under a cork and below a high-water mark, and how corked data leaves.
// [8.2, 8.8]

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct CorkFixture : SystemFixture, SocketFixture {
  std::size_t sends() const { return syscalls.count(Call::send) + syscalls.count(Call::sendmsg); }
};

BOOST_FIXTURE_TEST_SUITE(cork, CorkFixture)

BOOST_TEST_DECORATOR(*label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsEverythingBackUntilItIsTaken, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.cork();
  BOOST_TEST(socket.write("a"));
  BOOST_TEST(socket.write("b"));
  settle();
  BOOST_TEST(peer.receive().empty());
  BOOST_TEST(socket.writableLength() == 2U);
  socket.uncork();
  BOOST_TEST(socket.writableLength() == 0U);
  BOOST_TEST(peer.receive() == "ab");
}

BOOST_TEST_DECORATOR(*label("8.7") * label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(sendsAllOfItInOneCall, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t before = sends();
  socket.cork();
  const std::string large = pattern(6000);
  for (int i = 0; i < 10; ++i) socket.write(i % 2 == 0 ? std::string("little") : large);
  BOOST_TEST(sends() == before);
  socket.uncork();
  BOOST_TEST(sends() == before + 1);
  BOOST_TEST(receiveAll(peer, 30030).size() == 30030U);
  BOOST_TEST(peer.receive().substr(0, 6012) == "little" + large + "little");
  BOOST_TEST(sends() == before + 1);
}

BOOST_TEST_DECORATOR(*label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(nests, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.cork();
  socket.cork();
  socket.write("a");
  socket.uncork();
  settle();
  BOOST_TEST(peer.receive().empty());
  socket.uncork();
  BOOST_TEST(peer.receive() == "a");
  socket.uncork();  // one too many does nothing,
  socket.write("b");
  BOOST_TEST(receiveAll(peer, 2) == "ab");
  socket.cork();  // and counts for nothing
  socket.write("c");
  settle();
  BOOST_TEST(peer.receive() == "ab");
}

BOOST_TEST_DECORATOR(*label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isTakenWholeByEnd, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.cork();
  socket.cork();
  socket.write("a");
  const std::size_t before = sends();
  socket.end("b");
  BOOST_TEST(sends() == before + 1);
  BOOST_TEST(receiveToEnd(peer) == "ab");
}

// There is nothing more to hold back, and what the end was asked to send must go.
BOOST_TEST_DECORATOR(*label("8.8") * label("9.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsNothingBackAfterEnd, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t count = fill(socket);
  socket.write("last");
  socket.end().cork();
  BOOST_TEST(receiveToEnd(peer).size() == count + 4);
}

// The end that follows the peer's takes it too.
BOOST_TEST_DECORATOR(*label("8.8") * label("9.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isTakenByTheEndThatFollowsThePeers, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.resume().cork();
  socket.write("a");
  peer.sendFin();
  BOOST_TEST(receiveToEnd(peer) == "a");
  run();
  BOOST_TEST(socket.destroyed());
}

BOOST_TEST_DECORATOR(*label("8.2") * label("8.3") * label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(letsWriteReturnTrueUntil16384Bytes, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.cork();
  BOOST_TEST(socket.write(std::string(16383, 'a')));
  socket.uncork();
  settle();
  BOOST_TEST(trace.take() == "");  // nobody was told to wait
  socket.cork();
  BOOST_TEST(socket.write(std::string(16383, 'a')));
  BOOST_TEST(!socket.write("a"));
  socket.uncork();
  settle();
  BOOST_TEST(trace.text() == "socket drain");
  BOOST_TEST(receiveAll(peer, 32767).size() == 32767U);
}

BOOST_TEST_DECORATOR(*label("8.4") * label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsCallbacksBackToo, V, Venues, CorkFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  socket.cork();
  socket.write("a", trace.addsOutcome("a"));
  socket.write("b", trace.addsOutcome("b"));
  settle();
  BOOST_TEST(trace.text() == "");
  socket.uncork();
  BOOST_TEST(trace.text() == "");
  settle();
  BOOST_TEST(trace.text() == "a, b");
}

// What the kernel has not taken yet goes on leaving only when the cork is off again.
BOOST_TEST_DECORATOR(*label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayBePutOnWhileASendIsUnderWay, V, Venues, CorkFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::size_t filled = fill(socket);
  socket.cork();
  socket.write("corked");
  BOOST_TEST(receiveAll(peer, filled).size() == filled);
  settle();
  BOOST_TEST(peer.receive().size() == filled);
  BOOST_TEST(socket.writableLength() == 6U);
  socket.uncork();
  BOOST_TEST(receiveAll(peer, filled + 6).ends_with("corked"));
}

BOOST_TEST_DECORATOR(*label("8.8") * label("6.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsBackBeforeTheConnectionToo, V, Venues, CorkFixture) {
  const Socket socket;
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place));
  socket.write("a");
  socket.cork();
  BOOST_TEST(socket.write("b"));
  RawSocket peer = acceptPeer(listener, socket);
  settle();
  BOOST_TEST(peer.receive().empty());
  socket.uncork();
  BOOST_TEST(receiveAll(peer, 2) == "ab");
}

BOOST_TEST_DECORATOR(*label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayBePutOnBeforeConnect, V, Venues, CorkFixture) {
  const Socket socket;
  socket.cork();
  RawSocket peer = connectRaw(socket, V());
  BOOST_TEST(socket.write("a"));
  settle();
  BOOST_TEST(peer.receive().empty());
  socket.uncork();
  BOOST_TEST(receiveAll(peer, 1) == "a");
}

BOOST_TEST_DECORATOR(*label("8.5") * label("8.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(losesNoCallbackOfAnEmptyWrite, V, Venues, CorkFixture) {
  const Socket socket;
  const RawSocket peer = connectRaw(socket, V());
  socket.cork();
  BOOST_TEST(socket.write("", trace.addsOutcome("empty")));
  socket.uncork();
  settle();
  BOOST_TEST(trace.text() == "empty");
}

BOOST_TEST_DECORATOR(*label("8.8") * label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesWithTheConnection, V, Venues, CorkFixture) {
  const Socket socket({.reusable = true});
  {
    const RawSocket peer = connectRaw(socket, V());
    socket.cork();
    socket.write("lost", trace.addsOutcome("write"));
    socket.destroy();
    run();
    BOOST_TEST(trace.text() == "write(Cannot call write after a stream was destroyed)");
  }
  RawSocket peer = connectRaw(socket, V());
  BOOST_TEST(socket.write("a"));
  BOOST_TEST(receiveAll(peer, 1) == "a");
}

BOOST_TEST_DECORATOR(*label("5.6") * label("8.8"))
BOOST_AUTO_TEST_CASE(onASocketThatWasNeverConnectedDoesNothing) {
  const Socket socket;
  socket.uncork();
  socket.cork();
  socket.uncork();
  run();
  BOOST_TEST(!socket.destroyed());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(highWaterMark, CorkFixture)

BOOST_TEST_DECORATOR(*label("8.2") * label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(letsSoMuchQueueBeforeWriteIsFalse, V, Venues, CorkFixture) {
  const Socket socket({.writableHighWaterMark = 100});
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place));
  trace.watch("socket", socket);
  BOOST_TEST(socket.write(std::string(99, 'a')));
  BOOST_TEST(!socket.write("b"));
  BOOST_TEST(socket.writableLength() == 100U);
  RawSocket peer = acceptPeer(listener, socket);
  settle();
  BOOST_TEST(trace.take() == "socket connect, socket ready, socket drain");
  socket.cork();
  BOOST_TEST(socket.write("c"));
  socket.uncork();
  settle();
  BOOST_TEST(trace.text() == "");  // nobody was told to wait since
  BOOST_TEST(receiveAll(peer, 101).size() == 101U);
}

BOOST_TEST_DECORATOR(*label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(thatIsNotReachedIsNoReasonToDrain, V, Venues, CorkFixture) {
  const Socket socket({.writableHighWaterMark = 100});
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place));
  trace.watch("socket", socket);
  BOOST_TEST(socket.write(std::string(99, 'a')));
  RawSocket peer = acceptPeer(listener, socket);
  settle();
  BOOST_TEST(trace.text() == "socket connect, socket ready");
  BOOST_TEST(receiveAll(peer, 99).size() == 99U);
}

BOOST_TEST_DECORATOR(*label("8.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aboveTheCorkedOneIsTheOneThatCounts, V, Venues, CorkFixture) {
  const Socket socket({.writableHighWaterMark = 20000});
  const RawSocket peer = connectRaw(socket, V());
  socket.cork();
  BOOST_TEST(socket.write(std::string(19999, 'a')));
  BOOST_TEST(!socket.write("a"));
}

BOOST_TEST_DECORATOR(*label("4.1") * label("7.15") * label("8.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isAnOptionOfServersToo, V, Venues, CorkFixture) {
  const RawPair plain = acceptRaw(V());
  BOOST_TEST(!plain.socket.write(pattern(8'000'000)));
  const RawPair marked = acceptRaw(V(), {.writableHighWaterMark = 1'000'000'000});
  BOOST_TEST(marked.socket.write(pattern(8'000'000)));
}

BOOST_TEST_DECORATOR(*label("4.1") * label("7.15") * label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofReadingLimitsWhatIsKept, V, Venues, CorkFixture) {
  for (const std::size_t mark : {std::size_t{0}, std::size_t{16384}}) {
    RawPair pair = acceptRaw(V(), {.readableHighWaterMark = mark});
    std::size_t sent = 0;
    for (int i = 0; i < 50; ++i) {
      sent += pair.peer.send(pattern(100'000));
      settle();
    }
    BOOST_TEST(pair.socket.bytesRead() >= mark);
    BOOST_TEST(pair.socket.bytesRead() <= mark + (mark == 0 ? 0 : 65536));
    std::size_t delivered = 0;
    pair.socket.on<"data">([&](std::string_view text) { delivered += text.size(); });
    runUntil([&] { return delivered == sent; });
  }
}

// What queues below the mark keeps the loop running until it is sent, as all that is queued does.
BOOST_TEST_DECORATOR(*label("8.2") * label("11.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(doesNotLoseWhatIsBelowIt, V, Venues, CorkFixture) {
  const Socket socket({.writableHighWaterMark = 1'000'000'000});
  RawSocket peer = connectRaw(socket, V());
  socket.pause();
  const std::string much = pattern(8'000'000);
  BOOST_TEST(socket.write(much));
  BOOST_TEST(socket.writableLength() > 0U);
  while (loop().runOnce(std::chrono::milliseconds(1))) peer.receive();
  BOOST_TEST(socket.writableLength() == 0U);
  BOOST_TEST((peer.receive() == much));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
