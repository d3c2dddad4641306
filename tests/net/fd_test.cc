// Sockets and servers of descriptors that somebody else has opened. On Windows there are none, and
// that is tested in listen_handle_test.cc.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/given_descriptors.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/tcp_options.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Server;
using net::Socket;

// Each descriptor that was handed over is closed in the end, by the socket or by the loop.
struct FdFixture {
  const std::size_t before = countOpenDescriptors();
  std::optional<SocketFixture> fixture{std::in_place};
  Trace& trace = fixture->trace;

  ~FdFixture() {
    fixture.reset();
    BOOST_TEST(countOpenDescriptors() == before);
  }

  void run() { fixture->run(); }
  void settle() { fixture->settle(); }
  void runUntil(const std::function<bool()>& predicate) { fixture->runUntil(predicate); }
  std::string path() { return fixture->temp().freshPath(); }
};

template <class Call>
std::string messageOf(Call call) {
  try {
    call();
  } catch (const ArgumentError& error) {
    return error.code() + ": " + error.what();
  }
  return "nothing was thrown";
}

struct TcpPair {
  static GivenPair make() { return givenTcpPair(); }
};
struct UnixPair {
  static GivenPair make() { return givenUnixPair(); }
};
using Sockets = std::tuple<TcpPair, UnixPair>;

net::SocketOptions both(int fd) { return {.fd = fd, .readable = true, .writable = true}; }

// What is taken and what is refused.

BOOST_FIXTURE_TEST_SUITE(inspection, FdFixture)

BOOST_AUTO_TEST_CASE(whatIsNoStreamIsRefusedAndLeftAlone,
                     *label("5.2") * label("3.4") * label("1.8")) {
  const std::pair<GivenDescriptor, std::string> refused[] = {
      {givenFile(path()), "FILE"},   {givenDevice(), "FILE"},
      {givenTerminal(), "TTY"},      {givenBoundPort(SOCK_DGRAM), "UDP"},
      {givenListener(), "LISTENER"}, {givenDirectory(), "UNKNOWN"}};
  for (const auto& [descriptor, kind] : refused) {
    const int fd = descriptor.get();
    BOOST_TEST(messageOf([=] { Socket(both(fd)); }) ==
               "ERR_INVALID_FD_TYPE: Unsupported fd type: " + kind);
    BOOST_TEST(isOpen(fd));
    BOOST_TEST(!isNonBlocking(fd));
    BOOST_TEST(!isCloseOnExec(fd));
  }
}

BOOST_AUTO_TEST_CASE(aClosedNumberIsRefused, *label("5.2") * label("3.4")) {
  BOOST_TEST(messageOf([] { Socket(both(1'000'000)); }) ==
             "ERR_INVALID_FD_TYPE: Unsupported fd type: UNKNOWN");
}

BOOST_AUTO_TEST_CASE(aNegativeNumberIsAnArgumentError, *label("5.2")) {
  BOOST_TEST(messageOf([] { Socket(both(-1)); }) ==
             "ERR_OUT_OF_RANGE: The value of \"fd\" is out of range. It must be >= 0 && <= "
             "2147483647. Received -1");
}

BOOST_AUTO_TEST_CASE(theDescriptorIsMadeLikeOursAndClosedWithTheSocket,
                     *label("5.2") * label("15.4")) {
  for (const auto make : {givenTcpPair, givenUnixPair, givenPipe}) {
    GivenPair pair = make();
    const int fd = pair.first.release();
    const Socket socket(both(fd));
    BOOST_TEST(isNonBlocking(fd));
    BOOST_TEST(isCloseOnExec(fd));
    trace.watch("socket", socket);
    socket.destroy();
    BOOST_TEST(!isOpen(fd));
    run();
    BOOST_TEST(trace.take() == "socket close(false)");
  }
}

BOOST_AUTO_TEST_SUITE_END()

// Connected sockets.

BOOST_FIXTURE_TEST_SUITE(connected, FdFixture)

