// Listeners that are stopped, closed or kept waiting while accepting fails, on every backend.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/error.h"
#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/support/backend_fixture.h"
#include "sprocket/tests/support/fake_syscalls.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using platform::Endpoint;
using platform::errorNumber;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;
using std::chrono::milliseconds;

const Endpoint kTcp = IpEndpoint{IpAddress::loopback(platform::Family::v4), 0};

struct AcceptingFaults {
  FakeSyscalls fake;
  TempDirectory directory;
  BackendFixture fixture{std::move(*platform::makeBackend())};

  AcceptingFaults() { fake.useVirtualTime(); }
  ~AcceptingFaults() {
    BOOST_TEST(fixture.closeAll(), "an onClose() did not come");
    fixture.destroyBackend();
    BOOST_TEST(fake.openDescriptors().empty());
    BOOST_TEST(fake.mistakes() == 0u);
  }

  Endpoint path() { return LocalPath{directory.freshPath()}; }

  std::vector<RecordingStreamHandler*> connected(RecordingListenerHandler& listener, int count) {
    std::vector<RecordingStreamHandler*> clients;
    for (int i = 0; i < count; ++i) {
      clients.push_back(&fixture.connect(listener.listener().localEndpoint()));
      clients.back()->startReceiving();
    }
    fixture.runUntil([&] {
      return std::ranges::all_of(clients, [](auto* client) { return client->connected(); });
    });
    return clients;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(accepting_faults, AcceptingFaults)

// The retry comes first in the wait() that tells of the refusal. Who waited in a pipe that Windows
// could not wait at is cut off, and nobody else is.
BOOST_AUTO_TEST_CASE(who_waits_is_served_though_a_refusal_is_told_late, *label("7.22")) {
  for (const Endpoint& endpoint : {kTcp, path()}) {
    RecordingListenerHandler& listener = fixture.listen(endpoint);
    const auto clients = connected(listener, 5);
    fake.fail(Call::accept, errorNumber("EINVAL"));
    listener.startAccepting();
    *fake.virtualTime() += milliseconds(20);
    fixture.runUntil([&] {
      const auto gone = std::ranges::count_if(
          clients, [](auto* client) { return client->ended() || client->failed(); });
      return listener.failures().size() == 1 &&
             listener.accepted().size() == clients.size() - static_cast<std::size_t>(gone);
    });
    BOOST_TEST(listener.accepted().size() >= 4u);
  }
}

// At once, or what the retry brings could come first.
BOOST_AUTO_TEST_CASE(a_failure_is_told_in_the_next_wait, *label("7.22")) {
  RecordingListenerHandler& listener = fixture.listen(kTcp);
  connected(listener, 1);
  fake.fail(Call::accept, errorNumber("EINVAL"));
  listener.startAccepting();
  fixture.turn();
  BOOST_TEST(listener.events() == "error accept EINVAL");
}

// However many were gone. Their number makes accepting pause, which nobody hears of.
BOOST_AUTO_TEST_CASE(a_crowd_that_was_gone_before_is_passed_over, *label("7.22")) {
  RecordingListenerHandler& listener = fixture.listen(kTcp);
  connected(listener, 1);
  fake.fail(Call::accept, errorNumber("ECONNABORTED"), 0, 70);
  listener.startAccepting();
  fixture.runUntil([&] { return listener.accepted().size() == 1; });
  BOOST_TEST(listener.events() == "accept");
}

// Accepting takes its time on Windows, and has a second step; both find out that the peer has gone.
BOOST_AUTO_TEST_CASE(who_goes_while_being_accepted_is_passed_over,
                     *label("7.22") * onlyOnWindows()) {
  for (const Call call : {Call::packet, Call::getsockopt}) {
    RecordingListenerHandler& listener = fixture.listen(kTcp);
    connected(listener, 2);
    fake.fail(call, errorNumber("ECONNRESET"));
    listener.startAccepting();
    fixture.runUntil([&] { return listener.accepted().size() == 1; });
    fixture.countTurns(milliseconds(100));
    BOOST_TEST(listener.events() == "accept");
  }
}

// Others are still under way then, which does not make it go untold.
BOOST_AUTO_TEST_CASE(who_is_lost_while_being_accepted_is_told_of,
                     *label("7.22") * label("7.23") * onlyOnWindows()) {
  for (const Endpoint& endpoint : {kTcp, path()}) {
    RecordingListenerHandler& listener = fixture.listen(endpoint);
    listener.startAccepting();
    fixture.countTurns(milliseconds(100));
    fake.fail(Call::packet, errorNumber("ENOBUFS"));
    const auto clients = connected(listener, 2);
    fixture.runUntil([&] { return listener.accepted().size() == 1; });
    fixture.countTurns(milliseconds(100));
    BOOST_TEST(listener.events() ==
               (endpoint.isIp() ? "accept, drop(1) ENOBUFS" : "accept, error accept ENOBUFS"));
    BOOST_TEST(std::ranges::count_if(
                   clients, [](auto* client) { return client->ended() || client->failed(); }) == 1);
  }
}

// Without a listener that accepts nobody is cut off.
BOOST_AUTO_TEST_CASE(nobody_is_shed_once_accepting_has_stopped, *label("7.23")) {
  RecordingListenerHandler& listener = fixture.listen(kTcp);
  RecordingListenerHandler& quiet = fixture.share(listener);
  const auto clients = connected(listener, 3);
  fake.limitDescriptors(fake.openDescriptors().size(), errorNumber("EMFILE"));
  listener.startAccepting();
  listener.stopAccepting();
  fixture.countTurns(milliseconds(100));
  BOOST_TEST(std::ranges::none_of(
      clients, [](auto* client) { return client->ended() || client->failed(); }));
  fake.limitDescriptors(FakeSyscalls::kForEver, 0);
  quiet.startAccepting();
  fixture.runUntil([&] { return quiet.accepted().size() == 3; });
  BOOST_TEST(listener.events() == "");
}

// Who comes between an accepting call and its cancelling is cut off, too: nobody may wait() any
// more for a backend of which everything is closed.
BOOST_AUTO_TEST_CASE(nothing_is_left_when_the_last_listener_is_closed, *label("7.18")) {
  for (const Endpoint& endpoint : {kTcp, path()}) {
    RecordingListenerHandler& listener = fixture.listen(endpoint);
    RecordingListenerHandler& other = fixture.share(listener);
    const Endpoint place = listener.listener().localEndpoint();
    std::optional<RawSocket> late;
    const auto closes = [&](RecordingStreamHandler& server) {
      late = place.isIp() ? RawSocket::connect(place.ip().port)
                          : RawSocket::connect(place.path().text);
      server.close();
      listener.close();
      other.close();
    };
    listener.on.accept = other.on.accept = closes;
    listener.startAccepting();
    other.startAccepting();
    RecordingStreamHandler& client = fixture.connect(place);
    client.on.connect = [&] { client.close(); };
    fixture.runUntil([&] { return listener.closed() && other.closed() && client.closed(); });
    late->awaitEnd();
    BOOST_TEST(late->isGone());
  }
}

// A handler that closes all, and throws, is not told more than the close, and neither are others.
BOOST_AUTO_TEST_CASE(listeners_are_closed_inside_what_they_are_told,
                     *label("7.22") * label("7.23")) {
  struct Thrown {};
  for (const char* const name : {"EINVAL", "EMFILE"}) {
    RecordingListenerHandler& first = fixture.listen(kTcp);
    RecordingListenerHandler& second = fixture.share(first);
    RecordingListenerHandler& third = fixture.share(second);
    const auto clients = connected(first, 3);
    const auto closesAll = [&] {
      for (auto* each : {&first, &second, &third}) {
        if (!each->isClosing()) each->close();
      }
      throw Thrown();
    };
    for (auto* each : {&first, &second, &third}) {
      each->on.error = each->on.drop = closesAll;
      each->on.close = [] { throw Thrown(); };
    }
    if (name == std::string("EINVAL")) {
      fake.fail(Call::accept, errorNumber(name), 0, FakeSyscalls::kForEver);
    } else {
      fake.limitDescriptors(fake.openDescriptors().size(), errorNumber(name));
    }
    for (auto* each : {&first, &second, &third}) each->startAccepting();
    int thrown = 0;
    while (thrown < 4) {
      try {
        fixture.turn(BackendFixture::kPatience);
      } catch (const Thrown&) {
        ++thrown;
      }
    }
    BOOST_TEST((first.closed() && second.closed() && third.closed()));
    BOOST_TEST(first.failures().size() + second.failures().size() + third.failures().size() == 1u);
    fake.letThrough(Call::accept);
    fake.limitDescriptors(FakeSyscalls::kForEver, 0);
    fixture.runUntil([&] {
      return std::ranges::all_of(clients,
                                 [](auto* client) { return client->ended() || client->failed(); });
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sprocket::tests
