// Server::listen(): where a server listens, how that fails, and listening anew.

#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/privileges.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::ListenOptions;
using net::Server;
using net::Socket;

struct ListenFixture : SystemFixture, NetFixture {
  TempDirectory directory;
  Server server;

  // A free port of 127.0.0.1, and one that somebody has.
  static int freePort() { return RawSocket::bind().port(); }
  RawSocket holder = RawSocket::listen();
};

// The same test for a TCP port and for a path.
template <class Test>
void onPortAndPath(Test test) {
  BOOST_TEST_CONTEXT("on a port") {
    ListenFixture fixture;
    test(fixture, ListenOptions{.port = 0, .host = "127.0.0.1"});
  }
  BOOST_TEST_CONTEXT("on a path") {
    ListenFixture fixture;
    test(fixture, ListenOptions{.path = fixture.directory.freshPath()});
  }
}

bool reaches(const net::Address& place) {
  const std::string failure =
      place.path.empty() ? connectFailure(place.port) : connectFailure(place.path);
  return failure.empty();
}

template <class Call>
std::string messageOf(Call call) {
  try {
    call();
  } catch (const ArgumentError& error) {
    return error.code() + ": " + error.what();
  }
  return "nothing was thrown";
}

// The forms.

BOOST_AUTO_TEST_CASE(everyFormListensAndCallsBack, *label("1.5") * label("7.1") * label("1.9")) {
  struct Form {
    std::string name;
    std::function<Server(const Server&, const std::string&, net::OnListening)> call;
    std::string address;  // of a path none
    int backlog = 511;
  };
  const std::vector<Form> forms{
      {"()", [](auto& s, auto&, auto f) { return s.listen(std::move(f)); }, "::"},
      {"(port)", [](auto& s, auto&, auto f) { return s.listen(0, std::move(f)); }, "::"},
      {"(port, backlog)", [](auto& s, auto&, auto f) { return s.listen(0, 5, std::move(f)); },
       "::", 5},
      {"(port, host)",
       [](auto& s, auto&, auto f) { return s.listen(0, "127.0.0.1", std::move(f)); }, "127.0.0.1"},
      {"(port, host, backlog)",
       [](auto& s, auto&, auto f) { return s.listen(0, "127.0.0.1", 5, std::move(f)); },
       "127.0.0.1", 5},
      {"(path)", [](auto& s, auto& path, auto f) { return s.listen(path, std::move(f)); }, ""},
      {"(path, backlog)",
       [](auto& s, auto& path, auto f) { return s.listen(path, 5, std::move(f)); }, "", 5},
      {"({port})", [](auto& s, auto&, auto f) { return s.listen({.port = 0}, std::move(f)); },
       "::"},
      {"({path})",
       [](auto& s, auto& path, auto f) { return s.listen({.path = path}, std::move(f)); }, ""},
  };
  for (const auto& [name, form, address, backlog] : forms) {
    for (const bool withCallback : {false, true}) {
      BOOST_TEST_CONTEXT("listen" << name << (withCallback ? " with a callback" : "")) {
        ListenFixture f;
        f.trace.watch("server", f.server);
        net::OnListening callback;
        if (withCallback) callback = f.trace.adds("callback");
        const Server same = form(f.server, f.directory.freshPath(), std::move(callback));
        BOOST_TEST((same == f.server));
        BOOST_TEST(f.trace.text() == "");  // later [2.4]
        BOOST_TEST(f.server.address().value().address == address);
        // A pipe has no backlog.
        if (!kIsWindows || !address.empty()) BOOST_TEST(f.syscalls.backlogs().back() == backlog);
        f.runUntil([&] { return !f.trace.text().empty(); });
        BOOST_TEST(f.trace.text() ==
                   (withCallback ? "server listening, callback" : "server listening"));
        BOOST_TEST(reaches(f.server.address().value()));
        f.server.close();
        f.run();
      }
    }
  }
}

template <class... Args>
constexpr bool listens = requires(const Server& server, Args... args) {
  server.listen(args...);
};

BOOST_AUTO_TEST_CASE(whatIsNoPortAndNoPathDoesNotCompile, *label("7.1")) {
  static_assert(listens<int> && listens<std::uint16_t> && listens<const char*> &&
                listens<std::string>);
  static_assert(!listens<bool> && !listens<std::nullptr_t> && !listens<char> && !listens<double>);
  static_assert(!listens<int, std::nullptr_t> && !listens<int, int, int>);
  BOOST_TEST(listens<int>);
}

BOOST_FIXTURE_TEST_CASE(theCallbackHearsListeningOnce, ListenFixture, *label("7.2")) {
  int calls = 0;
  server.listen([&] { ++calls; });
  BOOST_TEST(server.listenerCount<"listening">() == 1u);
  server.once<"close">([&] { server.listen(); });
  server.once<"listening">([&] { server.close(); });
  runUntil(
      [&] { return calls == 1 && server.listening() && server.listenerCount<"close">() == 0; });
  server.close();
  run();
  BOOST_TEST(calls == 1);
}

BOOST_FIXTURE_TEST_CASE(aCallbackMayTakeTheServer, ListenFixture, *label("7.2")) {
  std::optional<Server> told;
  server.listen(0, [&](Server self) { told = self.close(); });
  run();
  BOOST_TEST((told == server));
}

// Wrong arguments.

