// Descriptors that somebody else has opened: what they are, and what becomes of them.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/descriptor.h"
#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/support/backend_fixture.h"
#include "sprocket/tests/support/given_descriptors.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::platform {

std::ostream& boost_test_print_type(std::ostream& stream, DescriptorKind kind) {
  return stream << static_cast<int>(kind);
}

}  // namespace sprocket::platform

namespace sprocket::tests {
namespace {

using platform::DescriptorKind;
using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::kindOf;
using platform::LocalPath;

struct AdoptFixture {
  const std::size_t before = countOpenDescriptors();
  TempDirectory directory;
  std::optional<BackendFixture> fixture{std::in_place, std::move(*platform::makeBackend())};

  // Everything that was handed over is closed.
  ~AdoptFixture() {
    BOOST_TEST(fixture->closeAll());
    fixture.reset();
    BOOST_TEST(countOpenDescriptors() == before);
  }

  GivenDescriptor fifo(int mode) const {
    mkfifo(directory.path("fifo").c_str(), 0600);
    return GivenDescriptor(open(directory.path("fifo").c_str(), mode));
  }

  static Endpoint loopback(int port) {
    return IpEndpoint{IpAddress::loopback(platform::Family::v4), static_cast<std::uint16_t>(port)};
  }

  void runUntil(const std::function<bool()>& predicate) { fixture->runUntil(predicate); }
};

struct TcpPair {
  static GivenPair make() { return givenTcpPair(); }
};
struct UnixPair {
  static GivenPair make() { return givenUnixPair(); }
};
struct PipePair {
  static GivenPair make() { return givenPipe(); }
};
using Sockets = std::tuple<TcpPair, UnixPair>;
using Pairs = std::tuple<TcpPair, UnixPair, PipePair>;

// What a number stands for.

BOOST_FIXTURE_TEST_SUITE(kinds, AdoptFixture)

BOOST_AUTO_TEST_CASE(areFoundByInspection) {
  const auto kindOfMade = [](int made) { return kindOf(GivenDescriptor(made).get()); };
  BOOST_TEST(kindOf(-1) == DescriptorKind::unknown);
  BOOST_TEST(kindOf(1'000'000) == DescriptorKind::unknown);
  BOOST_TEST(kindOf(givenDirectory().get()) == DescriptorKind::unknown);
  BOOST_TEST(kindOf(givenFile(directory.path("file")).get()) == DescriptorKind::file);
  BOOST_TEST(kindOf(givenDevice().get()) == DescriptorKind::file);
  BOOST_TEST(kindOf(givenTerminal().get()) == DescriptorKind::terminal);
  BOOST_TEST(kindOfMade(socket(AF_INET, SOCK_DGRAM, 0)) == DescriptorKind::datagram);
  BOOST_TEST(kindOfMade(socket(AF_UNIX, SOCK_DGRAM, 0)) == DescriptorKind::unknown);
  BOOST_TEST(kindOfMade(socket(AF_UNIX, SOCK_SEQPACKET, 0)) == DescriptorKind::unknown);
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    BOOST_TEST(kindOfMade(socket(family, SOCK_STREAM, 0)) == DescriptorKind::unconnected);
  }
  BOOST_TEST(kindOf(givenBoundPort().get()) == DescriptorKind::unconnected);
  BOOST_TEST(kindOf(givenTcpPair().first.get()) == DescriptorKind::connected);
  BOOST_TEST(kindOf(givenUnixPair().first.get()) == DescriptorKind::connected);
  const GivenPair pipe = givenPipe();
  BOOST_TEST(kindOf(pipe.first.get()) == DescriptorKind::pipeReader);
  BOOST_TEST(kindOf(pipe.second.get()) == DescriptorKind::pipeWriter);
  BOOST_TEST(kindOf(fifo(O_RDWR).get()) == DescriptorKind::pipe);
  BOOST_TEST(kindOf(givenListener().get()) == DescriptorKind::listening);
}

BOOST_AUTO_TEST_SUITE_END()

// Streams.

BOOST_FIXTURE_TEST_CASE_TEMPLATE(theDescriptorIsMadeLikeOurs, V, Pairs, AdoptFixture) {
  GivenPair pair = V::make();
  const int number = pair.first.get();
  RecordingStreamHandler& stream = fixture->adopt(pair.first.release());
  BOOST_TEST(isNonBlocking(number));
  BOOST_TEST(isCloseOnExec(number));
  stream.close();
  BOOST_TEST(!isOpen(number));
  runUntil([&] { return stream.closed(); });
  BOOST_TEST(stream.events() == "close");
}

BOOST_FIXTURE_TEST_CASE(whatIsNoStreamIsLeftAsItWas, AdoptFixture) {
  RecordingStreamHandler handler(fixture->watch(), "refused");
  const GivenDescriptor refused[] = {givenDevice(), GivenDescriptor(socket(AF_INET, SOCK_DGRAM, 0)),
                                     GivenDescriptor(socket(AF_INET, SOCK_STREAM, 0)),
                                     givenListener()};
  for (const GivenDescriptor& each : refused) {
    const auto stream = fixture->backend().adopt(each.get(), handler);
    BOOST_TEST(!stream);
    BOOST_TEST(stream.error().code() == "EINVAL");
    BOOST_TEST(isOpen(each.get()));
    BOOST_TEST(!isNonBlocking(each.get()));
    BOOST_TEST(!isCloseOnExec(each.get()));
  }
  BOOST_TEST(!fixture->backend().adopt(1'000'000, handler));
}

BOOST_FIXTURE_TEST_CASE_TEMPLATE(bytesGoBothWaysToTheEnd, V, Sockets, AdoptFixture) {
  GivenPair pair = V::make();
  RecordingStreamHandler& stream = fixture->adopt(pair.first.release());
  pair.second.write("hello");
  BOOST_TEST(fixture->countTurns(std::chrono::milliseconds(5)) <= 10U);  // it is not receiving
  BOOST_TEST(stream.events() == "");
  stream.startReceiving();
  runUntil([&] { return stream.received() == "hello"; });
  BOOST_TEST(stream.trySend("world!") == 6U);
  BOOST_TEST(pair.second.read() == "world!");
  stream.shutdownSend();
  BOOST_TEST(pair.second.read() == "");
  pair.second.close();
  runUntil([&] { return stream.ended(); });
  BOOST_TEST(stream.events() == "receive(5), end");
}

BOOST_FIXTURE_TEST_CASE(aTcpDescriptorHasAddressesAndOptions, AdoptFixture) {
  GivenPair pair = givenTcpPair();
  const int number = pair.first.get();
  const int remote = portOf(pair.second);
  const int local = portOf(pair.first);
  RecordingStreamHandler& stream = fixture->adopt(pair.first.release());
  BOOST_TEST((stream.stream().localEndpoint() == loopback(local)));
  BOOST_TEST((stream.stream().remoteEndpoint() == loopback(remote)));
  BOOST_TEST(!stream.stream().setKeepAlive(true, std::chrono::seconds(7)));
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &value, &size);
  BOOST_TEST(value != 0);
}

