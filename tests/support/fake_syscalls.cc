#include "sprocket/tests/support/fake_syscalls.h"

#include <cassert>
#include <chrono>
#include <utility>

namespace sprocket::tests {
namespace {

using platform::Duration;
using platform::Instant;

thread_local FakeSyscalls* theActive = nullptr;

std::size_t indexOf(Call call) { return static_cast<std::size_t>(call); }

}  // namespace

std::string_view callName(Call call) {
  static constexpr std::array<std::string_view, kCallKinds> names = {
      "socket",      "accept",      "bind",       "listen",           "connect",    "recv",
      "send",        "sendmsg",     "readv",      "writev",           "shutdown",   "close",
      "getsockname", "getpeername", "getsockopt", "setsockopt",       "open",       "fcntl",
      "duplicate",   "fstat",       "lstat",      "unlink",           "chmod",      "clockGettime",
      "makePoller",  "watch",       "poll",       "pollMilliseconds", "makeWakeup", "takeWake",
      "wake",        "packet"};
  return names[indexOf(call)];
}

FakeSyscalls::FakeSyscalls() {
  assert(theActive == nullptr);
  theActive = this;
}

FakeSyscalls::~FakeSyscalls() { theActive = nullptr; }

FakeSyscalls* FakeSyscalls::active() { return theActive; }

void FakeSyscalls::fail(Call call, int errnum, std::size_t after, std::size_t times) {
  plans_[indexOf(call)] = {.errnum = errnum, .after = after, .times = times};
}

void FakeSyscalls::failEachOnce(Call call, int errnum) {
  plans_[indexOf(call)] = {.errnum = errnum, .times = kForEver, .alternating = true};
}

void FakeSyscalls::letThrough(Call call) { plans_[indexOf(call)] = {}; }

void FakeSyscalls::failAt(std::size_t index, std::size_t variant, std::size_t width) {
  sweepIndex_ = total_ + index;
  sweepVariant_ = variant;
  sweepWidth_ = width;
  struck_.clear();
}

void FakeSyscalls::limitTransfers(std::size_t bytes) { transferLimit_ = bytes; }

void FakeSyscalls::limitDescriptors(std::size_t count, int errnum) {
  descriptorLimit_ = count;
  descriptorError_ = errnum;
}

void FakeSyscalls::before(Call call, std::function<void()> hook) {
  hooks_[indexOf(call)] = std::move(hook);
}

void FakeSyscalls::useVirtualTime() {
  virtualTime_ = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

std::size_t FakeSyscalls::count(Call call) const { return counts_[indexOf(call)]; }

std::vector<Instant> FakeSyscalls::timesOf(Call call) const {
  const auto& times = times_[indexOf(call)];
  return {times.begin(), times.end()};
}

int FakeSyscalls::errorOf(Call call, bool canFail) {
  if (const auto& hook = hooks_[indexOf(call)]) hook();
  ++counts_[indexOf(call)];
  if (virtualTime_) times_[indexOf(call)].insert(*virtualTime_);
  if (!canFail || plausibleErrors(call).empty()) return 0;

  if (const int errnum = sweptErrorOf(call, total_++)) return errnum;
  if (Plan& plan = plans_[indexOf(call)]; plan.after > 0) {
    --plan.after;
  } else if (plan.times > 0) {
    if (plan.times != kForEver) --plan.times;
    if (plan.alternating) plan.after = 1;
    return plan.errnum;
  }
  if (makesDescriptor(call) && open_.size() >= descriptorLimit_) return descriptorError_;
  return 0;
}

int FakeSyscalls::sweptErrorOf(Call call, std::size_t index) {
  if (!sweepIndex_ || index < *sweepIndex_ || index >= *sweepIndex_ + sweepWidth_) return 0;
  const std::span<const int> errors = plausibleErrors(call);
  if (index == *sweepIndex_ && sweepVariant_ >= errors.size()) {
    sweepIndex_.reset();
    return 0;
  }
  struck_.push_back({call, errors[sweepVariant_ % errors.size()]});
  return struck_.back().errnum;
}

bool FakeSyscalls::makesDescriptor(Call call) const {
  return call == Call::socket || call == Call::accept || call == Call::open ||
         call == Call::duplicate || call == Call::makePoller || call == Call::makeWakeup;
}

int FakeSyscalls::openedOrNot(int fd) {
  if (fd >= 0) open_.insert(fd);
  return fd;
}

void FakeSyscalls::expectOpen(int fd) {
  if (!open_.contains(fd)) ++mistakes_;
}

bool FakeSyscalls::forget(int fd) {
  if (open_.erase(fd) == 1) return true;
  ++mistakes_;
  return false;
}

std::optional<int> FakeSyscalls::takePendingError() {
  return std::exchange(pendingError_, std::nullopt);
}

}  // namespace sprocket::tests
