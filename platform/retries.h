#pragma once

// What has to be tried again after a while: accepting when descriptors are short, connecting to a
// pipe that is busy. The first wait is of 10 ms and each after it twice as long, up to a second.

#include <optional>

#include "sprocket/platform/intrusive_list.h"
#include "sprocket/platform/time.h"

namespace sprocket::platform {

struct RetryTag;

class Retry : public ListLink<RetryTag> {
 public:
  // Inside wait(). It is in no list any more.
  virtual void retry() = 0;

  bool isBackingOff() const { return isLinked(); }
  void giveUp() { unlink(); }
  void succeeded() { delay_ = {}; }  // the next wait is a first one

 protected:
  ~Retry() = default;

 private:
  friend class Retries;

  Instant at_;
  Duration delay_{};
};

// All of one backend.
class Retries {
 public:
  bool empty() const { return list_.empty(); }
  void backOff(Retry& retry, Instant now);
  void callAt(Retry& retry, Instant time);

  // Calls retry() for those whose time has come, or for all.
  void run(Instant now, bool all);

  // The timeout, or what is left until the first of them.
  std::optional<Duration> limit(std::optional<Duration> timeout, Instant now) const;

 private:
  IntrusiveList<Retry, RetryTag> list_;
};

}  // namespace sprocket::platform
