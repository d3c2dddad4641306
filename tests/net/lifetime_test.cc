// How long sockets, servers and their listeners live.

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Server;
using net::Socket;

// A handle may be a key: what it names is.
template <class Handle, class Make>
void checkKeys(Make make) {
  const Handle one = make(), copy = one, other = make();
  BOOST_TEST((one != other));
  BOOST_TEST((std::set<Handle>{one, copy, other}.size() == 2U));
  BOOST_TEST((std::unordered_set<Handle>{one, copy, other}.size() == 2U));
}

BOOST_AUTO_TEST_CASE(handlesAreKeysByWhatTheyName) {
  const reactor::Loop loop;
  checkKeys<Socket>([] { return Socket(); });
  checkKeys<Server>([] { return Server(); });
  checkKeys<Timeout>([] { return setTimeout([] {}, 1); });
}

// Something to capture, which tells whether all that captured it is gone.
class Token {
 public:
  std::shared_ptr<void> capture() const { return object_.lock(); }
  bool isReleased() {
    mine_.reset();
    return object_.expired();
  }

 private:
  std::shared_ptr<void> mine_ = std::make_shared<int>();
  std::weak_ptr<void> object_ = mine_;
};

// Something to capture, whose destructor does this.
std::shared_ptr<void> atRelease(std::function<void()> action) {
  return std::shared_ptr<void>(nullptr, [action = std::move(action)](void*) { action(); });
}

struct LifetimeFixture : SystemFixture, NetFixture {
  TempDirectory directory;
  Token token;

  // A listener or callback that does nothing, and keeps the token.
  auto keepsToken() const {
    return [kept = token.capture()] {};
  }

  // For every event but 'data', because listening for that starts the flow.
  Socket listenWithToken(const Socket& socket) const {
    socket.on<"lookup">(keepsToken()).on<"connect">(keepsToken()).on<"ready">(keepsToken());
    socket.on<"drain">(keepsToken()).on<"timeout">(keepsToken()).on<"end">(keepsToken());
    socket.on<"finish">(keepsToken()).on<"error">(keepsToken()).on<"close">(keepsToken());
    return socket;
  }
  Server listenWithToken(const Server& server) const {
    server.on<"listening">(keepsToken()).on<"connection">(keepsToken());
    server.on<"drop">(keepsToken()).on<"error">(keepsToken()).on<"close">(keepsToken());
    return server;
  }

  struct Pair {
    Server server;
    Socket accepted;
    Socket client;
  };
  Pair connectPair(const net::SocketOptions& options = {}) {
    std::optional<Socket> accepted;
    const Server server = Server().listen(0, "127.0.0.1");
    server.once<"connection">([&](Socket peer) { accepted = peer; });
    const Socket client = connectTo(server, options);
    runUntil([&] { return accepted.has_value() && !client.connecting(); });
    return {server, *accepted, client};
  }
};

// What is open keeps itself alive.

BOOST_FIXTURE_TEST_CASE(nothingIsClosedByDroppingHandles, LifetimeFixture, *label("1.10")) {
  names.answer("server.test", {"127.0.0.1"});
  Trace accepted;
  net::createServer([&](Server self, Socket peer) {
    accepted.watch("accepted", peer);
    peer.pipe(peer);
    self.close();
  }).listen(0, "server.test", [&](Server self) {
    Socket().connect(self.address()->port, "server.test").on<"connect">([&](Socket client) {
      trace.watch("client", client).watchData("client", client);
      client.end("hello");
    });
  });
  run();
  BOOST_TEST(trace.text() ==
             "client ready, client finish, client data(hello), client end, client close(false)");
  BOOST_TEST(accepted.text() == "accepted end, accepted finish, accepted close(false)");
}

// Nothing but the attempt holds the server, and the answer ends that.
BOOST_FIXTURE_TEST_CASE(aServerWithoutHandlesWhoseNameFails, LifetimeFixture, *label("1.10")) {
  names.fail("nowhere.test", platform::HostLookupError::notFound());
  Server().on<"error">(trace.adds("error")).listen(0, "nowhere.test");
  run();
  BOOST_TEST(trace.text() == "error");
}

