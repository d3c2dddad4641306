// The order of events: the sequences of section 18 of behaviour.md, each as a trace of all events
// of one socket, compared whole. It is the same in every way in which the peer can go about it.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
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
using net::Server;
using net::Socket;

// How a peer says something and ends: byte by byte, with turns of the loop in between; in one
// piece, and FIN later; or both in one segment.
enum class Arrival { byteByByte, inOnePiece, withFin };

struct Way {
  Arrival arrival;
  bool slow;  // the peer rests before each thing it does, and the socket hears 'timeout' (18.9)

  std::string name() const {
    const char* const arrivals[] = {"byte by byte", "in one piece", "with FIN"};
    return std::string(arrivals[static_cast<int>(arrival)]) + (slow ? ", slowly" : ", fast");
  }
};

struct VirtualTime : SystemFixture {
  VirtualTime() { syscalls.useVirtualTime(); }
};

struct SequencesFixture : VirtualTime, SocketFixture {
  Way way = {};
  int timeouts = 0;

  // Lives through the sequence in each of the ways.
  template <class F>
  void check(const std::string& expected, F sequence) {
    for (const Arrival arrival : {Arrival::byteByByte, Arrival::inOnePiece, Arrival::withFin}) {
      for (const bool slow : {false, true}) {
        way = {arrival, slow};
        BOOST_TEST_CONTEXT(way.name()) {
          trace.clear();
          sequence();
          BOOST_TEST(trace.text() == expected);
        }
      }
    }
    BOOST_TEST(timeouts > 0);
  }

  // A new socket, whose every event is in the trace, but for 'timeout'.
  Socket watched(const net::SocketOptions& options = {}) {
    const Socket socket(options);
    watch(socket);
    return socket;
  }
  void watch(const Socket& socket) {
    trace.watch("its", socket).watchData("its", socket);
    socket.removeAllListeners<"timeout">();
    if (way.slow) socket.setTimeout(1).on<"timeout">([this] { ++timeouts; });
  }

  void rest() {
    if (!way.slow) return;
    bool over = false;
    sprocket::setTimeout([&] { over = true; }, 5);
    runUntil([&] { return over; });
    settle();
  }

  void sendAndEnd(RawSocket& peer, std::string_view text) {
    rest();
    if (way.arrival == Arrival::withFin) return peer.sendWithFin(text);
    send(peer, text);
    rest();
    peer.sendFin();
  }
  void send(RawSocket& peer, std::string_view text) {
    if (way.arrival != Arrival::byteByByte) {
      peer.send(text);
      settle();
      return;
    }
    for (const char& each : text) {
      peer.send({&each, 1});
      way.slow ? rest() : settle();
    }
  }

  void untilClose() {
    runUntil([&] { return trace.text().find(" close(") != std::string::npos; });
    settle();
  }
  void untilEnd() {
    runUntil([&] { return trace.text().ends_with(" end"); });
    settle();
  }

  // Breaks the connection, behind what was sent.
  void reset(Tcp, RawSocket& peer) { peer.reset(); }
  void reset(Unix, RawSocket& peer) {
    settle();
    syscalls.fail(Call::recv, platform::errorNumber("ECONNRESET"));
    peer.send("never heard");
  }
};

BOOST_FIXTURE_TEST_SUITE(sequences, SequencesFixture)