BOOST_FIXTURE_TEST_CASE(aUnixDescriptorHasNeither, AdoptFixture) {
  GivenPair pair = givenUnixPair();
  RecordingStreamHandler& stream = fixture->adopt(pair.first.release());
  BOOST_TEST(stream.stream().localEndpoint().empty());
  BOOST_TEST(!stream.stream().setNoDelay(true));
  BOOST_TEST(!stream.stream().setKeepAlive(true, std::chrono::seconds(7)));
}

// Pipes.

BOOST_FIXTURE_TEST_SUITE(pipes, AdoptFixture)

BOOST_AUTO_TEST_CASE(areReadToTheEnd) {
  GivenPair pipe = givenPipe();
  RecordingStreamHandler& reader = fixture->adopt(pipe.first.release());
  reader.startReceiving();
  pipe.second.write("hello");
  runUntil([&] { return reader.received() == "hello"; });
  pipe.second.write("world");
  pipe.second.close();
  runUntil([&] { return reader.ended(); });
  BOOST_TEST(reader.events() == "receive(10), end");
}

// A hang-up is reported on every poll.
BOOST_AUTO_TEST_CASE(doNotSpinWhoseWriterIsGone) {
  GivenPair pipe = givenPipe();
  RecordingStreamHandler& reader = fixture->adopt(pipe.first.release());
  pipe.second.write("hello");
  pipe.second.close();
  BOOST_TEST(fixture->countTurns(std::chrono::milliseconds(20)) <= 10U);
  reader.startReceiving();
  runUntil([&] { return reader.ended(); });
  BOOST_TEST(fixture->countTurns(std::chrono::milliseconds(20)) <= 10U);
}