BOOST_FIXTURE_TEST_CASE(aPathServerAndItsClientWithoutHandles, LifetimeFixture, *label("1.10")) {
  const std::string path = directory.path("s");
  net::createServer([](Server self, Socket peer) { peer.end("bye"), self.close(); }).listen(path);
  trace.watchData("client", net::connect(path));
  run();
  BOOST_TEST(trace.text() == "client data(bye)");
}

BOOST_FIXTURE_TEST_CASE(theLastHandleMayGoInsideAnyListener, LifetimeFixture, *label("1.10")) {
  const auto dropIn = [&](auto subscribe) {
    const Server server = Server().listen(0, "127.0.0.1");
    server.on<"connection">([](Server self, Socket peer) { peer.pipe(peer), self.close(); });
    const auto slot = std::make_shared<std::optional<Socket>>(Socket());
    Token used;
    subscribe(**slot, [slot, this, kept = used.capture()] {
      slot->reset();
      trace.add("dropped");
    });
    (**slot).on<"data">([](Socket self) { self.end(); });
    (**slot).connect(server.address()->port, "127.0.0.1").write("hello");
    run();
    BOOST_TEST(used.isReleased());
    BOOST_TEST(!slot->has_value());
    BOOST_TEST(trace.take() == "dropped");
  };
  dropIn([](const Socket& s, auto drop) { s.on<"connect">(drop); });
  dropIn([](const Socket& s, auto drop) { s.on<"ready">(drop); });
  dropIn([](const Socket& s, auto drop) { s.on<"drain">(drop); });
  dropIn([](const Socket& s, auto drop) { s.on<"data">(drop); });
  dropIn([](const Socket& s, auto drop) { s.on<"end">(drop); });
  dropIn([](const Socket& s, auto drop) { s.on<"finish">(drop); });
  dropIn([](const Socket& s, auto drop) { s.on<"close">(drop); });
  dropIn([](const Socket& s, auto drop) {
    s.once<"connect">([drop](Socket self) { self.write("x", drop); });
  });
  dropIn([](const Socket& s, auto drop) {
    s.on<"timeout">(drop);
    s.on<"connect">([](Socket self) { self.setTimeout(1).pause(); });
    s.on<"timeout">([](Socket self) { self.setTimeout(0).resume(); });
  });
}

BOOST_FIXTURE_TEST_CASE(theLastHandleOfAServerMayGoInsideItsListeners, LifetimeFixture,
                        *label("1.10")) {
  const auto dropIn = [&](auto subscribe) {
    auto slot = std::make_shared<std::optional<Server>>(Server());
    subscribe(**slot, [slot, this] {
      slot->reset();
      trace.add("dropped");
    });
    (**slot).on<"listening">([](Server self) { connectTo(self).resume(); });
    (**slot).on<"connection">([](Server self, Socket peer) { self.close(), peer.destroy(); });
    (**slot).listen(0, "127.0.0.1");
    run();
    BOOST_TEST(trace.take() == "dropped");
    BOOST_TEST(slot.use_count() == 1);
  };
  dropIn([](const Server& s, auto drop) { s.on<"listening">(drop); });
  dropIn([](const Server& s, auto drop) { s.on<"connection">(drop); });
  dropIn([](const Server& s, auto drop) { s.on<"close">(drop); });
}

// Listeners are released.

BOOST_FIXTURE_TEST_CASE(listenersAreReleasedAfterClose, LifetimeFixture, *label("1.10")) {
  auto [server, accepted, client] = connectPair();
  server.close();
  listenWithToken(client).on<"data">(keepsToken());
  listenWithToken(accepted).once<"data">(keepsToken());
  client.write("x", keepsToken());
  client.end(keepsToken());
  run();
  BOOST_TEST(client.listenerCount<"close">() == 0u);
  BOOST_TEST(token.isReleased());
}