BOOST_TEST_DECORATOR(*label("5.2") * label("5.3") * label("18.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(areReadAndWrittenToTheEnd, V, Sockets, FdFixture) {
  GivenPair pair = V::make();
  const Socket socket(both(pair.first.release()));
  BOOST_TEST(!socket.connecting());
  BOOST_TEST(!socket.pending());
  BOOST_TEST(socket.readable());
  BOOST_TEST(socket.writable());
  BOOST_TEST(socket.readyState() == "open");
  BOOST_TEST(!socket.server());
  trace.watch("socket", socket).watchData("socket", socket);
  BOOST_TEST(socket.write("world!"));
  BOOST_TEST(pair.second.read() == "world!");
  pair.second.write("hello");
  runUntil([&] { return socket.bytesRead() == 5; });
  pair.second.close();
  run();
  BOOST_TEST(trace.text() == "socket data(hello), socket end, socket finish, socket close(false)");
  BOOST_TEST(socket.bytesWritten() == 6U);
}

// As an accepted connection it reads up to the mark before anybody asks.
BOOST_TEST_DECORATOR(*label("5.3") * label("10.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(areReadBeforeAnybodyAsks, V, Sockets, FdFixture) {
  GivenPair pair = V::make();
  const Socket socket(both(pair.first.release()));
  pair.second.write("hello");
  runUntil([&] { return socket.bytesRead() == 5; });
  trace.watchData("socket", socket);
  settle();
  BOOST_TEST(trace.text() == "socket data(hello)");
}

BOOST_TEST_DECORATOR(*label("5.1") * label("5.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(areNeitherReadNorWrittenUnlessToldTo, V, Sockets, FdFixture) {
  GivenPair pair = V::make();
  const Socket socket({.fd = pair.first.release()});
  trace.watch("socket", socket).watchData("socket", socket);
  BOOST_TEST(!socket.readable());
  BOOST_TEST(!socket.writable());
  pair.second.write("hello");
  pair.second.close();
  run();  // which it does not keep
  BOOST_TEST(socket.bytesRead() == 0U);
  BOOST_TEST(!socket.destroyed());
  BOOST_TEST(trace.text() == "");
}

BOOST_TEST_DECORATOR(*label("5.3") * label("8.13"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(failToWriteIfTheyAreNotWritable, V, Sockets, FdFixture) {
  GivenPair pair = V::make();
  const Socket socket({.fd = pair.first.release(), .readable = true});
  trace.watch("socket", socket);
  BOOST_TEST(socket.readyState() == "readOnly");
  BOOST_TEST(!socket.write("x", trace.addsOutcome("written")));
  BOOST_TEST(trace.text() == "");
  run();
  BOOST_TEST(trace.text() ==
             "written(write after end), socket error(write after end), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("5.3") * label("9.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(closeAfterThePeersEndIfTheyAreNotWritable, V, Sockets, FdFixture) {
  GivenPair pair = V::make();
  const Socket socket({.fd = pair.first.release(), .readable = true});
  trace.watch("socket", socket).watchData("socket", socket);
  pair.second.write("hello");
  pair.second.close();
  run();
  BOOST_TEST(trace.text() == "socket data(hello), socket end, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("5.3") * label("9.7"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(closeAfterTheirOwnEndIfTheyAreNotReadable, V, Sockets, FdFixture) {
  GivenPair pair = V::make();
  const Socket socket({.fd = pair.first.release(), .writable = true});
  trace.watch("socket", socket).watchData("socket", socket);
  BOOST_TEST(socket.readyState() == "writeOnly");
  pair.second.write("unread");
  settle();
  socket.end("bye", trace.addsOutcome("ended"));
  run();
  BOOST_TEST(trace.text() == "ended, socket finish, socket close(false)");
  BOOST_TEST(socket.bytesRead() == 0U);
  BOOST_TEST(pair.second.read() == "bye");
}

BOOST_AUTO_TEST_CASE(haveAddressesAndOptions, *label("13.1") * label("13.2") * label("15.3")) {
  GivenPair pair = givenTcpPair();
  const int local = portOf(pair.first);
  const Socket socket({.fd = pair.first.release(),
                       .readable = true,
                       .writable = true,
                       .noDelay = true,
                       .keepAlive = true,
                       .keepAliveInitialDelay = 7000});
  BOOST_TEST(socket.localAddress().value() == "127.0.0.1");
  BOOST_TEST(socket.localPort().value() == local);
  BOOST_TEST(socket.remotePort().value() == portOf(pair.second));
  const TcpOptions inForce = tcpOptionsOf(socket).value();
  BOOST_TEST(inForce.noDelay);
  BOOST_TEST(inForce.keepAlive);
  BOOST_TEST(inForce.keepAliveIdle == 7);
}

BOOST_AUTO_TEST_CASE(refuseToConnect, *label("6.17")) {
  GivenPair pair = givenTcpPair();
  const Socket socket(both(pair.first.release()));
  BOOST_CHECK_THROW(socket.connect(80, "127.0.0.1"), ArgumentError);
  BOOST_TEST(!socket.destroyed());
}

// The system knows no peer of these any more, but they were connected, and have something to tell.
BOOST_AUTO_TEST_CASE(areReadThoughThePeerHasResetThem, *label("5.2") * label("9.13")) {
  GivenPair pair = givenTcpPair();
  pair.second.closeByReset();
  pair.first.awaitHangUp();
  const Socket socket(both(pair.first.release()));
  trace.watch("socket", socket);
  BOOST_TEST(socket.readyState() == "open");
  run();
  BOOST_TEST(trace.text() == "socket error(read ECONNRESET), socket close(true)");
}

BOOST_TEST_DECORATOR(*label("5.2") * label("9.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(areReadThoughBothSidesHaveEndedThem, V, Sockets, FdFixture) {
  GivenPair pair = V::make();
  pair.second.write("hello");
  shutdown(pair.first.get(), SHUT_WR);
  pair.second.close();
  pair.first.awaitHangUp();
  const Socket socket(both(pair.first.release()));
  trace.watch("socket", socket).watchData("socket", socket);
  run();
  BOOST_TEST(trace.text() == "socket data(hello), socket end, socket finish, socket close(false)");
}

// What is open keeps itself alive, and the loop as long as it reads.
BOOST_AUTO_TEST_CASE(needNoHandle, *label("1.10") * label("11.1")) {
  GivenPair pair = givenUnixPair();
  Socket(both(pair.first.release())).on<"data">([](Socket self, std::string_view text) {
    self.end(std::string(text) + " yourself");
  });
  pair.second.write("hello");
  setTimeout([&] { trace.add(pair.second.read()), pair.second.close(); }, 5);
  run();
  BOOST_TEST(trace.text() == "hello yourself");
}

BOOST_AUTO_TEST_CASE(areClosedWithTheLoop, *label("11.5")) {
  GivenPair pair = givenUnixPair();
  const int fd = pair.first.release();
  const Socket socket(both(fd));
  const Socket bound({.fd = givenBoundPort().release()});
  fixture.reset();
  BOOST_TEST(!isOpen(fd));
  BOOST_TEST(socket.destroyed());
}

BOOST_AUTO_TEST_CASE(connectAnewWithoutTheDescriptor, *label("6.18")) {
  GivenPair pair = givenUnixPair();
  const auto listener = fixture->rawListener(Tcp());
  const Socket socket({.fd = pair.first.release(), .readable = true});
  socket.once<"close">([&](Socket self) { self.connect(fixture->optionsTo(listener.place)); });
  pair.second.close();
  socket.resume();
  runUntil([&] { return socket.connecting(); });
  RawSocket peer = fixture->acceptPeer(listener, socket);
  BOOST_TEST(socket.write("writable now"));
  BOOST_TEST(fixture->receiveAll(peer, 12) == "writable now");
}

BOOST_AUTO_TEST_SUITE_END()

// Pipes.

BOOST_FIXTURE_TEST_SUITE(pipes, FdFixture)

BOOST_AUTO_TEST_CASE(areReadToTheEnd, *label("5.2")) {
  GivenPair pipe = givenPipe();
  const Socket socket({.fd = pipe.first.release(), .readable = true});
  trace.watch("socket", socket).watchData("socket", socket);
  pipe.second.write("hello");
  pipe.second.close();
  run();
  BOOST_TEST(trace.text() == "socket data(hello), socket end, socket close(false)");
}

BOOST_AUTO_TEST_CASE(areWrittenToTheEnd, *label("5.2") * label("8.3")) {
  GivenPair pipe = givenPipe();
  pipe.first.setNonBlocking();
  const Socket socket({.fd = pipe.second.release(), .writable = true});
  trace.watch("socket", socket);
  const std::string all = pattern(1'000'000);
  BOOST_TEST(!socket.write(all, trace.addsOutcome("written")));
  std::string got;
  runUntil([&] { return got += pipe.first.read(), got.size() == all.size(); });
  settle();
  BOOST_TEST((got == all));
  BOOST_TEST(trace.take() == "socket drain, written");
  socket.end();
  run();
  BOOST_TEST(trace.text() == "socket finish, socket close(false)");
  BOOST_TEST(!isOpen(1'000'000));
  BOOST_TEST(pipe.first.read() == "");
}

// An end has one direction, whatever is asked for.
BOOST_AUTO_TEST_CASE(haveOneDirection, *label("5.3")) {
  GivenPair pipe = givenPipe();
  const Socket reader(both(pipe.first.release()));
  const Socket writer(both(pipe.second.release()));
  BOOST_TEST(reader.readyState() == "readOnly");
  BOOST_TEST(writer.readyState() == "writeOnly");
  Trace written;
  written.watch("writer", writer);
  trace.watch("reader", reader).watchData("reader", reader);
  writer.end("hello");
  run();
  BOOST_TEST(written.text() == "writer finish, writer close(false)");
  BOOST_TEST(trace.text() == "reader data(hello), reader end, reader close(false)");
}

BOOST_AUTO_TEST_CASE(thatNobodyReadsRaiseNoSignal, *label("8.12") * label("8.15")) {
  GivenPair pipe = givenPipe();
  const Socket socket({.fd = pipe.second.release(), .writable = true});
  trace.watch("socket", socket);
  pipe.first.close();
  socket.write("x", trace.addsOutcome("written"));
  run();
  BOOST_TEST(trace.text() == "written(write EPIPE), socket error(write EPIPE), socket close(true)");
}

BOOST_AUTO_TEST_CASE(haveNoResetToSend, *label("9.15")) {
  GivenPair pipe = givenPipe();
  const Socket socket({.fd = pipe.second.release(), .writable = true});
  BOOST_CHECK_THROW(socket.resetAndDestroy(), ArgumentError);
}

BOOST_AUTO_TEST_CASE(arePipedThroughASocket, *label("10.9")) {
  GivenPair in = givenPipe();
  GivenPair out = givenPipe();
  const Socket source({.fd = in.first.release(), .readable = true});
  source.pipe(Socket({.fd = out.second.release(), .writable = true}));
  in.second.write("through");
  in.second.close();
  run();
  BOOST_TEST(out.first.read() == "through");
  BOOST_TEST(out.first.read() == "");
}

BOOST_AUTO_TEST_SUITE_END()

// Sockets that are bound and not connected.

BOOST_FIXTURE_TEST_SUITE(bound, FdFixture)

BOOST_AUTO_TEST_CASE(areUsedByConnect, *label("5.3") * label("9.16")) {
  const auto listener = fixture->rawListener(Tcp());
  GivenDescriptor given = givenBoundPort();
  const int port = portOf(given);
  const int fd = given.release();
  const Socket socket({.fd = fd});
  BOOST_TEST(isNonBlocking(fd));
  BOOST_TEST(isCloseOnExec(fd));
  BOOST_TEST(socket.pending());
  BOOST_TEST(!socket.address());
  BOOST_TEST(socket.readyState() == "closed");
  trace.watch("socket", socket);
  socket.connect(fixture->optionsTo(listener.place));
  RawSocket peer = fixture->acceptPeer(listener, socket);
  BOOST_TEST(socket.localPort().value() == port);
  socket.end("both ways");
  BOOST_TEST(fixture->receiveToEnd(peer) == "both ways");
  peer.close();
  socket.resume();
  run();
  BOOST_TEST(trace.text() ==
             "socket connect, socket ready, socket finish, socket end, socket close(false)");
  BOOST_TEST(!isOpen(fd));
}

BOOST_AUTO_TEST_CASE(areUsedByNetConnect, *label("4.2") * label("5.3")) {
  const auto listener = fixture->rawListener(Unix());
  const std::string own = path();
  const Socket socket =
      net::connect({.path = listener.place.path(), .fd = givenBoundPath(own).release()});
  const RawSocket peer = fixture->acceptPeer(listener, socket);
  BOOST_TEST(socket.readable());
  BOOST_TEST(socket.writable());
  socket.destroy();
  run();
  BOOST_TEST(std::filesystem::is_socket(own));  // somebody else made it
}

// There is one descriptor, so one address is tried.
BOOST_AUTO_TEST_CASE(doNotRace, *label("5.3") * label("6.20")) {
  const auto listener = fixture->rawListener(Tcp());
  GivenDescriptor given = givenBoundPort();
  const int port = portOf(given);
  const Socket socket = net::connect({.port = listener.place.checkedPort(),
                                      .host = "some.host",
                                      .family = 0,
                                      .lookup =
                                          [](const std::string&, const dns::LookupOptions& options,
                                             const net::LookupAnswer& answer) {
                                            BOOST_TEST(!options.all);
                                            answer({{"127.0.0.1", 4}, {"::1", 6}});
                                          },
                                      .fd = given.release()});
  const RawSocket peer = fixture->acceptPeer(listener, socket);
  BOOST_TEST(socket.localPort().value() == port);
  socket.destroy();
  run();
}

// An ArgumentError leaves the descriptor to whoever has opened it, and no socket behind.
BOOST_AUTO_TEST_CASE(areLeftAloneByANetConnectThatThrows, *label("1.8") * label("5.2")) {
  const GivenDescriptor unconnected = givenBoundPort();
  const GivenPair connected = givenTcpPair();
  for (const int fd : {unconnected.get(), connected.first.get()}) {
    const net::ConnectOptions options{
        .port = fd == unconnected.get() ? 65536 : 80, .fd = fd, .readable = true};
    BOOST_CHECK_THROW(net::connect(options), ArgumentError);
    BOOST_TEST(isOpen(fd));
    BOOST_TEST(!isNonBlocking(fd));
    BOOST_TEST(!isCloseOnExec(fd));
  }
  run();  // which nothing keeps
}

BOOST_AUTO_TEST_CASE(areClosedIfTheyCannotConnect, *label("5.2") * label("6.12")) {
  const int fd = givenBoundPort().release();
  const Socket socket({.fd = fd});
  trace.watch("socket", socket);
  socket.connect(fixture->nowhere(Tcp()));
  run();
  BOOST_TEST(trace.text() == "socket error(connect ECONNREFUSED 127.0.0.1:" +
                                 std::to_string(nobody.port()) + "), socket close(true)");
  BOOST_TEST(!isOpen(fd));
}

BOOST_AUTO_TEST_CASE(areClosedByDestroy, *label("5.2") * label("9.11")) {
  const int fd = givenBoundPort().release();
  const Socket socket({.fd = fd});
  trace.watch("socket", socket);
  socket.destroy();
  BOOST_TEST(!isOpen(fd));
  run();
  BOOST_TEST(trace.text() == "socket close(false)");
}

BOOST_AUTO_TEST_CASE(areClosedWithTheLastHandle, *label("5.2")) {
  const int fd = givenBoundPort().release();
  { const Socket socket({.fd = fd}); }
  BOOST_TEST(!isOpen(fd));
}

BOOST_AUTO_TEST_SUITE_END()

// Servers.

BOOST_FIXTURE_TEST_SUITE(servers, FdFixture)

BOOST_AUTO_TEST_CASE(listenOnABoundPort, *label("7.1") * label("7.27")) {
  GivenDescriptor given = givenBoundPort();
  const int port = portOf(given);
  const int fd = given.release();
  const Server server;
  trace.watch("server", server);
  BOOST_TEST((server.listen({.fd = fd}, trace.adds("called back")) == server));
  BOOST_TEST(trace.text() == "");
  BOOST_TEST(server.listening());
  BOOST_TEST(
      (server.address() == net::Address{.address = "127.0.0.1", .family = "IPv4", .port = port}));
  BOOST_TEST(isNonBlocking(fd));
  BOOST_TEST(isCloseOnExec(fd));
  server.on<"connection">([&](Socket peer) {
    BOOST_TEST(peer.localPort().value() == port);
    BOOST_TEST(tcpOptionsOf(peer.setNoDelay()).value().noDelay);
    peer.destroy(), server.close();
  });
  const RawSocket client = RawSocket::connect(port);
  run();
  BOOST_TEST(trace.text() == "server listening, called back, server connection, server close");
  BOOST_TEST(!isOpen(fd));
}

BOOST_AUTO_TEST_CASE(listenOnABoundPathAndLeaveIt, *label("7.27") * label("16.3")) {
  const std::string place = path();
  const Server server;
  server.listen({.fd = givenBoundPath(place).release()});
  BOOST_TEST(server.address()->path == place);
  server.on<"connection">([&](Socket peer) { peer.destroy(), server.close(); });
  const RawSocket client = RawSocket::connect(place);
  run();
  BOOST_TEST(std::filesystem::is_socket(place));
}

BOOST_AUTO_TEST_CASE(takeTheDescriptorBeforePortAndPath, *label("7.6") * label("7.27")) {
  GivenDescriptor given = givenBoundPort();
  const int port = portOf(given);
  const Server server;
  server.listen({.port = 0, .path = path(), .fd = given.release()});
  BOOST_TEST(server.address()->port == port);
  GivenDescriptor another = givenBoundPort();
  const int anotherPort = portOf(another);
  server.listen({.path = path(), .fd = another.release()});
  BOOST_TEST(server.address()->port == anotherPort);
}

BOOST_AUTO_TEST_CASE(failOnWhatCannotListenAndLeaveItAlone,
                     *label("7.27") * label("7.8") * label("3.3")) {
  const std::pair<GivenDescriptor, std::string> refused[] = {
      {givenDevice(), "ENOTSOCK: socket operation on non-socket"},
      {std::move(givenPipe().first), "ENOTSOCK: socket operation on non-socket"},
      {givenBoundPort(SOCK_DGRAM), "ENOTSUP: operation not supported"},
      {std::move(givenTcpPair().first), "EINVAL: invalid argument"}};
  for (const auto& [descriptor, text] : refused) {
    const Server server;
    trace.watch("server", server);
    server.listen({.fd = descriptor.get()});
    BOOST_TEST(!server.listening());
    BOOST_TEST(trace.text() == "");
    run();
    BOOST_TEST(trace.take() == "server error(listen " + text + ")");
    BOOST_TEST(isOpen(descriptor.get()));
    BOOST_TEST(!isNonBlocking(descriptor.get()));
  }
}

BOOST_AUTO_TEST_CASE(failOnAClosedNumber, *label("1.8") * label("7.27")) {
  const Server server;
  server.on<"error">([&](const Error& error) {
    trace.add(error.what());
    BOOST_TEST(error.code() == "EINVAL");
    BOOST_TEST(error.syscall() == "listen");
    BOOST_TEST(error.address() == "");
    server.listen(0, "127.0.0.1", [&] { server.close(); });  // which works at once
  });
  server.listen({.fd = 1'000'000});
  run();
  BOOST_TEST(trace.text() == "listen EINVAL: invalid argument");
}

BOOST_AUTO_TEST_CASE(refuseANegativeNumber, *label("7.27") * label("1.8")) {
  const Server server;
  server.listen(0, "127.0.0.1");
  BOOST_TEST(messageOf([&] { server.listen({.fd = -1}); }) ==
             "ERR_OUT_OF_RANGE: The value of \"fd\" is out of range. It must be >= 0 && <= "
             "2147483647. Received -1");
  BOOST_TEST(server.listening());  // nothing has changed
}

BOOST_AUTO_TEST_CASE(closeBeforeListeningWasTold, *label("7.11") * label("7.27")) {
  const int fd = givenBoundPort().release();
  const Server server;
  trace.watch("server", server);
  server.listen({.fd = fd}).close();
  BOOST_TEST(!isOpen(fd));
  run();
  BOOST_TEST(trace.text() == "server close");
}

BOOST_AUTO_TEST_CASE(moveToAndFromADescriptor, *label("7.10") * label("7.27")) {
  GivenDescriptor given = givenBoundPort();
  const int port = portOf(given);
  const Server server;
  trace.watch("server", server);
  server.listen(0, "127.0.0.1").listen({.fd = given.release()}).listen(0, "127.0.0.1");
  BOOST_TEST(connectFailure(port) == "ECONNREFUSED");
  server.on<"listening">([&] { server.close(); });
  run();
  BOOST_TEST(trace.text() == "server listening, server close");
}

BOOST_AUTO_TEST_CASE(haveTheBacklogTheyAreGiven, *label("7.1") * label("7.5") * label("7.27")) {
  for (const bool ofASocket : {false, true}) {
    const int fd = givenBoundPath(path()).release();
    const Server server;
    ofASocket ? server.listen(Socket({.fd = fd}), 1) : server.listen({.fd = fd, .backlog = 1});
    // Nobody accepts while the loop stands still: one waits, one more comes in, and then it is
    // full.
    std::vector<GivenDescriptor> waiting;
    int refused = 0;
    for (int i = 0; i < 4; ++i) {
      waiting.push_back(givenPathSocket());
      waiting.back().setNonBlocking();
      refused += connectTo(waiting.back(), server.address().value().path) ? 0 : 1;
    }
    BOOST_TEST(refused == 2);
  }
}

// Of a socket of ours that is bound, which keeps its own descriptor.
BOOST_AUTO_TEST_CASE(listenOnABoundSocket, *label("7.1") * label("7.27")) {
  GivenDescriptor given = givenBoundPort();
  const int port = portOf(given);
  const Socket socket({.fd = given.release()});
  const Server server;
  BOOST_TEST((server.listen(socket, trace.adds("called back")) == server));
  BOOST_TEST(server.address()->port == port);
  BOOST_TEST(trace.text() == "");
  socket.destroy();
  settle();
  BOOST_TEST(trace.text() == "called back");
  server.on<"connection">([&](Socket peer) { peer.destroy(), server.close(); });
  const RawSocket client = RawSocket::connect(port);
  run();
}

BOOST_AUTO_TEST_CASE(failOnAConnectedSocket, *label("7.27")) {
  GivenPair pair = givenTcpPair();
  const Socket socket(both(pair.first.release()));
  const Server server;
  trace.watch("server", server);
  server.listen(socket);
  BOOST_TEST(trace.text() == "");
  settle();
  BOOST_TEST(trace.text() == "server error(listen EINVAL: invalid argument)");
  BOOST_TEST(!socket.destroyed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sprocket::tests
