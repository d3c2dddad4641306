#pragma once

// Timer: something that happens once after a while, for the library's own use. Embedded where it is
// needed, it costs no allocation, and is cancelled when it goes. Loop::startTimer() starts it, or
// starts it anew. What users have is setTimeout (timers.h).

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>

#include "sprocket/reactor/timer_wheel.h"

namespace sprocket::reactor {

class Timer : public WheelTimer {
 public:
  // On the loop's thread, in the timers' phase. The timer is not running any more by then.
  virtual void onTimeout() = 0;

 protected:
  Timer() = default;
  virtual ~Timer() = default;

 private:
  friend class Loop;

  std::uint64_t delay_ = 0;  // in milliseconds, for the loop while it has no deadline yet
};

template <class T>
concept Number = (std::integral<T> || std::floating_point<T>)&&!std::same_as<T, bool>;

// How long to wait: plain milliseconds, or any std::chrono duration. Rounded up to whole
// milliseconds; less than one, and what is not a number, counts as one, as in Node. Any 64-bit
// number of them will do, and what is more, infinity included, counts as the largest: practically
// never. (In Node what is over 2^31 counts as one.)
class Delay {
 public:
  template <Number T>
  constexpr Delay(T milliseconds) : milliseconds_(clamp(milliseconds)) {}

  template <class Rep, class Period>
  constexpr Delay(std::chrono::duration<Rep, Period> duration)
      : milliseconds_(convert<std::ratio_divide<Period, std::milli>>(duration.count())) {}

  constexpr std::uint64_t milliseconds() const { return milliseconds_; }

 private:
  static constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

  template <std::integral T>
  static constexpr std::uint64_t clamp(T value) {
    return value < 1 ? 1 : static_cast<std::uint64_t>(value);
  }
  template <std::floating_point T>
  static constexpr std::uint64_t clamp(T value) {
    if (!(value > 1)) return 1;
    if (value >= static_cast<T>(most)) return most;
    const auto whole = static_cast<std::uint64_t>(value);
    return static_cast<T>(whole) < value ? whole + 1 : whole;
  }

  // `count` units of which each has Unit milliseconds. Not by std::chrono's casts: they overflow
  // where hours are many, or their type is a short one.
  template <class Unit, std::integral T>
  static constexpr std::uint64_t convert(T count) {
    constexpr auto num = static_cast<std::uint64_t>(Unit::num);
    constexpr auto den = static_cast<std::uint64_t>(Unit::den);
    if (count < 1) return 1;
    const auto units = static_cast<std::uint64_t>(count);
    const std::uint64_t whole = units / den;
    const std::uint64_t rest = (units % den * num + den - 1) / den;
    return whole > (most - rest) / num ? most : whole * num + rest;
  }
  template <class Unit, std::floating_point T>
  static constexpr std::uint64_t convert(T count) {
    return clamp(count * static_cast<T>(Unit::num) / static_cast<T>(Unit::den));
  }

  std::uint64_t milliseconds_;
};

}  // namespace sprocket::reactor
