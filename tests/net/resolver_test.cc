// How connect() has a name resolved: by the system with hints, or by a function of the caller's.
// [6.6 to 6.9]

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/net/net.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::LookupAnswer;
using net::Socket;
using Addresses = std::vector<dns::Address>;

struct ResolverFixture : SystemFixture, SocketFixture {
  ResolverFixture() {
    trace.watch("socket", socket);
    socket.on<"error">([this](const Error& met) { error = met; });
  }

  // Connects to `host` by a function that does with its answer what it is told.
  void connectBy(std::function<void(LookupAnswer)> reply, int port = nobody.port()) {
    socket.connect(
        {.port = port,
         .host = "some.host",
         .lookup = [reply = std::move(reply)](const std::string&, const dns::LookupOptions&,
                                              LookupAnswer answer) { reply(answer); }});
  }

  std::string refusal(const std::string& address) {
    const std::string place = address + ":" + std::to_string(nobody.port());
    return "socket error(connect ECONNREFUSED " + place + "), socket close(true)";
  }

  Socket socket{net::SocketOptions{.reusable = true}};
  Error error;
};

BOOST_FIXTURE_TEST_SUITE(resolver, ResolverFixture)

BOOST_AUTO_TEST_SUITE(hints)

BOOST_AUTO_TEST_CASE(areToldToTheSystem, *label("6.2") * label("6.9")) {
  const auto hintsAskedWith = [&](int family, dns::Hints hints) {
    const std::size_t before = names.calls().size();
    socket.connect({.port = 1, .host = "some.host", .family = family, .hints = hints});
    runUntil([&] { return names.calls().size() > before; });
    socket.destroy();
    run();
    return names.calls().back().hints;
  };
  BOOST_TEST((hintsAskedWith(4, {}) == dns::Hints()));
  BOOST_TEST((hintsAskedWith(6, dns::V4MAPPED | dns::ALL) == (dns::V4MAPPED | dns::ALL)));
}

BOOST_AUTO_TEST_CASE(areConfiguredFamiliesWhereEitherWillDo, *label("6.9")) {
  socket.connect({.port = 1, .host = "some.host", .family = 0});
  runUntil([&] { return !names.calls().empty(); });
  socket.destroy();
  BOOST_TEST((names.calls().back().hints == platform::impliedHints()));
}

BOOST_AUTO_TEST_CASE(areNotAddedToIfThereAreSome, *label("6.9")) {
  socket.connect({.port = 1, .host = "some.host", .family = 0, .hints = dns::V4MAPPED});
  runUntil([&] { return !names.calls().empty(); });
  socket.destroy();
  BOOST_TEST((names.calls().back().hints == dns::V4MAPPED));
}

