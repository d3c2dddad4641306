// What the real Unix backend does when the kernel interrupts, refuses or runs out: one named case
// for each answer that reliability.md gives. fault_sweep_test.cc fails every call there is.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/backend_fixture.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/given_descriptors.h"
#include "sprocket/tests/support/poller_kind.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using platform::Endpoint;
using platform::Instant;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;
using std::chrono::milliseconds;

const Endpoint kLoopback = IpEndpoint{IpAddress::loopback(platform::Family::v4), 0};

// A client outside of the library, whose descriptor is not counted.
class RawClient {
 public:
  explicit RawClient(const Endpoint& remote) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(remote.ip().port);
    std::memcpy(&address.sin_addr, remote.ip().address.bytes().data(), 4);
    BOOST_REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawClient() {
    if (fd_ >= 0) ::close(fd_);
  }
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  bool isCutOff() const {
    char byte;
    const ssize_t count = ::recv(fd_, &byte, 1, MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno == ECONNRESET);
  }
  void send(std::string_view text) const {
    BOOST_TEST(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == ssize_t(text.size()));
  }

 private:
  int fd_;
};

// Every case: in the end nothing is open, and nothing was closed twice or used after it was closed.
struct Faults {
  FakeSyscalls fake;
  TempDirectory directory;
  BackendFixture fixture{std::move(*platform::makeBackend())};

  ~Faults() {
    BOOST_TEST(fixture.closeAll(), "an onClose() did not come");
    fixture.destroyBackend();
    BOOST_TEST(fake.openDescriptors().empty());
    BOOST_TEST(fake.mistakes() == 0u);
  }

  RecordingListenerHandler& listening(const Endpoint& endpoint = kLoopback) {
    RecordingListenerHandler& listener = fixture.listen(endpoint);
    listener.startAccepting();
    return listener;
  }

  Instant now() { return fixture.backend().now(); }

  // Sends so many bytes there and back; half-closes each direction when it is done.
  void echo(const Endpoint& endpoint, std::size_t size);
};

