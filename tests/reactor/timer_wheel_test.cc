#include "sprocket/reactor/timer_wheel.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace {

using sprocket::reactor::TimerList;
using sprocket::reactor::TimerWheel;
using sprocket::reactor::WheelTimer;
using Tick = std::uint64_t;

constexpr Tick maxTick = std::numeric_limits<Tick>::max();
constexpr int levels = 11;

struct TestTimer : WheelTimer {
  explicit TestTimer(int n = 0) : number(n) {}
  int number;
};

TestTimer* pop(TimerList& expired) { return static_cast<TestTimer*>(expired.popFront()); }

std::vector<int> numbersOf(TimerList& expired) {
  std::vector<int> numbers;
  while (const TestTimer* timer = pop(expired)) numbers.push_back(timer->number);
  return numbers;
}

std::vector<int> advanceTo(TimerWheel& wheel, Tick now) {
  TimerList expired;
  wheel.advance(now, expired);
  return numbersOf(expired);
}

void checkEqual(const std::vector<int>& found, const std::vector<int>& expected) {
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

// The level a timer starts on: how many of the low base-64 digits of `now` have to change.
int levelOf(Tick now, Tick deadline) {
  int level = 0;
  while ((now >> 6) != (deadline >> 6)) {
    now >>= 6;
    deadline >>= 6;
    ++level;
  }
  return level;
}

std::vector<Tick> interestingTicks() {
  std::vector<Tick> ticks = {0, maxTick, maxTick - 1, 0x123456789abcdef0};
  for (int bit = 0; bit < 64; ++bit) {
    const Tick power = Tick{1} << bit;
    ticks.insert(ticks.end(), {power - 1, power, power + 1, maxTick - power});
  }
  return ticks;
}

// Goes from wake to wake, as a loop does that has nothing else to do, until the timer expires.
// Returns the number of wakes, and gives up when there are more than there may be.
int wakesUntilExpired(TimerWheel& wheel, const TestTimer& timer) {
  int wakes = 0;
  while (timer.isScheduled()) {
    BOOST_REQUIRE_LT(wakes, levels);
    const std::optional<Tick> wake = wheel.nextWake();
    BOOST_REQUIRE(wake.has_value());
    BOOST_REQUIRE_LE(*wake, timer.deadline());
    advanceTo(wheel, *wake);
    ++wakes;
  }
  BOOST_REQUIRE_EQUAL(wheel.now(), timer.deadline());
  return wakes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timer_wheel)

BOOST_AUTO_TEST_CASE(emptyWheelAsksForNoWake) {
  TimerWheel wheel(5);
  BOOST_TEST(wheel.empty());
  BOOST_TEST(!wheel.nextWake());
  checkEqual(advanceTo(wheel, maxTick), {});
  BOOST_TEST(wheel.now() == maxTick);
}

// All pairs of ticks around each power of two, so every level, slot border and carry.
BOOST_AUTO_TEST_CASE(timerExpiresAtItsDeadlineAndNotOneTickBefore) {
  for (const Tick now : interestingTicks()) {
    for (const Tick deadline : interestingTicks()) {
      if (deadline <= now) continue;
      TimerWheel wheel(now);
      TestTimer timer;
      wheel.schedule(timer, deadline);
      advanceTo(wheel, deadline - 1);
      BOOST_REQUIRE(timer.isScheduled());
      BOOST_REQUIRE_EQUAL(advanceTo(wheel, deadline).size(), 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(passedDeadlineExpiresAtTheNextAdvance) {
  TimerWheel wheel(100);
  TestTimer past(1), present(2);
  wheel.schedule(past, 3);
  wheel.schedule(present, 100);
  BOOST_TEST(wheel.nextWake().value() == 100U);
  checkEqual(advanceTo(wheel, 100), {1, 2});
}

BOOST_AUTO_TEST_CASE(timerScheduledAfterAdvanceToItsTickExpiresAtTheSameTick) {
  TimerWheel wheel;
  TestTimer first(1), second(2);
  wheel.schedule(first, 100);
  checkEqual(advanceTo(wheel, 100), {1});
  wheel.schedule(second, 100);
  checkEqual(advanceTo(wheel, 100), {2});
}

// They are scheduled at times from which their common deadline is on ever lower levels, in the
// company of others that keep the slots busy.
BOOST_AUTO_TEST_CASE(equalDeadlinesExpireInTheOrderOfScheduling) {
  constexpr Tick deadline = 0x0123456789abcdef;
  TimerWheel wheel;
  std::deque<TestTimer> timers, others;
  std::vector<int> expected;
  for (Tick distance = deadline; distance > 0; distance /= 3) {
    advanceTo(wheel, deadline - distance);
    for (int i = 0; i < 2; ++i) {
      const int number = static_cast<int>(expected.size());
      expected.push_back(number);
      wheel.schedule(timers.emplace_back(number), deadline);
      wheel.schedule(others.emplace_back(), deadline + distance / 7 + 1);
    }
  }
  checkEqual(advanceTo(wheel, deadline), expected);
}

BOOST_AUTO_TEST_CASE(suspensionExpiresInTheOrderOfDeadlines) {
  TimerWheel wheel(77);
  std::deque<TestTimer> timers;
  std::vector<int> expected;
  for (int i = 0; i < 64; ++i) expected.push_back(i);
  for (int i = 63; i >= 0; --i) wheel.schedule(timers.emplace_back(i), 77 + (Tick{1} << i));
  checkEqual(advanceTo(wheel, maxTick), expected);
}

BOOST_AUTO_TEST_CASE(saturatedDeadlineExpiresAtTheEndOfTimeOnly) {
  TimerWheel wheel(1);
  TestTimer timer(1);
  wheel.schedule(timer, maxTick);
  checkEqual(advanceTo(wheel, maxTick - 1), {});
  BOOST_TEST(wheel.nextWake().value() == maxTick);
  checkEqual(advanceTo(wheel, maxTick), {1});
}

BOOST_AUTO_TEST_CASE(farTimerCostsAtMostOneWakePerLevel) {
  for (const Tick now : interestingTicks()) {
    for (const Tick deadline : interestingTicks()) {
      if (deadline < now) continue;
      TimerWheel wheel(now);
      TestTimer timer;
      wheel.schedule(timer, deadline);
      BOOST_REQUIRE_LE(wakesUntilExpired(wheel, timer), levelOf(now, deadline) + 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(wakeForANearTimerIsExact) {
  TimerWheel wheel(6400);
  TestTimer timer;
  wheel.schedule(timer, 6463);
  BOOST_TEST(wheel.nextWake().value() == 6463U);
}

// The first timer there is not the first to expire, which is only known once the slot is reached.
BOOST_AUTO_TEST_CASE(wakeForFarTimersIsTheStartOfTheirSlot) {
  TimerWheel wheel(6400);
  TestTimer later, sooner;
  wheel.schedule(later, 6500);
  wheel.schedule(sooner, 6470);
  BOOST_TEST(wheel.nextWake().value() == 6464U);
  advanceTo(wheel, 6464);
  BOOST_TEST(wheel.nextWake().value() == 6470U);
}

BOOST_AUTO_TEST_CASE(cancelledTimerAsksForNoWake) {
  TimerWheel wheel;
  TestTimer near, far;
  wheel.schedule(near, 10);
  wheel.schedule(far, 1'000'000);
  near.cancel();
  far.cancel();
  BOOST_TEST(!wheel.nextWake());
  BOOST_TEST(wheel.empty());
}

BOOST_AUTO_TEST_CASE(cancelledTimerDoesNotExpire) {
  TimerWheel wheel;
  TestTimer cancelled(1), other(2);
  wheel.schedule(cancelled, 10);
  wheel.schedule(other, 10);
  cancelled.cancel();
  checkEqual(advanceTo(wheel, 10), {2});
}

BOOST_AUTO_TEST_CASE(cancellingTwiceDoesNothing) {
  TimerWheel wheel;
  TestTimer timer;
  wheel.schedule(timer, 10);
  timer.cancel();
  timer.cancel();
  BOOST_TEST(!timer.isScheduled());
}

BOOST_AUTO_TEST_CASE(slotOfACancelledTimerIsUsedAgainOneRoundLater) {
  TimerWheel wheel;
  TestTimer timer(1);
  wheel.schedule(timer, 10);
  timer.cancel();
  advanceTo(wheel, 70);
  wheel.schedule(timer, 64 + 11);
  BOOST_TEST(wheel.nextWake().value() == 64U + 11U);
  checkEqual(advanceTo(wheel, 64 + 11), {1});
}

BOOST_AUTO_TEST_CASE(rearmedTimerExpiresAtItsNewDeadlineOnly) {
  TimerWheel wheel;
  TestTimer later(1), sooner(2);
  wheel.schedule(later, 10);
  wheel.schedule(sooner, 5000);
  wheel.schedule(later, 6000);
  wheel.schedule(sooner, 20);
  checkEqual(advanceTo(wheel, 10), {});
  checkEqual(advanceTo(wheel, 20), {2});
  checkEqual(advanceTo(wheel, 6000), {1});
}

BOOST_AUTO_TEST_CASE(rearmingForTheSameDeadlineGoesToTheEndOfTheLine) {
  TimerWheel wheel;
  TestTimer first(1), second(2);
  wheel.schedule(first, 10);
  wheel.schedule(second, 10);
  wheel.schedule(first, 10);
  checkEqual(advanceTo(wheel, 10), {2, 1});
}

BOOST_AUTO_TEST_CASE(destroyedTimerIsCancelled) {
  TimerWheel wheel;
  {
    TestTimer timer;
    wheel.schedule(timer, 10);
  }
  BOOST_TEST(wheel.empty());
}

BOOST_AUTO_TEST_CASE(destroyedWheelLeavesItsTimersUnscheduled) {
  TestTimer near, far;
  {
    TimerWheel wheel;
    wheel.schedule(near, 10);
    wheel.schedule(far, maxTick);
  }
  BOOST_TEST(!near.isScheduled());
  BOOST_TEST(!far.isScheduled());
}

struct Batch {
  Batch() {
    wheel.schedule(first, 10);
    wheel.schedule(second, 10);
    wheel.schedule(third, 11);
    wheel.advance(20, expired);
  }
  TimerWheel wheel;
  TestTimer first{1};
  TestTimer second{2};
  TestTimer third{3};
  TimerList expired;
};

BOOST_FIXTURE_TEST_CASE(expiredTimersAreNoLongerInTheWheel, Batch) { BOOST_TEST(wheel.empty()); }

BOOST_FIXTURE_TEST_CASE(poppedTimerIsNoLongerScheduled, Batch) {
  BOOST_TEST(pop(expired) == &first);
  BOOST_TEST(!first.isScheduled());
}

BOOST_FIXTURE_TEST_CASE(timerCancelledByANeighbourOfItsBatchIsGone, Batch) {
  BOOST_TEST(pop(expired) == &first);
  second.cancel();
  checkEqual(numbersOf(expired), {3});
}

BOOST_FIXTURE_TEST_CASE(timerRearmedByANeighbourOfItsBatchWaitsInTheWheel, Batch) {
  BOOST_TEST(pop(expired) == &first);
  wheel.schedule(third, 30);
  checkEqual(numbersOf(expired), {2});
  checkEqual(advanceTo(wheel, 30), {3});
}

BOOST_FIXTURE_TEST_CASE(timerRearmedForNowIsNotInTheSameBatch, Batch) {
  BOOST_TEST(pop(expired) == &first);
  wheel.schedule(first, wheel.now());
  checkEqual(numbersOf(expired), {2, 3});
  BOOST_TEST(wheel.nextWake().value() == wheel.now());
  checkEqual(advanceTo(wheel, wheel.now()), {1});
}

BOOST_FIXTURE_TEST_CASE(timerDestroyedByANeighbourOfItsBatchIsGone, Batch) {
  auto fourth = std::make_unique<TestTimer>(4);
  wheel.schedule(*fourth, 20);
  wheel.advance(20, expired);
  BOOST_TEST(pop(expired) == &first);
  fourth.reset();
  checkEqual(numbersOf(expired), {2, 3});
}

BOOST_FIXTURE_TEST_CASE(unfinishedBatchIsContinuedByTheNext, Batch) {
  TestTimer fourth(4);
  wheel.schedule(fourth, 25);
  BOOST_TEST(pop(expired) == &first);
  wheel.advance(25, expired);
  checkEqual(numbersOf(expired), {2, 3, 4});
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// A wheel beside a std::multimap that says what it must do. A multimap keeps equal keys in the
// order they were inserted, as the wheel must. Every operation is done to both, and everything
// the wheel shows is compared after every operation.
class WheelAndModel {
 public:
  static constexpr int timerCount = 200;

  WheelAndModel(std::mt19937_64& random, Tick now) : random_(random), wheel_(now), now_(now) {
    for (int i = 0; i < timerCount; ++i) timers_.push_back(std::make_unique<TestTimer>(i));
    places_.assign(timerCount, waiting_.end());
  }

  void step() {
    const int number = anyNumber();
    switch (random_() % 16) {
      case 0: destroy(number); break;
      case 1:
      case 2:
      case 3: cancel(number); break;
      case 4:
      case 5: advance(now_ + std::min(stepSize(), maxTick - now_)); break;
      case 6: advance(wheel_.nextWake().value_or(now_)); break;
      default: schedule(number, anyDeadline());
    }
    checkWake();
  }

 private:
  using Model = std::multimap<Tick, int>;

  int anyNumber() { return static_cast<int>(random_() % timerCount); }

  // Of every magnitude alike: the number of bits is random first.
  Tick anyTick() { return random_() >> (random_() % 64); }

  Tick stepSize() {
    switch (random_() % 8) {
      case 0: return 0;
      case 1: return anyTick() / 256;  // giant ones, but time must last for some operations
      default: return random_() % 100;
    }
  }

  Tick anyDeadline() {
    switch (random_() % 8) {
      case 0: return now_ - std::min(now_, anyTick());
      case 1: return maxTick - random_() % 3;
      case 2:
      case 3:
        // Shared by many timers, and on a border of slots.
        return (now_ | (Tick{0xfff} >> (random_() % 13))) + random_() % 2;
      case 4:
      case 5: return now_ + std::min(random_() % 200, maxTick - now_);
      default: return now_ + std::min(anyTick(), maxTick - now_);
    }
  }

  void schedule(int number, Tick deadline) {
    TestTimer& timer = timerOf(number);
    wheel_.schedule(timer, deadline);
    forget(number);
    placeOf(number) = waiting_.emplace(std::max(deadline, now_), number);
    require(timer.isScheduled(), "a timer just scheduled is not");
    require(timer.deadline() == std::max(deadline, now_), "deadline() is wrong");
  }

  void cancel(int number) {
    timerOf(number).cancel();
    forget(number);
    require(!timerOf(number).isScheduled(), "a cancelled timer is scheduled");
  }

  void destroy(int number) {
    timers_[static_cast<std::size_t>(number)] = std::make_unique<TestTimer>(number);
    forget(number);
  }

  void advance(Tick now) {
    wheel_.advance(now, expired_);
    now_ = now;
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
      const int number = waiting_.begin()->second;
      forget(number);
      batch_.push_back(number);
    }
    require(wheel_.now() == now, "now() is wrong");
    runBatch();
  }

  // What is popped is compared one by one, and now and then does something to any timer, be it in
  // the wheel, in the batch or in neither.
  void runBatch() {
    while (const TestTimer* timer = pop(expired_)) {
      require(timer->deadline() <= now_, "a timer expired early");
      require(!batch_.empty(), "a timer expired that should not");
      require(timer->number == batch_.front(), "timers expired in the wrong order");
      require(!timer->isScheduled(), "an expired timer is scheduled");
      batch_.pop_front();
      switch (random_() % 8) {
        case 0: cancel(anyOfBatchOr(anyNumber())); break;
        case 1: schedule(anyOfBatchOr(anyNumber()), anyDeadline()); break;
        case 2: schedule(timer->number, anyDeadline()); break;
        case 3: destroy(anyOfBatchOr(anyNumber())); break;
        default: break;
      }
    }
    require(batch_.empty(), "a timer that is due did not expire");
  }

  int anyOfBatchOr(int other) {
    return batch_.empty() || random_() % 4 == 0 ? other : batch_[random_() % batch_.size()];
  }

  // The wake is the first deadline, with the digits cleared that lie below the highest one in which
  // it differs from now.
  void checkWake() {
    const std::optional<Tick> wake = wheel_.nextWake();
    require(wheel_.empty() == waiting_.empty(), "empty() is wrong");
    require(wake.has_value() == !waiting_.empty(), "a wake for nothing, or none for a timer");
    if (!wake) return;
    const Tick first = waiting_.begin()->first;
    const int shift = 6 * levelOf(now_, first);
    require(*wake == (first >> shift) << shift, "nextWake() is wrong");
  }

  // Out of the model.
  void forget(int number) {
    Model::iterator& place = placeOf(number);
    if (place != waiting_.end()) {
      waiting_.erase(place);
      place = waiting_.end();
    } else {
      std::erase(batch_, number);
    }
  }

  void require(bool condition, const char* otherwise) const {
    if (!condition) BOOST_FAIL(otherwise << ", at tick " << now_);
  }

  TestTimer& timerOf(int number) { return *timers_[static_cast<std::size_t>(number)]; }
  Model::iterator& placeOf(int number) { return places_[static_cast<std::size_t>(number)]; }

  std::mt19937_64& random_;
  TimerWheel wheel_;
  TimerList expired_;
  std::vector<std::unique_ptr<TestTimer>> timers_;

  Tick now_;
  Model waiting_;
  std::vector<Model::iterator> places_;  // of each timer in waiting_, or its end
  std::deque<int> batch_;
};

std::vector<Tick> seedsToRun() {
  if (const char* text = std::getenv("SPROCKET_SEED")) return {std::strtoull(text, nullptr, 0)};
  std::random_device device;
  return {20240611, device()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timer_wheel)

// Wheels that start at all times of the world and live for a thousand operations each. With
// SPROCKET_SEED in the environment it runs that seed; otherwise a fixed and a fresh one.
BOOST_AUTO_TEST_CASE(behavesAsASortedMapUnderAMillionRandomOperations) {
  for (const Tick seed : seedsToRun()) {
    std::cout << "SPROCKET_SEED=" << seed << std::endl;
    BOOST_TEST_CONTEXT("SPROCKET_SEED=" << seed) {
      std::mt19937_64 random(seed);
      for (int wheel = 0; wheel < 1000; ++wheel) {
        Tick start = random() >> (random() % 64);
        if (random() % 2 == 0) start = maxTick - start;
        WheelAndModel both(random, start);
        for (int operation = 0; operation < 1000; ++operation) both.step();
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
