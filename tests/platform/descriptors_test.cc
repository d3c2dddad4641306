// What was opened is closed, and what is open is as it should be.

#include <fcntl.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/make_backend.h"
#include "sprocket/tests/support/backend_fixture.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/poller_kind.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;

struct Descriptors {
  const std::map<int, std::string> atFirst = openDescriptors();
  TempDirectory directory;
  BackendFixture fixture{std::move(*platform::makeBackend())};

  // Those that came since the test began.
  std::map<int, std::string> ours() const {
    std::map<int, std::string> open = openDescriptors();
    for (const auto& [number, what] : atFirst) {
      if (open.contains(number) && open[number] == what) open.erase(number);
    }
    return open;
  }

  std::multiset<std::string> kindsOfOurs() const {
    std::multiset<std::string> kinds;
    for (const auto& [number, what] : ours()) kinds.insert(what);
    return kinds;
  }

  std::vector<Endpoint> endpoints() {
    return {IpEndpoint{IpAddress::loopback(platform::Family::v4), 0},
            LocalPath{directory.freshPath()}};
  }

  // Connections in several states, some of them busy, some refused.
  void useEverything() {
    for (const Endpoint& endpoint : endpoints()) {
      RecordingListenerHandler& listener = fixture.listen(endpoint);
      for (int i = 0; i < 5; ++i) {
        const auto pair = fixture.connectPair(listener);
        pair.server.startReceiving();
        pair.client.send(std::string(1'000'000, 'x'));
        if (i == 1) pair.server.close();
        if (i == 2) pair.client.reset();
        if (i == 3) fixture.runUntil([&] { return pair.server.receivedCount() == 1'000'000; });
        if (i == 4) fixture.runUntil([&] { return pair.client.inFlight() == 0; });
        if (i == 4) pair.client.shutdownSend();
      }
      fixture.connect(Endpoint());
      fixture.connect(endpoint);
      fixture.turn();
    }
  }
};

const std::multiset<std::string> kOwn = ownDescriptors();

}  // namespace

BOOST_FIXTURE_TEST_SUITE(descriptors, Descriptors)

BOOST_AUTO_TEST_CASE(a_backend_has_only_these_of_its_own) {
  BOOST_TEST(kindsOfOurs() == kOwn, boost::test_tools::per_element());
  fixture.destroyBackend();
  BOOST_TEST(ours().empty());
}

BOOST_AUTO_TEST_CASE(after_everything_is_closed_only_these_are_left) {
  useEverything();
  BOOST_TEST(ours().size() > 20u);
  BOOST_TEST(fixture.closeAll());
  BOOST_TEST(kindsOfOurs() == kOwn, boost::test_tools::per_element());
  fixture.destroyBackend();
  BOOST_TEST(ours().empty());
}

// The number is free from close() on, not only when onClose() comes.
BOOST_AUTO_TEST_CASE(close_frees_the_descriptor_at_once) {
  for (const Endpoint& endpoint : endpoints()) {
    RecordingListenerHandler& listener = fixture.listen(endpoint);
    const auto pair = fixture.connectPair(listener);
    pair.client.close();
    pair.server.reset();
    listener.close();
    BOOST_TEST(kindsOfOurs() == kOwn, boost::test_tools::per_element());
    BOOST_TEST(fixture.closeAll());
  }
}

BOOST_AUTO_TEST_CASE(the_backend_closes_what_is_open_when_it_goes) {
  useEverything();
  fixture.destroyBackend();
  BOOST_TEST(ours().empty());
}

// A child that is started meanwhile inherits none, and no call on one of them blocks.
BOOST_AUTO_TEST_CASE(all_are_close_on_exec_and_sockets_do_not_block, *label("15.4")) {
  useEverything();
  std::size_t socketCount = 0;
  for (const auto& [number, what] : ours()) {
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
      if (what != "anon_inode:[eventpoll]") {  // it has no such mode
        BOOST_TEST((::fcntl(number, F_GETFL) & O_NONBLOCK) != 0);
      }
    }
    if (what.starts_with("socket:")) ++socketCount;
  }
  BOOST_TEST(socketCount > 15u);
}

// A hundred rounds, so that what is lost now and then shows too.
BOOST_AUTO_TEST_CASE(coming_and_going_leaves_nothing_behind, *label("9.16")) {
  for (const Endpoint& endpoint : endpoints()) {
    RecordingListenerHandler& listener = fixture.listen(endpoint);
    for (int i = 0; i < 100; ++i) {
      const auto pair = fixture.connectPair(listener);
      pair.server.startReceiving();
      pair.client.trySend("hello");
      if (i % 3 == 0) fixture.turn();
      if (i % 2 == 0) pair.client.close();
      if (i % 2 == 1) pair.server.reset();
      if (i % 5 == 0) fixture.turn();
      if (!pair.client.isClosing()) pair.client.close();
      if (!pair.server.isClosing()) pair.server.close();
    }
  }
  BOOST_TEST(fixture.closeAll());
  BOOST_TEST(kindsOfOurs() == kOwn, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sprocket::tests
