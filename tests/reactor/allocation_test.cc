// What the loop allocates: nothing per event in the steady state, and nothing that stays behind.

#include <cstddef>
#include <functional>

#include <boost/test/unit_test.hpp>

#include "sprocket/reactor/reactor.h"
#include "sprocket/tests/support/allocation_count.h"
#include "sprocket/tests/support/loop_fixture.h"

namespace {

using namespace std::chrono_literals;
using namespace sprocket;
using tests::allocationCount;
using tests::liveAllocationCount;
using tests::LoopFixture;

constexpr int rounds = 100;

// Lets `step` be done in as many turns as it takes for all memory to have its final size, and then
// says how many allocations the same number of turns costs.
std::size_t allocationsInSteadyState(LoopFixture& fixture, const std::function<void()>& step) {
  // The fake backend writes down each wait, which must not count.
  const auto turns = [&] {
    for (int i = 0; i < rounds; ++i) {
      step();
      fixture.loop().runOnce(0ms);
    }
  };
  fixture.backend().forgetWaits(8 * rounds);
  turns();
  turns();
  const std::size_t before = allocationCount();
  turns();
  return allocationCount() - before;
}

struct OwnTimer final : reactor::Timer {
  void onTimeout() override {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_FIXTURE_TEST_CASE(turns_allocate_nothing, LoopFixture) {
  BOOST_TEST(allocationsInSteadyState(*this, [] {}) == 0U);
}

BOOST_FIXTURE_TEST_CASE(ticks_allocate_nothing, LoopFixture) {
  BOOST_TEST(allocationsInSteadyState(*this, [&] {
               for (int i = 0; i < 10; ++i) nextTick([this] { nextTick([] {}); });
             }) == 0U);
}

BOOST_FIXTURE_TEST_CASE(posts_allocate_nothing, LoopFixture) {
  const reactor::Remote remote = loop().remote();
  BOOST_TEST(allocationsInSteadyState(*this, [&] {
               for (int i = 0; i < 10; ++i) remote.post([this] {});
             }) == 0U);
}

BOOST_FIXTURE_TEST_CASE(own_timers_allocate_nothing, LoopFixture) {
  OwnTimer fires;
  OwnTimer cancelled;
  BOOST_TEST(allocationsInSteadyState(*this, [&] {
               loop().startTimer(cancelled, 10);
               loop().startTimer(fires, 1);
               cancelled.cancel();
               backend().pass(3ms);
             }) == 0U);
}

BOOST_FIXTURE_TEST_CASE(refresh_allocates_nothing, LoopFixture) {
  const Timeout timer = setTimeout([] {}, 5);
  BOOST_TEST(allocationsInSteadyState(*this, [&] {
               timer.refresh();
               backend().pass(3ms);
             }) == 0U);
}

BOOST_FIXTURE_TEST_CASE(intervals_allocate_nothing, LoopFixture) {
  setInterval([] {}, 1);
  BOOST_TEST(allocationsInSteadyState(*this, [&] { backend().pass(3ms); }) == 0U);
}

BOOST_FIXTURE_TEST_CASE(timeout_and_immediate_are_one_allocation_each, LoopFixture) {
  BOOST_TEST(allocationsInSteadyState(*this, [&] {
               setTimeout([] {}, 1);
               setImmediate([] {});
               backend().pass(3ms);
             }) == 2U * rounds);
}

BOOST_FIXTURE_TEST_CASE(nothing_stays_behind_while_the_loop_lives, LoopFixture) {
  const auto step = [&] {
    clearTimeout(setTimeout([] {}, 5));
    setTimeout([] {}, 1);
    clearImmediate(setImmediate([] {}));
    setImmediate([] {});
    nextTick([] {});
    loop().remote().post([] {});
    backend().pass(3ms);
  };
  allocationsInSteadyState(*this, step);
  backend().forgetWaits(8 * rounds);
  const std::size_t before = liveAllocationCount();
  allocationsInSteadyState(*this, step);
  BOOST_TEST(liveAllocationCount() == before);
}

BOOST_AUTO_TEST_SUITE_END()
