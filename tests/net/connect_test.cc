// Connecting: by which ways, in which order of events, and how it fails. [6]

#include <cmath>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct ConnectFixture : SystemFixture, SocketFixture {
  ConnectFixture() { names.answer("localhost", {"127.0.0.1"}); }

  Socket socket;
};

bool hasIpv6() {
  const reactor::Loop loop;
  bool listening = false;
  const auto server = net::createServer();
  server.on<"error">([] {});
  server.listen(0, "::1");
  listening = server.listening();
  server.close();
  return listening;
}

BOOST_FIXTURE_TEST_SUITE(connecting, ConnectFixture)

BOOST_AUTO_TEST_SUITE(forms)

BOOST_AUTO_TEST_CASE(ofAPort, *label("1.5") * label("6.1") * label("6.2")) {
  const RawListener listener = rawListener(Tcp());
  const int port = listener.socket.port();
  const Socket same = socket.connect(port, trace.adds("connect"));
  BOOST_TEST((same == socket));
  BOOST_TEST(socket.listenerCount<"connect">() == 1U);
  trace.watch("socket", socket);
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "socket lookup(127.0.0.1), connect, socket connect, socket ready");
  BOOST_TEST(socket.listenerCount<"connect">() == 1U);  // the watch's own
  BOOST_TEST(socket.remotePort().value() == port);
  BOOST_TEST((names.calls().back().host == "localhost"));
  BOOST_TEST((names.calls().back().family == platform::Family::v4));
}

BOOST_AUTO_TEST_CASE(ofAPortAndAHost, *label("6.1")) {
  const RawListener listener = rawListener(Tcp());
  const int port = listener.socket.port();
  Socket self;
  BOOST_TEST((socket.connect(port, "127.0.0.1", [&](Socket s) { self = s; }) == socket));
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST((self == socket));
  BOOST_TEST(socket.remotePort().value() == port);
}

BOOST_AUTO_TEST_CASE(ofAPath, *label("1.5") * label("6.1")) {
  const std::string path = temp().freshPath();
  const RawSocket listener = RawSocket::listen(path);
  trace.watch("socket", socket);
  BOOST_TEST((socket.connect(path, trace.adds("connect")) == socket));
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "socket connect, connect, socket ready");
}

BOOST_TEST_DECORATOR(*label("6.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofOptions, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  BOOST_TEST((socket.connect(optionsTo(listener.place), trace.adds("connect")) == socket));
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "connect");
}

BOOST_AUTO_TEST_CASE(ofTheModule, *label("4.2")) {
  const auto tcp = rawListener(Tcp());
  const auto local = rawListener(Unix());
  const int port = tcp.socket.port();
  const auto counted = trace.adds("connect");
  const std::vector<Socket> sockets = {net::connect(port, counted),
                                       net::connect(port, "127.0.0.1", counted),
                                       net::connect(local.place, counted),
                                       net::connect(optionsTo(local.place), counted),
                                       net::createConnection(port, counted),
                                       net::createConnection(port, "127.0.0.1", counted),
                                       net::createConnection(local.place, counted),
                                       net::createConnection(optionsTo(tcp.place), counted)};
  for (const Socket& each : sockets) BOOST_TEST(each.connecting());
  for (const Socket& each : sockets) {
    runUntil([&] { return !each.connecting(); });
    BOOST_TEST(!each.destroyed());
    BOOST_TEST(each.listenerCount<"connect">() == 0U);
  }
  BOOST_TEST(trace.text() ==
             "connect, connect, connect, connect, connect, connect, connect, connect");
}

BOOST_AUTO_TEST_CASE(givenAPathAndAPortThePathWins, *label("6.2")) {
  const RawListener listener = rawListener(Unix());
  trace.watch("socket", socket);
  socket.connect({.port = 70000, .path = listener.place.path()});
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "socket connect, socket ready");
}

BOOST_AUTO_TEST_CASE(familyIsAskedOfTheResolver, *label("6.2")) {
  socket.on<"error">([] {});
  socket.connect({.port = 1, .host = "six.example", .family = 6});
  runUntil([&] { return !names.calls().empty(); });
  BOOST_TEST((names.calls().back().family == platform::Family::v6));
  socket.destroy();
}

