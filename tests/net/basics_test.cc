// What all of net has in common: the loop, later, events, defaults. (behaviour.md, 1 to 5.)

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/child_process.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/tcp_options.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Server;
using net::Socket;

struct BasicsFixture : SystemFixture, SocketFixture {};

BOOST_FIXTURE_TEST_SUITE(basics, BasicsFixture)

BOOST_AUTO_TEST_CASE(chainedCallsReturnTheirObject, *label("1.9")) {
  const Socket socket;
  const auto isSocket = [&](const Socket& returned) { BOOST_TEST((returned == socket)); };
  const Socket other;
  isSocket(socket.on<"end">([] {}).once<"end">([] {}).off<"end">(+[] {}));
  isSocket(socket.prependListener<"end">([] {}).prependOnceListener<"end">([] {}));
  isSocket(socket.removeAllListeners<"end">());
  isSocket(socket.removeAllListeners());
  isSocket(socket.setTimeout(1));
  isSocket(socket.setNoDelay());
  isSocket(socket.setKeepAlive());
  isSocket(socket.setEncoding());
  isSocket(socket.ref());
  isSocket(socket.unref());
  isSocket(socket.pause());
  isSocket(socket.resume());
  BOOST_TEST((socket.pipe(other) == other));
  isSocket(socket.unpipe(other));
  isSocket(socket.unpipe());
  isSocket(socket.connect(nobody.port(), "127.0.0.1"));
  isSocket(socket.end());
  isSocket(socket.end("x"));
  isSocket(socket.resetAndDestroy());
  isSocket(socket.destroy());

  const Server server;
  const auto isServer = [&](const Server& returned) { BOOST_TEST((returned == server)); };
  isServer(server.on<"close">([] {}).once<"close">([] {}));
  isServer(server.listen());
  isServer(server.listen(0));
  isServer(server.listen(0, 5));
  isServer(server.listen(0, "127.0.0.1"));
  isServer(server.listen({.port = 0}));
  isServer(server.getConnections([] {}));
  isServer(server.setMaxConnections(1));
  isServer(server.ref());
  isServer(server.unref());
  isServer(server.close());
}

// A name is resolved on another thread, and listeners call everything that has consequences.
BOOST_AUTO_TEST_CASE(listenersRunOnTheLoopsThreadOneAtATime, *label("1.1") * label("2.1")) {
  const std::thread::id here = std::this_thread::get_id();
  std::set<std::string> heard;
  int depth = 0;
  const auto during = [&](
                          std::string what, std::function<void()> consequences = [] {}) {
    return [&, what, consequences] {
      heard.insert(what);
      BOOST_TEST(++depth == 1, what);
      BOOST_TEST((std::this_thread::get_id() == here), what);
      consequences();
      --depth;
    };
  };
  Socket client, refused;
  Server server;
  std::optional<Socket> served;
  server.on<"listening">(during("listening"));
  server.on<"close">(during("server close"));
  server.on<"connection">([&](Socket socket) {
    served = socket;
    during("connection", [&] {
      served->on<"data">(during("served data", [&] { served->write(pattern(8'000'000)); }));
      served->on<"end">(during("served end", [&] { served->end("bye"); }));
      served->on<"drain">(during("drain"));
      served->on<"close">(during("served close"));
      server.close();
      served->write("hello", during("served written"));
    })();
  });
  client.on<"lookup">(during("lookup"));
  client.on<"connect">(during("connect", [&] { client.write("x", during("written")); }));
  client.on<"ready">(during("ready"));
  client.on<"data">(during("data", [&] {
    if (client.bytesRead() == 8'000'005u) client.setTimeout(1);
  }));
  client.on<"timeout">(during("timeout", [&] { client.end(during("ended")); }));
  client.on<"finish">(during("finish"));
  client.on<"end">(during("end"));
  client.on<"close">(during("close"));
  refused.on<"error">(during("error", [&] { refused.destroy(); }));
  server.listen(0, "127.0.0.1");
  names.answer("server.test", {"127.0.0.1"});
  client.connect(server.address()->port, "server.test");
  refused.connect(nobody.port(), "127.0.0.1");
  run();
  BOOST_TEST(heard.size() == 19u);
}

