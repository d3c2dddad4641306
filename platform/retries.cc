#include "sprocket/platform/retries.h"

#include <algorithm>

namespace sprocket::platform {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstDelay{10};
constexpr milliseconds kLastDelay{1000};

}  // namespace

void Retries::backOff(Retry& retry, Instant now) {
  retry.delay_ = std::clamp<Duration>(retry.delay_ * 2, kFirstDelay, kLastDelay);
  callAt(retry, now + retry.delay_);
}

void Retries::callAt(Retry& retry, Instant time) {
  retry.giveUp();
  retry.at_ = time;
  list_.pushBack(retry);
}

// Those who back off again in here wait for the next time. What one throws leaves the others in the
// list.
void Retries::run(Instant now, bool all) {
  using List = IntrusiveList<Retry, RetryTag>;
  List waiting;
  waiting.swap(list_);
  const struct Rest {
    ~Rest() { to.spliceBack(from); }
    List& from;
    List& to;
  } rest{waiting, list_};
  while (Retry* retry = waiting.popFront()) {
    if (all || retry->at_ <= now) {
      retry->retry();
    } else {
      list_.pushBack(*retry);
    }
  }
}

std::optional<Duration> Retries::limit(std::optional<Duration> timeout, Instant now) const {
  if (list_.empty()) return timeout;
  Instant earliest = Instant::max();
  for (const Retry& retry : list_) earliest = std::min(earliest, retry.at_);
  const Duration left = std::max(earliest - now, Duration::zero());
  return timeout ? std::min(*timeout, left) : left;
}

}  // namespace sprocket::platform