void Faults::echo(const Endpoint& endpoint, std::size_t size) {
  RecordingListenerHandler& listener = listening(endpoint);
  listener.on.accept = [](RecordingStreamHandler& server) {
    server.on.receive = [&server] {
      server.sendAll(server.latest());
      if (server.inFlight() > 0) server.stopReceiving();
    };
    server.on.send = [&server] {
      if (server.inFlight() == 0) server.startReceiving();
    };
    server.on.end = [&server] { server.shutdownSend(); };
    server.startReceiving();
  };
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(i * i / 7 + i);
  RecordingStreamHandler& client = fixture.connect(listener.listener().localEndpoint());
  client.on.connect = [&] {
    client.startReceiving();
    client.send(text);
  };
  client.on.send = [&] {
    if (client.inFlight() == 0) client.shutdownSend();
  };
  fixture.runUntil([&] { return client.ended() || client.failed(); });
  BOOST_TEST((client.received() == text));
  BOOST_TEST(client.sentCount() == text.size());
  BOOST_TEST(!client.failed());
  BOOST_REQUIRE(listener.accepted().size() == 1u);
  BOOST_TEST(!listener.accepted()[0]->failed());
  BOOST_TEST(listener.events() == "accept");
  BOOST_TEST(fixture.closeAll());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(posix_faults, Faults)

BOOST_AUTO_TEST_CASE(every_call_is_interrupted_once, *label("10.12")) {
  for (std::size_t kind = 0; kind < kCallKinds; ++kind) {
    const Call call = static_cast<Call>(kind);
    if (!plausibleErrors(call).empty() && plausibleErrors(call)[0] == EINTR) {
      fake.failEachOnce(call, EINTR);
    }
  }
  echo(kLoopback, 100'000);
  echo(LocalPath{directory.freshPath()}, 100'000);
  fixture.backend().wake();
  fixture.turn(BackendFixture::kPatience);
}

// The wait ends early then, which it may. But it must not count as the retry of an accept, say.
BOOST_AUTO_TEST_CASE(an_interrupted_wait_goes_on_in_the_next) {
  const auto pair = fixture.connectPair(listening());
  fake.failEachOnce(Call::poll, EINTR);
  pair.client.trySend("hello");
  pair.server.startReceiving();
  fixture.runUntil([&] { return pair.server.receivedCount() == 5; });
}

BOOST_AUTO_TEST_CASE(close_is_not_retried, *label("9.16")) {
  const auto pair = fixture.connectPair(listening());
  fake.fail(Call::close, EINTR, 0, FakeSyscalls::kForEver);
  const std::size_t before = fake.count(Call::close);
  pair.client.close();
  pair.server.close();
  BOOST_TEST(fake.count(Call::close) == before + 2);
}

BOOST_AUTO_TEST_CASE(readiness_is_spurious_half_of_the_time, *label("10.12")) {
  for (const Call call : {Call::recv, Call::send, Call::sendmsg, Call::accept, Call::takeWake}) {
    fake.failEachOnce(call, EAGAIN);
  }
  echo(kLoopback, 100'000);
  echo(LocalPath{directory.freshPath()}, 100'000);
}

BOOST_AUTO_TEST_CASE(one_byte_at_a_time) {
  fake.limitTransfers(1);
  echo(kLoopback, 10'000);
  echo(LocalPath{directory.freshPath()}, 10'000);
}

BOOST_AUTO_TEST_CASE(one_byte_at_a_time_of_many_slices) {
  fake.limitTransfers(1);
  const auto pair = fixture.connectPair(listening());
  const std::string text = "the quick brown fox";
  std::vector<platform::Bytes> slices;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    slices.push_back({});
    slices.push_back(
        std::as_bytes(std::span(text)).subspan(i).first(std::min<std::size_t>(3, text.size() - i)));
  }
  pair.client.send(slices);
  pair.server.startReceiving();
  fixture.runUntil([&] { return pair.server.receivedCount() == text.size(); });
  BOOST_TEST(pair.server.received() == text);
  BOOST_TEST(pair.client.sentCount() == text.size());
}

// Accepting.

BOOST_AUTO_TEST_CASE(connections_are_shed_when_no_descriptor_is_left, *label("7.23")) {
  fake.useVirtualTime();
  RecordingListenerHandler& listener = listening();
  const auto pair = fixture.connectPair(listener);
  const Endpoint endpoint = listener.listener().localEndpoint();
  const std::size_t all = fake.openDescriptors().size();
  for (const int errnum : {EMFILE, ENFILE}) {
    fake.limitDescriptors(all, errnum);
    std::vector<RawClient> clients;
    for (int i = 0; i < 5; ++i) clients.emplace_back(endpoint);
    const std::size_t before = listener.dropped();
    fixture.runUntil([&] { return listener.dropped() == before + 5; });
    for (const RawClient& client : clients) BOOST_TEST(client.isCutOff());
    // The reserve is held again, and an established connection noticed nothing.
    BOOST_TEST(fake.openDescriptors().size() == all);
    pair.client.trySend("hello");
    pair.server.startReceiving();
    fixture.runUntil([&] { return pair.server.receivedCount() % 5 == 0; });
    fake.limitDescriptors(FakeSyscalls::kForEver, 0);
    fixture.countTurns(milliseconds(10'000));
  }
  BOOST_TEST(listener.events() == "accept, drop(5) EMFILE, drop(5) ENFILE");
  BOOST_TEST(!pair.server.failed());
}

BOOST_AUTO_TEST_CASE(at_most_sixty_four_are_shed_in_a_turn) {
  fake.useVirtualTime();
  RecordingListenerHandler& listener = listening();
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) clients.emplace_back(listener.listener().localEndpoint());
  fake.limitDescriptors(fake.openDescriptors().size(), EMFILE);
  fixture.runUntil([&] { return listener.dropped() == 100; });
  BOOST_TEST(listener.events() == "drop(64) EMFILE, drop(36) EMFILE");
}

BOOST_AUTO_TEST_CASE(accepting_goes_on_as_soon_as_a_descriptor_closes, *label("7.23")) {
  fake.useVirtualTime();
  RecordingListenerHandler& listener = listening();
  const auto pair = fixture.connectPair(listener);
  fake.limitDescriptors(fake.openDescriptors().size(), EMFILE);
  // Often enough for the delay to have grown to a second.
  for (std::size_t i = 1; i <= 8; ++i) {
    const RawClient client(listener.listener().localEndpoint());
    fixture.runUntil([&] { return listener.dropped() == i; });
  }
  const RawClient client(listener.listener().localEndpoint());
  const Instant before = now();
  pair.client.close();
  fixture.runUntil([&] { return listener.accepted().size() == 2; });
  BOOST_TEST((now() == before));
  BOOST_TEST(!client.isCutOff());
}

// Want of memory is not cured by the reserve, so nothing is shed, but waits in the kernel.
BOOST_AUTO_TEST_CASE(the_delay_between_attempts_doubles_to_a_second,
                     *label("7.22") * label("7.23")) {
  fake.useVirtualTime();
  for (const int errnum : {ENOMEM, ENOBUFS, EMFILE}) {
    RecordingListenerHandler& listener = listening();
    const RawClient client(listener.listener().localEndpoint());
    fake.fail(Call::accept, errnum, 0, FakeSyscalls::kForEver);
    const Instant begin = now();
    const std::size_t waitsBefore = fake.count(Call::poll);
    fixture.countTurns(milliseconds(5'000));
    std::vector<Instant> moments = fake.timesOf(Call::accept);
    std::erase_if(moments, [&](Instant moment) { return moment < begin; });
    std::vector<long> delays;
    for (std::size_t i = 1; i < moments.size(); ++i) {
      delays.push_back(
          std::chrono::duration_cast<milliseconds>(moments[i] - moments[i - 1]).count());
    }
    const std::vector<long> expected = {10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000};
    BOOST_TEST(delays == expected, boost::test_tools::per_element());
    BOOST_TEST(fake.count(Call::poll) - waitsBefore <= 3 * expected.size());
    BOOST_TEST(listener.events() == "");

    // When there is room again the connection is accepted, and the next trouble starts small.
    fake.letThrough(Call::accept);
    fixture.runUntil([&] { return listener.accepted().size() == 1; });
    BOOST_TEST(!client.isCutOff());
    fake.fail(Call::accept, errnum, 0, 2);
    const RawClient second(listener.listener().localEndpoint());
    const Instant before = now();
    fixture.runUntil([&] { return listener.accepted().size() == 2; });
    BOOST_TEST((now() - before == milliseconds(10)));
    BOOST_TEST(fixture.closeAll());
  }
}

// Another process took the room that the reserve had given up. Ours must not stay without one, or
// the next shortage could not be told to the clients.
BOOST_AUTO_TEST_CASE(a_lost_reserve_is_taken_again, *label("7.23")) {
  fake.useVirtualTime();
  RecordingListenerHandler& listener = listening();
  const std::size_t all = fake.openDescriptors().size();
  fake.limitDescriptors(all, EMFILE);
  fake.fail(Call::open, EMFILE);
  const RawClient first(listener.listener().localEndpoint());
  fixture.runUntil([&] { return listener.dropped() == 1; });
  BOOST_TEST(fake.openDescriptors().size() == all - 1);
  fixture.countTurns(milliseconds(10'000));
  BOOST_TEST(fake.openDescriptors().size() == all);
  const RawClient second(listener.listener().localEndpoint());
  fixture.runUntil([&] { return listener.dropped() == 2; });
  BOOST_TEST(second.isCutOff());
}

BOOST_AUTO_TEST_CASE(errors_of_one_connection_are_passed_over, *label("7.22")) {
  RecordingListenerHandler& listener = listening();
  std::size_t accepted = 0;
  const int errors[] = {ECONNABORTED, EPROTO,    EPERM,       ENETDOWN,   EHOSTUNREACH,
                        ENETUNREACH,  EHOSTDOWN, ENOPROTOOPT, EOPNOTSUPP, ETIMEDOUT};
  for (const int errnum : errors) {
    const RawClient client(listener.listener().localEndpoint());
    fake.fail(Call::accept, errnum, 0, 3);
    ++accepted;
    fixture.runUntil([&] { return listener.accepted().size() == accepted; });
  }
  BOOST_TEST(listener.failures().empty());
  BOOST_TEST(listener.dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(errors_of_the_listener_are_told_and_retried, *label("7.22")) {
  fake.useVirtualTime();
  for (const int errnum : {EBADF, EINVAL, ENOTSOCK}) {
    RecordingListenerHandler& listener = listening();
    const RawClient client(listener.listener().localEndpoint());
    fake.fail(Call::accept, errnum, 0, 3);
    const Instant before = now();
    fixture.runUntil([&] { return listener.accepted().size() == 1; });
    BOOST_TEST((now() - before == milliseconds(10 + 20 + 40)));
    BOOST_TEST(listener.events().starts_with("error accept E"));
    BOOST_TEST(listener.events().ends_with(", accept"));
    BOOST_TEST(listener.failures().size() == 3u);
    BOOST_TEST(fixture.closeAll());
  }
}

BOOST_AUTO_TEST_CASE(a_listener_may_be_closed_or_stopped_while_it_backs_off) {
  fake.useVirtualTime();
  RecordingListenerHandler& listener = listening();
  const RawClient client(listener.listener().localEndpoint());
  fake.fail(Call::accept, EBADF);
  fixture.runUntil([&] { return listener.failures().size() == 1; });
  listener.stopAccepting();
  fixture.countTurns(milliseconds(100));
  listener.startAccepting();
  fixture.runUntil([&] { return listener.accepted().size() == 1; });

  fake.fail(Call::accept, EBADF);
  const RawClient second(listener.listener().localEndpoint());
  listener.on.error = [&] { listener.close(); };
  fixture.runUntil([&] { return listener.closed(); });
  BOOST_TEST(fixture.countTurns(milliseconds(5'000)) <= 2u);
}

BOOST_AUTO_TEST_CASE(two_listeners_back_off_each_for_itself) {
  fake.useVirtualTime();
  RecordingListenerHandler& first = listening();
  RecordingListenerHandler& second = listening();
  const RawClient firstClient(first.listener().localEndpoint());
  const RawClient secondClient(second.listener().localEndpoint());
  fake.fail(Call::accept, EINVAL, 0, 4);
  fixture.runUntil([&] { return first.accepted().size() == 1 && second.accepted().size() == 1; });
  BOOST_TEST(first.failures().size() + second.failures().size() == 4u);
}

BOOST_AUTO_TEST_CASE(exceptions_out_of_on_drop_and_of_the_listeners_on_error) {
  fake.useVirtualTime();
  RecordingListenerHandler& listener = listening();
  const auto thrownBy = [&](std::function<void()>& hook) {
    hook = [&hook] {
      hook = {};
      throw 1;
    };
    try {
      fixture.comesToHold([] { return false; });
    } catch (int) {
      return true;
    }
    return false;
  };
  const RawClient first(listener.listener().localEndpoint());
  fake.fail(Call::accept, EBADF);
  BOOST_TEST(thrownBy(listener.on.error));
  fixture.runUntil([&] { return listener.accepted().size() == 1; });
  fake.limitDescriptors(fake.openDescriptors().size(), EMFILE);
  const RawClient second(listener.listener().localEndpoint());
  BOOST_TEST(thrownBy(listener.on.drop));
  fake.limitDescriptors(FakeSyscalls::kForEver, 0);
  const RawClient third(listener.listener().localEndpoint());
  fixture.runUntil([&] { return listener.accepted().size() == 2; });
  BOOST_TEST(listener.events() == "error accept EBADF, accept, drop(1) EMFILE, accept");
}

// Watching.

BOOST_AUTO_TEST_CASE(a_stream_that_cannot_be_watched_fails_alone) {
  RecordingListenerHandler& listener = listening();
  const auto pair = fixture.connectPair(listener);
  const auto other = fixture.connectPair(listener);
  for (const int errnum : {ENOSPC, ENOMEM}) {
    BOOST_TEST_CONTEXT(errnum) {
      const auto failing = fixture.connectPair(listener);
      fake.fail(Call::watch, errnum);
      failing.server.startReceiving();
      fixture.runUntil([&] { return failing.server.failed(); });
      BOOST_TEST(failing.server.error().errnum == errnum);
      BOOST_TEST(!failing.client.failed());
    }
  }
  // The same when it was watched already and asks for more.
  pair.server.startReceiving();
  fixture.turn();
  fake.fail(Call::watch, ENOSPC);
  pair.server.send(std::string(10'000'000, 'x'));
  fixture.runUntil([&] { return pair.server.failed(); });

  other.client.trySend("hello");
  other.server.startReceiving();
  fixture.runUntil([&] { return other.server.receivedCount() == 5; });
}

// By its number, as a mistake elsewhere in the program would: the kernel then refuses to watch more
// of it, and to stop watching, for ever.
BOOST_AUTO_TEST_CASE(a_stream_whose_descriptor_somebody_closed_fails_once) {
  RecordingListenerHandler& listener = listening();
  const std::set<int> before = fake.openDescriptors();
  const auto pair = fixture.connectPair(listener);
  pair.server.startReceiving();
  fixture.turn();
  for (const int fd : fake.openDescriptors()) {
    if (!before.contains(fd)) ::close(fd);
  }
  pair.server.send("hello");
  fixture.runUntil([&] { return pair.server.failed(); });
  BOOST_TEST(pair.server.error().errnum == EBADF);
  const std::string events = pair.server.events();
  fixture.turn();
  BOOST_TEST(pair.server.events() == events);
}

BOOST_AUTO_TEST_CASE(a_connect_that_cannot_be_watched_fails) {
  RecordingListenerHandler& listener = listening();
  fixture.turn();
  fake.fail(Call::watch, ENOSPC);
  RecordingStreamHandler& client = fixture.connect(listener.listener().localEndpoint());
  fixture.runUntil([&] { return client.failed(); });
  BOOST_TEST(client.events() == "connect connect ENOSPC");
}

BOOST_AUTO_TEST_CASE(a_listener_that_cannot_be_watched_is_retried) {
  fake.useVirtualTime();
  fake.fail(Call::watch, ENOSPC, 0, 3);
  RecordingListenerHandler& listener = listening();
  const RawClient client(listener.listener().localEndpoint());
  fixture.runUntil([&] { return listener.accepted().size() == 1; });
  BOOST_TEST(listener.events() ==
             "error accept ENOSPC, error accept ENOSPC, error accept ENOSPC, accept");
}

BOOST_AUTO_TEST_CASE(an_unwatchable_stream_may_be_closed_before_it_is_told) {
  const auto pair = fixture.connectPair(listening());
  fake.fail(Call::watch, ENOSPC);
  pair.server.startReceiving();
  pair.client.trySend("hello");
  pair.client.startReceiving();
  RecordingStreamHandler& doomed = pair.server;
  pair.client.on.receive = [&] { doomed.close(); };
  fixture.runUntil([&] { return doomed.failed() || pair.client.failed(); });
}

// Connecting.

BOOST_AUTO_TEST_CASE(a_connect_that_fails_at_once_is_told_later) {
  RecordingListenerHandler& listener = listening();
  const Endpoint endpoint = listener.listener().localEndpoint();
  const auto expectFailure = [&](Call call, int errnum, std::string_view events) {
    BOOST_TEST_CONTEXT(callName(call) << " " << errnum) {
      fake.fail(call, errnum);
      RecordingStreamHandler& client = fixture.connect(endpoint, {.local = kLoopback});
      BOOST_TEST(client.events() == "");
      fixture.runUntil([&] { return client.failed() || client.connected(); });
      BOOST_TEST(client.events() == events);
      client.reset();  // of what may have no descriptor
    }
  };
  expectFailure(Call::connect, ECONNREFUSED, "connect connect ECONNREFUSED");
  expectFailure(Call::connect, EADDRNOTAVAIL, "connect connect EADDRNOTAVAIL");
  expectFailure(Call::connect, ENETUNREACH, "connect connect ENETUNREACH");
  expectFailure(Call::socket, EMFILE, "connect connect EMFILE");
  expectFailure(Call::socket, ENOBUFS, "connect connect ENOBUFS");
  expectFailure(Call::bind, EADDRINUSE, "connect bind EADDRINUSE");
  expectFailure(Call::getsockopt, ENOBUFS, "connect connect ENOBUFS");
}

BOOST_AUTO_TEST_CASE(a_connect_that_fails_later_tells_the_sockets_error) {
  RecordingListenerHandler& listener = listening();
  for (const int errnum : {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH}) {
    fake.setPendingError(errnum);
    RecordingStreamHandler& client = fixture.connect(listener.listener().localEndpoint());
    fixture.runUntil([&] { return client.failed() || client.connected(); });
    BOOST_TEST(client.error().errnum == errnum);
    BOOST_TEST(client.error().syscall() == "connect");
  }
}

BOOST_AUTO_TEST_CASE(an_interrupted_connect_is_not_repeated) {
  for (const Endpoint& endpoint : {kLoopback, Endpoint(LocalPath{directory.freshPath()})}) {
    RecordingListenerHandler& listener = listening(endpoint);
    fake.fail(Call::connect, EINTR);
    const std::size_t before = fake.count(Call::connect);
    RecordingStreamHandler& client = fixture.connect(listener.listener().localEndpoint());
    fixture.runUntil([&] { return client.connected() && listener.accepted().size() == 1; });
    BOOST_TEST(fake.count(Call::connect) == before + 1);
  }
}

BOOST_AUTO_TEST_CASE(options_are_set_also_while_connecting_and_on_accepted_streams) {
  RecordingListenerHandler& listener = listening();
  listener.on.accept = [](RecordingStreamHandler& server) {
    server.stream().setNoDelay(true);
    server.stream().setKeepAlive(true, std::chrono::seconds(77));
  };
  fixture.turn();
  RecordingStreamHandler& client = fixture.connect(listener.listener().localEndpoint());
  client.stream().setNoDelay(true);
  client.stream().setKeepAlive(true, std::chrono::seconds(77));
  fixture.runUntil([&] { return client.connected() && listener.accepted().size() == 1; });
  const auto optionOf = [](int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
  };
  int found = 0;
  for (const int fd : fake.openDescriptors()) {
    if (optionOf(fd, IPPROTO_TCP, TCP_NODELAY) != 1) continue;
    BOOST_TEST(optionOf(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
    BOOST_TEST(optionOf(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 77);
    ++found;
  }
  BOOST_TEST(found == 2);
  for (RecordingStreamHandler* stream : {&client, listener.accepted()[0]}) {
    stream->stream().setNoDelay(false);
    stream->stream().setKeepAlive(false, std::chrono::seconds(0));
  }
  for (const int fd : fake.openDescriptors()) {
    BOOST_TEST(optionOf(fd, IPPROTO_TCP, TCP_NODELAY) <= 0);
    BOOST_TEST(optionOf(fd, SOL_SOCKET, SO_KEEPALIVE) <= 0);
  }
}

// Listening.

BOOST_AUTO_TEST_CASE(listening_fails_with_what_the_system_says, *label("7.8")) {
  const auto expectFailure = [&](Call call, int errnum) {
    fake.fail(call, errnum);
    const std::size_t before = fake.openDescriptors().size();
    const auto listener = fixture.tryListen(kLoopback);
    BOOST_TEST_REQUIRE(!listener);
    BOOST_TEST(listener.error().errnum == errnum);
    BOOST_TEST(listener.error().syscall() == "listen");
    BOOST_TEST(fake.openDescriptors().size() == before);
  };
  expectFailure(Call::socket, EMFILE);
  expectFailure(Call::setsockopt, ENOBUFS);
  expectFailure(Call::bind, EACCES);
  expectFailure(Call::listen, EADDRINUSE);
}

// bind() made the file already when listen() failed.
BOOST_AUTO_TEST_CASE(a_listen_that_fails_leaves_no_socket_file, *label("16.3")) {
  const std::string path = directory.freshPath();
  fake.fail(Call::listen, EADDRINUSE);
  BOOST_TEST(!fixture.tryListen(LocalPath{path}));
  BOOST_TEST(!std::filesystem::exists(path));
  fixture.listen(LocalPath{path});
}

// Reading and writing.

BOOST_AUTO_TEST_CASE(an_error_of_one_stream_is_told_once_to_that_one) {
  RecordingListenerHandler& listener = listening();
  for (const int errnum : {ECONNRESET, ETIMEDOUT, ENOMEM}) {
    const auto pair = fixture.connectPair(listener);
    pair.server.startReceiving();
    pair.client.trySend("hello");
    fake.fail(Call::recv, errnum);
    fixture.runUntil([&] { return pair.server.failed(); });
    BOOST_TEST(pair.server.error().errnum == errnum);
    BOOST_TEST(pair.server.error().syscall() == "read");
    BOOST_TEST(fixture.countTurns(milliseconds(20)) <= 2u);
  }
  for (const int errnum : {EPIPE, ENOBUFS, EHOSTUNREACH}) {
    const auto pair = fixture.connectPair(listener);
    fake.fail(Call::send, errnum);
    BOOST_TEST(pair.client.trySend("hello") == 0u);
    BOOST_TEST(!pair.client.failed());
    fixture.runUntil([&] { return pair.client.failed(); });
    BOOST_TEST(pair.client.error().errnum == errnum);
    BOOST_TEST(pair.client.error().syscall() == "write");

    const auto second = fixture.connectPair(listener);
    fake.fail(Call::send, errnum);
    second.client.send("hello");
    fixture.runUntil([&] { return second.client.failed(); });
    BOOST_TEST(second.client.error().errnum == errnum);
  }
  BOOST_TEST(fixture.countTurns(milliseconds(20)) <= 2u);
}

// So macOS tells it for a moment.
BOOST_AUTO_TEST_CASE(a_send_while_the_connection_is_torn_down_meets_a_reset, *label("8.12")) {
  for (const Call call : {Call::send, Call::sendmsg}) {
    const auto pair = fixture.connectPair(listening());
    fake.fail(call, EPROTOTYPE);
    const std::string text = "hello";
    const platform::Bytes slice = std::as_bytes(std::span(text));
    const std::vector<platform::Bytes> slices(call == Call::send ? 1 : 2, slice);
    pair.client.send(slices);
    fixture.runUntil([&] { return pair.client.failed(); });
    BOOST_TEST(pair.client.events() == "connect, error write ECONNRESET");
  }
}

// The refusal was passing, but the caller may have counted on an end; so the stream stays as it is.
BOOST_AUTO_TEST_CASE(after_a_failed_try_send_nothing_more_is_sent) {
  const auto pair = fixture.connectPair(listening());
  pair.server.startReceiving();
  fake.fail(Call::send, ENOBUFS);
  BOOST_TEST(pair.client.trySend("lost") == 0u);
  BOOST_TEST(pair.client.trySend("late") == 0u);
  const std::string text = "late too";
  const platform::Bytes slice = std::as_bytes(std::span(text));
  pair.client.stream().send({&slice, 1});
  pair.client.shutdownSend();
  fixture.countTurns(milliseconds(20));
  BOOST_TEST(fake.count(Call::send) == 1u);
  BOOST_TEST(fake.count(Call::shutdown) == 0u);
  BOOST_TEST(pair.client.events() == "connect, error write ENOBUFS");
  BOOST_TEST(pair.server.events() == "connect");
}

BOOST_AUTO_TEST_CASE(a_failed_shutdown_is_told) {
  const auto pair = fixture.connectPair(listening());
  fake.fail(Call::shutdown, ENOBUFS);
  pair.client.shutdownSend();
  fixture.runUntil([&] { return pair.client.failed(); });
  BOOST_TEST(pair.client.events() == "connect, error shutdown ENOBUFS");
}

// More turns of it than one, while a send is in flight that the reset has made hopeless.
BOOST_AUTO_TEST_CASE(all_data_before_a_reset_comes_before_the_failure_of_a_send) {
  const auto pair = fixture.connectPair(listening());
  pair.server.send(std::string(32'000'000, 'x'));
  while (fixture.comesToHold(
      [&, before = pair.server.sentCount()] { return pair.server.sentCount() > before; },
      milliseconds(20))) {
  }
  BOOST_TEST(pair.client.trySend(std::string(20'000, 'y')) == 20'000u);
  pair.client.reset();
  fake.limitTransfers(1'000);
  pair.server.startReceiving();
  fixture.runUntil([&] { return pair.server.failed(); });
  BOOST_TEST(pair.server.receivedCount() == 20'000u);
}

// The number of a descriptor that was closed in a batch is the next one's that is made.
BOOST_AUTO_TEST_CASE(a_number_used_again_in_the_batch_gets_no_old_event, *label("9.16")) {
  RecordingListenerHandler& listener = listening();
  RecordingListenerHandler& silent = fixture.listen(kLoopback);
  const auto first = fixture.connectPair(listener);
  const auto second = fixture.connectPair(listener);
  RecordingStreamHandler* fresh = nullptr;
  const auto replaceOther = [&](RecordingStreamHandler& other) {
    if (fresh != nullptr) return;
    const std::set<int> before = fake.openDescriptors();
    other.close();
    fresh = &fixture.connect(silent.listener().localEndpoint());
    fresh->startReceiving();
    BOOST_TEST((fake.openDescriptors() == before), "the number was not used again");
  };
  first.server.on.receive = [&] { replaceOther(second.server); };
  second.server.on.receive = [&] { replaceOther(first.server); };
  first.client.trySend("hello");
  second.client.trySend("hello");
  first.server.startReceiving();
  second.server.startReceiving();
  fixture.runUntil([&] { return fresh != nullptr && fresh->connected(); });
  fixture.countTurns(milliseconds(20));
  BOOST_TEST(fresh->events() == "connect");
}

// Had another process got a duplicate, as with a passed socket, epoll would go on telling of it
// after ours is closed, and nobody could stop that any more.
BOOST_AUTO_TEST_CASE(a_duplicate_kept_elsewhere_keeps_no_registration) {
  RecordingListenerHandler& listener = listening();
  const auto pair = fixture.connectPair(listener);
  pair.server.startReceiving();
  fixture.turn();
  std::vector<int> duplicates;
  for (const int fd : fake.openDescriptors()) duplicates.push_back(::dup(fd));
  pair.server.close();
  fixture.runUntil([&] { return pair.server.closed(); });
  pair.client.trySend("hello");
  BOOST_TEST(fixture.countTurns(milliseconds(20)) <= 2u);
  for (const int fd : duplicates) ::close(fd);
}

// What is not there is not made up: the backend is not.
BOOST_AUTO_TEST_CASE(a_backend_that_cannot_be_made_says_why) {
  const std::size_t before = fake.openDescriptors().size();
  for (const Call call : callsThatMakeABackend()) {
    fake.fail(call, EMFILE);
    const auto backend = platform::makeBackend();
    BOOST_TEST_REQUIRE(!backend);
    BOOST_TEST(backend.error().errnum == EMFILE);
    BOOST_TEST(fake.openDescriptors().size() == before);
  }
}

// Kernels before 5.11, and sandboxes that refuse what they do not know.
BOOST_AUTO_TEST_CASE(without_nanoseconds_the_poller_waits_in_milliseconds,
                     *skipUnless([] { return pollerName() == "epoll"; },
                                 "kqueue always takes nanoseconds")) {
  for (const int errnum : {ENOSYS, EPERM}) {
    BackendFixture old(std::move(*platform::makeBackend()));
    fake.fail(Call::poll, errnum);
    const std::size_t before = fake.count(Call::pollMilliseconds);
    const Instant begin = now();
    BOOST_TEST(old.countTurns(std::chrono::microseconds(1'500)) <= 2u);
    BOOST_TEST((now() - begin >= std::chrono::microseconds(1'500)));
    old.turn();
    BOOST_TEST(fake.count(Call::pollMilliseconds) >= before + 2);
    // It does not ask again.
    const std::size_t asked = fake.count(Call::poll);
    old.turn();
    BOOST_TEST(fake.count(Call::poll) == asked);
  }
}

// One registration per stream, changed for back-pressure only; a receive and a send per message.
BOOST_AUTO_TEST_CASE(a_message_costs_no_more_calls_than_it_must) {
  const auto pair = fixture.connectPair(listening());
  pair.server.on.receive = [&] { pair.server.trySend("pong"); };
  pair.client.on.receive = [&] { pair.client.trySend("ping"); };
  pair.server.startReceiving();
  pair.client.startReceiving();
  pair.client.trySend("ping");
  fixture.runUntil([&] { return pair.client.receivedCount() >= 400; });
  const std::size_t controls = fake.count(Call::watch);
  const std::size_t receives = fake.count(Call::recv);
  const std::size_t sends = fake.count(Call::send);
  const std::size_t pongs = pair.client.receivedCount() / 4;
  fixture.runUntil([&] { return pair.client.receivedCount() / 4 >= pongs + 1'000; });
  BOOST_TEST(fake.count(Call::watch) == controls);
  BOOST_TEST(fake.count(Call::recv) - receives <= 2'002u);
  BOOST_TEST(fake.count(Call::send) - sends <= 2'002u);
}

// The hang-up tells that behind a short read there is more to be read.
BOOST_AUTO_TEST_CASE(a_fin_behind_data_is_read_in_the_same_turn) {
  const auto pair = fixture.connectPair(listening());
  pair.client.trySend("hello");
  pair.client.shutdownSend();
  pair.server.startReceiving();
  fixture.turn();
  BOOST_TEST(pair.server.events() == "connect, receive(5), end");
}

// Pipes, which are read and written by calls of their own.

BOOST_AUTO_TEST_CASE(pipes_bear_interruptions_and_single_bytes) {
  GivenPair pipe = givenPipe();
  fake.handOver(pipe.first.get());
  fake.handOver(pipe.second.get());
  fake.failEachOnce(Call::readv, EINTR);
  fake.failEachOnce(Call::writev, EINTR);
  fake.limitTransfers(1);
  RecordingStreamHandler& reader = fixture.adopt(pipe.first.release());
  RecordingStreamHandler& writer = fixture.adopt(pipe.second.release());
  reader.startReceiving();
  writer.sendAll("hello world");
  fixture.runUntil([&] { return reader.received() == "hello world"; });
  writer.close();
  fixture.runUntil([&] { return reader.ended(); });
  BOOST_TEST(writer.sentCount() == 10u);  // all but what was tried first
}

BOOST_AUTO_TEST_CASE(a_failing_pipe_says_so_once) {
  for (const Call call : {Call::readv, Call::writev}) {
    GivenPair pipe = givenPipe();
    fake.handOver(pipe.first.get());
    fake.handOver(pipe.second.get());
    RecordingStreamHandler& reader = fixture.adopt(pipe.first.release());
    RecordingStreamHandler& writer = fixture.adopt(pipe.second.release());
    reader.startReceiving();
    if (call == Call::writev) fake.fail(call, ENOMEM);
    writer.trySend("hello");
    if (call == Call::readv) fake.fail(call, ENOMEM);
    RecordingStreamHandler& failing = call == Call::readv ? reader : writer;
    fixture.runUntil([&] { return failing.failed(); });
    BOOST_TEST(failing.events() ==
               (call == Call::readv ? "error read ENOMEM" : "error write ENOMEM"));
    reader.close(), writer.close();
  }
}

// Who is told that it is not taken has it as it was.
BOOST_AUTO_TEST_CASE(a_descriptor_that_cannot_be_changed_is_not_taken) {
  GivenPair pair = givenUnixPair();
  const int fd = pair.first.get();
  fake.handOver(fd);
  RecordingStreamHandler handler(fixture.watch(), "refused");
  fake.fail(Call::fcntl, EBADF);
  BOOST_TEST(!fixture.backend().adopt(fd, handler));
  fake.fail(Call::fcntl, EBADF);
  BOOST_TEST(!platform::Descriptor::takeOver(fd));
  BOOST_TEST(fcntl(fd, F_GETFD) == 0);
  fixture.adopt(pair.first.release()).close();
}

BOOST_AUTO_TEST_CASE(a_queue_without_another_descriptor_for_it_is_not_shared) {
  RecordingListenerHandler& listener = listening();
  fake.limitDescriptors(fake.openDescriptors().size(), EMFILE);
  BOOST_TEST(fixture.tryShare(listener).error().code() == "EMFILE");
}

// A wake from another thread, just when the one before it is being taken note of.
BOOST_AUTO_TEST_CASE(a_wake_is_not_lost_to_the_reading_of_another) {
  fixture.backend().wake();
  fake.before(Call::takeWake, [&] { fixture.backend().wake(); });
  fixture.turn(BackendFixture::kPatience);
  fake.before(Call::takeWake, {});
  fixture.countTurns(milliseconds(20));
  const Instant begin = now();
  fixture.backend().wake();
  fixture.turn(BackendFixture::kPatience);
  BOOST_TEST((now() - begin < BackendFixture::kPatience));
}

BOOST_AUTO_TEST_CASE(ten_thousand_wakes_are_one_call) {
  const std::size_t before = fake.count(Call::wake);
  for (int i = 0; i < 10'000; ++i) fixture.backend().wake();
  BOOST_TEST(fake.count(Call::wake) == before + 1);
  fixture.turn(BackendFixture::kPatience);
  fixture.backend().wake();
  BOOST_TEST(fake.count(Call::wake) == before + 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sprocket::tests