BOOST_AUTO_TEST_CASE(otherThreadsAreFoundOut, *label("1.12")) {
  for (const char* call :
       {"listen", "close", "on", "connect", "write", "end", "destroy", "setTimeout"}) {
    BOOST_TEST_CONTEXT(call) {
      ChildProcess program({"tests/net/other_thread", call});
      const int status = program.wait();
      if (program.output().starts_with("built without")) skipHere("built without assertions");
      BOOST_TEST(status == ChildProcess::kAborted);
      BOOST_TEST(program.errors().find("Thread()") != std::string::npos);
      BOOST_TEST(program.output() == "");
    }
  }
}

// Later: after the call and after the callback that made it.
BOOST_TEST_DECORATOR(*label("1.2") * label("2.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(noCallEmitsAnything, V, Venues, BasicsFixture) {
  const auto calls = [&](const std::string& what, const std::function<void()>& call) {
    setImmediate([this, what, call] {
      trace.add(what);
      call();
      trace.add(what + " done");
    });
    settle();
  };
  Server server;
  Socket client;
  std::optional<Socket> served;
  calls("listen", [&] {
    listenAt(V(), server);
    trace.watch("server", server);  // behind the call, and yet in time
  });
  BOOST_TEST(trace.take() == "listen, listen done, server listening");
  server.on<"connection">([&](Socket socket) { served = socket; });

  setImmediate([&] {
    client.connect(placeOf(server));
    trace.watch("client", client);
    BOOST_TEST(trace.text() == "");
  });
  runUntil([&] { return served && !client.connecting(); });
  settle();
  trace.clear();

  calls("write", [&] { client.write("x", trace.adds("written")); });
  BOOST_TEST(trace.take() == "write, write done, written");
  calls("on data", [&] { trace.watchData("served", *served); });
  BOOST_TEST(trace.take() == "on data, on data done, served data(x)");
  calls("end", [&] { client.end(trace.adds("ended")); });
  BOOST_TEST(trace.take() ==
             "end, end done, ended, client finish, client end, client close(false)");
  calls("close", [&] { server.close(trace.adds("closed")); });
  BOOST_TEST(trace.take() == "close, close done, server close, closed");
  const Socket other;
  calls("destroy", [&] {
    other.destroy(Error({.message = "why"}));
    trace.watch("other", other);
  });
  BOOST_TEST(trace.take() == "destroy, destroy done, other error(why), other close(true)");
}

BOOST_TEST_DECORATOR(*label("1.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(deferredCallbacksComeBeforeAnythingElseAndCloseLast, V, Venues,
                                 BasicsFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  socket.on<"data">([&](Socket self) {
    trace.add("data");
    nextTick([&] {
      trace.add("one");
      nextTick(trace.adds("three"));
    });
    nextTick(trace.adds("two"));
    self.destroy(Error({.message = "why"}));
  });
  socket.on<"data">([&] { trace.add("second listener"); });
  peer.send("x");
  run();
  BOOST_TEST(trace.text() ==
             "data, second listener, one, two, socket error(why), three, socket close(true)");
}

BOOST_TEST_DECORATOR(*label("2.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(closeIsTheLastEvent, V, Venues, BasicsFixture) {
  const Socket socket({.reusable = true});  // keeps its listeners
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket).watchData("socket", socket);
  socket.setTimeout(1);
  socket.on<"close">([](Socket self) {
    self.resume().setTimeout(1);
    self.end("never");
    self.write("never");
    self.destroy(Error({.message = "too late"}));
  });
  const std::size_t written = SocketFixture::fill(socket);
  BOOST_TEST(written > 0u);
  peer.send("last words");
  peer.sendFin();
  socket.destroy();
  peer.receive();
  sprocket::setTimeout([] {}, 5);
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_AUTO_TEST_CASE(aServerHasItsDefaults, *label("4.1")) {
  Server server = net::createServer([&](Socket socket) {
    trace.add("first");
    BOOST_TEST(!tcpOptionsOf(socket)->noDelay);
    BOOST_TEST(!tcpOptionsOf(socket)->keepAlive);
    BOOST_TEST(!socket.isPaused());
    BOOST_TEST(!socket.timeout().has_value());
  });
  BOOST_TEST(server.listenerCount<"connection">() == 1u);
  BOOST_TEST(!server.listening());
  // It listens for good.
  listenAt(Tcp(), server);
  for (int i = 0; i < 2; ++i) {
    std::optional<Socket> served;
    server.once<"connection">([&](Socket socket) { served = socket; });
    RawSocket client = rawClientOf(server);
    runUntil([&] { return served.has_value(); });
    // Keeps 16384 bytes unread, and not much more.
    const std::string much = pattern(200'000);
    std::size_t sent = client.send(much);
    settle();
    BOOST_TEST(served->bytesRead() >= 16384u);
    BOOST_TEST(served->bytesRead() <= 16384u + 65536u);
    // Queues nothing before write() returns false.
    BOOST_TEST(served->write("x"));
    fill(*served);
    BOOST_TEST(!served->write("x"));
    served->destroy();
    client.close();
    BOOST_TEST(sent > 0u);
  }
  BOOST_TEST(trace.take() == "first, first");

  // Not half-open: ends by itself.
  server.on<"connection">([](Socket socket) { socket.resume(); });
  RawSocket client = rawClientOf(server);
  client.sendFin();
  BOOST_TEST(receiveToEnd(client) == "");
  BOOST_TEST(client.ended());
  server.close();
  run();
}

BOOST_TEST_DECORATOR(*label("4.5") * label("1.5"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(serversAndSocketsCanBeMadeWithoutTheFunctions, V, Venues,
                                 BasicsFixture) {
  Server server(net::ServerOptions{.allowHalfOpen = true});
  server.on<"connection">([](Socket socket) {
    socket.on<"end">([](Socket self) { setImmediate([self] { self.end("late answer"); }); });
    socket.resume();
  });
  server.on<"connection">([server](Socket) { server.close(); });
  listenAt(V(), server);
  Socket client(net::SocketOptions{.writableHighWaterMark = 100});
  trace.watchData("client", client);
  client.connect(placeOf(server));
  BOOST_TEST(client.write("a question"));  // that waits, below the mark
  client.end();
  run();
  BOOST_TEST(trace.text() == "client data(late answer)");
}

BOOST_AUTO_TEST_CASE(aFreshSocketHasNothingOfTheSystems, *label("5.4")) {
  loop().runOnce(platform::Duration::zero());
  const std::size_t before = countOpenDescriptors();
  const std::vector<Socket> sockets(100);
  std::vector<Socket> different;
  for (int i = 0; i < 100; ++i) different.emplace_back().setNoDelay().setTimeout(1000).pause();
  BOOST_TEST(countOpenDescriptors() == before);
  run();  // nothing keeps the loop either
  BOOST_TEST(countOpenDescriptors() == before);
}

// All that a program may wish of a socket beforehand.
BOOST_TEST_DECORATOR(*label("6.19"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(whatIsSetBeforeConnectingHolds, V, Venues, BasicsFixture) {
  const Socket socket;
  trace.watch("socket", socket);
  trace.watchData("socket", socket);
  socket.setNoDelay().setKeepAlive(true, 5000).setTimeout(60'000);
  socket.setEncoding(Encoding::hex).pause().unref();
  RawSocket peer = connectRaw(socket, V());
  BOOST_TEST(trace.take() == "socket connect, socket ready");
  BOOST_TEST(socket.timeout().value() == 60'000);
  run();  // it is unref'd: returns
  BOOST_TEST(!socket.destroyed());
  peer.send("hi");
  settle();
  BOOST_TEST(socket.bytesRead() == 0u);  // paused
  socket.resume();
  runUntil([&] { return socket.bytesRead() == 2u; });
  BOOST_TEST(trace.text() == "socket data(6869)");
  run();  // though it reads
  BOOST_TEST(!socket.destroyed());
  if constexpr (V::hasAddresses) {
    const TcpOptions options = tcpOptionsOf(socket).value();
    BOOST_TEST(options.noDelay);
    BOOST_TEST(options.keepAlive);
    options.expectIdle(5);
  }
}

BOOST_TEST_DECORATOR(*label("7.26") * label("11.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(refAndUnrefOfAServer, V, Venues, BasicsFixture) {
  Server server;
  BOOST_TEST((server.unref() == server));
  server.unref().ref();
  BOOST_TEST((server.ref() == server));
  listenAt(V(), server);
  BOOST_TEST(loop().runOnce(platform::Duration::zero()));  // it keeps the loop
  server.unref();
  run();  // and now it does not
  BOOST_TEST(server.listening());
  server.ref().close();
  run();
}

BOOST_TEST_DECORATOR(*label("8.10"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(bytesWrittenCountFromTheFirstWriteToAfterTheEnd, V, Venues,
                                 BasicsFixture) {
  const Socket socket;
  const RawListener listener = rawListener(V());
  socket.connect(optionsTo(listener.place));
  socket.write("before");
  BOOST_TEST(socket.bytesWritten() == 6u);
  RawSocket peer = acceptPeer(listener, socket);
  BOOST_TEST(socket.bytesWritten() == 6u);
  socket.write("fcfd", Encoding::hex);  // two bytes
  BOOST_TEST(socket.bytesWritten() == 8u);
  socket.end("end");
  BOOST_TEST(socket.bytesWritten() == 11u);
  BOOST_TEST(receiveToEnd(peer).size() == 11u);
  peer.sendFin();
  socket.resume();
  run();
  BOOST_TEST(socket.destroyed());
  BOOST_TEST(socket.bytesWritten() == 11u);
}

// The peer reads and says nothing, as a program does that knows no mark of the end.
BOOST_AUTO_TEST_CASE(aPipeEndsWhenTheOtherProgramHasBeenSilentForASecond,
                     *label("16.6") * onlyOnWindows()) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, Unix());
  trace.watch("socket", socket).watchData("socket", socket);
  const auto began = std::chrono::steady_clock::now();
  socket.end("question");
  runUntil([&] { return !trace.text().empty(); });
  peer.send("answer");
  runUntil([&] {
    peer.receive();
    return socket.destroyed();
  });
  settle();
  BOOST_TEST(peer.receive() == "question");
  BOOST_TEST(trace.text() == "socket finish, socket data(answer), socket end, socket close(false)");
  BOOST_TEST((std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(900)));
}

BOOST_AUTO_TEST_CASE(addressesHaveTheirShortForm,
                     *label("13.4") *
                         skipUnless(
                             [] {
                               try {
                                 NetFixture fixture;
                                 Server server;
                                 server.on<"error">([](const Error& error) { throw error; });
                                 server.listen(0, "::1");
                                 fixture.loop().runOnce(platform::Duration::zero());
                                 return true;
                               } catch (const Error&) {
                                 return false;
                               }
                             },
                             "this host has no ::1")) {
  Server server;
  server.listen(0, "0:0:0:0:0:0:0:1");
  BOOST_TEST(server.address()->address == "::1");
  std::optional<Socket> served;
  server.on<"connection">([&](Socket socket) { served = socket; });
  const Socket client;
  client.connect(server.address()->port, "0000::0:0001");
  runUntil([&] { return served && !client.connecting(); });
  BOOST_TEST(client.remoteAddress().value() == "::1");
  BOOST_TEST(client.localAddress().value() == "::1");
  BOOST_TEST(served->remoteAddress().value() == "::1");
  BOOST_TEST(served->remoteFamily().value() == "IPv6");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