BOOST_FIXTURE_TEST_CASE(wrongArgumentsAreThrownWithTheirValue, ListenFixture,
                        *label("1.8") * label("7.6")) {
  const auto port = [](std::string value) {
    return "ERR_SOCKET_BAD_PORT: port should be >= 0 and < 65536. Received " + value + ".";
  };
  BOOST_TEST(messageOf([&] { server.listen(70000); }) == port("70000"));
  BOOST_TEST(messageOf([&] { server.listen(65536); }) == port("65536"));
  BOOST_TEST(messageOf([&] { server.listen(-1); }) == port("-1"));
  BOOST_TEST(messageOf([&] { server.listen(4294967296 + 80); }) == port("4294967376"));
  BOOST_TEST(messageOf([&] { server.listen(-1, 5); }) == port("-1"));
  BOOST_TEST(messageOf([&] { server.listen(70000, "127.0.0.1"); }) == port("70000"));
  BOOST_TEST(messageOf([&] { server.listen(-2, "127.0.0.1", 5); }) == port("-2"));
  BOOST_TEST(messageOf([&] { server.listen({.port = 70000}); }) == port("70000"));
  BOOST_TEST(messageOf([&] { server.listen({.port = -1, .path = "x"}); }) == port("-1"));

  const std::string missing =
      "ERR_MISSING_ARGS: listen() needs a port, a path or an fd: none was given, or the path is ''";
  BOOST_TEST(messageOf([&] { server.listen(""); }) == missing);
  BOOST_TEST(messageOf([&] { server.listen("", 5); }) == missing);
  BOOST_TEST(messageOf([&] { server.listen(ListenOptions{}); }) == missing);
  BOOST_TEST(messageOf([&] { server.listen({.host = "127.0.0.1"}); }) == missing);

  const std::string backlog = "ERR_OUT_OF_RANGE: backlog must not be negative. Received -7.";
  BOOST_TEST(messageOf([&] { server.listen(0, -7); }) == backlog);
  BOOST_TEST(messageOf([&] { server.listen({.port = 0, .backlog = -7}); }) == backlog);
  BOOST_TEST(messageOf([&] { server.listen(directory.freshPath(), -7); }) == backlog);
}

BOOST_FIXTURE_TEST_CASE(aWrongArgumentHasNoOtherEffect, ListenFixture, *label("1.8")) {
  trace.watch("server", server);
  server.listen(0, "127.0.0.1");
  const net::Address place = server.address().value();
  const auto refuse = [&] {
    BOOST_CHECK_THROW(server.listen(70000, trace.adds("never")), ArgumentError);
    BOOST_CHECK_THROW(server.listen(0, -1, trace.adds("never")), ArgumentError);
    BOOST_CHECK_THROW(server.listen("", trace.adds("never")), ArgumentError);
  };
  refuse();  // before 'listening'
  BOOST_TEST(server.listenerCount<"listening">() == 1u);
  runUntil([&] { return trace.text() == "server listening"; });
  refuse();  // and after it
  BOOST_TEST(server.listening());
  BOOST_TEST((server.address() == place));
  BOOST_TEST(reaches(place));
  server.close();
  run();
  BOOST_TEST(trace.text().ends_with("server close"));

  Server idle;
  BOOST_CHECK_THROW(idle.listen(-1), ArgumentError);
  BOOST_TEST(!idle.listening());
  run();  // nothing keeps it
}

// Where.

