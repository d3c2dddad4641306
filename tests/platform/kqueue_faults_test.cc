// What the backend makes of things that BSD kernels say and that Linux cannot produce: the shim has
// them put into its mouth. What every poller meets is in posix_faults_test.cc.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/error.h"
#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/support/backend_fixture.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/kqueue_shim.h"

namespace sprocket::tests {
namespace {

using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using std::chrono::milliseconds;

const Endpoint kLoopback = IpEndpoint{IpAddress::loopback(platform::Family::v4), 0};

struct KqueueFaults {
  FakeSyscalls fake;
  BackendFixture fixture{std::move(*platform::makeBackend())};
  RecordingListenerHandler& listener = fixture.listen(kLoopback);

  ~KqueueFaults() {
    kqueue_shim::tellWritesFirst(false);
    BOOST_TEST(fixture.closeAll(), "an onClose() did not come");
    fixture.destroyBackend();
    BOOST_TEST(fake.openDescriptors().empty());
    BOOST_TEST(fake.mistakes() == 0u);
  }

  // A connection that is not accepted, and the number of its descriptor.
  std::pair<RecordingStreamHandler&, int> connecting() {
    const std::set<int> before = fake.openDescriptors();
    RecordingStreamHandler& client = fixture.connect(listener.listener().localEndpoint());
    return {client, newSince(before)};
  }

  // A connected pair, and the number of the server's descriptor.
  std::pair<BackendFixture::Pair, int> connected() {
    listener.startAccepting();
    const std::size_t accepted = listener.accepted().size();
    RecordingStreamHandler& client = fixture.connect(listener.listener().localEndpoint());
    const std::set<int> before = fake.openDescriptors();
    fixture.runUntil([&] {
      return client.connected() && listener.accepted().size() > accepted &&
             listener.accepted().back()->connected();
    });
    return {{client, *listener.accepted().back()}, newSince(before)};
  }

