// Several addresses of one host, raced. [6.20] The resolver is the test's own and answers at
// once, and time is virtual where it matters: it moves only when nothing else happens.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/net/net.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/tcp_options.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

struct Time : SystemFixture {
  explicit Time(bool isVirtual) {
    if (isVirtual) syscalls.useVirtualTime();
  }
};

struct RaceFixture : Time, SocketFixture {
  explicit RaceFixture(bool isVirtual = true) : Time(isVirtual) { watch(socket); }
  ~RaceFixture() {
    net::setDefaultAutoSelectFamily(true);
    net::setDefaultAutoSelectFamilyAttemptTimeout(250);
  }

  // All events, with the attempts and without 'lookup'; addresses only by their last part.
  void watch(const Socket& of) {
    trace.watch("socket", of);
    of.removeAllListeners<"lookup">();
    of.on<"connectionAttempt">([this](const std::string& address, int port, int family) {
      BOOST_TEST(port == port_);
      BOOST_TEST(family == net::isIP(address));
      trace.add("try " + address);
      attemptTimes.push_back(elapsed());
    });
    of.on<"connectionAttemptFailed">(
        [this](const std::string& address, int port, int family, const Error& met) {
          BOOST_TEST(port == port_);
          BOOST_TEST(family == net::isIP(address));
          BOOST_TEST(met.address() == address);
          trace.add("failed " + address);
        });
    of.on<"connectionAttemptTimeout">([this](const std::string& address, int port, int family) {
      BOOST_TEST(port == port_);
      BOOST_TEST(family == net::isIP(address));
      trace.add("slow " + address);
    });
    of.on<"error">([this](const Error& met) { error = met; });
  }

  net::ConnectOptions optionsFor(int port, std::vector<std::string> texts) {
    port_ = port;
    start_ = loop().backend().now();
    attemptTimes.clear();
    std::vector<dns::Address> addresses;
    for (const std::string& text : texts) addresses.push_back({text, net::isIP(text)});
    return {.port = port,
            .host = "some.host",
            .family = 0,
            .lookup =
                [addresses](const std::string&, const dns::LookupOptions& options,
                            const net::LookupAnswer& answer) {
                  BOOST_TEST(options.all);
                  answer(addresses);
                },
            .autoSelectFamilyAttemptTimeout = slice};
  }
  void race(int port, std::vector<std::string> texts) {
    socket.connect(optionsFor(port, std::move(texts)));
  }

  // Milliseconds since the race began.
  double elapsed() {
    return std::chrono::duration<double, std::milli>(loop().backend().now() - start_).count();
  }

  // Attempts so many milliseconds apart: none early, and late by no more than ticks are coarse.
  void expectAttemptsAt(std::vector<double> times) const {
    BOOST_TEST_REQUIRE(attemptTimes.size() == times.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
      BOOST_TEST(attemptTimes[i] >= times[i]);
      BOOST_TEST(attemptTimes[i] <= times[i] + 3 * static_cast<double>(i + 1));
    }
  }

  // A server at another address of this machine. It does not keep the loop.
  net::Server serveAt(const std::string& address, int port) {
    const auto server = net::createServer([this](Socket peer) { peers.push_back(peer); });
    server.on<"error">([](const Error& met) { BOOST_ERROR(met.what()); });
    return server.listen(port, address).unref();
  }

  // Turns of the loop in which virtual time goes on, until the predicate holds. (Under Wine each
  // step of it takes some real time.)
  template <class F>
  void until(F predicate) {
    while (!predicate()) loop().runOnce(std::chrono::milliseconds(50));
  }
  void untilDecided() {
    until([&] { return !socket.connecting(); });
    settle();
  }

  // While virtual time stands still.
  template <class F>
  void untilInRealTime(F predicate) {
    const auto giveUp = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!predicate()) {
      if (std::chrono::steady_clock::now() > giveUp) throw Hang();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      loop().runOnce(platform::Duration::zero());
    }
  }

  Socket socket{net::SocketOptions{.reusable = true}};
  std::optional<double> slice;
  Error error;
  std::vector<double> attemptTimes;
  std::vector<Socket> peers;

 private:
  int port_ = 0;
  platform::Instant start_;
};

