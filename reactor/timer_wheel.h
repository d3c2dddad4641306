#pragma once

// Deadlines in order: a hierarchical timer wheel. Scheduling, cancelling and re-arming are O(1)
// and allocate nothing. It has no clock and no thread; ticks are numbers, and its owner says
// what the present one is.
//
// It promises that no timer expires before its deadline; that timers expire in order of deadline,
// and those of equal deadline in the order they were scheduled, however late advance() is called;
// that a wheel without timers asks for no wake, and a timer however far for at most one per level.
//
// It is not for time spans that must be measured exactly: a tick is as fine as it gets.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sprocket/platform/intrusive_list.h"

namespace sprocket::reactor {

// Derive from this to be put in a TimerWheel. Destroying a timer cancels it.
class WheelTimer : public platform::ListLink<WheelTimer> {
 public:
  // In a wheel, in a list of expired timers, or in whichever list its owner keeps it: the one link
  // serves all of them.
  bool isScheduled() const { return isLinked(); }

  // The tick it was last scheduled for.
  std::uint64_t deadline() const { return deadline_; }

  // Does nothing if it is not scheduled. In a list of expired timers it works as in the wheel.
  void cancel() { unlink(); }

 protected:
  WheelTimer() = default;
  ~WheelTimer() = default;

 private:
  friend class TimerWheel;

  std::uint64_t deadline_ = 0;
};

using TimerList = platform::IntrusiveList<WheelTimer, WheelTimer>;

// Write `now` and a deadline in base 64, which takes eleven digits. The highest digit in which they
// differ is the timer's level, and the deadline's digit there is its slot:
//
//     now        0 0 0 0 0 0 0 0  3 17 40
//     deadline   0 0 0 0 0 0 0 0  3 21  5     level 1, slot 21
//
//     level 10   16 slots of 2^60 ticks   |now|   |   |   | ...
//       ...
//     level 2    64 slots of 4096 ticks   | 0 | 1 | 2 |now| 4 | 5 | ...            | 63 |
//     level 1    64 slots of 64 ticks     | 0 | ...       |now| ...  | 21 | ...    | 63 |
//     level 0    64 slots of 1 tick       | 0 | ...             |now| 41 | ...     | 63 |
//                                                                  └ due now
//
// Below, each level is the slot marked "now" of the level above, seen closer. So everything on one
// level is due before anything on the level above, and the next thing to happen is the first
// occupied slot of the lowest occupied level. On level 0 it is an exact tick. Above, when `now`
// reaches the start of the slot, its timers are filed again, and land on lower levels.
//
// A timer's place depends on its deadline and `now` alone. Therefore timers of equal deadline are
// always in the same slot; new ones join at its end, and filing a slot again goes from front to
// back: they stay in the order they were scheduled.
//
// Slots are lists of one pointer, so all of it takes 5,344 bytes where pointers have eight. (With
// two it took 10,592, and was no faster on an AMD EPYC.) In milliseconds, levels above the fifth
// are for delays of twelve days, and for the moment when such a border is crossed.
class TimerWheel {
 public:
  explicit TimerWheel(std::uint64_t now = 0) : now_(now) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  std::uint64_t now() const { return now_; }
  bool empty() const { return !firstOccupied(); }

  // Moves the timer here from wherever it is scheduled. A deadline that has passed counts as now,
  // and expires at the next advance(). The timer stays its owner's; it must not move.
  void schedule(WheelTimer& timer, std::uint64_t deadline);

  // The tick at which to call advance() next, or nothing if there is no timer. Calling it at
  // other times does no harm: timers expire late if it is later, none if it is earlier.
  std::optional<std::uint64_t> nextWake() const;

  // Moves all timers due by `now`, which never goes back, to the end of `expired`. There each may
  // still be cancelled, or scheduled again, until the owner of the list pops it. The time it takes
  // depends on the timers and occupied slots passed, not on the ticks.
  void advance(std::uint64_t now, TimerList& expired);

 private:
  static constexpr unsigned bitsPerLevel = 6;
  static constexpr unsigned slotsPerLevel = 1u << bitsPerLevel;
  static constexpr unsigned levels = 11;
  // The top level has the four bits that ten levels leave of 64.
  static constexpr unsigned slotsOnTop = 1u << (64 - (levels - 1) * bitsPerLevel);

  struct Place {
    unsigned level;
    unsigned slot;
  };

  Place placeOf(std::uint64_t deadline) const;
  std::optional<Place> firstOccupied() const;
  std::uint64_t startOf(Place place) const;
  TimerList& slotAt(Place place) { return slots_[place.level * slotsPerLevel + place.slot]; }
  const TimerList& slotAt(Place place) const {
    return slots_[place.level * slotsPerLevel + place.slot];
  }
  void file(WheelTimer& timer);

  std::uint64_t now_;
  // A bit for each slot, set if it may have timers. Cancelled timers leave without a word to the
  // wheel, which is why they need no pointer to it; firstOccupied() clears a bit that it finds set
  // for nothing.
  mutable std::array<std::uint64_t, levels> occupied_{};
  std::array<TimerList, (levels - 1) * slotsPerLevel + slotsOnTop> slots_;
};

static_assert(sizeof(void*) != 8 || sizeof(TimerWheel) == 5344);

}  // namespace sprocket::reactor