BOOST_FIXTURE_TEST_CASE(listenersAreReleasedAfterEachKindOfEnd, LifetimeFixture, *label("1.10")) {
  const Socket fresh;
  listenWithToken(fresh).destroy();
  const Socket refused;
  listenWithToken(refused).connect(RawSocket::bind().port(), "127.0.0.1");
  refused.write("x", keepsToken());
  const Socket unresolved;
  names.fail("nowhere.test", platform::HostLookupError::notFound());
  listenWithToken(unresolved).connect(80, "nowhere.test");
  const Socket resolving;
  listenWithToken(resolving).connect(80, "somewhere.test");
  resolving.end("x", keepsToken()).destroy();
  const UnansweringPort silent;
  const Socket connecting;
  listenWithToken(connecting).connect(silent.number(), "127.0.0.1");
  setImmediate([=] { connecting.destroy(); });
  run();
  BOOST_TEST(token.isReleased());
}

BOOST_FIXTURE_TEST_CASE(listenersAreReleasedThoughCloseThrows, LifetimeFixture, *label("2.6")) {
  const Socket socket;
  listenWithToken(socket).on<"close">([] { throw 1; });
  socket.destroy();
  BOOST_CHECK_THROW(run(), int);
  BOOST_TEST(token.isReleased());
  run();
}

BOOST_FIXTURE_TEST_CASE(aOneTimeListenerIsReleasedRightAfterItFired, LifetimeFixture,
                        *label("1.10")) {
  auto [server, accepted, client] = connectPair();
  client.once<"data">(keepsToken());
  accepted.write("x");
  runUntil([&, socket = client] { return socket.bytesRead() == 1; });
  BOOST_TEST(token.isReleased());

  Token callback;
  client.write("x", [kept = callback.capture()] {});
  loop().runOnce(std::chrono::milliseconds(0));
  BOOST_TEST(callback.isReleased());
}

BOOST_FIXTURE_TEST_CASE(cyclesAreBrokenByClose, LifetimeFixture, *label("1.10")) {
  auto [server, accepted, client] = connectPair();
  server.close();
  client.on<"data">([self = client, kept = token.capture()] {});
  client.on<"close">([peer = accepted, kept = token.capture()] {});
  accepted.on<"close">([peer = client, kept = token.capture()] {});
  accepted.on<"end">([self = accepted, kept = token.capture()] {});
  client.end();
  run();
  BOOST_TEST(token.isReleased());
}

// What onread captured, a handle of its own socket too, goes as listeners do.
struct OnReadLifetimeFixture : LifetimeFixture {
  Socket readingWithToken(bool reusable = false) {
    const auto slot = std::make_shared<std::optional<Socket>>();
    const auto reads = [slot, kept = token.capture()](const Socket&, auto) { return true; };
    slot->emplace(
        net::SocketOptions{.reusable = reusable, .onread = {.buffer = memory, .callback = reads}});
    return **slot;
  }

  std::array<std::byte, 4> memory{};
};

BOOST_FIXTURE_TEST_CASE(onreadIsReleasedAfterClose, OnReadLifetimeFixture,
                        *label("1.10") * label("10.11")) {
  const Socket socket = readingWithToken();
  socket.destroy();
  run();
  BOOST_TEST(token.isReleased());
  socket.on<"close">([] {});
  BOOST_CHECK_THROW(socket.connect(1), ArgumentError);  // nobody would get the data
}

BOOST_FIXTURE_TEST_CASE(onreadIsReleasedWithTheLoop, OnReadLifetimeFixture, *label("1.10")) {
  readingWithToken();
  readingWithToken(true).destroy();
  run();
  BOOST_TEST(token.capture() != nullptr);
  destroyLoop();
  BOOST_TEST(token.isReleased());
}

// A listener that closes over the sockets, but which is removed before that.
BOOST_FIXTURE_TEST_CASE(removedListenersAreReleased, LifetimeFixture, *label("2.2")) {
  const Socket socket;
  listenWithToken(socket).on<"data">(keepsToken());
  socket.removeAllListeners();
  BOOST_TEST(token.isReleased());
}

