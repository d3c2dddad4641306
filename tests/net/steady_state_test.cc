// What a message costs once everything is warm: no memory, and no system call too many.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/allocation_count.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/wine.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using net::Socket;

struct SteadyFixture : SystemFixture, SocketFixture {
  // Sends a message back and forth between a client and an echo.
  void goRound(const Socket& client, std::size_t& rounds, std::size_t count) {
    const std::size_t until = rounds + count;
    client.write(message);
    while (rounds < until) loop().runOnce();
  }

  const std::string message = std::string(64, 'm');
};

BOOST_FIXTURE_TEST_SUITE(steadyState, SteadyFixture)

BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAPipedEchoAllocatesNothing, V, Venues, SteadyFixture) {
  const Socket client;
  const Socket served = connectPair(client, V());
  served.pipe(served);
  std::size_t rounds = 0;
  std::size_t bytes = 0;
  client.on<"data">([&](Socket self, std::string_view text) {
    bytes += text.size();
    ++rounds;
    self.write(text);
  });
  goRound(client, rounds, 100);

  const std::size_t allocationsBefore = allocationCount();
  const std::size_t roundsBefore = rounds;
  const std::size_t callsBefore = syscalls.count(Call::recv) + syscalls.count(Call::sendmsg) +
                                  syscalls.count(Call::send) + syscalls.count(Call::watch);
  while (rounds < roundsBefore + 1000) loop().runOnce();
  const std::size_t allocations = allocationCount() - allocationsBefore;
  const std::size_t calls = syscalls.count(Call::recv) + syscalls.count(Call::sendmsg) +
                            syscalls.count(Call::send) + syscalls.count(Call::watch) - callsBefore;
  BOOST_TEST(allocations == 0U);
  // One receive and one send at either end; on Windows one more to be told of data.
  constexpr std::size_t kCallsAtEitherEnd = kIsWindows ? 3 : 2;
  BOOST_TEST(calls <= 2 * kCallsAtEitherEnd * (rounds - roundsBefore) + 4);
  BOOST_TEST(bytes == rounds * message.size());
}

BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofCallbacksAndTimeoutsAllocatesNothing, V, Venues, SteadyFixture) {
  const Socket client;
  const Socket served = connectPair(client, V());
  served.pipe(served);
  served.setTimeout(10'000);
  std::size_t rounds = 0;
  std::size_t written = 0;
  client.on<"data">([&](Socket self, std::string_view text) {
    ++rounds;
    self.write(text, [&] { ++written; });
  });
  goRound(client, rounds, 100);

  const std::size_t before = allocationCount();
  const std::size_t roundsBefore = rounds;
  while (rounds < roundsBefore + 1000) loop().runOnce();
  BOOST_TEST(allocationCount() == before);
  BOOST_TEST(written >= rounds - 2);
}

// More than one write is always outstanding, so the list of callbacks is never empty.
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofOverlappingWritesAllocatesNothing, V, Venues, SteadyFixture) {
  const Socket client;
  connectPair(client, V()).resume();
  std::size_t written = 0;
  std::size_t before = 0;
  const std::function<void()> pump = [&] {
    if (++written == 1000) before = allocationCount();
    if (written < 20'000) client.write("", [&] { pump(); });
  };
  pump();
  pump();
  runUntil([&] { return written >= 20'000; });
  BOOST_TEST(allocationCount() == before);
}

// What an orderly close would say to callbacks that nobody gave is not made up either.
BOOST_FIXTURE_TEST_CASE_TEMPLATE(ofAnOrderlyCloseAllocatesNothing, V, Venues, SteadyFixture) {
  std::size_t before = 0;
  for (int i = 0; i < 2; ++i) {  // the first grows what is kept
    const Socket client;
    const Socket served = connectPair(client, V());
    served.resume();
    client.resume();
    settle();
    before = allocationCount();
    client.end();
    while (loop().runOnce(std::chrono::milliseconds(1))) {
    }
  }
  BOOST_TEST(allocationCount() == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