BOOST_FIXTURE_TEST_CASE(ofPortAndPathThePortWins, ListenFixture, *label("7.6")) {
  const std::string path = directory.freshPath();
  server.listen({.port = 0, .host = "127.0.0.1", .path = path});
  BOOST_TEST(server.address().value().family == "IPv4");
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_FIXTURE_TEST_CASE(thePortAskedForIsThePort, ListenFixture, *label("7.3")) {
  const int port = freePort();
  server.listen(port, "127.0.0.1");
  BOOST_TEST(server.address().value().port == port);
  BOOST_TEST(reaches(server.address().value()));
}

BOOST_FIXTURE_TEST_CASE(withoutAPortTheSystemPicksAFreeOne, ListenFixture, *label("7.3")) {
  std::set<int> ports{holder.port()};
  for (const Server& each : {Server().listen(), Server().listen(), Server().listen(0),
                             Server().listen(0, "127.0.0.1"), Server().listen({.port = 0})}) {
    BOOST_REQUIRE(each.listening());
    ports.insert(each.address()->port);
  }
  BOOST_TEST(ports.size() == 6U);
  BOOST_TEST(*ports.begin() > 0);
}

BOOST_AUTO_TEST_CASE(theAddressIsThereAtOnceAndInListening,
                     *label("7.3") * label("7.7") * label("7.14")) {
  onPortAndPath([](ListenFixture& f, const ListenOptions& place) {
    BOOST_TEST(!f.server.listening());
    f.server.listen(place);
    BOOST_TEST(f.server.listening());
    const auto address = f.server.address();
    BOOST_REQUIRE(address.has_value());
    if (place.path.empty()) {
      BOOST_TEST(address->address == "127.0.0.1");
      BOOST_TEST(address->family == "IPv4");
      BOOST_TEST(address->port > 0);
      BOOST_TEST(address->path == "");
    } else {
      BOOST_TEST((*address == net::Address{.path = place.path}));
    }
    bool told = false;
    f.server.on<"listening">([&] {
      told = true;
      BOOST_TEST(f.server.listening());
      BOOST_TEST((f.server.address() == address));
      f.server.close();
    });
    f.run();
    BOOST_TEST(told);
  });
}

BOOST_FIXTURE_TEST_CASE(withoutAHostBothFamiliesAreServed, ListenFixture,
                        *label("7.4") * label("7.6") * label("7.7") * label("7.14") *
                            label("13.1") * label("13.2")) {
  server.on<"connection">([&](Socket peer) {
    trace.add(peer.remoteFamily().value() + " " + peer.remoteAddress().value() + " to " +
              peer.localAddress().value());
    peer.destroy();
  });
  server.listen();
  const net::Address address = server.address().value();
  BOOST_TEST(address.address == "::");
  BOOST_TEST(address.family == "IPv6");
  net::connect(address.port, "127.0.0.1").resume().once<"close">([&] {
    net::connect(address.port, "::1").resume().once<"close">([&] { server.close(); });
  });
  run();
  BOOST_TEST(trace.text() == "IPv6 ::ffff:127.0.0.1 to ::ffff:127.0.0.1, IPv6 ::1 to ::1");
}

// So that a system whose default is IPv6 alone serves both, too.
BOOST_FIXTURE_TEST_CASE(bothFamiliesAreAskedForWhateverTheDefault, ListenFixture, *label("7.4")) {
  const auto optionsSetFor = [&](const char* host) {
    const std::size_t before = syscalls.count(Call::setsockopt);
    server.listen(0, host);
    return syscalls.count(Call::setsockopt) - before;
  };
  BOOST_TEST(optionsSetFor("::") == optionsSetFor("0.0.0.0") + 1);
}

BOOST_FIXTURE_TEST_CASE(whereThereIsNoIpv6ItIsIpv4, ListenFixture, *label("7.4")) {
  const std::pair<Call, std::string> missing[] = {{Call::socket, "EAFNOSUPPORT"},
                                                  {Call::socket, "EPROTONOSUPPORT"},
                                                  {Call::bind, "EADDRNOTAVAIL"}};
  for (const auto& [call, code] : missing) {
    BOOST_TEST_CONTEXT(code) {
      const int port = freePort();
      syscalls.fail(call, platform::errorNumber(code));
      server.listen(port);
      BOOST_REQUIRE(server.listening());
      BOOST_TEST(
          (server.address() == net::Address{.address = "0.0.0.0", .family = "IPv4", .port = port}));
      BOOST_TEST(reaches(server.address().value()));
    }
  }
  // What else may be wrong is told.
  syscalls.fail(Call::socket, platform::errorNumber("EMFILE"));
  server.on<"error">([&](const Error& error) { trace.add(error.address()); });
  server.listen(0);
  BOOST_TEST(!server.listening());
  run();
  BOOST_TEST(trace.text() == "::");
}

BOOST_FIXTURE_TEST_CASE(ipv6OnlyRefusesIpv4, ListenFixture, *label("7.6")) {
  trace.watch("server", server);
  server.listen({.port = 0, .host = "::", .ipv6Only = true});
  const int port = server.address().value().port;
  BOOST_TEST(connectFailure(port) == "ECONNREFUSED");
  Server v4;
  v4.listen(port, "0.0.0.0");  // the same port is free there
  BOOST_TEST(v4.listening());
  auto client = net::connect(port, "::1");
  client.on<"connect">([&] { client.destroy(), server.close(), v4.close(); });
  server.on<"connection">([](Socket peer) { peer.destroy(); });
  run();
  BOOST_TEST(trace.text() == "server listening, server connection, server close");
}

BOOST_FIXTURE_TEST_CASE(anIpv6LiteralIsTakenAsItIs, ListenFixture, *label("7.4") * label("7.14")) {
  server.listen(0, "::1");
  BOOST_TEST(server.listening());  // no lookup
  BOOST_TEST(server.address().value().address == "::1");
  BOOST_TEST(server.address().value().family == "IPv6");
  BOOST_TEST(connectFailure(server.address().value().port) == "ECONNREFUSED");  // on 127.0.0.1
}

BOOST_FIXTURE_TEST_CASE(aHostNameIsResolvedAndItsFirstAddressUsed, ListenFixture,
                        *label("7.4") * label("7.7") * label("1.4")) {
  names.answer("server.test", {"127.0.0.2", "127.0.0.1"});
  names.hang("server.test");
  trace.watch("server", server);
  const int port = freePort();
  server.listen(port, "server.test", trace.adds("callback"));
  BOOST_TEST(!server.listening());
  BOOST_TEST(!server.address().has_value());
  // The loop runs on meanwhile.
  setTimeout([&] { trace.add("timer"), names.release("server.test"); }, 1);
  runUntil([&] { return server.listening(); });
  BOOST_TEST(server.address().value().address == "127.0.0.2");
  BOOST_TEST(server.address().value().port == port);
  server.close();
  run();
  BOOST_TEST(trace.text() == "timer, server listening, callback, server close");
}

// As connect() has it, or the two would not meet where `localhost` is `::1` first.
BOOST_FIXTURE_TEST_CASE(ofTheAddressesOfAHostNameIpv4ComesFirst, ListenFixture, *label("7.4")) {
  names.answer("both.test", {"::1", "127.0.0.1"});
  server.listen(0, "both.test");
  runUntil([&] { return server.listening(); });
  BOOST_TEST(server.address().value().address == "127.0.0.1");
  server.close();
  run();
}

BOOST_FIXTURE_TEST_CASE(ofAHostNameWithoutIpv4TheFirstAddressIsUsed, ListenFixture, *label("7.4")) {
  names.answer("six.test", {"::1", "2001:db8::1"});
  server.listen(0, "six.test");
  runUntil([&] { return server.listening(); });
  BOOST_TEST(server.address().value().address == "::1");
  BOOST_TEST(!names.calls().front().family);  // either will do
  server.close();
  run();
}

// The thread's loop is another one by then.
BOOST_FIXTURE_TEST_CASE(aHostNameIsResolvedOnTheServersOwnLoop, ListenFixture, *label("7.4")) {
  names.answer("server.test", {"127.0.0.1"});
  const reactor::Loop another;
  server.listen(0, "server.test");
  runUntil([&] { return server.listening(); });
  server.close();
  run();
}

BOOST_FIXTURE_TEST_CASE(aHostNameThatHasNoAddressIsAnError, ListenFixture,
                        *label("7.4") * label("7.8") * label("3.3")) {
  names.fail("nowhere.test", platform::HostLookupError::notFound());
  trace.watch("server", server);
  server.on<"error">([&](const Error& error) {
    BOOST_TEST(error.code() == "ENOTFOUND");
    BOOST_TEST(error.syscall() == "getaddrinfo");
    BOOST_TEST(error.hostname() == "nowhere.test");
    BOOST_TEST(!server.listening());
  });
  server.listen(80, "nowhere.test");
  run();
  BOOST_TEST(trace.text() == "server error(getaddrinfo ENOTFOUND nowhere.test)");
}

// How many connections may wait.
BOOST_FIXTURE_TEST_CASE(theBacklogIs511UnlessGiven, ListenFixture, *label("7.5")) {
  server.listen();
  server.listen(0, "127.0.0.1");
  server.listen(0, "127.0.0.1", 5);
  server.listen({.port = 0, .host = "127.0.0.1", .backlog = 0});
  server.listen({.port = 0, .host = "127.0.0.1", .backlog = 4096});
  BOOST_TEST((syscalls.backlogs() == std::vector{511, 511, 5, 511, 4096}));
}

// A unix socket counts exactly, one more than the backlog.
BOOST_FIXTURE_TEST_CASE(theBacklogIsHandedOn, ListenFixture,
                        *label("7.5") * notOnWindows("a raw client of a pipe does not wait")) {
  const auto room = [](const Server& at) {
    std::vector<RawSocket> waiting;
    const std::string path = at.address().value().path;
    while (connectFailure(path).empty()) waiting.push_back(RawSocket::connect(path));
    return waiting.size();
  };
  // Each question takes a place in the queue, too.
  BOOST_TEST(room(Server().listen(directory.freshPath(), 5)) == 3u);
  const std::size_t standard = room(server.listen(directory.freshPath()));
  BOOST_TEST(standard == 256u);  // of 512
  BOOST_TEST(room(Server().listen(directory.freshPath(), 0)) == standard);
  BOOST_TEST(room(Server().listen({.path = directory.freshPath()})) == standard);
}

BOOST_FIXTURE_TEST_CASE(aPathMayBeRelative, ListenFixture,
                        *label("16.1") * notOnWindows("the names of pipes are flat")) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path(""));
  server.listen("relative.sock");
  BOOST_TEST(std::filesystem::is_socket(directory.path("relative.sock")));
  BOOST_TEST(server.address().value().path == "relative.sock");
  server.close();
  BOOST_TEST(!std::filesystem::exists(directory.path("relative.sock")));
  std::filesystem::current_path(before);
}