BOOST_FIXTURE_TEST_CASE(aReusableSocketKeepsItsListeners, LifetimeFixture, *label("6.18")) {
  const Socket socket(net::SocketOptions{.reusable = true});
  listenWithToken(socket).on<"close">(trace.adds("close"));
  socket.destroy();
  run();
  BOOST_TEST(!token.isReleased());
  const Server server = Server().listen(0, "127.0.0.1").unref();
  socket.connect(server.address()->port, "127.0.0.1").once<"connect">([=] { socket.destroy(); });
  run();
  BOOST_TEST(trace.text() == "close, close");
  BOOST_TEST(!token.isReleased());
  socket.removeAllListeners();
  BOOST_TEST(token.isReleased());
}

BOOST_FIXTURE_TEST_CASE(aReusableSocketIsFreedWithItsLastHandle, LifetimeFixture, *label("1.10")) {
  listenWithToken(Socket(net::SocketOptions{.reusable = true})).destroy();
  run();
  BOOST_TEST(token.isReleased());
}

BOOST_FIXTURE_TEST_CASE(connectingAgainInsideCloseKeepsTheListeners, LifetimeFixture,
                        *label("6.18")) {
  const Server server = Server().listen(0, "127.0.0.1").unref();
  const int port = server.address()->port;
  const Socket socket;
  listenWithToken(socket).once<"close">([=](Socket self) { self.connect(port, "127.0.0.1"); });
  socket.destroy();
  runUntil([&] { return socket.address().has_value(); });
  BOOST_TEST(!token.isReleased());
  socket.destroy();
  run();
  BOOST_TEST(token.isReleased());
}

BOOST_FIXTURE_TEST_CASE(aServerKeepsItsListeners, LifetimeFixture, *label("7.10")) {
  {
    const Server server = listenWithToken(Server()).listen(0, "127.0.0.1");
    server.on<"close">(trace.adds("close"));
    server.close();
    run();
    server.close();
    run();
    BOOST_TEST(trace.text() == "close, close");
    BOOST_TEST(!token.isReleased());
  }
  BOOST_TEST(token.isReleased());  // with its last handle
}

BOOST_FIXTURE_TEST_CASE(aClosedServerIsFreedWithItsLastConnection, LifetimeFixture,
                        *label("1.10")) {
  std::optional<Socket> client;
  {
    const Server server = listenWithToken(Server()).listen(0, "127.0.0.1");
    server.on<"connection">([](Server self, Socket peer) { self.close(), peer.resume(); });
    client = connectTo(server);
    runUntil([&] { return !server.listening(); });
  }
  BOOST_TEST(!token.isReleased());
  client->destroy();
  run();
  BOOST_TEST(token.isReleased());
}

// The end of a loop.

