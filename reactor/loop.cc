#include "sprocket/reactor/loop.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "sprocket/platform/error.h"
#include "sprocket/platform/make_backend.h"
#include "sprocket/platform/thread_slot.h"
#include "sprocket/reactor/signals.h"

namespace sprocket::reactor {
namespace {

using std::chrono::milliseconds;

// The innermost loop of this thread.
Loop* threadsLoop() { return static_cast<Loop*>(platform::threadSlot()); }

std::unique_ptr<platform::Backend> backendOrThrow() {
  auto backend = platform::makeBackend();
  if (backend) return std::move(*backend);
  const platform::SysError error = backend.error();
  const std::string code(error.code());
  throw Error({.message = "loop " + code + ": " + std::string(error.description()),
               .code = code,
               .errnum = error.errnum,
               .syscall = std::string(error.syscall())});
}

std::uint64_t addSaturated(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b
             ? std::numeric_limits<std::uint64_t>::max()
             : a + b;
}

}  // namespace

// Lives while the loop runs.
class Loop::Running {
 public:
  explicit Running(Loop& loop) : loop_(loop) {
    if (loop.running_) {
      throw std::logic_error("run() was called from inside a callback of the same loop");
    }
    loop.running_ = true;
  }
  ~Running() {
    loop_.running_ = false;
    if (!loop_.started_.empty()) loop_.readClock();  // any time may pass until the next turn
  }

