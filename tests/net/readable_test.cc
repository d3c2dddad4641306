// Pull style: 'readable' and read(). (Contract, 10.10.)

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

std::string textOf(const std::optional<Buffer>& chunk) {
  return chunk ? std::string(chunk->text()) : "(none)";
}

struct ReadableFixture : SocketFixture {
  // What read() returns until there is nothing.
  void readAllOf(const Socket& socket) {
    while (const auto chunk = socket.read()) trace.add(chunk->text());
  }
  void readPiecesOf(const Socket& socket, std::size_t size) {
    while (const auto chunk = socket.read(size)) trace.add(chunk->text());
  }

  // Writes down that there is something, and reads it all.
  void pull(const Socket& socket) {
    socket.on<"readable">([this](Socket self) {
      trace.add("readable");
      readAllOf(self);
    });
  }

  void say(RawSocket& peer, std::string_view text) {
    peer.send(text);
    settle();
  }
};

BOOST_FIXTURE_TEST_SUITE(readable, ReadableFixture)

BOOST_TEST_DECORATOR(*label("10.10") * label("2.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(tellsOfEachPacketAndOfTheEnd, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  pull(socket);
  trace.watch("its", socket);
  settle();
  BOOST_TEST(trace.text() == "");
  say(peer, "one");
  BOOST_TEST(trace.take() == "readable, one");
  say(peer, "two");
  BOOST_TEST(trace.take() == "readable, two");
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() == "readable, its end, its finish, its close(false)");
  BOOST_TEST(!socket.read());
}