BOOST_AUTO_TEST_CASE(thatAreUnknownAreRefused, *label("6.3")) {
  for (const int unknown : {8, 1024, -1}) {
    BOOST_CHECK_EXCEPTION(socket.connect({.port = 1, .hints = unknown}), ArgumentError,
                          [&](const ArgumentError& refused) {
                            return refused.code() == "ERR_INVALID_ARG_VALUE" &&
                                   std::string_view(refused.what()).find(std::to_string(unknown)) !=
                                       std::string_view::npos;
                          });
    BOOST_TEST(!socket.connecting());
  }
  run();
  BOOST_TEST(trace.text() == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(function)

BOOST_AUTO_TEST_CASE(mayPassTheQuestionOnToTheSystem, *label("6.6") * label("6.8")) {
  names.answer("found.test", {"127.0.0.1"});
  names.fail("missing.test", platform::HostLookupError::notFound());
  for (const std::string name : {"found.test", "missing.test"}) {
    socket.connect({.port = nobody.port(),
                    .host = "some.host",
                    .lookup = [name](const std::string&, const dns::LookupOptions& options,
                                     LookupAnswer answer) { dns::lookup(name, options, answer); }});
    run();
  }
  BOOST_TEST(trace.text() ==
             "socket lookup(127.0.0.1), " + refusal("127.0.0.1") +
                 ", socket lookup(getaddrinfo ENOTFOUND missing.test), "
                 "socket error(getaddrinfo ENOTFOUND missing.test), socket close(true)");
}

BOOST_AUTO_TEST_CASE(isAskedForTheHostAndAnswersInPlaceOfTheSystem,
                     *label("6.2") * label("6.6") * label("6.7")) {
  const RawListener listener = rawListener(Tcp());
  bool returned = false;
  socket.connect({.port = listener.socket.port(),
                  .host = "some.host",
                  .hints = dns::V4MAPPED,
                  .lookup = [&](const std::string& host, const dns::LookupOptions& options,
                                const LookupAnswer& answer) {
                    BOOST_TEST(returned);
                    BOOST_TEST(host == "some.host");
                    BOOST_TEST(options.family == 4);
                    BOOST_TEST((options.hints == dns::V4MAPPED));
                    BOOST_TEST(!options.all);
                    answer("127.0.0.1", 4);
                    BOOST_TEST(trace.text() == "");
                  }});
  returned = true;
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "socket lookup(127.0.0.1), socket connect, socket ready");
  BOOST_TEST(socket.remotePort().value() == listener.socket.port());
  BOOST_TEST(names.calls().empty());
}

BOOST_AUTO_TEST_CASE(isAskedForAllWhereSeveralAreTried, *label("6.6") * label("6.9")) {
  dns::LookupOptions asked;
  const auto connectWith = [&](net::ConnectOptions options) {
    options.port = 1;
    options.host = "some.host";
    options.lookup = [&](const std::string&, const dns::LookupOptions& o, LookupAnswer answer) {
      asked = o;
      answer(Error({.message = "no"}));
    };
    const Socket each = net::connect(options);
    each.on<"error">([] {});
    run();
    return asked.all;
  };
  BOOST_TEST(connectWith({.family = 0}));
  BOOST_TEST(asked.family == 0);
  BOOST_TEST((asked.hints == platform::impliedHints()));
  BOOST_TEST(!connectWith({.family = 6}));
  BOOST_TEST(asked.family == 6);
  BOOST_TEST(!connectWith({.family = 0, .autoSelectFamily = false}));
  BOOST_TEST(!connectWith({.localAddress = "127.0.0.1", .family = 0}));
}

BOOST_AUTO_TEST_CASE(isNotAskedForAnAddress, *label("6.5")) {
  socket.connect({.port = nobody.port(),
                  .host = "127.0.0.1",
                  .lookup = [](const std::string&, const dns::LookupOptions&, LookupAnswer) {
                    BOOST_ERROR("asked for an address");
                  }});
  run();
  BOOST_TEST(trace.text() == refusal("127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(mayAnswerLater, *label("6.6")) {
  const RawListener listener = rawListener(Tcp());
  std::optional<LookupAnswer> later;
  connectBy([&](const LookupAnswer& answer) { later = answer; }, listener.socket.port());
  settle();
  BOOST_TEST(socket.connecting());
  (*later)("127.0.0.1", 4);
  BOOST_TEST(trace.text() == "");  // never inside of the call
  runUntil([&] { return !socket.connecting(); });
  BOOST_TEST(trace.text() == "socket lookup(127.0.0.1), socket connect, socket ready");
}

BOOST_AUTO_TEST_CASE(keepsTheLoopUntilItAnswers, *label("6.6") * label("11.1")) {
  connectBy([&](LookupAnswer answer) { setTimeout([=] { answer("127.0.0.1", 4); }, 1).unref(); });
  run();
  BOOST_TEST(trace.text() == "socket lookup(127.0.0.1), " + refusal("127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(answersOnce, *label("6.6")) {
  connectBy([&](const LookupAnswer& answer) {
    answer("127.0.0.1", 4);
    answer("127.0.0.2", 4);
    answer(Error({.message = "too late"}));
    setImmediate([=] { answer(Addresses()); });
  });
  run();
  BOOST_TEST(trace.text() == "socket lookup(127.0.0.1), " + refusal("127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(mayAnswerAfterTheSocketWasDestroyed, *label("6.6") * label("6.15")) {
  std::optional<LookupAnswer> late;
  connectBy([&](const LookupAnswer& answer) { late = answer; });
  settle();
  socket.destroy();
  (*late)("127.0.0.1", 4);
  run();
  (*late)("127.0.0.1", 4);
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

// The answer of the connection before is none of the next one's.
BOOST_AUTO_TEST_CASE(mayAnswerAfterTheSocketWasConnectedAgain, *label("6.6") * label("6.18")) {
  std::optional<LookupAnswer> late;
  connectBy([&](const LookupAnswer& answer) { late = answer; });
  settle();
  std::optional<LookupAnswer> next;
  socket.once<"close">([&] { connectBy([&](const LookupAnswer& answer) { next = answer; }); });
  socket.destroy();
  runUntil([&] { return next.has_value(); });
  (*late)("127.0.0.2", 4);
  settle();
  BOOST_TEST(socket.connecting());
  (*next)("127.0.0.1", 4);
  run();
  BOOST_TEST(trace.text() ==
             "socket close(false), socket lookup(127.0.0.1), " + refusal("127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(mayAnswerAfterTheLoopIsGone, *label("6.6")) {
  std::optional<LookupAnswer> late;
  connectBy([&](const LookupAnswer& answer) { late = answer; });
  settle();
  destroyLoop();
  (*late)("127.0.0.1", 4);
  BOOST_TEST(trace.text() == "");
}

BOOST_AUTO_TEST_CASE(mayDestroyTheSocket, *label("6.15")) {
  connectBy([&](const LookupAnswer& answer) {
    socket.destroy();
    answer("127.0.0.1", 4);
  });
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

// Whom the socket is destroyed by before it is asked.
BOOST_AUTO_TEST_CASE(isNotAskedForADestroyedSocket, *label("6.15")) {
  connectBy([](const LookupAnswer&) { BOOST_ERROR("asked"); });
  socket.destroy();
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_AUTO_TEST_CASE(mayAnswerAListOfWhichTheFirstCounts, *label("6.6")) {
  connectBy([](const LookupAnswer& answer) {
    answer(Addresses{{"127.0.0.2", 4}, {"127.0.0.1", 4}});
  });
  run();
  BOOST_TEST(trace.text() == "socket lookup(127.0.0.2), " + refusal("127.0.0.2"));
}

BOOST_AUTO_TEST_CASE(isReleasedWithTheConnection, *label("1.10")) {
  const auto token = std::make_shared<int>();
  connectBy([token](const LookupAnswer& answer) { answer("127.0.0.1", 4); });
  BOOST_TEST(token.use_count() == 2);
  run();
  BOOST_TEST(token.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(mayBeOneThatIsOnlyMoved, *label("6.2")) {
  auto address = std::make_unique<std::string>("127.0.0.1");
  const net::ConnectOptions options = {
      .port = nobody.port(),
      .lookup = [address = std::move(address)](const std::string&, const dns::LookupOptions&,
                                               LookupAnswer answer) { answer(*address, 4); }};
  socket.connect(options);
  socket.once<"close">([&] { socket.connect(options); });
  run();
  const std::string once = "socket lookup(127.0.0.1), " + refusal("127.0.0.1");
  BOOST_TEST(trace.text() == once + ", " + once);
}

BOOST_AUTO_TEST_CASE(thatIsNoneIsRefused, *label("6.3")) {
  using Plain = void (*)(const std::string&, const dns::LookupOptions&, LookupAnswer);
  const auto isRight = [](const ArgumentError& refused) {
    return refused.code() == "ERR_INVALID_ARG_TYPE" &&
           std::string_view(refused.what()).starts_with("lookup ");
  };
  BOOST_CHECK_EXCEPTION(socket.connect({.port = 1, .lookup = nullptr}), ArgumentError, isRight);
  BOOST_CHECK_EXCEPTION(socket.connect({.port = 1, .lookup = Plain()}), ArgumentError, isRight);
  BOOST_TEST(!socket.connecting());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(failure)

BOOST_AUTO_TEST_CASE(isToldAsItWasAnswered, *label("6.7") * label("6.8") * label("18.5")) {
  const Error mine({.message = "my resolver is down", .code = "EMINE"});
  std::vector<Error> told;
  socket.on<"lookup">(
      [&](const Error& met, const std::string& address, int family, const std::string& host) {
        told.push_back(met);
        BOOST_TEST(address == "");
        BOOST_TEST(family == 0);
        BOOST_TEST(host == "some.host");
      });
  connectBy([&](const LookupAnswer& answer) { answer(mine); });
  run();
  BOOST_TEST(trace.text() ==
             "socket lookup(my resolver is down), socket error(my resolver is down), "
             "socket close(true)");
  BOOST_TEST((told.at(0) == mine));
  BOOST_TEST((error == mine));
}

BOOST_AUTO_TEST_CASE(ofAnAnswerThatIsNoAddress, *label("6.8") * label("3.4")) {
  for (const char* const text : {"", "some.other.host", "127.1", "127.0.0.1 ", "fe80::1%nowhere"}) {
    connectBy([&](const LookupAnswer& answer) { answer(text, 4); });
    run();
    BOOST_TEST(trace.take() == std::string("socket lookup(") + text +
                                   "), socket error(Invalid IP address: " + text +
                                   "), socket close(true)");
    BOOST_TEST(error.code() == "ERR_INVALID_IP_ADDRESS");
  }
}

BOOST_AUTO_TEST_CASE(ofAnAnswerOfAnotherFamily, *label("6.8") * label("3.4")) {
  connectBy([&](const LookupAnswer& answer) { answer("127.0.0.1", 5); }, 80);
  run();
  BOOST_TEST(trace.text() ==
             "socket lookup(127.0.0.1), socket error(Invalid address family: 5 some.host:80), "
             "socket close(true)");
  BOOST_TEST(error.code() == "ERR_INVALID_ADDRESS_FAMILY");
  BOOST_TEST(error.hostname() == "some.host");
  BOOST_TEST(error.port() == 80);
}

BOOST_AUTO_TEST_CASE(ofAnAnswerWithoutAddresses, *label("6.8") * label("3.3")) {
  for (const bool emptyError : {true, false}) {
    connectBy(
        [&](const LookupAnswer& answer) { emptyError ? answer(Error()) : answer(Addresses()); });
    run();
    BOOST_TEST(trace.take() ==
               "socket lookup(getaddrinfo ENOTFOUND some.host), "
               "socket error(getaddrinfo ENOTFOUND some.host), socket close(true)");
    BOOST_TEST(error.code() == "ENOTFOUND");
    BOOST_TEST(error.hostname() == "some.host");
  }
}

// The exception is the report; whatever was answered, the socket is closed.
BOOST_AUTO_TEST_CASE(byAnExceptionLeavesRunAndClosesTheSocket, *label("2.6")) {
  for (const bool answers : {false, true}) {
    connectBy([&](const LookupAnswer& answer) {
      if (answers) answer("127.0.0.1", 4);
      throw std::runtime_error("thrown by a resolver");
    });
    BOOST_CHECK_THROW(run(), std::runtime_error);
    BOOST_TEST(socket.destroyed());
    run();
    BOOST_TEST(trace.take() == "socket close(false)");
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