 private:
  Loop& loop_;
};

Loop& Loop::current() {
  if (threadsLoop() == nullptr) {
    (new Loop)->isThreadsOwn_ = true;
    platform::atThreadEnd(&Loop::endOfThread);
  }
  return *threadsLoop();
}

// Loops that somebody made go with whoever did; the first of the thread's may be its own.
// std::exit() in a callback comes here too, while the loop runs: it will not return, and what is
// open is closed as in any other end.
void Loop::endOfThread() {
  Loop* own = threadsLoop();
  while (own != nullptr && !own->isThreadsOwn_) own = own->outer_;
  if (own == nullptr) return;
  own->running_ = false;
  delete own;
}

Loop::Loop() : Loop(backendOrThrow()) {}

Loop::Loop(std::unique_ptr<platform::Backend> backend)
    : outer_(threadsLoop()),
      backend_(std::move(backend)),
      origin_(backend_->now()),
      now_(origin_),
      posted_(std::make_shared<PostQueue>(*backend_)) {
  platform::threadSlot() = this;
}

// The destructors of what users captured run in here, and may call anything on any handle and on
// this loop, which is the thread's until they are through. So everything is detached first and
// dropped after, and what they add goes the same way, until nothing is left.
Loop::~Loop() {
  assert(isThisThread());
  assert(!running_);
  posted_->close();
  std::exchange(takenPosts_, {}).clear();
  while (!residents_.empty() || !services_.empty() || !ticks_.empty()) {
    backend_->closeAll();  // the kernel may still be reading what residents have to send
    while (Resident* resident = residents_.popFront()) {
      resident->loop_ = nullptr;
      resident->onLoopGone();
    }
    dropLastService();
    ticks_.drop();
  }
  // The loops of a thread may go in any order.
  if (threadsLoop() == this) {
    platform::threadSlot() = outer_;
  } else {
    Loop* inner = threadsLoop();
    while (inner->outer_ != this) inner = inner->outer_;
    inner->outer_ = outer_;
  }
}

// It may stand on services made before it, so those go after it.
void Loop::dropLastService() {
  if (services_.empty()) return;
  const Service last = std::move(services_.back());
  services_.pop_back();
}

int Loop::run() {
  assert(isThisThread());
  const Running running(*this);
  while (!stopping_ && isAlive()) turn(std::nullopt);
  stopping_ = false;
  return std::exchange(status_, 0);
}

bool Loop::runOnce(std::optional<Duration> wait) {
  assert(isThisThread());
  const Running running(*this);
  turn(wait);
  return !stopping_ && isAlive();
}

void Loop::stop(int status) {
  assert(isThisThread());
  stopping_ = true;
  status_ = status;
}

SignalHub& Loop::signals() {
  if (signals_ == nullptr) signals_ = std::make_unique<SignalHub>(*this);
  return *signals_;
}

bool Loop::isAlive() const {
  return keepers_ > 0 || !ticks_.empty() || !immediates_.empty() || !runningImmediates_.empty() ||
         !closing_.empty() || !runningClosing_.empty() || nextPost_ < takenPosts_.size() ||
         !posted_->empty();
}

void Loop::turn(std::optional<Duration> limit) {
  // After an exception no phase may be slept over: what it has left wakes nobody.
  if (std::exchange(turnIsUnfinished_, true)) limit = Duration::zero();
  ++turns_;
  ticks_.run();  // queued outside of any callback, or left by an exception
  runTimers();
  backend_->wait(waitLimit(limit));
  if (signals_ != nullptr) signals_->deliver();
  runPosted();
  runPhase(immediates_, runningImmediates_);
  runPhase(closing_, runningClosing_);
  turnIsUnfinished_ = false;
}

void Loop::runTimers() {
  readClock();
  wheel_.advance(static_cast<Ticks>((now_ - origin_) / milliseconds(1)), expired_);
  while (WheelTimer* timer = expired_.popFront()) {
    clockIsStale_ = true;
    call([&] { static_cast<Timer*>(timer)->onTimeout(); });
  }
}

void Loop::runPosted() {
  if (nextPost_ == takenPosts_.size()) {
    if (posted_->empty()) return;
    takenPosts_.clear();
    nextPost_ = 0;
    posted_->takeInto(takenPosts_);
  }
  while (nextPost_ < takenPosts_.size()) {
    call([this] {
      Task task = std::move(takenPosts_[nextPost_++]);
      task();
    });
  }
}

void Loop::runPhase(PhaseTasks& queued, PhaseTasks& running) {
  running.spliceBack(queued);
  while (PhaseTask* task = running.popFront()) {
    call([&] { task->onPhase(); });
  }
}

// Timers.

void Loop::startTimer(Timer& timer, std::uint64_t milliseconds) {
  assert(isThisThread());
  timer.cancel();
  timer.delay_ = milliseconds;
  started_.pushBack(timer);
  if (!running_) readClock();
}

void Loop::readClock() {
  now_ = backend_->now();
  clockIsStale_ = false;
  scheduleStarted();
}

// The clock is read once for all timers that were started since the last time, and after they were:
// so none can be early, however long the callbacks took that started them. A deadline is a whole
// number of ticks, rounded up for the same reason.
void Loop::scheduleStarted() {
  const auto sinceOrigin = std::chrono::ceil<milliseconds>(now_ - origin_);
  const auto tick = static_cast<Ticks>(sinceOrigin.count());
  while (WheelTimer* timer = started_.popFront()) {
    wheel_.schedule(*timer, addSaturated(tick, static_cast<Timer*>(timer)->delay_));
  }
}

std::optional<Loop::Duration> Loop::waitLimit(std::optional<Duration> limit) {
  const bool somethingToDo =
      stopping_ || !immediates_.empty() || !closing_.empty() || !posted_->empty();
  // Without a limit nothing might ever end the wait.
  const bool isOver = keepers_ == 0 && !limit;
  if (somethingToDo || isOver || (limit && *limit <= Duration::zero())) return Duration::zero();
  if (clockIsStale_) readClock();
  const std::optional<Ticks> wake = wheel_.nextWake();
  // Further off than the clock can tell: no limit.
  if (!wake || *wake > static_cast<Ticks>(Duration::max() / milliseconds(2))) return limit;
  const Duration left = std::max(origin_ + milliseconds(*wake) - now_, Duration::zero());
  return limit ? std::min(*limit, left) : left;
}

// Residents.

Resident::Resident(Loop& loop) : loop_(&loop) { loop.residents_.pushBack(*this); }

Resident::~Resident() { keepRunning(false); }

void Resident::keepRunning(bool keep) {
  assert(isOnItsThread());
  if (keep == keeps_ || loop_ == nullptr) return;
  keeps_ = keep;
  if (keep) {
    ++loop_->keepers_;
  } else {
    --loop_->keepers_;
  }
}

bool Resident::isOnItsThread() const { return loop_ == nullptr || loop_->isThisThread(); }

}  // namespace sprocket::reactor