BOOST_TEST_DECORATOR(*label("10.10") * label("2.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(tellsLaterOfWhatIsThereAlready, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket);
  peer.send("kept");
  peer.sendFin();
  settle();
  pull(socket);
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() == "readable, kept, its end, its finish, its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("9.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(whatIsLeftWaitsAndSoDoesTheEnd, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">(trace.adds("readable"));
  trace.watch("its", socket);
  say(peer, "one");
  say(peer, "two");
  peer.sendFin();
  settle();
  BOOST_TEST(trace.take() == "readable, readable, readable");
  BOOST_TEST(textOf(socket.read(4)) == "onet");
  settle();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(socket.readable());
  BOOST_TEST(textOf(socket.read()) == "wo");
  BOOST_TEST(trace.text() == "");  // later
  BOOST_TEST(!socket.read());
  run();
  BOOST_TEST(trace.text() == "its end, its finish, its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isHeardOnceByAOneTimeListener, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.once<"readable">([&](Socket self) { trace.add("once " + textOf(self.read(3))); });
  say(peer, "header");
  say(peer, "more");
  BOOST_TEST(trace.take() == "once hea");
  trace.watchData("its", socket);
  settle();
  BOOST_TEST(trace.text() == "its data(dermore)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aThrowLosesNothing, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket).watchData("its", socket);
  socket.once<"readable">([] { throw std::runtime_error("thrown"); });
  peer.send("hello");
  peer.sendFin();
  BOOST_CHECK_THROW(run(), std::runtime_error);
  run();
  BOOST_TEST(trace.text() == "its data(hello), its end, its finish, its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aThrowAtTheEndLosesItNot, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket);
  socket.on<"readable">([] { throw std::runtime_error("thrown"); });
  peer.sendFin();
  BOOST_CHECK_THROW(run(), std::runtime_error);
  run();
  BOOST_TEST(trace.text() == "its end, its finish, its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotToldAfterDestroy, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  say(peer, "kept");
  pull(socket);
  socket.destroy();
  BOOST_TEST(!socket.read());
  trace.watch("its", socket);
  run();
  BOOST_TEST(trace.text() == "its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayDestroyTheSocket, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">([&](Socket self) {
    trace.add(textOf(self.read(1)));
    self.destroy();
    trace.add(textOf(self.read(1)));
  });
  trace.watch("its", socket);
  peer.sendWithFin("ab");
  run();
  BOOST_TEST(trace.text() == "a, (none), its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.2") * label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(holdsUpThePeerAtTheMark, V, Venues, ReadableFixture) {
  for (const std::size_t mark : {std::size_t{0}, std::size_t{16384}}) {
    const Socket socket({.readableHighWaterMark = mark});
    RawSocket peer = connectRaw(socket, V());
    std::size_t told = 0;
    socket.on<"readable">([&] { ++told; });
    std::size_t sent = 0;
    for (int i = 0; i < 50; ++i) {
      sent += peer.send(pattern(100'000));
      settle();
    }
    BOOST_TEST(told > 0U);
    BOOST_TEST(socket.bytesRead() > mark);
    BOOST_TEST(socket.bytesRead() <= mark + 65536);
    std::size_t got = 0;
    runUntil([&] {
      while (const auto chunk = socket.read(1000)) got += chunk->size();
      if (const auto rest = got + 1000 > sent ? socket.read() : std::nullopt) got += rest->size();
      return got == sent;
    });
    socket.destroy();
  }
}

BOOST_TEST_DECORATOR(*label("10.10") * label("6.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(outlastsTheConnectionButNotWhatWasKept, V, Venues,
                                 ReadableFixture) {
  const Socket socket({.reusable = true});
  socket.on<"readable">([this](Socket self) { trace.add("readable " + textOf(self.read(4))); });
  {
    RawSocket peer = connectRaw(socket, V());
    say(peer, "abcdef");
    socket.destroy();
    run();
  }
  RawSocket peer = connectRaw(socket, V());
  say(peer, "ghijkl");
  BOOST_TEST(trace.text() == "readable abcd, readable ghij");
  BOOST_TEST(textOf(socket.read()) == "kl");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("7.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isForAcceptedSocketsToo, V, Venues, ReadableFixture) {
  const auto server = serve(V(), [this](Socket served) { pull(served); });
  RawSocket peer = rawClientOf(server);
  peer.send("hello");
  runUntil([&] { return !trace.text().empty(); });
  BOOST_TEST(trace.text() == "readable, hello");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("11.1") * label("11.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(keepsTheLoopAsReadingDoes, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  pull(socket);
  BOOST_TEST(loop().runOnce(platform::Duration::zero()));
  socket.unref();
  run();
  socket.ref();
  say(peer, "hello");
  BOOST_TEST(trace.text() == "readable, hello");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(reading, ReadableFixture)

BOOST_TEST_DECORATOR(*label("10.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(givesExactlySoManyBytes, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">([this](Socket self) {
    trace.add("readable");
    readPiecesOf(self, 4);
  });
  trace.watch("its", socket);
  say(peer, "abc");
  say(peer, "defghij");
  say(peer, "k");
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() ==
             "readable, readable, abcd, efgh, readable, readable, ijk, its end, its finish, "
             "its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("9.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isPossibleWithoutListening, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket);
  BOOST_TEST(!socket.read());
  BOOST_TEST(!socket.read(3));
  say(peer, "abcd");
  BOOST_TEST(!socket.read(0));
  BOOST_TEST(textOf(socket.read(3)) == "abc");
  BOOST_TEST(!socket.read(3));
  peer.sendFin();
  settle();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(textOf(socket.read(3)) == "d");
  run();
  BOOST_TEST(trace.text() == "its end, its finish, its close(false)");
}

// As somebody has asked for so much, but no more.
BOOST_TEST_DECORATOR(*label("10.10") * label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(raisesTheMarkIfItIsForMore, V, Venues, ReadableFixture) {
  constexpr std::size_t kSize = 300'000;
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const std::string all = pattern(kSize);
  std::optional<Buffer> got;
  socket.on<"readable">([&](Socket self) {
    if (!got) got = self.read(kSize);
  });
  std::size_t sent = 0;
  runUntil([&] {
    if (sent < all.size()) sent += peer.send(std::string_view(all).substr(sent));
    return got.has_value();
  });
  BOOST_TEST((got->text() == all));
  for (int i = 0; i < 50; ++i) {
    peer.send(all);
    settle();
  }
  BOOST_TEST(socket.bytesRead() <= kSize + 16384 + 65536);
}

BOOST_TEST_DECORATOR(*label("10.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(raisesNoMarkOfAnotherConnection, V, Venues, ReadableFixture) {
  const Socket socket({.reusable = true});
  {
    RawSocket peer = connectRaw(socket, V());
    BOOST_TEST(!socket.read(SIZE_MAX));
    socket.destroy();
    run();
  }
  RawSocket peer = connectRaw(socket, V());
  for (int i = 0; i < 50; ++i) {
    peer.send(pattern(100'000));
    settle();
  }
  BOOST_TEST(socket.bytesRead() <= 16384 + 65536U);
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(givesCharactersOfText, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket.setEncoding());
  socket.on<"readable">([this](Socket self) {
    trace.add("readable");
    readPiecesOf(self, 2);
  });
  say(peer, "\xe2");  // is nothing yet
  say(peer, "\x82\xac");
  say(peer, "\U0001f600z\xe2\x82");
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() ==
             "readable, readable, \u20ac\U0001f600, readable, z\ufffd, its end, its finish, "
             "its close(false)");
}

// Many bytes a character, so that the mark in bytes is not enough.
BOOST_TEST_DECORATOR(*label("10.10") * label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(raisesTheMarkForManyCharacters, V, Venues, ReadableFixture) {
  constexpr std::size_t kCount = 100'000;
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.setEncoding();
  std::string all;
  for (std::size_t i = 0; i < kCount; ++i) all += "\u20ac";
  std::optional<Buffer> got;
  socket.on<"readable">([&](Socket self) {
    if (!got) got = self.read(kCount);
  });
  std::size_t sent = 0;
  runUntil([&] {
    if (sent < all.size()) sent += peer.send(std::string_view(all).substr(sent));
    return got.has_value();
  });
  BOOST_TEST((got->text() == all));
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(givesWhatWasKeptAsText, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket);
  say(peer, "xab");
  BOOST_TEST(textOf(socket.read(1)) == "x");
  socket.setEncoding("hex");
  BOOST_TEST(textOf(socket.read(3)) == "616");
  socket.setEncoding("utf8");
  peer.send("c\xe2");
  peer.sendFin();
  settle();
  BOOST_TEST(textOf(socket.read()) == "2c\ufffd");
  run();
  BOOST_TEST(trace.text() == "its end, its finish, its close(false)");
}

// Its end was there before the encoding was set.
BOOST_TEST_DECORATOR(*label("10.10") * label("10.8") * label("12.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(givesTheRestOfWhatWasKept, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("a\xe2");
  peer.sendFin();
  settle();
  BOOST_TEST(textOf(socket.setEncoding().read()) == "a\ufffd");
}

// A code unit of which the half is missing is no text at all.
BOOST_TEST_DECORATOR(*label("10.10") * label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(endsIfWhatWasKeptIsNoText, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket);
  peer.send("x");
  peer.sendFin();
  settle();
  BOOST_TEST(trace.text() == "");
  socket.setEncoding("utf16le");
  run();
  BOOST_TEST(trace.text() == "its end, its finish, its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldToDataListeners, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">([&](Socket self) {
    trace.add("readable");
    trace.add(textOf(self.read(2)));
  });
  socket.on<"data">([this](std::string_view text) { trace.add("data " + std::string(text)); });
  say(peer, "abc");
  BOOST_TEST(trace.text() == "readable, data ab, ab");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(feedsPipes, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  pull(socket);
  socket.pipe(socket);
  say(peer, "echoed");
  BOOST_TEST(receiveAll(peer, 6) == "echoed");
  BOOST_TEST(trace.take() == "readable, echoed");
  socket.unpipe();
  say(peer, "not echoed");
  BOOST_TEST(trace.text() == "readable, not echoed");
  BOOST_TEST(peer.receive() == "echoed");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("2.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(throwsWhatADataListenerThrows, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">([] {});
  socket.once<"data">([] { throw std::runtime_error("thrown"); });
  say(peer, "abcd");
  BOOST_CHECK_THROW(socket.read(2), std::runtime_error);
  BOOST_TEST(textOf(socket.read()) == "cd");
}

// The memory is the caller's own, and nothing is kept.
BOOST_TEST_DECORATOR(*label("10.10") * label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(givesNothingWithOnread, V, Venues, ReadableFixture) {
  std::byte memory[4];
  const Socket socket(
      {.onread = {.buffer = memory, .callback = [this](const Socket&, std::span<std::byte> bytes) {
                    trace.add(Buffer::viewOf(bytes).text());
                    return false;
                  }}});
  pull(socket);
  RawSocket peer = connectRaw(socket, V());
  say(peer, "abcdef");
  BOOST_TEST(!socket.read());
  socket.resume();
  settle();
  BOOST_TEST(trace.text() == "abcd, ef");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("5.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(givesNothingUnlessConnected, V, Venues, ReadableFixture) {
  const Socket socket;
  BOOST_TEST(!socket.read());
  RawSocket peer = connectRaw(socket, V());
  say(peer, "kept");
  socket.destroy();
  BOOST_TEST(!socket.read(1));
  run();
  BOOST_TEST(!socket.read());
}

BOOST_AUTO_TEST_SUITE_END()

// From pulling to flowing and back.
BOOST_FIXTURE_TEST_SUITE(flow, ReadableFixture)

BOOST_TEST_DECORATOR(*label("10.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(stopsWithAListener, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watchData("its", socket);
  say(peer, "flows");
  socket.on<"readable">(trace.adds("readable"));
  say(peer, "waits");
  BOOST_TEST(trace.take() == "its data(flows), readable");
  socket.resume();  // does not matter
  settle();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(textOf(socket.read()) == "waits");
}

BOOST_TEST_DECORATOR(*label("10.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesOnToDataListenersWithoutTheLast, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  const net::Listener listener = [] {};
  socket.on<"readable">(listener).template on<"readable">(listener);
  trace.watchData("its", socket);
  say(peer, "kept");
  socket.off<"readable">(listener);
  settle();
  BOOST_TEST(trace.text() == "");
  socket.off<"readable">(listener);
  BOOST_TEST(trace.text() == "");
  settle();
  say(peer, " and new");
  BOOST_TEST(trace.text() == "its data(kept and new)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesOnToPipesWithoutTheLast, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">([] {}).pipe(socket);
  say(peer, "echoed");
  BOOST_TEST(peer.receive() == "");
  socket.removeAllListeners<"readable">();
  BOOST_TEST(receiveAll(peer, 6) == "echoed");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isAsAtFirstWithoutAnyListener, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.resume().template on<"readable">([] {});
  say(peer, "kept");
  socket.removeAllListeners();
  settle();
  trace.watchData("its", socket);
  settle();
  BOOST_TEST(trace.text() == "its data(kept)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.4") * label("10.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isHeldByPauseUntilResume, V, Venues, ReadableFixture) {
  const Socket socket;
  socket.pause();
  RawSocket peer = connectRaw(socket, V());
  pull(socket);
  trace.watch("its", socket);
  say(peer, "one");
  BOOST_TEST(socket.isPaused());
  BOOST_TEST(!socket.read());
  BOOST_TEST(socket.bytesRead() == 0U);
  BOOST_TEST(trace.text() == "");
  socket.resume();
  settle();
  BOOST_TEST(!socket.isPaused());
  BOOST_TEST(trace.take() == "readable, one");
  socket.pause();
  peer.send("two");
  peer.sendFin();
  settle();
  BOOST_TEST(trace.text() == "");
  socket.resume();
  run();
  BOOST_TEST(trace.text() == "readable, two, readable, its end, its finish, its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.4") * label("10.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(heldByPauseStillGivesWhatIsKept, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("its", socket);
  peer.send("kept");
  peer.sendFin();
  settle();
  socket.pause();
  BOOST_TEST(textOf(socket.read()) == "kept");
  socket.resume();
  run();
  BOOST_TEST(trace.text() == "its end, its finish, its close(false)");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("9.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(endsHalfOpenToo, V, Venues, ReadableFixture) {
  const Socket socket({.allowHalfOpen = true});
  RawSocket peer = connectRaw(socket, V());
  pull(socket);
  trace.watch("its", socket);
  peer.sendWithFin("last");
  runUntil([&] { return trace.text().ends_with("its end"); });
  socket.end("answer");
  BOOST_TEST(receiveToEnd(peer) == "answer");
  run();
  BOOST_TEST(trace.text().ends_with("last, readable, its end, its finish, its close(false)"));
}

// Else it would be told of the same for ever, and nothing else would happen.
BOOST_TEST_DECORATOR(*label("10.10") * label("1.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isToldOnceOfTheSameWhateverListenersDo, V, Venues,
                                 ReadableFixture) {
  const auto check = [&](auto change) {
    const Socket socket;
    RawSocket peer = connectRaw(socket, V());
    int told = 0;
    socket.on<"readable">([&](Socket self) {
      if (++told < 5) change(self);
    });
    say(peer, "one");
    BOOST_TEST(told == 1);
    say(peer, "two");
    BOOST_TEST(told == 2);
    socket.destroy();
    run();
  };
  check([](const Socket& self) { self.resume(); });
  check([](const Socket& self) { self.pause().resume(); });
  check([](const Socket& self) { self.unpipe().pipe(Socket()); });
}

BOOST_TEST_DECORATOR(*label("10.10") * label("1.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aListenerMayReplaceItself, V, Venues, ReadableFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  int told = 0;
  std::function<void()> listen = [&] {
    socket.removeAllListeners<"readable">();
    socket.on<"readable">([&] {
      if (++told < 5) listen();
    });
  };
  listen();
  say(peer, "one");
  BOOST_TEST(told == 1);
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(goesOnIfWhatWasKeptIsNoText, V, Venues, ReadableFixture) {
  const Socket socket({.readableHighWaterMark = 0});
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">(trace.adds("readable"));
  say(peer, "\xe2");
  socket.setEncoding();
  say(peer, "\x82\xac");
  BOOST_TEST(trace.text() == "readable, readable");
  BOOST_TEST(textOf(socket.read()) == "\u20ac");
}

BOOST_TEST_DECORATOR(*label("10.10") * label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(receivesNothingWithoutTheLastIfItDidNotBefore, V, Venues,
                                 ReadableFixture) {
  const Socket socket({.readableHighWaterMark = 0});
  RawSocket peer = connectRaw(socket, V());
  socket.on<"readable">([] {}).removeAllListeners();
  say(peer, "data");
  BOOST_TEST(socket.bytesRead() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
