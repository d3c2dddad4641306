#include "sprocket/reactor/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sprocket::reactor {

void TimerWheel::schedule(WheelTimer& timer, std::uint64_t deadline) {
  timer.unlink();
  timer.deadline_ = std::max(deadline, now_);
  file(timer);
}

std::optional<std::uint64_t> TimerWheel::nextWake() const {
  const std::optional<Place> first = firstOccupied();
  if (!first) return std::nullopt;
  return startOf(*first);
}

void TimerWheel::advance(std::uint64_t now, TimerList& expired) {
  assert(now >= now_);
  while (const std::optional<Place> first = firstOccupied()) {
    const std::uint64_t start = startOf(*first);
    if (start > now) break;
    assert(start >= now_);
    // No timer is due before `start`, so nothing is skipped by making it the present.
    now_ = start;
    TimerList& slot = slotAt(*first);
    if (first->level == 0) {
      expired.spliceBack(slot);
    } else {
      while (WheelTimer* timer = slot.popFront()) file(*timer);
    }
  }
  // Every timer left is in a slot that begins after `now`, and has the same place seen from there.
  now_ = now;
}

void TimerWheel::file(WheelTimer& timer) {
  assert(timer.deadline_ >= now_);
  const Place place = placeOf(timer.deadline_);
  slotAt(place).pushBack(timer);
  occupied_[place.level] |= std::uint64_t{1} << place.slot;
}

TimerWheel::Place TimerWheel::placeOf(std::uint64_t deadline) const {
  const std::uint64_t difference = deadline ^ now_;
  const unsigned highestBit = static_cast<unsigned>(std::bit_width(difference | 1)) - 1;
  const unsigned level = highestBit / bitsPerLevel;
  const std::uint64_t digits = deadline >> (level * bitsPerLevel);
  return {level, static_cast<unsigned>(digits % slotsPerLevel)};
}

std::optional<TimerWheel::Place> TimerWheel::firstOccupied() const {
  for (unsigned level = 0; level < levels; ++level) {
    while (occupied_[level] != 0) {
      const unsigned slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
      if (!slotAt({level, slot}).empty()) return Place{level, slot};
      occupied_[level] &= occupied_[level] - 1;
    }
  }
  return std::nullopt;
}

std::uint64_t TimerWheel::startOf(Place place) const {
  const unsigned shift = place.level * bitsPerLevel;
  const std::uint64_t digits = now_ >> shift;
  return (digits - digits % slotsPerLevel + place.slot) << shift;
}

}  // namespace sprocket::reactor