BOOST_AUTO_TEST_CASE(areWrittenWithBackPressure) {
  GivenPair pipe = givenPipe();
  pipe.first.setNonBlocking();
  RecordingStreamHandler& writer = fixture->adopt(pipe.second.release());
  std::string all(1'000'000, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>('a' + i % 26);
  const std::size_t taken = writer.trySend(all);
  BOOST_TEST(taken > 0U);
  BOOST_TEST(taken < all.size());
  const std::string rest = all.substr(taken);
  const platform::Bytes bytes = std::as_bytes(std::span(rest));
  const platform::Bytes slices[] = {bytes.first(1), bytes.subspan(1, 10), {}, bytes.subspan(11)};
  writer.send(slices);
  fixture->countTurns(std::chrono::milliseconds(5));
  BOOST_TEST(writer.sentCount() == 0U);  // nobody has read
  std::string got;
  while (writer.inFlight() > 0) {
    got += pipe.first.read();
    fixture->turn(std::chrono::milliseconds(1));
  }
  writer.close();
  for (std::string more = pipe.first.read(); !more.empty(); more = pipe.first.read()) got += more;
  BOOST_TEST((got == all));
}

BOOST_AUTO_TEST_CASE(tellTheirReaderOfTheEndWhenTheyAreClosed) {
  GivenPair pipe = givenPipe();
  RecordingStreamHandler& writer = fixture->adopt(pipe.second.release());
  writer.trySend("hello");
  writer.shutdownSend();
  writer.close();
  BOOST_TEST(pipe.first.read() == "hello");
  BOOST_TEST(pipe.first.read() == "");
  runUntil([&] { return writer.closed(); });
  BOOST_TEST(writer.events() == "close");
}

BOOST_AUTO_TEST_CASE(aFifoOpenBothWaysHearsItself) {
  RecordingStreamHandler& both = fixture->adopt(fifo(O_RDWR).release());
  both.startReceiving();
  both.trySend("echo");
  runUntil([&] { return both.received() == "echo"; });
}

// Signals that were delivered, and that wait.

volatile sig_atomic_t delivered = 0;

struct SigPipeFixture : AdoptFixture {
  SigPipeFixture() {
    struct sigaction action {};
    action.sa_handler = [](int) { delivered = delivered + 1; };
    sigaction(SIGPIPE, &action, &before_);
    delivered = 0;
    sigemptyset(&sigPipe);
    sigaddset(&sigPipe, SIGPIPE);
  }
  ~SigPipeFixture() { sigaction(SIGPIPE, &before_, nullptr); }

  // Writes where nobody reads.
  void writeInVain() {
    GivenPair pipe = givenPipe();
    RecordingStreamHandler& writer = fixture->adopt(pipe.second.release());
    pipe.first.close();
    BOOST_TEST(writer.trySend("hello") == 0U);
    runUntil([&] { return writer.failed(); });
    BOOST_TEST(writer.events() == "error write EPIPE");
    writer.close();
  }

  static bool isWaiting() {
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGPIPE) == 1;
  }
  static bool isBlocked() {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, SIGPIPE) == 1;
  }

  sigset_t sigPipe;

 private:
  struct sigaction before_ {};
};

BOOST_FIXTURE_TEST_CASE(raiseNoSignal, SigPipeFixture, *boost::unit_test::label("8.15")) {
  writeInVain();
  BOOST_TEST(delivered == 0);
  BOOST_TEST(!isWaiting());
  BOOST_TEST(!isBlocked());
  raise(SIGPIPE);  // anybody else's still comes
  BOOST_TEST(delivered == 1);
}

BOOST_FIXTURE_TEST_CASE(raiseNoSignalWhereItIsIgnored, SigPipeFixture) {
  signal(SIGPIPE, SIG_IGN);
  writeInVain();
  BOOST_TEST(!isBlocked());
}

BOOST_FIXTURE_TEST_CASE(leaveABlockedSignalAsItWas, SigPipeFixture) {
  pthread_sigmask(SIG_BLOCK, &sigPipe, nullptr);
  writeInVain();
  BOOST_TEST(!isWaiting());
  BOOST_TEST(isBlocked());
  raise(SIGPIPE);
  writeInVain();
  BOOST_TEST(isWaiting());  // it is not ours to take
  pthread_sigmask(SIG_UNBLOCK, &sigPipe, nullptr);
  BOOST_TEST(delivered == 1);
}

BOOST_AUTO_TEST_CASE(aReaderThatGoesEndsASendInFlight) {
  GivenPair pipe = givenPipe();
  RecordingStreamHandler& writer = fixture->adopt(pipe.second.release());
  writer.sendAll(std::string(1'000'000, 'x'));
  fixture->turn();
  pipe.first.close();
  runUntil([&] { return writer.failed(); });
  BOOST_TEST(writer.error().code() == "EPIPE");
}

BOOST_AUTO_TEST_SUITE_END()

// Sockets that are not connected yet.