BOOST_FIXTURE_TEST_CASE(anOverlongPathIsCutAlikeOnBothSides, ListenFixture,
                        *label("7.14") * label("16.2") *
                            notOnWindows("the name of a pipe is never cut")) {
  const std::string stem = directory.path(std::string(150, 'x'));
  const std::string path = stem + "-server";
  server.on<"connection">([&](Socket peer) { peer.destroy(), server.close(); });
  server.listen(path);
  BOOST_TEST(server.address().value().path == path);
  const Server sharing = Server().listen(server);
  BOOST_TEST(sharing.address().value().path == path);
  sharing.close();
  BOOST_TEST(!std::filesystem::exists(path));
  auto client = net::connect(stem + "-client").resume();
  trace.watch("client", client);
  run();
  BOOST_TEST(trace.text() ==
             "client connect, client ready, client end, client finish, client close(false)");
  BOOST_TEST(std::filesystem::is_empty(directory.path("")));  // the cut name is gone, too
}

BOOST_FIXTURE_TEST_CASE(strictlyAnOverlongPathIsRefused, ListenFixture,
                        *label("16.2") * notOnWindows("the name of a pipe is never cut")) {
  const std::string path = directory.path(std::string(150, 'x'));
  trace.watch("server", server);
  server.listen({.path = path, .strictPath = true});
  BOOST_TEST(!server.listening());
  const Socket client;
  trace.watch("client", client);
  client.connect({.path = path, .strictPath = true});
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() == "server error(listen ENAMETOOLONG: name too long " + path +
                                 "), client error(connect ENAMETOOLONG " + path +
                                 "), client close(true)");
  BOOST_TEST(std::filesystem::is_empty(directory.path("")));
}

BOOST_FIXTURE_TEST_CASE(strictlyTheLongestPathIsTaken, ListenFixture,
                        *label("16.2") * notOnWindows("the name of a pipe is never cut")) {
  std::string path = directory.path(std::string(150, 'x'));
  path.resize(103);  // on every system; Linux takes four more
  server.on<"connection">([&](Socket peer) { peer.destroy(), server.close(); });
  server.listen({.path = path, .strictPath = true});
  BOOST_TEST(std::filesystem::is_socket(path));
  auto client = net::connect({.path = path, .strictPath = true}).resume();
  trace.watch("client", client);
  run();
  BOOST_TEST(trace.text() ==
             "client connect, client ready, client end, client finish, client close(false)");
}

BOOST_FIXTURE_TEST_CASE(aPathWithANulInsideIsAnError, ListenFixture, *label("7.8")) {
  server.on<"error">([&](const Error& error) { trace.add(error.code()); });
  server.listen(std::string("a\0b", 3));
  run();
  BOOST_TEST(trace.text() == (kIsWindows ? "EACCES" : "EINVAL"));
  BOOST_TEST(!std::filesystem::exists("a"));
}

BOOST_FIXTURE_TEST_CASE(aNameThatIsNoPipesIsDenied, ListenFixture,
                        *label("16.6") * onlyOnWindows()) {
  for (const std::string name :
       {"x", R"(C:\x)", R"(\.\pip\x)", R"(\.\pipe\)", "/tmp/x", "//./pipe/x"}) {
    BOOST_TEST_CONTEXT(name) {
      const Server denied;
      trace.watch("server", denied);
      denied.listen(name);
      const Socket client;
      trace.watch("client", client);
      client.connect(name);
      run();
      BOOST_TEST(trace.take() == "server error(listen EACCES: permission denied " + name +
                                     "), client error(connect EACCES " + name +
                                     "), client close(true)");
    }
  }
}

// Failures.