BOOST_TEST_DECORATOR(*label("18.1") * label("18.9") * label("16.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAClientThatWritesAndEndsAtOnce, V, Venues, SequencesFixture) {
  check(
      "its connect, its ready, one, two, ended, its finish, its data(answer), its end, "
      "its close(false)",
      [&] {
        const RawListener listener = rawListener(V());
        const Socket socket = watched();
        socket.connect(optionsTo(listener.place));
        socket.write("requ", trace.addsOutcome("one"));
        socket.write("est", trace.addsOutcome("two"));
        socket.end(trace.addsOutcome("ended"));
        RawSocket peer = acceptPeer(listener, socket);
        BOOST_TEST(receiveToEnd(peer) == "request");
        sendAndEnd(peer, "answer");
        untilClose();
      });
}

BOOST_TEST_DECORATOR(*label("18.1") * label("9.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAHalfOpenClientThatEndsFirst, V, Venues, SequencesFixture) {
  check("its connect, its ready, its finish, its data(answer), its end, its close(false)", [&] {
    const RawListener listener = rawListener(V());
    const Socket socket = watched({.allowHalfOpen = true});
    socket.connect(optionsTo(listener.place));
    socket.end("request");
    RawSocket peer = acceptPeer(listener, socket);
    BOOST_TEST(receiveToEnd(peer) == "request");
    sendAndEnd(peer, "answer");
    untilClose();
  });
}

BOOST_TEST_DECORATOR(*label("18.2") * label("9.4") * label("9.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAClientWhosePeerEndsFirst, V, Venues, SequencesFixture) {
  check("its connect, its ready, its data(hello), its end, its finish, its close(false)", [&] {
    const RawListener listener = rawListener(V());
    const Socket socket = watched();
    socket.connect(optionsTo(listener.place));
    RawSocket peer = acceptPeer(listener, socket);
    sendAndEnd(peer, "hello");
    untilClose();
    BOOST_TEST(receiveToEnd(peer) == "");
    BOOST_TEST(peer.ended());
  });
}

BOOST_TEST_DECORATOR(*label("18.2") * label("9.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAnAcceptedSocketWhosePeerEndsFirst, V, Venues,
                                 SequencesFixture) {
  check("its data(hello), its end, its finish, its close(false)", [&] {
    RawPair pair = acceptRaw(V());
    watch(pair.socket);
    sendAndEnd(pair.peer, "hello");
    untilClose();
    BOOST_TEST(pair.peer.ended());
  });
}

BOOST_TEST_DECORATOR(*label("18.3") * label("9.6") * label("16.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAHalfOpenClientWhosePeerEndsFirst, V, Venues, SequencesFixture) {
  check(
      "its connect, its ready, its data(hello), its end, one, two, ended, its finish, "
      "its close(false)",
      [&] {
        const RawListener listener = rawListener(V());
        const Socket socket = watched({.allowHalfOpen = true});
        socket.connect(optionsTo(listener.place));
        RawSocket peer = acceptPeer(listener, socket);
        sendAndEnd(peer, "hello");
        untilEnd();
        BOOST_TEST(!socket.destroyed());
        BOOST_TEST(!peer.ended());
        socket.write("one", trace.addsOutcome("one"));
        settle();
        socket.write("two", trace.addsOutcome("two"));
        socket.end(trace.addsOutcome("ended"));
        untilClose();
        BOOST_TEST(receiveToEnd(peer) == "onetwo");
      });
}

BOOST_TEST_DECORATOR(*label("18.3") * label("9.6") * label("7.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAHalfOpenAcceptedSocketWhosePeerEndsFirst, V, Venues,
                                 SequencesFixture) {
  check("its data(hello), its end, its finish, its close(false)", [&] {
    RawPair pair = acceptRaw(V(), {.allowHalfOpen = true});
    watch(pair.socket);
    sendAndEnd(pair.peer, "hello");
    untilEnd();
    pair.socket.end("bye");
    untilClose();
    BOOST_TEST(receiveToEnd(pair.peer) == "bye");
  });
}

// With a kernel that moves one byte a call, in both directions.
BOOST_TEST_DECORATOR(*label("18.1") * label("18.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(areTheSameIfTheKernelMovesByteByByte, V, Venues,
                                 SequencesFixture) {
  const Socket client = watched();
  const Server server = serve(V(), [](Socket served) {
    served.on<"end">([served] { served.end("answer"); });
    served.resume();
  });
  syscalls.limitTransfers(1);
  client.connect(placeOf(server));
  client.end("request", trace.addsOutcome("ended"));
  untilClose();
  BOOST_TEST(trace.text() ==
             "its connect, its ready, ended, its finish, its data(answer), its end, "
             "its close(false)");
}

BOOST_TEST_DECORATOR(*label("18.4") * label("6.16"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAClientThatIsRefused, V, Venues, SequencesFixture) {
  const net::ConnectOptions place = nowhere(V());
  const std::string why = "(connect " +
                          (V::hasAddresses ? "ECONNREFUSED 127.0.0.1:" + std::to_string(*place.port)
                                           : "ENOENT " + place.path) +
                          ")";
  const Socket socket = watched();
  socket.connect(place);
  socket.write("one", trace.addsOutcome("one"));
  socket.write("two", trace.addsOutcome("two"));
  socket.end(trace.addsOutcome("ended"));
  untilClose();
  BOOST_TEST(trace.text() == "one" + why + ", two" + why + ", ended" + why + ", its error" + why +
                                 ", its close(true)");
}

// The resolver answers while the call is hardly over, or when time has passed.
BOOST_AUTO_TEST_CASE(ofAClientThatIsRefusedBehindAName, *label("18.4")) {
  const int port = nobody.port();
  const std::string why = "(connect ECONNREFUSED 127.0.0.1:" + std::to_string(port) + ")";
  names.answer("here.test", {"127.0.0.1"});
  for (const bool slow : {false, true}) {
    if (slow) names.hang("here.test");
    way.slow = slow;
    trace.clear();
    const Socket socket = watched();
    socket.connect(port, "here.test");
    socket.write("one", trace.addsOutcome("one"));
    rest();
    if (slow) names.release("here.test");
    untilClose();
    BOOST_TEST(trace.text() ==
               "its lookup(127.0.0.1), one" + why + ", its error" + why + ", its close(true)");
  }
}

BOOST_AUTO_TEST_CASE(ofAClientWhoseNameHasNoAddress, *label("18.5")) {
  const std::string why = "(getaddrinfo ENOTFOUND nowhere.test)";
  names.fail("nowhere.test", platform::HostLookupError::notFound());
  for (const bool slow : {false, true}) {
    if (slow) names.hang("nowhere.test");
    way.slow = slow;
    trace.clear();
    const Socket socket = watched();
    socket.connect(80, "nowhere.test");
    socket.write("one", trace.addsOutcome("one"));
    rest();
    if (slow) names.release("nowhere.test");
    untilClose();
    BOOST_TEST(trace.text() ==
               "its lookup" + why + ", one" + why + ", its error" + why + ", its close(true)");
  }
}

BOOST_TEST_DECORATOR(*label("18.6") * label("9.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAReset, V, Venues, SequencesFixture) {
  check("its connect, its ready, its data(last words), its error(read ECONNRESET), its close(true)",
        [&] {
          const RawListener listener = rawListener(V());
          const Socket socket = watched();
          socket.connect(optionsTo(listener.place));
          RawSocket peer = acceptPeer(listener, socket);
          rest();
          if (way.arrival == Arrival::withFin) {
            peer.send("last words");
          } else {
            send(peer, "last words");
            rest();
          }
          reset(V(), peer);
          untilClose();
        });
}

BOOST_TEST_DECORATOR(*label("18.7") * label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofDestroy, V, Venues, SequencesFixture) {
  check("its connect, its ready, its data(first), its close(false)", [&] {
    const RawListener listener = rawListener(V());
    const Socket socket = watched();
    socket.connect(optionsTo(listener.place));
    RawSocket peer = acceptPeer(listener, socket);
    rest();
    send(peer, "first");
    runUntil([&] { return socket.bytesRead() == 5; });
    peer.sendWithFin("never heard");  // it is there already
    BOOST_TEST((socket.destroy() == socket));
    BOOST_TEST(socket.destroyed());
    socket.destroy(Error({.message = "too late"}));
    untilClose();
    socket.destroy();
    settle();
    BOOST_TEST(peer.isGone());
  });
}

BOOST_TEST_DECORATOR(*label("18.7") * label("9.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofDestroyWithAnError, V, Venues, SequencesFixture) {
  check("its connect, its ready, its data(first), its error(why), its close(true)", [&] {
    const RawListener listener = rawListener(V());
    const Socket socket = watched();
    socket.connect(optionsTo(listener.place));
    RawSocket peer = acceptPeer(listener, socket);
    rest();
    send(peer, "first");
    runUntil([&] { return socket.bytesRead() == 5; });
    const Error why({.message = "why"});
    socket.on<"error">([&](const Error& error) {
      BOOST_TEST((error == why));
      BOOST_TEST(socket.destroyed());
    });
    socket.destroy(why);
    untilClose();
  });
}

BOOST_TEST_DECORATOR(*label("18.8") * label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofWritingUntilFalse, V, Venues, SequencesFixture) {
  check(
      "its connect, its ready, its drain, last, its data(thanks), its end, its finish, "
      "its close(false)",
      [&] {
        const RawListener listener = rawListener(V());
        const Socket socket = watched();
        socket.connect(optionsTo(listener.place));
        RawSocket peer = acceptPeer(listener, socket);
        static const std::string much = pattern(8'000'000);
        BOOST_TEST(!socket.write(much));
        BOOST_TEST(!socket.write("last", trace.adds("last")));
        rest();
        BOOST_TEST(receiveAll(peer, much.size() + 4).size() == much.size() + 4);
        runUntil([&] { return trace.text().ends_with("last"); });
        sendAndEnd(peer, "thanks");
        untilClose();
      });
}

BOOST_TEST_DECORATOR(*label("1.3") * label("18.8") * label("7.18"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAServer, V, Venues, SequencesFixture) {
  check(
      "server listening, server connection, its data(hello), server connection, its end, "
      "its finish, server close, one, two, its close(false)",
      [&] {
        Server server;
        trace.watch("server", server);
        bool firstIsThere = false;
        server.once<"connection">([&](Socket socket) {
          watch(socket);
          firstIsThere = true;
        });
        listenAt(V(), server);
        runUntil([&] { return trace.text() == "server listening"; });
        RawSocket client = rawClientOf(server);
        runUntil([&] { return firstIsThere; });
        send(client, "hello");
        runUntil([&] { return trace.text().ends_with("data(hello)"); });
        Socket second;
        server.once<"connection">([&](Socket socket) { second = socket; });
        RawSocket other = rawClientOf(server);
        runUntil([&] { return trace.text().ends_with("connection"); });
        rest();
        server.close(trace.adds("one"));
        second.destroy();
        settle();
        BOOST_TEST(!trace.text().ends_with("server close"));
        rest();
        server.once<"close">(trace.adds("two"));
        client.sendFin();
        untilClose();
      });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