BOOST_AUTO_TEST_CASE(familyZeroTakesTheFirstAddress, *label("6.2") * label("6.3")) {
  names.answer("both.example", {"127.0.0.1", "::1"});
  const RawListener listener = rawListener(Tcp());
  socket.connect({.port = listener.socket.port(), .host = "both.example", .family = 0});
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(!names.calls().back().family.has_value());
  BOOST_TEST(socket.remoteAddress().value() == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(anEmptyHostIsLocalhost, *label("6.2")) {
  const RawListener listener = rawListener(Tcp());
  socket.connect({.port = listener.socket.port(), .host = ""});
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(names.calls().back().host == "localhost");
  BOOST_TEST(socket.remoteAddress().value() == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(halfOpenAndReusableAreOptionsOfTheModulesForms, *label("4.2")) {
  const RawListener listener = rawListener(Unix());
  net::ConnectOptions options = optionsTo(listener.place);
  options.allowHalfOpen = true;
  options.reusable = true;
  const Socket client = net::connect(options);
  RawSocket peer = acceptPeer(listener, client);
  peer.sendFin();
  client.on<"end">(trace.adds("end")).on<"close">(trace.adds("close"));
  runUntil([&] { return trace.text() == "end"; });
  settle();
  BOOST_TEST(client.write("still open"));
  BOOST_TEST(receiveAll(peer, 10) == "still open");
  client.destroy();
  run();
  BOOST_TEST(client.listenerCount<"end">() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

// Each is refused at the call, which says what it got, and nothing has happened.
BOOST_AUTO_TEST_SUITE(wrongArguments)

struct Mistake {
  net::ConnectOptions options;
  std::string_view named;
};

void expectNothingHappened(ConnectFixture& fixture) {
  const Socket& socket = fixture.socket;
  BOOST_TEST(!socket.connecting());
  BOOST_TEST(!socket.destroyed());
  BOOST_TEST(!socket.timeout().has_value());
  BOOST_TEST(socket.listenerCount<"connect">() == 1U);
  fixture.run();
  BOOST_TEST(fixture.trace.text() == "");
}

BOOST_AUTO_TEST_CASE(throwAndHaveNoOtherEffect, *label("1.8") * label("6.3")) {
  const std::vector<Mistake> mistakes = {
      {{.port = 65536}, "65536"},
      {{.port = -1}, "-1"},
      {{}, "port or a path"},
      {{.path = ""}, "''"},
      {{.port = 80, .localAddress = "localhost"}, "'localhost'"},
      {{.port = 80, .localAddress = "127.0.0.1 "}, "'127.0.0.1 '"},
      {{.port = 80, .localAddress = "127.1"}, "'127.1'"},
      {{.port = 80, .localPort = 65536}, "65536"},
      {{.port = 80, .localPort = -7}, "-7"},
      {{.port = 80, .family = 5}, "5"},
      {{.port = 80, .timeout = -1.5}, "-1.5"},
      {{.port = 80, .timeout = std::nan("")}, "nan"},
      {{.port = 80, .timeout = INFINITY}, "inf"}};
  trace.watch("socket", socket);
  for (const Mistake& mistake : mistakes) {
    BOOST_TEST_CONTEXT("the mistake with " << mistake.named) {
      const auto namesIt = [&](const ArgumentError& error) {
        return std::string_view(error.what()).find(mistake.named) != std::string_view::npos &&
               error.code().starts_with("ERR_");
      };
      BOOST_CHECK_EXCEPTION(socket.connect(mistake.options, [] {}), ArgumentError, namesIt);
      BOOST_CHECK_EXCEPTION(net::connect(mistake.options), ArgumentError, namesIt);
      expectNothingHappened(*this);
    }
  }
  BOOST_CHECK_THROW(socket.connect(65536), ArgumentError);
  BOOST_CHECK_THROW(socket.connect(-1, "localhost"), ArgumentError);
  BOOST_CHECK_THROW(socket.connect(""), ArgumentError);
  expectNothingHappened(*this);

  const RawListener listener = rawListener(Unix());
  socket.connect(listener.place);
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "socket connect, socket ready");
}

// Port 0 is no mistake of form: the system refuses it, later. (6.3)
BOOST_AUTO_TEST_CASE(portZeroIsNone, *label("6.3")) {
  trace.watch("socket", socket);
  socket.connect(0, "127.0.0.1");
  BOOST_TEST(socket.connecting());
  run();
  BOOST_TEST(trace.text().starts_with("socket error(connect "));
  BOOST_TEST(trace.text().ends_with("), socket close(true)"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(success)

BOOST_TEST_DECORATOR(*label("6.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(endsConnectingBeforeItIsTold, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  BOOST_TEST(!socket.connecting());
  bool told = false;
  socket.connect(optionsTo(listener.place), [&] {
    BOOST_TEST(!socket.connecting());
    BOOST_TEST(socket.remoteAddress().has_value() == V::hasAddresses);
    BOOST_TEST(socket.localPort().has_value() == V::hasAddresses);
    told = true;
  });
  BOOST_TEST(socket.connecting());
  BOOST_TEST(!socket.remoteAddress().has_value());
  BOOST_TEST(!socket.address().has_value());
  runUntil([&] { return told; });
}

BOOST_TEST_DECORATOR(*label("2.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNeverToldInsideTheCall, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  bool returned = false;
  socket.on<"connect">([&] { BOOST_TEST(returned); });
  nextTick([&] {
    socket.connect(optionsTo(listener.place));
    returned = true;
  });
  runUntil([&] { return returned && !socket.connecting(); });
}

// What a peer sends with the connection is delivered behind 'connect'.
BOOST_TEST_DECORATOR(*label("6.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(comesBeforeAnyData, V, Venues, ConnectFixture) {
  const net::Server server = serve(V(), [](Socket peer) { peer.end("at once"); });
  trace.watch("socket", socket).watchData("socket", socket);
  socket.connect(placeOf(server));
  run();
  BOOST_TEST(trace.text() ==
             "socket connect, socket ready, socket data(at once), socket end, socket finish, "
             "socket close(false)");
}

BOOST_TEST_DECORATOR(*label("6.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(readyComesAlsoIfAConnectListenerThrows, V, Venues,
                                 ConnectFixture) {
  const RawListener listener = rawListener(V());
  socket.on<"connect">([] { throw std::runtime_error("thrown by a listener"); });
  socket.on<"ready">(trace.adds("ready"));
  socket.connect(optionsTo(listener.place));
  BOOST_CHECK_THROW(runUntil([] { return false; }), std::runtime_error);
  runUntil([&] { return !trace.text().empty(); });
  BOOST_TEST(trace.text() == "ready");
}

BOOST_TEST_DECORATOR(*label("2.6") * label("6.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isNotUndoneByAnException, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place), [] { throw std::runtime_error("thrown"); });
  socket.write("queued");
  trace.watchData("socket", socket);
  BOOST_CHECK_THROW(runUntil([] { return false; }), std::runtime_error);
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(receiveAll(peer, 6) == "queued");
  peer.send("answer");
  runUntil([&] { return !trace.text().empty(); });
  BOOST_TEST(trace.text() == "socket data(answer)");
}

BOOST_AUTO_TEST_CASE(ofAnIpLiteralAsksNobody, *label("6.5")) {
  const RawListener listener = rawListener(Tcp());
  trace.watch("socket", socket);
  // The family concerns names.
  socket.connect({.port = listener.socket.port(), .host = "127.0.0.1", .family = 6});
  BOOST_TEST(syscalls.count(Call::connect) == 0U);
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "socket connect, socket ready");
  BOOST_TEST(names.calls().empty());
}

BOOST_AUTO_TEST_CASE(ofAnIpv6Literal,
                     *label("1.5") * label("6.5") * skipUnless(hasIpv6, "this host has no ::1")) {
  auto server = net::createServer().listen(0, "::1").unref();
  socket.connect({.port = server.address()->port, .host = "::1"});
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(socket.remoteAddress().value() == "::1");
  BOOST_TEST(socket.remoteFamily().value() == "IPv6");
  BOOST_TEST(names.calls().empty());
}

BOOST_AUTO_TEST_CASE(ofANameIsToldByLookupFirst, *label("6.7")) {
  const RawListener listener = rawListener(Tcp());
  names.answer("two.example", {"127.0.0.1", "127.0.0.2"});
  socket.on<"lookup">([&](const Error& error, std::string address, int family, std::string host) {
    BOOST_TEST(!error);
    BOOST_TEST(address == "127.0.0.1");
    BOOST_TEST(family == 4);
    BOOST_TEST(host == "two.example");
    BOOST_TEST(socket.connecting());
    trace.add("lookup");
  });
  socket.connect(listener.socket.port(), "two.example", trace.adds("connect"));
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "lookup, connect");
}

BOOST_AUTO_TEST_CASE(ofANameIsNotUndoneByALookupListenerThatThrows, *label("2.6")) {
  const RawListener listener = rawListener(Tcp());
  socket.on<"lookup">([] { throw std::runtime_error("thrown"); });
  socket.connect(listener.socket.port(), "localhost", trace.adds("connect"));
  BOOST_CHECK_THROW(runUntil([] { return false; }), std::runtime_error);
  BOOST_TEST(socket.connecting());
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "connect");
}

// The thread's loop is another one by then.
BOOST_AUTO_TEST_CASE(ofANameIsAnsweredOnTheSocketsOwnLoop, *label("6.6")) {
  const RawListener listener = rawListener(Tcp());
  const reactor::Loop another;
  socket.connect(listener.socket.port());
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(!socket.destroyed());
}

BOOST_AUTO_TEST_CASE(doesNotHoldUpTheLoopWhileTheNameIsResolved, *label("1.4") * label("6.6")) {
  const RawListener listener = rawListener(Tcp());
  names.answer("slow.example", {"127.0.0.1"});
  names.hang("slow.example");
  socket.connect(listener.socket.port(), "slow.example", trace.adds("connect"));
  names.awaitHanging(1);
  int ticks = 0;
  const auto ticking = setInterval([&] { ++ticks; }, 1);
  runUntil([&] { return ticks == 3; });
  clearInterval(ticking);
  BOOST_TEST(socket.connecting());
  names.release("slow.example");
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "connect");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(failure)

BOOST_TEST_DECORATOR(*label("3.1") * label("3.2") * label("6.12") * label("9.12") * label("16.4") *
                     label("16.7") * label("18.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isErrorAndClose, V, Venues, ConnectFixture) {
  const net::ConnectOptions options = nowhere(V());
  trace.watch("socket", socket);
  socket.on<"error">([&](const Error& error) {
    BOOST_TEST(socket.destroyed());
    BOOST_TEST(!socket.connecting());
    BOOST_TEST(error.syscall() == "connect");
    BOOST_TEST(error.code() == (V::hasAddresses ? "ECONNREFUSED" : "ENOENT"));
    BOOST_TEST(error.port() == options.port.value_or(0));
    BOOST_TEST(error.address() == (V::hasAddresses ? "127.0.0.1" : options.path));
  });
  socket.connect(options);
  BOOST_TEST(socket.connecting());
  run();
  const std::string place = V::hasAddresses
                                ? "ECONNREFUSED 127.0.0.1:" + std::to_string(options.port.value())
                                : "ENOENT " + options.path;
  BOOST_TEST(trace.text() == "socket error(connect " + place + "), socket close(true)");
  BOOST_TEST(socket.destroyed());
}

BOOST_AUTO_TEST_CASE(behindANameIsPrecededByLookup, *label("18.4")) {
  const int port = RawSocket::bind().port();
  trace.watch("socket", socket);
  socket.connect(port);
  run();
  BOOST_TEST(trace.text() ==
             "socket lookup(127.0.0.1), socket error(connect ECONNREFUSED "
             "127.0.0.1:" +
                 std::to_string(port) + "), socket close(true)");
}

BOOST_AUTO_TEST_CASE(ofAPathThatIsNoSocket,
                     *label("16.4") * notOnWindows("a pipe is not in the file system")) {
  const std::string path = temp().freshPath();
  std::ofstream(path) << "a file";
  trace.watch("socket", socket);
  socket.connect(path);
  run();
  BOOST_TEST(trace.text() == "socket error(connect ECONNREFUSED " + path + "), socket close(true)");
}

BOOST_AUTO_TEST_CASE(ofAPathWhereNobodyListensAnyMore,
                     *label("16.4") * notOnWindows("the name of a pipe goes with its last end")) {
  const std::string path = temp().freshPath();
  RawSocket::listen(path).close();
  trace.watch("socket", socket);
  socket.connect(path);
  run();
  BOOST_TEST(trace.text() == "socket error(connect ECONNREFUSED " + path + "), socket close(true)");
}

BOOST_AUTO_TEST_CASE(ofAPathTooLongToBeOneTellsItAsGiven, *label("16.2")) {
  const std::string path = temp().path(std::string(200, 'x'));
  trace.watch("socket", socket);
  socket.connect(path);
  run();
  BOOST_TEST(trace.text() == "socket error(connect ENOENT " + path + "), socket close(true)");
}

BOOST_AUTO_TEST_CASE(isThrownOutOfRunIfNobodyListens, *label("2.5")) {
  socket.on<"close">([&](bool hadError) { trace.add(hadError ? "close(true)" : "close(false)"); });
  socket.connect(temp().freshPath());
  BOOST_CHECK_EXCEPTION(run(), Error, [](const Error& e) { return e.code() == "ENOENT"; });
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() == "close(true)");
}

BOOST_AUTO_TEST_CASE(toResolveIsLookupAndErrorWithTheSameError,
                     *label("2.1") * label("6.8") * label("9.12") * label("18.5")) {
  names.fail("no.example", platform::HostLookupError::notFound());
  std::vector<Error> errors;
  socket.on<"lookup">([&](const Error& error, std::string address, int family, std::string host) {
    errors.push_back(error);
    BOOST_TEST(address == "");
    BOOST_TEST(family == 0);
    BOOST_TEST(host == "no.example");
  });
  socket.on<"error">([&](const Error& error) { errors.push_back(error); });
  trace.watch("socket", socket);
  socket.connect(80, "no.example");
  run();
  BOOST_TEST(trace.text() ==
             "socket lookup(getaddrinfo ENOTFOUND no.example), "
             "socket error(getaddrinfo ENOTFOUND no.example), socket close(true)");
  BOOST_TEST(errors.size() == 2U);
  BOOST_TEST((errors.front() == errors.back()));
  BOOST_TEST(errors.front().code() == "ENOTFOUND");
  BOOST_TEST(errors.front().syscall() == "getaddrinfo");
  BOOST_TEST(errors.front().hostname() == "no.example");
  BOOST_TEST(errors.front().address() == "");
  BOOST_TEST(errors.front().port() == 0);
}

BOOST_AUTO_TEST_CASE(toResolveIsToldAlsoIfALookupListenerThrows, *label("2.6")) {
  names.fail("no.example", platform::HostLookupError::notFound());
  trace.watch("socket", socket);
  socket.on<"lookup">([] { throw std::runtime_error("thrown"); });
  socket.connect(80, "no.example");
  BOOST_CHECK_THROW(run(), std::runtime_error);
  trace.clear();
  run();
  BOOST_TEST(trace.text() == "socket error(getaddrinfo ENOTFOUND no.example), socket close(true)");
}

BOOST_AUTO_TEST_CASE(toResolveWhatIsNoNameIsAnOrdinaryOne, *label("6.8")) {
  for (const std::string& name :
       {std::string(254, 'a'), "a." + std::string(64, 'b'), std::string("a..b"),
        std::string("nul\0nul", 7), std::string("fe80::1%no-such-interface")}) {
    const Socket each;
    std::string events;
    each.on<"lookup">([&](const Error& e) { events += "lookup " + e.code(); });
    each.on<"error">([&](const Error& e) { events += ", error " + e.code(); });
    each.on<"close">(
        [&](bool hadError) { events += hadError ? ", close(true)" : ", close(false)"; });
    each.connect(80, name);
    run();
    BOOST_TEST(events == "lookup ENOTFOUND, error ENOTFOUND, close(true)", "name " << name);
  }
  BOOST_TEST(names.calls().empty());
}

// The 'error' comes later than 'lookup', and not at all from a socket destroyed in between.
BOOST_AUTO_TEST_CASE(toResolveIsNoErrorOfASocketDestroyedInLookup, *label("6.8")) {
  names.fail("no.example", platform::HostLookupError::notFound());
  trace.watch("socket", socket);
  socket.on<"lookup">([&] { socket.destroy(); });
  socket.connect(80, "no.example");
  run();
  BOOST_TEST(trace.text() ==
             "socket lookup(getaddrinfo ENOTFOUND no.example), socket close(false)");
}

BOOST_TEST_DECORATOR(*label("6.16"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(failsWhatWasWritten, V, Venues, ConnectFixture) {
  trace.watch("socket", socket);
  socket.connect(nowhere(V()));
  const auto add = [this](std::string what) {
    return [this, what](const Error& e) { trace.add(what + " " + e.code()); };
  };
  BOOST_TEST(!socket.write("one", add("one")));
  BOOST_TEST(!socket.write("two", add("two")));
  socket.end("three", add("end"));
  run();
  const std::string code = V::hasAddresses ? "ECONNREFUSED" : "ENOENT";
  BOOST_TEST(trace.text().starts_with("one " + code + ", two " + code + ", end " + code +
                                      ", socket error(connect " + code));
  BOOST_TEST(trace.text().ends_with("), socket close(true)"));
  BOOST_TEST(trace.text().find("finish") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(writing)

BOOST_TEST_DECORATOR(*label("6.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(beforeItIsThereIsInOrder, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  const std::string big = pattern(300 * 1024);
  socket.connect(optionsTo(listener.place), [&] {
    socket.write("3");
    nextTick([&] { socket.write("4"); });
  });
  BOOST_TEST(!socket.write("1"));
  BOOST_TEST(!socket.write(big));
  BOOST_TEST(!socket.write("2"));
  BOOST_TEST(socket.bufferSize() == big.size() + 2);
  BOOST_TEST(socket.bytesWritten() == big.size() + 2);
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST((receiveAll(peer, big.size() + 4) == "1" + big + "234"));
  BOOST_TEST(socket.bytesWritten() == big.size() + 4);
}

BOOST_TEST_DECORATOR(*label("6.13") * label("8.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(beforeItIsThereIsCalledBackInOrder, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  socket.write("a", trace.addsOutcome("a"));
  socket.write("", trace.addsOutcome("empty"));
  socket.write("b", trace.addsOutcome("b"));
  runUntil([&] { return !socket.connecting(); });
  settle();
  BOOST_TEST(trace.text() == "socket connect, socket ready, socket drain, a, empty, b");
  BOOST_TEST(socket.bufferSize() == 0U);
}

// Nothing is sent that could tell of it.
BOOST_TEST_DECORATOR(*label("8.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(nothingBeforeItIsThereIsCalledBackToo, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place), trace.adds("connect"));
  socket.write("", trace.addsOutcome("empty"));
  runUntil([&] { return !socket.connecting(); });
  settle();
  BOOST_TEST(trace.text() == "connect, empty");
}

BOOST_TEST_DECORATOR(*label("6.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(andEndingBeforeItIsThereSendsAll, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  const std::string big = pattern(3'000'000);
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  socket.write(big, trace.addsOutcome("written"));
  socket.end("the end", trace.addsOutcome("ended"));
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST((receiveToEnd(peer) == big + "the end"));
  BOOST_TEST(peer.ended());
  settle();
  BOOST_TEST(trace.text() == "socket connect, socket ready, written, ended, socket finish");
}

BOOST_TEST_DECORATOR(*label("6.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(nothingButEndingBeforeItIsThereSendsFin, V, Venues,
                                 ConnectFixture) {
  const RawListener listener = rawListener(V());
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  socket.end(trace.addsOutcome("ended"));
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(receiveToEnd(peer) == "");
  settle();
  BOOST_TEST(trace.text() == "socket connect, socket ready, ended, socket finish");
}

BOOST_TEST_DECORATOR(*label("6.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(andEndingBeforeConnectEndsItAsWell, V, Venues, ConnectFixture) {
  const Socket reused({.reusable = true});
  const RawListener listener = rawListener(V());
  trace.watch("socket", reused);
  reused.end(trace.addsOutcome("ended"));
  settle();
  reused.connect(optionsTo(listener.place));
  RawSocket peer = acceptPeer(listener, reused);
  BOOST_TEST(receiveToEnd(peer) == "");
  settle();
  BOOST_TEST(trace.text() == "socket connect, socket ready, ended, socket finish");
  peer.sendFin();
  reused.resume();
  run();
  trace.clear();
  reused.connect(optionsTo(listener.place));  // which was not ended
  peer = acceptPeer(listener, reused);
  BOOST_TEST(reused.writable());
}

BOOST_TEST_DECORATOR(*label("6.14"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(andEndingInVainIsOneErrorAndNoFinish, V, Venues, ConnectFixture) {
  trace.watch("socket", socket);
  socket.connect(nowhere(V()));
  socket.end("in vain");
  run();
  BOOST_TEST(trace.text().starts_with("socket error(connect E"));
  BOOST_TEST(trace.text().ends_with("), socket close(true)"));
  BOOST_TEST(trace.text().find(',') == trace.text().rfind(','));
}

BOOST_AUTO_TEST_CASE(neverHappensWithoutConnecting, *label("6.14")) {
  trace.watch("socket", socket);
  BOOST_TEST((socket.end() == socket));
  run();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(!socket.destroyed());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(destroying)

BOOST_AUTO_TEST_CASE(whileTheNameIsResolved, *label("6.15") * label("6.6")) {
  names.hang("slow.example");
  trace.watch("socket", socket);
  socket.connect(80, "slow.example");
  names.awaitHanging(1);
  BOOST_TEST((socket.destroy() == socket));
  BOOST_TEST(!socket.connecting());
  BOOST_TEST(socket.destroyed());
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
  names.release("slow.example");
  settle();
  BOOST_TEST(trace.text() == "socket close(false)");
}

// The answer is there, and waits to be told in the very turn in which the socket is destroyed.
BOOST_AUTO_TEST_CASE(inLookupKeepsItFromConnecting, *label("6.15")) {
  const RawListener listener = rawListener(Tcp());
  trace.watch("socket", socket);
  socket.on<"lookup">([&] { socket.destroy(); });
  socket.connect(listener.socket.port());
  run();
  BOOST_TEST(trace.text() == "socket lookup(127.0.0.1), socket close(false)");
}

BOOST_TEST_DECORATOR(*label("6.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(directlyAfterTheCall, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place)).destroy();
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

// The attempt has begun; over a path it has succeeded by then, and nobody was told.
BOOST_TEST_DECORATOR(*label("6.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(whileItIsUnderWay, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  nextTick([&] { socket.destroy(); });
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
  if (!V::hasAddresses) BOOST_TEST(listener.socket.accept().ended());
}

BOOST_AUTO_TEST_CASE(whileNobodyAnswers, *label("6.15")) {
  const UnansweringPort port;
  trace.watch("socket", socket);
  socket.connect(port.number(), "127.0.0.1");
  settle();
  BOOST_TEST(socket.connecting());
  socket.destroy();
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_TEST_DECORATOR(*label("6.15"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(withAnErrorTellsIt, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  const Error why({.message = "changed my mind"});
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  nextTick([&] { socket.destroy(why); });
  run();
  BOOST_TEST(trace.text() == "socket error(changed my mind), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("6.16"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(failsWhatWasWritten, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  const auto add = [this](std::string what) {
    return [this, what](const Error& e) { trace.add(what + " " + e.code()); };
  };
  socket.connect(optionsTo(listener.place));
  socket.write("one", add("one"));
  socket.write("", add("two"));
  socket.write("three", add("three"));
  socket.end(add("end"));
  socket.on<"close">(trace.adds("close"));
  socket.destroy();
  run();
  BOOST_TEST(trace.text() ==
             "one ERR_SOCKET_CLOSED_BEFORE_CONNECTION, two ERR_STREAM_DESTROYED, "
             "three ERR_STREAM_DESTROYED, end ERR_STREAM_DESTROYED, close");
}

BOOST_TEST_DECORATOR(*label("6.16"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(withAnErrorFailsWhatWasWrittenWithIt, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  trace.watch("socket", socket);
  socket.connect(optionsTo(listener.place));
  socket.write("one", trace.addsOutcome("one"));
  socket.end(trace.addsOutcome("end"));
  socket.destroy(Error({.message = "why"}));
  run();
  BOOST_TEST(trace.text() == "one(why), end(why), socket error(why), socket close(true)");
}

BOOST_AUTO_TEST_CASE(neverConnectedIsClosedToo, *label("9.11")) {
  trace.watch("socket", socket);
  socket.destroy();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(socket.destroyed());
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(addresses)

BOOST_AUTO_TEST_CASE(areTheSameSeenFromBothEnds, *label("13.1") * label("13.2")) {
  const Socket client;
  const Socket served = connectPair(client, Tcp());
  BOOST_TEST(client.address()->address == "127.0.0.1");
  BOOST_TEST(client.address()->family == "IPv4");
  BOOST_TEST(client.address()->port == client.localPort().value());
  BOOST_TEST(client.localAddress().value() == "127.0.0.1");
  BOOST_TEST(client.localPort().value() == served.remotePort().value());
  BOOST_TEST(client.remotePort().value() == served.localPort().value());
  BOOST_TEST(served.remoteAddress().value() == "127.0.0.1");
  BOOST_TEST(served.remoteFamily().value() == "IPv4");
}

BOOST_AUTO_TEST_CASE(areThoseOfThisConnectionThoughTheServerIsBoundToAll, *label("13.1")) {
  auto server = net::createServer().listen({.port = 0, .host = "0.0.0.0"}).unref();
  std::optional<Socket> served;
  server.on<"connection">([&](Socket each) { served = each; });
  socket.connect(server.address()->port, "127.0.0.3");
  runUntil([&] { return served.has_value(); });
  BOOST_TEST(served->localAddress().value() == "127.0.0.3");
  server.removeAllListeners();
}

BOOST_AUTO_TEST_CASE(ofLocalConnectionsAreAbsent, *label("1.7") * label("13.3") * label("16.7")) {
  const Socket client;
  const Socket served = connectPair(client, Unix());
  for (const Socket& each : {client, served}) {
    BOOST_TEST(!each.address().has_value());
    BOOST_TEST(!each.localAddress().has_value());
    BOOST_TEST(!each.localPort().has_value());
    BOOST_TEST(!each.remoteAddress().has_value());
    BOOST_TEST(!each.remoteFamily().has_value());
    BOOST_TEST(!each.remotePort().has_value());
  }
}

BOOST_AUTO_TEST_CASE(ofThePeerStayReadableIfTheyWereReadInTime, *label("13.3")) {
  const Socket client;
  const Socket served = connectPair(client, Tcp());
  const int port = client.remotePort().value();
  client.destroy();
  BOOST_TEST(client.remotePort().value() == port);
  served.on<"error">([] {}).resume();
  run();
  BOOST_TEST(client.remotePort().value() == port);
  BOOST_TEST(client.remoteAddress().value() == "127.0.0.1");
  BOOST_TEST(client.remoteFamily().value() == "IPv4");
  BOOST_TEST(!client.address().has_value());
  BOOST_TEST(!served.remotePort().has_value());
}

BOOST_AUTO_TEST_CASE(ofASocketThatNeverConnectedAreAbsent,
                     *label("1.7") * label("13.3") * label("5.6")) {
  BOOST_TEST(!socket.address().has_value());
  BOOST_TEST(!socket.remoteAddress().has_value());
  socket.destroy();
  BOOST_TEST(!socket.remotePort().has_value());
  run();
  BOOST_TEST(!socket.remoteFamily().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(withATimeoutCoversTheLookup, *label("4.3")) {
  names.hang("slow.example");
  trace.watch("socket", socket);
  socket.connect({.port = 80, .host = "slow.example", .timeout = 5});
  BOOST_TEST(socket.timeout().value() == 5.0);
  runUntil([&] { return !trace.text().empty(); });
  BOOST_TEST(trace.text() == "socket timeout");
  BOOST_TEST(socket.connecting());
  socket.destroy();
}

BOOST_TEST_DECORATOR(*label("11.1"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(keepsTheLoopRunning, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  socket.pause();  // so that reading does not
  socket.connect(optionsTo(listener.place), trace.adds("connect"));
  run();
  BOOST_TEST(trace.text() == "connect");
}

BOOST_TEST_DECORATOR(*label("6.17"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isRefusedUnlessTheSocketIsClosed, V, Venues, ConnectFixture) {
  const RawListener listener = rawListener(V());
  const net::ConnectOptions options = optionsTo(listener.place);
  const auto refused = [&](std::string_view state) {
    BOOST_CHECK_EXCEPTION(socket.connect(options, trace.adds("never")), ArgumentError,
                          [&](const ArgumentError& error) {
                            return error.code() == "ERR_SOCKET_NOT_CLOSED" &&
                                   std::string_view(error.what()).find(state) !=
                                       std::string_view::npos;
                          });
  };
  trace.watch("socket", socket);
  socket.connect(options);
  refused("connecting");
  runUntil([&] { return !socket.connecting(); });
  refused("connected");
  RawSocket peer = acceptPeer(listener, socket);
  socket.write("undisturbed");
  BOOST_TEST(receiveAll(peer, 11) == "undisturbed");
  socket.destroy();
  refused("not closed");
  run();
  BOOST_TEST(trace.text() == "socket connect, socket ready, socket close(false)");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