struct Failure {
  std::string message;
  std::string code;
  std::string syscall;
  std::string address;
  int port;
};

void expectFailure(ListenFixture& f, const ListenOptions& options, const Failure& expected) {
  int errors = 0;
  f.server.removeAllListeners();
  f.server.on<"listening">(f.trace.adds("listening"));
  f.server.on<"close">(f.trace.adds("close"));
  f.server.on<"error">([&](const Error& error) {
    ++errors;
    BOOST_TEST(error.what() == expected.message);
    BOOST_TEST(error.code() == expected.code);
    BOOST_TEST(error.errnum() == platform::errorNumber(expected.code));
    BOOST_TEST(error.syscall() == expected.syscall);
    BOOST_TEST(error.address() == expected.address);
    BOOST_TEST(error.port() == expected.port);
    BOOST_TEST(!f.server.listening());
  });
  f.server.listen(options);
  BOOST_TEST(errors == 0);  // later
  BOOST_TEST(!f.server.listening());
  BOOST_TEST(!f.server.address().has_value());
  f.run();
  BOOST_TEST(errors == 1);
  BOOST_TEST(f.trace.text() == "");
}

BOOST_FIXTURE_TEST_CASE(aPortInUse, ListenFixture,
                        *label("3.2") * label("7.8") * label("3.1") * label("3.3")) {
  const int port = holder.port();
  const std::string number = std::to_string(port);
  expectFailure(*this, {.port = port, .host = "127.0.0.1"},
                {"listen EADDRINUSE: address already in use 127.0.0.1:" + number, "EADDRINUSE",
                 "listen", "127.0.0.1", port});
  expectFailure(*this, {.port = port},
                {"listen EADDRINUSE: address already in use :::" + number, "EADDRINUSE", "listen",
                 "::", port});
}

BOOST_FIXTURE_TEST_CASE(aPathInUse, ListenFixture,
                        *label("3.2") * label("7.8") * label("16.3") *
                            notUnderWine("Wine lets every process make instances of a pipe")) {
  const auto expectInUse = [&](const std::string& path) {
    expectFailure(
        *this, {.path = path},
        {"listen EADDRINUSE: address already in use " + path, "EADDRINUSE", "listen", path, 0});
    BOOST_TEST(std::filesystem::exists(path));  // never removed
  };
  const std::string file = directory.path("file");
  std::ofstream(file) << "text";
  expectInUse(file);

  const std::string live = directory.path("live");
  const RawSocket other = RawSocket::listen(live);
  expectInUse(live);
  BOOST_TEST(connectFailure(live) == "");  // undisturbed
}

// The system denies the first instance of a pipe that somebody has; Wine does not.
BOOST_FIXTURE_TEST_CASE(aPipeInUse, ListenFixture,
                        *label("7.8") * label("16.3") * onlyOnWindows()) {
  const std::string path = directory.path("live");
  constexpr int kAccessDenied = 5;
  syscalls.fail(Call::socket, kAccessDenied);
  expectFailure(
      *this, {.path = path},
      {"listen EADDRINUSE: address already in use " + path, "EADDRINUSE", "listen", path, 0});
}

BOOST_FIXTURE_TEST_CASE(aStaleSocketFileIsInUse, ListenFixture,
                        *label("16.3") * notOnWindows("pipes leave nothing behind")) {
  const std::string stale = directory.path("stale");
  RawSocket::listen(stale).close();
  BOOST_TEST(std::filesystem::is_socket(stale));
  expectFailure(
      *this, {.path = stale},
      {"listen EADDRINUSE: address already in use " + stale, "EADDRINUSE", "listen", stale, 0});
  BOOST_TEST(std::filesystem::is_socket(stale));
}

BOOST_FIXTURE_TEST_CASE(anAddressThatIsNotOurs, ListenFixture, *label("7.8")) {
  expectFailure(*this, {.port = 0, .host = "192.0.2.1"},
                {"listen EADDRNOTAVAIL: address not available 192.0.2.1", "EADDRNOTAVAIL", "listen",
                 "192.0.2.1", 0});
  expectFailure(*this, {.port = 8124, .host = "192.0.2.1"},
                {"listen EADDRNOTAVAIL: address not available 192.0.2.1:8124", "EADDRNOTAVAIL",
                 "listen", "192.0.2.1", 8124});
}

BOOST_FIXTURE_TEST_CASE(aDirectoryThatDoesNotExist, ListenFixture,
                        *label("7.8") * notOnWindows("pipes are in no directory")) {
  const std::string path = directory.path("missing/socket");
  expectFailure(*this, {.path = path},
                {"listen ENOENT: no such file or directory " + path, "ENOENT", "listen", path, 0});
}

BOOST_FIXTURE_TEST_CASE(aDirectoryThatMayNotBeWritten, ListenFixture,
                        *label("7.8") * notOnWindows("pipes are in no directory")) {
  const std::string closed = directory.path("closed");
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  const WithoutPrivileges nobody;
  const std::string path = closed + "/socket";
  expectFailure(*this, {.path = path},
                {"listen EACCES: permission denied " + path, "EACCES", "listen", path, 0});
}

BOOST_FIXTURE_TEST_CASE(anErrorThatNobodyHearsLeavesRun, ListenFixture, *label("2.5")) {
  server.listen(holder.port(), "127.0.0.1");
  BOOST_CHECK_EXCEPTION(run(), Error,
                        [](const Error& error) { return error.code() == "EADDRINUSE"; });
  server.listen(0, "127.0.0.1", [&] { server.close(); });
  run();
  BOOST_TEST(!server.listening());
}