 private:
  int newSince(const std::set<int>& before) const {
    for (const int fd : fake.openDescriptors()) {
      if (!before.contains(fd)) return fd;
    }
    BOOST_FAIL("nothing was opened");
    return -1;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kqueue_faults, KqueueFaults)

// Connecting.

BOOST_AUTO_TEST_CASE(what_ended_a_connect_comes_with_the_event) {
  for (const int errnum : {ETIMEDOUT, EHOSTUNREACH, ECONNRESET}) {
    const auto [client, fd] = connecting();
    kqueue_shim::injectEvent(fd, EVFILT_WRITE, EV_EOF, static_cast<unsigned>(errnum));
    fixture.turn();
    BOOST_TEST(client.events() == "connect connect " + std::string(platform::errorName(errnum)));
  }
}

BOOST_AUTO_TEST_CASE(the_sockets_own_word_on_a_connect_comes_first) {
  const auto [client, fd] = connecting();
  fake.setPendingError(ENETUNREACH);
  kqueue_shim::injectEvent(fd, EVFILT_WRITE, EV_EOF, ETIMEDOUT);
  fixture.turn();
  BOOST_TEST(client.events() == "connect connect ENETUNREACH");
}

BOOST_AUTO_TEST_CASE(a_connect_that_ends_without_a_word_was_refused) {
  const auto [client, fd] = connecting();
  kqueue_shim::injectEvent(fd, EVFILT_WRITE, EV_EOF);
  fixture.turn();
  BOOST_TEST(client.events() == "connect connect ECONNREFUSED");
}

BOOST_AUTO_TEST_CASE(an_error_event_ends_a_connect) {
  const auto [client, fd] = connecting();
  kqueue_shim::injectEvent(fd, EVFILT_WRITE, EV_ERROR, 0, ENETDOWN);
  fixture.turn();
  BOOST_TEST(client.events() == "connect connect ENETDOWN");
}

// Leftovers of fflags are no error of what has succeeded.
BOOST_AUTO_TEST_CASE(without_an_end_the_connect_has_succeeded) {
  const auto [client, fd] = connecting();
  kqueue_shim::injectEvent(fd, EVFILT_WRITE, EV_RECEIPT, ETIMEDOUT, 4'096);
  fixture.turn();
  BOOST_TEST(client.events() == "connect");
}

// The end, and errors.

BOOST_AUTO_TEST_CASE(the_end_is_not_told_before_what_is_unread) {
  const auto [pair, fd] = connected();
  pair.client.trySend("hello");
  pair.server.startReceiving();
  // The error that came is behind the bytes.
  kqueue_shim::injectEvent(fd, EVFILT_READ, EV_EOF, ECONNRESET, 5);
  fixture.turn();
  BOOST_TEST(pair.server.events() == "connect, receive(5)");
  pair.client.reset();
  fixture.runUntil([&server = pair.server] { return server.failed(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), error read ECONNRESET");
}

BOOST_AUTO_TEST_CASE(an_end_that_is_none_does_no_harm) {
  const auto [pair, fd] = connected();
  pair.server.startReceiving();
  pair.server.send(std::string(10'000'000, 'x'));
  for (const int filter : {EVFILT_READ, EVFILT_WRITE}) {
    for (const int flags : {EV_EOF, EV_ERROR, EV_EOF | EV_ERROR}) {
      kqueue_shim::injectEvent(fd, filter, static_cast<unsigned>(flags), EPIPE, EPIPE);
      fixture.turn();
    }
  }
  pair.client.startReceiving();
  fixture.runUntil([&client = pair.client] { return client.receivedCount() == 10'000'000; });
  pair.client.trySend("hello");
  fixture.runUntil([&server = pair.server] { return server.received() == "hello"; });
  BOOST_TEST(!pair.server.failed());
}

BOOST_AUTO_TEST_CASE(a_listener_passes_over_an_end) {
  listener.startAccepting();
  const int fd = *std::max_element(fake.openDescriptors().begin(), fake.openDescriptors().end());
  for (const int flags : {EV_EOF, EV_ERROR}) {
    kqueue_shim::injectEvent(fd, EVFILT_READ, static_cast<unsigned>(flags), ECONNABORTED, EBADF);
    fixture.turn();
  }
  BOOST_TEST(listener.events() == "");
  connected();
}

BOOST_AUTO_TEST_CASE(an_interrupted_wait_tells_nothing_and_loses_nothing) {
  const auto [pair, fd] = connected();
  pair.server.startReceiving();
  pair.client.trySend("hello");
  kqueue_shim::failNextWait(EINTR);
  fixture.turn(BackendFixture::kPatience);
  BOOST_TEST(pair.server.events() == "connect");
  fixture.turn(BackendFixture::kPatience);
  BOOST_TEST(pair.server.events() == "connect, receive(5)");
}

// Changes.

BOOST_AUTO_TEST_CASE(what_a_change_need_not_have_done_is_no_failure) {
  const auto [pair, fd] = connected();
  for (const int errnum : {EPIPE, ENOENT}) {
    BOOST_TEST_CONTEXT(errnum) {
      if (errnum == EPIPE) kqueue_shim::failNextAdd(EPIPE);
      pair.server.startReceiving();
      fixture.turn();
      if (errnum == ENOENT) kqueue_shim::failNextDelete(ENOENT);
      pair.server.stopReceiving();
      fixture.turn();
      BOOST_TEST(!pair.server.failed());
    }
  }
}

BOOST_AUTO_TEST_CASE(an_interrupted_change_is_made_again) {
  const auto [pair, fd] = connected();
  fake.fail(Call::watch, EINTR, 0, 3);
  pair.server.startReceiving();
  pair.client.trySend("hello");
  fixture.runUntil([&server = pair.server] { return server.received() == "hello"; });
}

BOOST_AUTO_TEST_CASE(another_refusal_fails_the_stream) {
  const auto [pair, fd] = connected();
  kqueue_shim::failNextAdd(ENOMEM);
  pair.server.startReceiving();
  fixture.runUntil([&server = pair.server] { return server.failed(); });
  BOOST_TEST(pair.server.error().errnum == ENOMEM);
  BOOST_TEST(!pair.client.failed());
}

// The dead stream would otherwise be told of what comes, again and again.
BOOST_AUTO_TEST_CASE(of_two_filters_none_is_left_when_the_second_is_refused) {
  const auto [pair, fd] = connected();
  kqueue_shim::failNextAdd(ENOMEM, 1);
  pair.server.startReceiving();
  pair.server.send(std::string(10'000'000, 'x'));
  fixture.runUntil([&server = pair.server] { return server.failed(); });
  pair.client.trySend("hello");
  BOOST_TEST(fixture.countTurns(milliseconds(20)) <= 2u);
}

// Two events for one stream.

BOOST_AUTO_TEST_CASE(the_first_of_two_events_may_close_the_stream) {
  for (const bool writesFirst : {false, true}) {
    BOOST_TEST_CONTEXT("writes first: " << writesFirst) {
      kqueue_shim::tellWritesFirst(writesFirst);
      const auto [pair, fd] = connected();
      RecordingStreamHandler& server = pair.server;
      pair.client.trySend("hello");
      server.on.receive = server.on.send = [&server] { server.close(); };
      server.startReceiving();
      server.send("hello");
      fixture.runUntil([&server] { return server.closed(); });
      const std::string first = writesFirst ? "send(5)" : "receive(5)";
      BOOST_TEST(server.events() == "connect, " + first + ", close");
    }
  }
}

BOOST_AUTO_TEST_CASE(the_first_of_two_events_may_throw_or_turn_the_other_off) {
  for (const bool writesFirst : {false, true}) {
    BOOST_TEST_CONTEXT("writes first: " << writesFirst) {
      kqueue_shim::tellWritesFirst(writesFirst);
      const auto [pair, fd] = connected();
      RecordingStreamHandler& server = pair.server;
      pair.client.trySend("hello");
      bool threw = false;
      const auto stopAndThrow = [&] {
        server.on.receive = server.on.send = {};
        server.stopReceiving();
        threw = true;
        throw 1;
      };
      server.on.receive = server.on.send = stopAndThrow;
      server.startReceiving();
      server.send("hello");
      BOOST_CHECK_THROW(fixture.turn(BackendFixture::kPatience), int);
      BOOST_TEST(threw);
      fixture.runUntil([&server] { return server.sentCount() == 5; });
      BOOST_TEST(server.received() == (writesFirst ? "" : "hello"));
      server.startReceiving();
      fixture.runUntil([&server] { return server.received() == "hello"; });
    }
  }
}

BOOST_AUTO_TEST_CASE(both_events_of_a_gone_peer_make_one_failure) {
  for (const bool writesFirst : {false, true}) {
    BOOST_TEST_CONTEXT("writes first: " << writesFirst) {
      kqueue_shim::tellWritesFirst(writesFirst);
      const auto [pair, fd] = connected();
      pair.server.startReceiving();
      pair.server.send(std::string(10'000'000, 'x'));
      fixture.turn();
      pair.client.reset();
      fixture.runUntil([&server = pair.server] { return server.failed(); });
      BOOST_TEST(pair.server.error().errnum == ECONNRESET);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(kqueue_and_fork)

// In the child the number is free. Whatever took it is neither waited on, nor woken, nor closed.
BOOST_AUTO_TEST_CASE(a_child_of_fork_is_refused_and_disturbs_nobody) {
  auto backend = std::move(*platform::makeBackend());
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      backend->wait(std::chrono::seconds(0));
    } catch (const Error& error) {
      if (error.code() == "EBADF" && error.syscall() == "kevent") status = 0;
    }
    backend->wake();
    auto own = platform::makeBackend();
    if (!own) status = 2;
    backend.reset();
    (*own)->wake();
    (*own)->wait(std::nullopt);
    ::_exit(status);
  }
  int status = -1;
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  // The parent's goes on.
  backend->wake();
  backend->wait(std::nullopt);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sprocket::tests