// However long the system takes to refuse.
struct PatientRace : RaceFixture {
  PatientRace() : RaceFixture(false) { slice = 15'000; }
};

const std::string home = "127.0.0.1";
const std::string second = "127.0.0.2";
const std::string third = "127.0.0.3";

BOOST_FIXTURE_TEST_SUITE(race, RaceFixture)

BOOST_FIXTURE_TEST_SUITE(order, PatientRace)

BOOST_AUTO_TEST_CASE(isThatOfTheResolverWithFamiliesInTurns, *label("2.1") * label("6.20")) {
  race(nobody.port(), {home, second, "::1", third, "::ffff:127.0.0.9"});
  run();
  BOOST_TEST(trace.text().starts_with(
      "try 127.0.0.1, failed 127.0.0.1, try ::1, failed ::1, try 127.0.0.2, failed 127.0.0.2, "
      "try ::ffff:127.0.0.9, failed ::ffff:127.0.0.9, try 127.0.0.3, failed 127.0.0.3, "
      "socket error("));
}

BOOST_AUTO_TEST_CASE(beginsWithTheFamilyOfTheFirst, *label("6.20")) {
  race(nobody.port(), {"::1", home, second});
  run();
  BOOST_TEST(trace.text().starts_with(
      "try ::1, failed ::1, try 127.0.0.1, failed 127.0.0.1, try 127.0.0.2, failed 127.0.0.2, "
      "socket error("));
}

BOOST_AUTO_TEST_CASE(isToldByLookupAsTheResolverGaveIt, *label("6.7") * label("6.20")) {
  socket.on<"lookup">(
      [&](const Error& met, const std::string& address, int family, const std::string& host) {
        BOOST_TEST(!met);
        BOOST_TEST(family == net::isIP(address));
        BOOST_TEST(host == "some.host");
        trace.add("lookup " + address);
      });
  race(nobody.port(), {home, second, "::1"});
  run();
  BOOST_TEST(
      trace.text().starts_with("lookup 127.0.0.1, lookup 127.0.0.2, lookup ::1, try 127.0.0.1, "));
}

BOOST_AUTO_TEST_CASE(leavesOutRepetitionsAndWhatCannotBeConnectedTo, *label("6.20")) {
  net::ConnectOptions options = optionsFor(nobody.port(), {});
  options.lookup = [](const std::string&, const dns::LookupOptions&,
                      const net::LookupAnswer& answer) {
    answer({{"nonsense", 4}, {home, 4}, {third, 7}, {home, 4}, {second, 4}});
  };
  socket.connect(options);
  run();
  BOOST_TEST(trace.text().starts_with(
      "try 127.0.0.1, failed 127.0.0.1, try 127.0.0.2, failed 127.0.0.2, socket error("));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(slices)

BOOST_AUTO_TEST_CASE(areAQuarterOfASecond, *label("6.20")) {
  const UnansweringPort slow;
  const auto server = serveAt(second, slow.number());
  race(slow.number(), {home, second});
  untilDecided();
  BOOST_TEST(trace.text() ==
             "try 127.0.0.1, slow 127.0.0.1, try 127.0.0.2, socket connect, socket ready");
  expectAttemptsAt({0, 250});
  BOOST_TEST(socket.remoteAddress().value() == second);
}

BOOST_AUTO_TEST_CASE(areAsLongAsTold, *label("6.20")) {
  const UnansweringPort slow;
  const auto server = serveAt(second, slow.number());
  for (const auto& [told, expected] : {std::pair(40.0, 40.0), {10.5, 10.5}, {1.0, 10.0}}) {
    net::ConnectOptions options = optionsFor(slow.number(), {home, second});
    options.autoSelectFamilyAttemptTimeout = told;
    socket.connect(options);
    untilDecided();
    expectAttemptsAt({0, expected});
    socket.destroy();
    settle();
  }
}

BOOST_AUTO_TEST_CASE(areAsLongAsTheDefaultThatWasSet, *label("6.20")) {
  const UnansweringPort slow;
  const auto server = serveAt(second, slow.number());
  BOOST_TEST(net::getDefaultAutoSelectFamilyAttemptTimeout() == 250);
  net::setDefaultAutoSelectFamilyAttemptTimeout(1000);
  BOOST_TEST(net::getDefaultAutoSelectFamilyAttemptTimeout() == 1000);
  race(slow.number(), {home, second});
  untilDecided();
  expectAttemptsAt({0, 1000});
  net::setDefaultAutoSelectFamilyAttemptTimeout(3);
  BOOST_TEST(net::getDefaultAutoSelectFamilyAttemptTimeout() == 10);
}

BOOST_AUTO_TEST_CASE(areCutShortByAFailure, *label("6.20")) {
  const RawListener listener = rawListener(Tcp());
  race(listener.socket.port(), {third, second, home});
  untilDecided();
  BOOST_TEST(trace.text() ==
             "try 127.0.0.3, failed 127.0.0.3, try 127.0.0.2, failed 127.0.0.2, try 127.0.0.1, "
             "socket connect, socket ready");
  expectAttemptsAt({0, 0, 0});
}

// The second fails while the first goes on; and from then on the third has a slice of its own.
BOOST_AUTO_TEST_CASE(beginAnewWithEachAttempt, *label("6.20")) {
  const UnansweringPort slow;
  race(slow.number(), {home, second, third});
  until([&] { return attemptTimes.size() == 3; });
  BOOST_TEST(trace.text() ==
             "try 127.0.0.1, slow 127.0.0.1, try 127.0.0.2, failed 127.0.0.2, try 127.0.0.3");
  expectAttemptsAt({0, 250, 250});
  settle();
  BOOST_TEST(socket.connecting());
  socket.destroy();
}

BOOST_AUTO_TEST_CASE(thatAreNonsenseAreRefused, *label("6.20")) {
  for (const double nonsense : {0.0, -1.0, std::nan(""), double{INFINITY}}) {
    net::ConnectOptions options = optionsFor(80, {home});
    options.autoSelectFamilyAttemptTimeout = nonsense;
    const auto isRight = [](const ArgumentError& refused) {
      return refused.code() == "ERR_OUT_OF_RANGE" &&
             std::string_view(refused.what()).starts_with("autoSelectFamilyAttemptTimeout ");
    };
    BOOST_CHECK_EXCEPTION(socket.connect(options), ArgumentError, isRight);
    BOOST_CHECK_EXCEPTION(net::setDefaultAutoSelectFamilyAttemptTimeout(nonsense), ArgumentError,
                          isRight);
  }
  BOOST_TEST(net::getDefaultAutoSelectFamilyAttemptTimeout() == 250);
  BOOST_TEST(!socket.connecting());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(winning)

// Its SYN goes out again in real time.
BOOST_AUTO_TEST_CASE(isForAnEarlierAttemptToo, *label("6.20")) {
  UnansweringPort slow;
  race(slow.number(), {home, second});
  until([&] { return trace.text().ends_with("failed 127.0.0.2"); });
  slow.answer();
  untilInRealTime([&] { return !socket.connecting(); });
  settle();
  BOOST_TEST(trace.text() ==
             "try 127.0.0.1, slow 127.0.0.1, try 127.0.0.2, failed 127.0.0.2, socket connect, "
             "socket ready");
  BOOST_TEST(socket.remoteAddress().value() == home);
}

BOOST_AUTO_TEST_CASE(leavesNothingOpenOfTheOthers, *label("6.20") * label("6.15")) {
  const UnansweringPort slow;
  const net::Server server = serveAt(third, slow.number());
  const std::size_t before = countOpenDescriptors();
  race(slow.number(), {home, second, third});
  untilDecided();
  until([&] { return peers.size() == 1; });
  // On Windows they are not counted.
  if (!kIsWindows) BOOST_TEST(countOpenDescriptors() == before + 2);
  // Nor does anything of them keep the loop.
  peers[0].destroy();
  socket.resume();
  run();
  BOOST_TEST(trace.text().ends_with("socket close(false)"));
}

BOOST_AUTO_TEST_CASE(bringsWhatWasWrittenAndTheEnd, *label("6.13") * label("6.14")) {
  const UnansweringPort slow;
  const net::Server server = serveAt(second, slow.number());
  std::string got;
  server.on<"connection">([&](const Socket& peer) {
    peer.on<"data">([&](std::string_view text) { got += text; });
    peer.on<"end">(trace.adds("peer end"));
  });
  race(slow.number(), {home, second});
  settle();
  BOOST_TEST(!socket.write("written, ", trace.addsOutcome("written")));
  socket.end("ended");
  BOOST_TEST(socket.bufferSize() == 14U);
  until([&] { return trace.text().find("close") != std::string::npos; });
  BOOST_TEST(got == "written, ended");
  BOOST_TEST(trace.text() ==
             "try 127.0.0.1, slow 127.0.0.1, try 127.0.0.2, socket connect, socket ready, "
             "written, socket finish, peer end, socket end, socket close(false)");
}

BOOST_AUTO_TEST_CASE(bringsTheOptionsAskedFor, *label("6.11") * label("6.19")) {
  const RawListener listener = rawListener(Tcp());
  socket.setNoDelay().setKeepAlive(true, 7000);
  std::optional<TcpOptions> found;
  socket.once<"connect">([&] { found = tcpOptionsOf(socket); });
  race(listener.socket.port(), {second, home});
  untilDecided();
  BOOST_TEST(found.value().noDelay);
  BOOST_TEST(found.value().keepAlive);
  found.value().expectIdle(7);
}

BOOST_AUTO_TEST_CASE(isOfTheSystemsAddressesToo, *label("6.2") * label("6.20")) {
  names.answer("some.host", {second, home});
  const RawListener listener = rawListener(Tcp());
  net::ConnectOptions options = optionsFor(listener.socket.port(), {});
  options.lookup = {};
  socket.on<"lookup">(trace.adds("lookup"));
  socket.connect(options);
  untilInRealTime([&] { return !socket.connecting(); });  // so the thread's answer does
  settle();
  BOOST_TEST(trace.text() ==
             "lookup, lookup, try 127.0.0.2, failed 127.0.0.2, try 127.0.0.1, socket connect, "
             "socket ready");
}

BOOST_AUTO_TEST_CASE(leavesASocketThatMayConnectAgain, *label("6.18")) {
  const RawListener listener = rawListener(Tcp());
  for (int i = 0; i < 3; ++i) {
    race(listener.socket.port(), {second, home});
    untilDecided();
    BOOST_TEST(socket.remoteAddress().value() == home);
    socket.destroy();
    settle();
    BOOST_TEST(trace.take() ==
               "try 127.0.0.2, failed 127.0.0.2, try 127.0.0.1, socket connect, socket ready, "
               "socket close(false)");
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(losing)

BOOST_AUTO_TEST_CASE(isOneErrorWithThatOfEachAttempt, *label("6.20") * label("6.12")) {
  race(nobody.port(), {home, second, third});
  run();
  const std::string port = ":" + std::to_string(nobody.port());
  const std::string all = "connect ECONNREFUSED 127.0.0.1" + port +
                          ", connect ECONNREFUSED 127.0.0.2" + port +
                          ", connect ECONNREFUSED 127.0.0.3" + port;
  BOOST_TEST(trace.text() ==
             "try 127.0.0.1, failed 127.0.0.1, try 127.0.0.2, failed 127.0.0.2, try 127.0.0.3, "
             "failed 127.0.0.3, socket error(" +
                 all + "), socket close(true)");
  BOOST_TEST(error.what() == all);
  BOOST_TEST(error.code() == "ECONNREFUSED");
  BOOST_TEST(error.syscall() == "connect");
  BOOST_TEST_REQUIRE(error.errors().size() == 3U);
  BOOST_TEST(error.errors()[0].address() == home);
  BOOST_TEST(error.errors()[1].address() == second);
  BOOST_TEST(error.errors()[2].address() == third);
  BOOST_TEST(error.errors()[2].port() == nobody.port());
}

// In the order of the attempts, whichever failed first; the code is that of the first attempt.
BOOST_AUTO_TEST_CASE(isToldWhenTheLastHasFailed, *label("6.20")) {
  net::ConnectOptions options = optionsFor(nobody.port(), {home, second});
  options.localPort = 0;
  syscalls.fail(Call::connect, platform::errorNumber("ENETUNREACH"), 1);
  socket.connect(options);
  run();
  BOOST_TEST_REQUIRE(error.errors().size() == 2U);
  BOOST_TEST(error.code() == "ECONNREFUSED");
  BOOST_TEST(error.errors()[1].code() == "ENETUNREACH");
}

BOOST_AUTO_TEST_CASE(ofASingleCandidateIsThePlainError, *label("6.20")) {
  const std::string plain =
      "try 127.0.0.1, failed 127.0.0.1, socket error(connect ECONNREFUSED 127.0.0.1:" +
      std::to_string(nobody.port()) + "), socket close(true)";
  for (const std::vector<std::string>& addresses :
       {std::vector{home}, {home, home}, {"nonsense", home}}) {
    race(nobody.port(), addresses);
    run();
    BOOST_TEST(error.errors().empty());
    BOOST_TEST(trace.take() == plain);
  }
}

BOOST_AUTO_TEST_CASE(ofNoCandidateIsTheErrorOfTheFirst, *label("6.8")) {
  race(80, {"nonsense", "too"});
  run();
  BOOST_TEST(trace.text() == "socket error(Invalid IP address: nonsense), socket close(true)");
}

BOOST_AUTO_TEST_CASE(failsWhatWasWritten, *label("6.16")) {
  race(nobody.port(), {home, second});
  socket.write("one", [&](const Error& met) { trace.add("one " + met.code()); });
  socket.end("two", [&](const Error& met) { trace.add("two " + met.code()); });
  run();
  BOOST_TEST(trace.text().find("failed 127.0.0.2, one ECONNREFUSED, two ECONNREFUSED, "
                               "socket error(") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(without)

void expectTheFirstOnly(RaceFixture& fixture, net::ConnectOptions options,
                        const std::vector<dns::Address>& answered) {
  options.lookup = [answered](const std::string&, const dns::LookupOptions& asked,
                              const net::LookupAnswer& answer) {
    BOOST_TEST(!asked.all);
    answer(answered);
  };
  fixture.socket.connect(options);
  fixture.run();
  BOOST_TEST(fixture.error.errors().empty());
  BOOST_TEST(fixture.trace.take().starts_with("try 127.0.0.2, failed 127.0.0.2, socket error("));
}

BOOST_AUTO_TEST_CASE(itTheFirstAddressIsTheOnlyOne, *label("6.20")) {
  const RawListener listener = rawListener(Tcp());
  const std::vector<dns::Address> answered = {{second, 4}, {home, 4}};
  const net::ConnectOptions options = optionsFor(listener.socket.port(), {});

  net::ConnectOptions off = options;
  off.autoSelectFamily = false;
  expectTheFirstOnly(*this, off, answered);

  net::ConnectOptions ofOneFamily = options;
  ofOneFamily.family = 4;
  expectTheFirstOnly(*this, ofOneFamily, answered);

  net::ConnectOptions fromAnAddress = options;
  fromAnAddress.localAddress = home;
  expectTheFirstOnly(*this, fromAnAddress, answered);

  BOOST_TEST(net::getDefaultAutoSelectFamily());
  net::setDefaultAutoSelectFamily(false);
  BOOST_TEST(!net::getDefaultAutoSelectFamily());
  expectTheFirstOnly(*this, options, answered);

  net::ConnectOptions on = optionsFor(listener.socket.port(), {second, home});
  on.autoSelectFamily = true;
  socket.connect(on);
  untilDecided();
  BOOST_TEST(!socket.destroyed());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(meanwhile)

BOOST_AUTO_TEST_CASE(destroyingIsOneClose, *label("6.15")) {
  const UnansweringPort slow;
  race(slow.number(), {home, second, third});
  until([&] { return attemptTimes.size() == 3; });
  trace.clear();
  socket.destroy();
  BOOST_TEST(socket.destroyed());
  BOOST_TEST(!socket.connecting());
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_AUTO_TEST_CASE(destroyingInEachEventIsOneClose, *label("6.15")) {
  const UnansweringPort slow;
  const auto destroy = [&] { socket.destroy(); };
  const auto expectEnd = [&](std::string_view last) {
    race(slow.number(), {second, home, third});
    run();
    const std::string text = trace.take();
    BOOST_TEST(text.ends_with(std::string(last) + ", socket close(false)"), text);
    BOOST_TEST(!socket.connecting());
  };
  socket.once<"lookup">(destroy);
  race(slow.number(), {second, home, third});
  run();
  BOOST_TEST(trace.take() == "socket close(false)");
  socket.once<"connectionAttempt">(destroy);
  expectEnd("try 127.0.0.2");
  socket.once<"connectionAttemptFailed">(destroy);
  expectEnd("failed 127.0.0.2");
  socket.once<"connectionAttemptTimeout">(destroy);
  expectEnd("slow 127.0.0.1");
}

// The last attempt's failure and the socket's 'error' are two things; in between it is destroyed.
BOOST_AUTO_TEST_CASE(theSocketIsDestroyedInTheLastFailure, *label("6.12")) {
  int failures = 0;
  socket.on<"connectionAttemptFailed">([&] {
    ++failures;
    BOOST_TEST(socket.destroyed() == (failures == 2));
    BOOST_TEST(socket.connecting() == (failures == 1));
  });
  race(nobody.port(), {home, second});
  run();
  BOOST_TEST(failures == 2);
}

BOOST_AUTO_TEST_CASE(anExceptionInAnEventLosesNothing, *label("2.6")) {
  const UnansweringPort slow;
  const auto server = serveAt(third, slow.number());
  int thrown = 0;
  const auto raise = [&] {
    ++thrown;
    throw std::runtime_error("thrown by a listener");
  };
  socket.on<"lookup">(raise);
  socket.on<"connectionAttempt">(raise);
  socket.on<"connectionAttemptFailed">(raise);
  socket.on<"connectionAttemptTimeout">(raise);
  race(slow.number(), {second, home, third});
  int caught = 0;
  while (socket.connecting()) {
    try {
      loop().runOnce();
    } catch (const std::runtime_error&) {
      ++caught;
    }
  }
  settle();
  BOOST_TEST(thrown == 3 + 3 + 1 + 1);
  BOOST_TEST(caught == thrown);
  BOOST_TEST(trace.text() ==
             "try 127.0.0.2, failed 127.0.0.2, try 127.0.0.1, slow 127.0.0.1, try 127.0.0.3, "
             "socket connect, socket ready");
}

BOOST_AUTO_TEST_CASE(anUnreferencedSocketDoesNotKeepTheLoop, *label("11.1") * label("11.2")) {
  const UnansweringPort slow;
  race(slow.number(), {home, second});
  socket.unref();
  run();
  BOOST_TEST(socket.connecting());
  socket.ref();
  socket.destroy();
  run();
}

BOOST_AUTO_TEST_CASE(timeoutsAreToldAsOfASingleAttempt, *label("4.3") * label("14.5")) {
  const UnansweringPort slow;
  net::ConnectOptions options = optionsFor(slow.number(), {home, second});
  options.timeout = 600;
  options.autoSelectFamilyAttemptTimeout = 1000;
  socket.connect(options);
  until([&] { return trace.text().find("timeout") != std::string::npos; });
  BOOST_TEST(trace.text() == "try 127.0.0.1, socket timeout");
  BOOST_TEST(elapsed() >= 600);
  BOOST_TEST(socket.connecting());
  socket.destroy();
}

BOOST_AUTO_TEST_CASE(theLoopMayEnd, *label("1.10")) {
  const UnansweringPort slow;
  race(slow.number(), {home, second, third});
  until([&] { return attemptTimes.size() == 3; });
  destroyLoop();
  BOOST_TEST(socket.destroyed());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(single)

BOOST_AUTO_TEST_CASE(attemptsAreToldToo, *label("2.1")) {
  const RawListener listener = rawListener(Tcp());
  optionsFor(listener.socket.port(), {});
  socket.connect(listener.socket.port(), home);
  untilDecided();
  BOOST_TEST(trace.take() == "try 127.0.0.1, socket connect, socket ready");
  socket.destroy();
  run();
  trace.clear();
  optionsFor(nobody.port(), {});
  socket.connect(nobody.port(), home);
  run();
  BOOST_TEST(trace.text().starts_with("try 127.0.0.1, failed 127.0.0.1, socket error("));
}

BOOST_AUTO_TEST_CASE(attemptsAtAPathAreNone, *label("2.1")) {
  socket.connect(nowhere(Unix()));
  run();
  BOOST_TEST(trace.text().starts_with("socket error(connect "));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