BOOST_FIXTURE_TEST_CASE(afterAFailureTheServerListensAgainInsideError, ListenFixture,
                        *label("7.8") * label("7.10")) {
  trace.watch("server", server);
  server.on<"error">([&] {
    server.listen(0, "127.0.0.1", [&] { server.close(); });
    BOOST_TEST(server.listening());
  });
  server.listen(holder.port(), "127.0.0.1");
  run();
  BOOST_TEST(trace.text() == "server error(listen EADDRINUSE: address already in use 127.0.0.1:" +
                                 std::to_string(holder.port()) +
                                 "), server listening, server close");
}

BOOST_FIXTURE_TEST_CASE(theRetryRecipeWorks, ListenFixture, *label("7.9") * label("19.4")) {
  const int port = holder.port();
  int failures = 0;
  trace.watch("server", server);
  server.on<"error">([&](Server self, const Error& error) {
    BOOST_REQUIRE(error.code() == "EADDRINUSE");
    setTimeout(
        [=] {
          self.close();
          self.listen(port, "127.0.0.1");
        },
        1);
    if (++failures == 2) holder.close();
  });
  server.on<"listening">([](Server self) {
    setTimeout(
        [=] {
          BOOST_TEST(reaches(self.address().value()));
          self.close();
        },
        1);
  });
  server.listen(port, "127.0.0.1");
  run();
  const std::string error =
      "server error(listen EADDRINUSE: address already in use 127.0.0.1:" + std::to_string(port) +
      ")";
  // Each close() of a server that is not open has its 'close', too. [7.19]
  BOOST_TEST(trace.text() ==
             error + ", " + error + ", server close, server listening, server close, server close");
}

// Listening anew.

BOOST_AUTO_TEST_CASE(listeningAnewMovesTheServer, *label("7.10")) {
  onPortAndPath([](ListenFixture& f, const ListenOptions& place) {
    std::optional<Socket> accepted;
    f.trace.watch("server", f.server);
    f.server.on<"connection">([&](Socket peer) { accepted = peer.resume(); });
    f.server.listen(place);
    const net::Address old = f.server.address().value();
    auto client = f.connectTo(f.server);
    f.trace.watchData("client", client);
    f.runUntil([&] { return accepted.has_value(); });

    ListenOptions other = place;
    if (!place.path.empty()) other.path = f.directory.freshPath();
    f.server.listen(other, f.trace.adds("callback"));
    const net::Address now = f.server.address().value();
    BOOST_TEST((now != old));
    BOOST_TEST(f.server.listening());
    BOOST_TEST(!reaches(old));  // closed at once
    // The connection does not notice.
    accepted->write("still here");
    f.runUntil([&] { return client.bytesRead() == 10; });
    BOOST_TEST(!client.destroyed());
    f.connectTo(f.server).on<"connect">([&](Socket second) {
      second.destroy(), client.destroy(), accepted->destroy();
      f.server.close();
    });
    f.run();
    BOOST_TEST(f.trace.text() ==
               "server listening, server connection, server listening, callback, client data(still "
               "here), server connection, server close");
  });
}

BOOST_AUTO_TEST_CASE(listeningAnewInTheSamePlace, *label("7.10")) {
  onPortAndPath([](ListenFixture& f, ListenOptions place) {
    f.trace.watch("server", f.server);
    f.server.listen(place);
    const net::Address address = f.server.address().value();
    if (place.path.empty()) place.port = address.port;
    f.runUntil([&] { return f.trace.text() == "server listening"; });
    f.server.listen(place);
    BOOST_TEST((f.server.address() == address));
    BOOST_TEST(reaches(address));
    f.server.on<"connection">([](Socket peer) { peer.destroy(); });
    f.runUntil([&] { return f.trace.text().ends_with("connection"); });
    BOOST_TEST(f.trace.text() == "server listening, server listening, server connection");
  });
}

BOOST_FIXTURE_TEST_CASE(ofTwoListensAtOnceTheLastCounts, ListenFixture,
                        *label("7.10") * label("2.3")) {
  trace.watch("server", server);
  server.listen(0, "127.0.0.1", trace.adds("first"));
  const net::Address first = server.address().value();
  server.listen(directory.path("s"), trace.adds("second"));
  BOOST_TEST(!reaches(first));
  setImmediate([&] { server.close(); });
  run();
  BOOST_TEST(trace.text() == "server listening, first, second, server close");
}

BOOST_FIXTURE_TEST_CASE(aListenThatFailsWhileListeningEndsThat, ListenFixture, *label("7.10")) {
  server.listen(0, "127.0.0.1");
  const net::Address old = server.address().value();
  runUntil([&] { return server.listening(); });
  trace.watch("server", server);
  const std::string path = directory.impossiblePath();
  server.listen(path);
  BOOST_TEST(!server.listening());
  BOOST_TEST(!reaches(old));
  run();
  const std::string why =
      kIsWindows ? "EACCES: permission denied " : "ENOENT: no such file or directory ";
  BOOST_TEST(trace.text() == "server error(listen " + why + path + ")");
}

BOOST_FIXTURE_TEST_CASE(aFailureIsForgottenWhenListenIsCalledAgainAtOnce, ListenFixture,
                        *label("7.10")) {
  trace.watch("server", server);
  server.listen(holder.port(), "127.0.0.1");
  server.listen(0, "127.0.0.1", [&] { server.close(); });
  run();
  BOOST_TEST(trace.text() == "server listening, server close");
}

BOOST_FIXTURE_TEST_CASE(listeningAnewWhileTheNameIsResolved, ListenFixture, *label("7.10")) {
  names.answer("slow.test", {"127.0.0.2"});
  names.hang("slow.test");
  trace.watch("server", server);
  server.listen(0, "slow.test", trace.adds("first"));
  names.awaitHanging(1);
  server.listen(0, "127.0.0.1", trace.adds("second"));
  names.release("slow.test");
  runUntil([&] { return trace.text() == "server listening, first, second"; });
  BOOST_TEST(server.address().value().address == "127.0.0.1");
  server.close();
  run();
  BOOST_TEST(trace.text() == "server listening, first, second, server close");
}