BOOST_FIXTURE_TEST_CASE(aBoundSocketIsConnected, AdoptFixture) {
  RecordingListenerHandler& listener = fixture->listen(loopback(0));
  listener.startAccepting();
  GivenDescriptor bound = givenBoundPort();
  const int port = portOf(bound);
  const int number = bound.get();
  auto owned = *platform::Descriptor::takeOver(bound.release());
  BOOST_TEST(isNonBlocking(number));
  BOOST_TEST(isCloseOnExec(number));
  RecordingStreamHandler& client =
      fixture->connect(listener.listener().localEndpoint(), {.descriptor = owned.release()});
  runUntil([&] { return client.connected() && !listener.accepted().empty(); });
  BOOST_TEST((client.stream().localEndpoint() == loopback(port)));
  BOOST_TEST((listener.accepted()[0]->stream().remoteEndpoint() == loopback(port)));
}

BOOST_FIXTURE_TEST_CASE(aBoundSocketThatCannotConnectIsClosed, AdoptFixture) {
  GivenDescriptor bound = givenBoundPort();
  const GivenDescriptor nobody = givenBoundPort();
  const int number = bound.get();
  auto owned = *platform::Descriptor::takeOver(bound.release());
  RecordingStreamHandler& client =
      fixture->connect(loopback(portOf(nobody)), {.descriptor = owned.release()});
  runUntil([&] { return client.failed(); });
  BOOST_TEST(client.events() == "connect connect ECONNREFUSED");
  client.close();
  BOOST_TEST(!isOpen(number));
}

BOOST_FIXTURE_TEST_CASE(whatWasTakenOverIsClosedInTheEnd, AdoptFixture) {
  int number = -1;
  {
    GivenDescriptor bound = givenBoundPort();
    number = bound.get();
    platform::Descriptor first = *platform::Descriptor::takeOver(bound.release());
    const platform::Descriptor second = std::move(first);
    BOOST_TEST(!first);
    BOOST_TEST(second.number() == number);
  }
  BOOST_TEST(!isOpen(number));
  BOOST_TEST(!platform::Descriptor::takeOver(1'000'000));
}

// Listeners.

BOOST_FIXTURE_TEST_CASE(aBoundPortListens, AdoptFixture) {
  GivenDescriptor bound = givenBoundPort();
  const int port = portOf(bound);
  const int number = bound.get();
  RecordingListenerHandler& listener = fixture->adoptListener(bound.release());
  BOOST_TEST(isNonBlocking(number));
  BOOST_TEST(isCloseOnExec(number));
  BOOST_TEST((listener.listener().localEndpoint() == loopback(port)));
  const auto [client, server] = fixture->connectPair(listener);
  BOOST_TEST((server.stream().localEndpoint() == loopback(port)));
  listener.close();
  BOOST_TEST(!isOpen(number));
  server.trySend("lives on");
  client.startReceiving();
  runUntil([&, &to = client] { return to.receivedCount() == 8; });
}

BOOST_FIXTURE_TEST_CASE(aBoundPathListensAndStays, AdoptFixture) {
  const std::string path = directory.path("bound");
  RecordingListenerHandler& listener = fixture->adoptListener(givenBoundPath(path).release());
  BOOST_TEST((listener.listener().localEndpoint() == Endpoint(LocalPath{path})));
  const auto [client, server] = fixture->connectPair(listener);
  BOOST_TEST(!server.stream().setNoDelay(true));
  listener.close();
  runUntil([&] { return listener.closed(); });
  BOOST_TEST(std::filesystem::is_socket(path));  // somebody else made it
}

BOOST_FIXTURE_TEST_CASE(oneThatListensAlreadyGoesOn, AdoptFixture) {
  fixture->connectPair(fixture->adoptListener(givenListener().release()));
}

BOOST_FIXTURE_TEST_CASE(whatCannotListenIsLeftAsItWas, AdoptFixture) {
  GivenPair tcp = givenTcpPair();
  GivenPair pipe = givenPipe();
  const std::pair<GivenDescriptor, std::string_view> refused[] = {
      {givenDevice(), "ENOTSOCK"},
      {std::move(pipe.first), "ENOTSOCK"},
      {givenBoundPort(SOCK_DGRAM), "ENOTSUP"},
      {std::move(tcp.first), "EINVAL"}};
  for (const auto& [descriptor, code] : refused) {
    const auto listener = fixture->tryAdoptListener(descriptor.get());
    BOOST_TEST(!listener);
    BOOST_TEST(listener.error().code() == code);
    BOOST_TEST(listener.error().syscall() == "listen");
    BOOST_TEST(isOpen(descriptor.get()));
    BOOST_TEST(!isNonBlocking(descriptor.get()));
    BOOST_TEST(!isCloseOnExec(descriptor.get()));
  }
  BOOST_TEST(fixture->tryAdoptListener(1'000'000).error().code() == "EINVAL");
}

}  // namespace
}  // namespace sprocket::tests