BOOST_FIXTURE_TEST_CASE(aLoopThatEndsClosesAndReleasesEverything, LifetimeFixture,
                        *label("1.10") * label("11.5")) {
  const auto neverRuns = [this](const char* what) {
    return [kept = token.capture(), what, this] { trace.add(what); };
  };
  const UnansweringPort silent;
  const RawSocket holder = RawSocket::listen();
  const std::string megabytes(32 << 20, 'x');
  names.hang("hangs.test");

  std::vector<std::pair<const char*, Socket>> sockets;
  std::vector<std::pair<const char*, Server>> servers;
  const auto add = [&](const char* what, const Socket& socket) {
    sockets.emplace_back(what, socket.setTimeout(60'000));
    return socket;
  };
  const auto addPair = [&](const char* what) {
    const Pair pair = connectPair({.allowHalfOpen = true});
    servers.emplace_back("with a connection", pair.server);
    add(what, pair.accepted);
    return pair;
  };

  // What takes turns of the loop to come about ...
  addPair("open").accepted.resume();
  const Pair keeping = addPair("keeps data");
  keeping.client.write("kept");
  const Pair halfOpen = addPair("ended by us");
  halfOpen.accepted.end();
  add("ended by the peer", halfOpen.client).resume();
  const Socket resolving = add("resolving", Socket()).connect(80, "hangs.test");
  const Socket connecting = add("connecting", Socket()).connect(silent.number(), "127.0.0.1");
  const Socket closed = add("closed", Socket()).destroy();
  bool ended = false;
  halfOpen.client.once<"end">([&] { ended = true; });
  runUntil([&] { return ended && keeping.accepted.bytesRead() == 4; });
  names.awaitHanging(1);

  // ... and what comes about at once.
  add("fresh", Socket());
  add("reusable", Socket(net::SocketOptions{.reusable = true}));
  const Pair full = addPair("queued writes");
  full.accepted.write(megabytes, neverRuns("a write"));
  full.accepted.end(neverRuns("an end"));
  resolving.write("x", neverRuns("a write while resolving"));
  connecting.end("x", neverRuns("an end while connecting"));
  keeping.accepted.pause();
  const Pair piped = addPair("a pipe's source");
  piped.accepted.pipe(piped.client).write("x");
  piped.accepted.pipe(piped.accepted);
  add("destroyed", Socket()).destroy();
  addPair("destroyed with an error").accepted.destroy(Error({.message = "not told"}));
  servers.emplace_back("on a path", Server().listen(directory.path("s")));
  servers.emplace_back("resolving", Server().listen(0, "hangs.test"));
  servers.emplace_back("failed", Server().listen(holder.port(), "127.0.0.1"));
  servers.emplace_back("closing", Server().listen(0).close(neverRuns("a close")));
  servers.emplace_back("fresh", Server());

  for (const auto& [what, socket] : sockets) {
    const auto never = neverRuns(what);
    socket.on<"lookup">(never).on<"connect">(never).on<"ready">(never).on<"data">(never);
    socket.on<"drain">(never).on<"timeout">(never).on<"end">(never).on<"finish">(never);
    socket.on<"error">(never).on<"close">(never);
  }
  for (const auto& [what, server] : servers) {
    const auto never = neverRuns(what);
    server.on<"listening">(never).on<"connection">(never).on<"drop">(never);
    server.on<"error">(never).on<"close">(never);
  }
  destroyLoop();
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(syscalls.openDescriptors().empty());
  BOOST_TEST(token.isReleased());
  for (const auto& [what, socket] : sockets) {
    BOOST_TEST_CONTEXT(what) { BOOST_TEST(socket.destroyed()); }
  }
  for (const auto& [what, server] : servers) {
    BOOST_TEST_CONTEXT(what) { BOOST_TEST(!server.listening()); }
  }
}

BOOST_FIXTURE_TEST_CASE(afterTheLoopNothingIsKept, LifetimeFixture, *label("5.6")) {
  auto [server, accepted, client] = connectPair();
  destroyLoop();
  // A listener that captures its socket would keep it for ever: it is not taken.
  client.on<"data">([self = client, kept = token.capture()] {});
  client.once<"close">([self = client, kept = token.capture()] {});
  client.write("x", [self = client, kept = token.capture()] {});
  client.end("x", [self = client, kept = token.capture()] {});
  client.connect(80, "127.0.0.1", [self = client, kept = token.capture()] {});
  client.setTimeout(1, [self = client, kept = token.capture()] {});
  server.on<"close">([self = server, kept = token.capture()] {});
  server.listen(0, [self = server, kept = token.capture()] {});
  server.close([self = server, kept = token.capture()] {});
  BOOST_TEST(token.isReleased());
}

// Destructors of captures that come back.

BOOST_FIXTURE_TEST_CASE(capturesMayUseSocketsWhenTheyAreReleasedAfterClose, LifetimeFixture,
                        *label("1.10")) {
  auto [server, accepted, client] = connectPair();
  client.on<"end">([guard = atRelease([&, self = client, peer = accepted, home = server] {
                      trace.add("released");
                      self.write("x", trace.addsOutcome("written"));
                      self.end().pause().resume().destroy().setTimeout(1);
                      self.on<"close">(trace.adds("never"));
                      self.removeAllListeners();
                      peer.destroy();
                      home.close();
                      connectTo(Server().listen(0, "127.0.0.1").unref()).destroy();
                    })] {});
  client.destroy();
  run();
  BOOST_TEST(trace.text() == "released, written(Cannot call write after a stream was destroyed)");
}

BOOST_FIXTURE_TEST_CASE(capturesMayConnectTheSocketAgainWhenTheyAreReleased, LifetimeFixture,
                        *label("6.18")) {
  auto [server, accepted, client] = connectPair();
  server.on<"connection">([](Socket peer) { peer.destroy(); });
  client.on<"end">([guard = atRelease([&, self = client, port = server.address()->port] {
                      trace.watch("again", self);
                      self.resume().connect(port, "127.0.0.1");
                    })] {});
  client.destroy();
  runUntil([&, socket = client] { return trace.text().ends_with("close(false)"); });
  BOOST_TEST(trace.text() ==
             "again connect, again ready, again end, again finish, again close(false)");
}

BOOST_FIXTURE_TEST_CASE(capturesMayUseTheEmitterWhenTheyAreRemoved, LifetimeFixture,
                        *label("2.2")) {
  const Socket socket;
  const auto comesBack = [&] {
    return [guard = atRelease([&] {
              trace.add("released");
              socket.on<"data">(keepsToken());
              socket.removeAllListeners<"data">();
              socket.removeAllListeners();
            })] {};
  };
  socket.on<"end">(comesBack()).on<"data">(comesBack()).on<"end">(comesBack());
  socket.removeAllListeners<"end">();
  BOOST_TEST(trace.text() == "released, released, released");
  BOOST_TEST(token.isReleased());
}

BOOST_FIXTURE_TEST_CASE(capturesMayUseEverythingWhenTheLoopEnds, LifetimeFixture,
                        *label("1.10") * label("5.6")) {
  auto [server, accepted, client] = connectPair();
  std::optional<Socket> kept;
  std::size_t releases = 0;
  const auto comesBack = [&](auto... handles) {
    return [guard = atRelease([&, handles...] {
              ++releases;
              const auto use = [&](const Socket& socket) {
                socket.write("x", keepsToken());
                socket.end(keepsToken()).pause().resume().setTimeout(1, keepsToken());
                socket.pipe(socket).unpipe();
                socket.on<"data">([socket, kept = token.capture()] {});
                socket.destroy();
              };
              (use(handles), ...);
              use(Socket());
              use(Socket().connect(80, "127.0.0.1"));
              use(Socket().connect(80, "somewhere.test"));
              net::createServer(keepsToken()).listen(0, keepsToken());
              net::createServer(keepsToken()).listen(0, "somewhere.test", keepsToken());
              net::createServer(keepsToken()).listen(0).close(keepsToken());
              setTimeout(keepsToken(), 1), setImmediate(keepsToken()), nextTick(keepsToken());
              kept = Socket().on<"close">(keepsToken());
            })] {};
  };
  client.on<"data">(comesBack(client, accepted));
  client.write(std::string(32 * 1024 * 1024, 'x'));
  client.write("x", comesBack(client));
  client.end(comesBack(accepted));
  accepted.once<"close">(comesBack(client));
  accepted.pipe(client);
  server.on<"connection">(comesBack(accepted));
  server.close(comesBack());
  Server().on<"error">(comesBack()).listen(directory.impossiblePath());
  Socket().on<"error">(comesBack()).connect(RawSocket::bind().port(), "127.0.0.1");
  Socket().on<"close">(comesBack()).destroy();
  BOOST_TEST(releases == 0u);
  destroyLoop();
  BOOST_TEST(releases == 9u);
  BOOST_TEST(kept->listenerCount<"close">() == 0u);
  BOOST_TEST(token.isReleased());
}

}  // namespace
}  // namespace sprocket::tests