BOOST_FIXTURE_TEST_CASE(listeningByNameAnewWhileListening, ListenFixture, *label("7.10")) {
  names.answer("slow.test", {"127.0.0.1"});
  trace.watch("server", server);
  server.listen(0, "127.0.0.1");
  const net::Address old = server.address().value();
  server.listen(0, "slow.test");
  BOOST_TEST(!server.listening());
  BOOST_TEST(!reaches(old));
  runUntil([&] { return server.listening(); });
  server.close();
  run();
  BOOST_TEST(trace.text() == "server listening, server close");
}

// A server that closes a connection first leaves it in TIME_WAIT, at its own port.
BOOST_FIXTURE_TEST_CASE(oldConnectionsDoNotHinderARestart, ListenFixture, *label("7.12")) {
  server.on<"connection">([&](Socket peer) { peer.end().resume(), server.close(); });
  server.listen(0, "127.0.0.1");
  const int port = server.address().value().port;
  connectTo(server).resume();
  run();
  trace.watch("server", server);
  server.listen(port, "127.0.0.1", [&] { server.close(); });
  run();
  BOOST_TEST(trace.text() == "server listening, server close");
}

BOOST_FIXTURE_TEST_CASE(oldConnectionsDoNotHinderAClient, ListenFixture,
                        *label("7.12") * notOnWindows("there it would take the port away")) {
  server.on<"connection">([](Socket peer) { peer.resume(); });
  server.listen(0, "127.0.0.1");
  Server other;
  other.on<"connection">([](Socket peer) { peer.resume(); });
  other.listen(0, "127.0.0.1");
  const int localPort = freePort();
  for (const Server& each : {server, other}) {
    const Socket client;
    trace.watch("client", client);
    client.connect({.port = each.address()->port, .host = "127.0.0.1", .localPort = localPort});
    runUntil([&] { return !client.connecting(); });
    BOOST_TEST(client.localPort().value() == localPort);
    client.resume().end();  // first, and so it is the one that leaves the connection in TIME_WAIT
    runUntil([&] { return client.destroyed(); });
  }
  server.close();
  other.close();
  run();
  BOOST_TEST(trace.text() ==
             "client connect, client ready, client finish, client end, client close(false), "
             "client connect, client ready, client finish, client end, client close(false)");
}

BOOST_FIXTURE_TEST_CASE(twoServersDoNotShareAPort, ListenFixture, *label("7.12")) {
  server.listen(0, "127.0.0.1");
  const int port = server.address()->port;
  const Server second;
  trace.watch("second", second);
  second.listen(port, "127.0.0.1");
  runUntil([&] { return !trace.text().empty(); });
  BOOST_TEST(trace.text() == "second error(listen EADDRINUSE: address already in use 127.0.0.1:" +
                                 std::to_string(port) + ")");
  server.close();
  run();
}

BOOST_FIXTURE_TEST_CASE(listeningBeginsWithTheCallOrWhenTheNameIsKnown, ListenFixture,
                        *label("7.13") * label("7.19")) {
  server.listen(0, "127.0.0.1");
  BOOST_TEST(server.listening());  // before 'listening'
  server.close();
  BOOST_TEST(!server.listening());
  run();
  names.answer("slow.test", {"127.0.0.1"});
  trace.watch("server", server);
  server.listen(0, "slow.test");
  BOOST_TEST(!server.listening());
  server.close(trace.addsOutcome("closed"));  // no error: it was about to
  run();
  BOOST_TEST(trace.text() == "server close, closed");
}

// Address() in each state.

BOOST_AUTO_TEST_CASE(thereIsNoAddressWhileNotListening,
                     *label("1.7") * label("7.13") * label("7.14")) {
  onPortAndPath([](ListenFixture& f, const ListenOptions& place) {
    const auto expectNone = [&] {
      BOOST_TEST(!f.server.listening());
      BOOST_TEST(!f.server.address().has_value());
    };
    expectNone();  // fresh
    f.server.listen(place);
    f.runUntil([&] { return f.server.listening(); });
    auto client = f.connectTo(f.server);
    f.runUntil([&] { return !client.connecting(); });
    f.server.close();
    expectNone();  // closing
    client.destroy();
    f.run();
    expectNone();  // closed
    f.server.on<"error">([&] { f.trace.add("error"); });
    f.server.listen({.path = f.directory.impossiblePath()});
    expectNone();  // failed
    f.run();
    expectNone();
    f.server.listen(place);
    f.destroyLoop();
    expectNone();  // nothing left to listen with
    BOOST_TEST(f.trace.text() == "error");
  });
}

// The socket file.

BOOST_FIXTURE_TEST_CASE(theSocketFileLivesAsLongAsTheServerListens, ListenFixture,
                        *label("16.1") * label("16.3") * notOnWindows("pipes are no files")) {
  const std::string path = directory.path("s");
  server.listen(path);
  BOOST_TEST(std::filesystem::is_socket(path));
  server.close();
  BOOST_TEST(!std::filesystem::exists(path));
  server.listen(path);  // free again at once
  BOOST_TEST(std::filesystem::is_socket(path));
  server.listen(directory.path("t"));  // elsewhere
  BOOST_TEST(!std::filesystem::exists(path));
  destroyLoop();
  BOOST_TEST(!std::filesystem::exists(directory.path("t")));
}

BOOST_FIXTURE_TEST_CASE(theSocketFileIsForOtherUsersOnRequest, ListenFixture,
                        *label("7.6") * label("16.5") *
                            notOnWindows("Wine does not tell who may open a pipe")) {
  using std::filesystem::perms;
  const FilesForOwnerOnly ownerOnly;
  const auto rightsWith = [&](bool readable, bool writable) {
    const std::string path = directory.freshPath();
    server.listen({.path = path, .readableAll = readable, .writableAll = writable});
    BOOST_TEST(server.listening());
    return std::filesystem::status(path).permissions();
  };
  constexpr perms read = perms::owner_read | perms::group_read | perms::others_read;
  constexpr perms write = perms::owner_write | perms::group_write | perms::others_write;
  const perms usual = rightsWith(false, false);  // what the umask leaves
  BOOST_TEST((usual == perms::owner_all));
  BOOST_TEST((rightsWith(true, false) == (usual | read)));
  BOOST_TEST((rightsWith(false, true) == (usual | write)));
  BOOST_TEST((rightsWith(true, true) == (usual | read | write)));
}

BOOST_FIXTURE_TEST_CASE(rightsThatCannotBeGivenAreAnError, ListenFixture,
                        *label("16.5") * notOnWindows("pipes are made with their rights")) {
  const std::string path = directory.freshPath();
  syscalls.fail(Call::chmod, platform::errorNumber("EACCES"));
  expectFailure(*this, {.path = path, .writableAll = true},
                {"listen EACCES: permission denied " + path, "EACCES", "listen", path, 0});
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_FIXTURE_TEST_CASE(whoMayNotWriteToThePathIsRefused, ListenFixture,
                        *label("16.4") * label("16.5") * notOnWindows("pipes are no files")) {
  const std::string forAll = directory.freshPath();
  const std::string forNobody = directory.freshPath();
  const Server open = Server().listen({.path = forAll, .writableAll = true});
  server.listen(forNobody);
  using std::filesystem::perms;
  std::filesystem::permissions(forNobody, perms::none);
  std::filesystem::permissions(directory.path(""), perms::others_exec,
                               std::filesystem::perm_options::add);
  const WithoutPrivileges nobody;
  const Socket client;
  trace.watch("client", client);
  client.connect(forNobody);
  runUntil([&] { return client.destroyed() && trace.text().ends_with("close(true)"); });
  BOOST_TEST(trace.text() == "client error(connect EACCES " + forNobody + "), client close(true)");
  BOOST_TEST(reaches(open.address().value()));
}

// The rights that opening asks for: to read and change the mode; to write, but make no instances.
BOOST_FIXTURE_TEST_CASE(thePipeIsForOtherUsersOnRequest, ListenFixture,
                        *label("16.5") * onlyOnWindows()) {
  const auto rightsWith = [&](bool readable, bool writable) {
    server.listen(
        {.path = directory.freshPath(), .readableAll = readable, .writableAll = writable});
    BOOST_TEST(server.listening());
    return syscalls.pipeRights();
  };
  const std::string read = "(A;;0x120189;;;WD)";
  const std::string write = "(A;;0x120192;;;WD)";
  const std::string usual = rightsWith(false, false);
  BOOST_TEST(usual.find("D:P(A;;") == 0U);
  BOOST_TEST(usual.find(";;;WD)") == std::string::npos);
  BOOST_TEST(rightsWith(true, false) == usual + read);
  BOOST_TEST(rightsWith(false, true) == usual + write);
  BOOST_TEST(rightsWith(true, true) == usual + read + write);
}

BOOST_FIXTURE_TEST_CASE(aFileThatIsNotOursIsLeft, ListenFixture,
                        *label("16.3") * notOnWindows("pipes are no files")) {
  const std::string path = directory.path("s");
  server.listen(path);
  std::filesystem::remove(path);
  std::ofstream(path) << "somebody else's";
  server.close();
  run();
  BOOST_TEST(std::filesystem::is_regular_file(path));
}

BOOST_FIXTURE_TEST_CASE(aSocketFileOfAnotherServerIsLeft, ListenFixture,
                        *label("16.3") * notOnWindows("pipes are no files")) {
  const std::string path = directory.path("s");
  server.listen(path);
  std::filesystem::rename(path, directory.path("moved"));
  const Server other = Server().listen(path);
  server.close();
  BOOST_TEST(reaches(other.address().value()));
  BOOST_TEST(std::filesystem::is_socket(path));
}

// Several servers on one port.

BOOST_FIXTURE_TEST_CASE(serversThatAskForItShareAPort, ListenFixture,
                        *label("7.6") * notOnWindows("which divides no port")) {
  int first = 0;
  int second = 0;
  server.on<"connection">([&](Socket peer) { ++first, peer.destroy(); });
  server.listen({.port = 0, .host = "127.0.0.1", .reusePort = true});
  const int port = server.address()->port;
  const Server other = net::createServer([&](Socket peer) {
                         ++second, peer.destroy();
                       }).listen({.port = port, .host = "127.0.0.1", .reusePort = true});
  BOOST_TEST(other.address()->port == port);
  std::vector<RawSocket> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(RawSocket::connect(port));
  runUntil([&] { return first + second == 40; });
  BOOST_TEST(first > 0);  // each gets some, as good as certainly
  BOOST_TEST(second > 0);
  server.close(), other.close();
}

BOOST_FIXTURE_TEST_CASE(whoDoesNotAskForItIsRefusedASharedPort, ListenFixture,
                        *label("7.6") * notOnWindows("which divides no port")) {
  server.listen({.port = 0, .host = "127.0.0.1", .reusePort = true});
  const Server other;
  trace.watch("other", other);
  other.listen({.port = server.address()->port, .host = "127.0.0.1"});
  server.on<"listening">([&] { server.close(); });
  run();
  BOOST_TEST(trace.text().starts_with("other error(listen EADDRINUSE: "));
}

BOOST_FIXTURE_TEST_CASE(sharingAPortIsNotSupported, ListenFixture,
                        *label("7.6") * onlyOnWindows()) {
  trace.watch("server", server);
  server.listen({.port = 0, .host = "127.0.0.1", .reusePort = true});
  run();
  BOOST_TEST(trace.text() == "server error(listen ENOTSUP: operation not supported 127.0.0.1)");
}

}  // namespace
}  // namespace sprocket::tests
