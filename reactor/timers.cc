#include "sprocket/reactor/timers.h"

#include <utility>

namespace sprocket {
namespace reactor {

// What a Timeout is a handle to. While the timer runs it holds itself.
class TimeoutState final : public RefCounted<TimeoutState>, private Timer, private Resident {
 public:
  static Timeout start(Task callback, Delay delay, bool repeats) {
    requireCallback(callback);
    Loop& loop = Loop::current();
    RefPtr<TimeoutState> state = new TimeoutState(loop, std::move(callback), delay, repeats);
    state->arm();
    return Timeout(std::move(state));
  }

  void setReferenced(bool referenced) {
    referenced_ = referenced;
    keepRunning(referenced_ && isScheduled());
  }
  bool isReferenced() const { return referenced_; }

  void refresh() { arm(); }

  // The callback goes with it, or when it returns if it is running.
  void clear() {
    const RefPtr<TimeoutState> keep = this;
    cleared_ = true;
    disarm();
    if (!calling_) callback_ = nullptr;
  }

 private:
  friend class RefPtr<TimeoutState>;

  TimeoutState(Loop& loop, Task callback, Delay delay, bool repeats)
      : Resident(loop), callback_(std::move(callback)), delay_(delay), repeats_(repeats) {}

  void arm() {
    if (cleared_) return;
    loop()->startTimer(*this, delay_.milliseconds());
    self_ = this;
    keepRunning(referenced_);
  }

  void disarm() {
    cancel();
    keepRunning(false);
    const RefPtr<TimeoutState> last = std::move(self_);
  }

  // The callback may clear or refresh this very timer, or throw.
  void onTimeout() override {
    const RefPtr<TimeoutState> keep = this;
    disarm();
    calling_ = true;
    struct Call {
      ~Call() { state.onCalled(); }
      TimeoutState& state;
    } const call{*this};
    callback_();
  }

  // An interval starts anew here, behind the timers that its callback has set, as in Node.
  void onCalled() {
    calling_ = false;
    if (repeats_) arm();
    if (cleared_) callback_ = nullptr;
  }

  void onLoopGone() override { clear(); }

  RefPtr<TimeoutState> self_;
  Task callback_;
  Delay delay_;
  bool repeats_;
  bool referenced_ = true;
  bool calling_ = false;
  bool cleared_ = false;
};

// What an Immediate is a handle to. While it is queued it holds itself.
class ImmediateState final : public RefCounted<ImmediateState>,
                             private PhaseTask,
                             private Resident {
 public:
  static Immediate queue(Task callback) {
    requireCallback(callback);
    RefPtr<ImmediateState> state = new ImmediateState(Loop::current(), std::move(callback));
    state->self_ = state;
    state->loop()->queueImmediate(*state);
    return Immediate(std::move(state));
  }

  void clear() {
    const RefPtr<ImmediateState> keep = std::move(self_);
    PhaseTask::unlink();
    const Task dropped = std::move(callback_);
  }

 private:
  friend class RefPtr<ImmediateState>;

  ImmediateState(Loop& loop, Task callback) : Resident(loop), callback_(std::move(callback)) {}

  void onPhase() override {
    const RefPtr<ImmediateState> keep = std::move(self_);
    Task callback = std::move(callback_);
    callback();
  }

  void onLoopGone() override { clear(); }

  RefPtr<ImmediateState> self_;
  Task callback_;
};

}  // namespace reactor

using reactor::ImmediateState;
using reactor::TimeoutState;

Timeout::Timeout(reactor::RefPtr<TimeoutState> state) : state_(std::move(state)) {}
Timeout::Timeout(const Timeout&) noexcept = default;
Timeout& Timeout::operator=(const Timeout&) noexcept = default;
Timeout::~Timeout() = default;

Timeout Timeout::ref() const {
  state_->setReferenced(true);
  return *this;
}

Timeout Timeout::unref() const {
  state_->setReferenced(false);
  return *this;
}

bool Timeout::hasRef() const { return state_->isReferenced(); }

Timeout Timeout::refresh() const {
  state_->refresh();
  return *this;
}

Immediate::Immediate(reactor::RefPtr<ImmediateState> state) : state_(std::move(state)) {}
Immediate::Immediate(const Immediate&) noexcept = default;
Immediate& Immediate::operator=(const Immediate&) noexcept = default;
Immediate::~Immediate() = default;

Timeout setTimeout(reactor::Task callback, reactor::Delay delay) {
  return TimeoutState::start(std::move(callback), delay, false);
}

Timeout setInterval(reactor::Task callback, reactor::Delay delay) {
  return TimeoutState::start(std::move(callback), delay, true);
}

Immediate setImmediate(reactor::Task callback) {
  return ImmediateState::queue(std::move(callback));
}

void nextTick(reactor::Task callback) { reactor::Loop::current().nextTick(std::move(callback)); }

void clearTimeout(const Timeout& timeout) { timeout.state_->clear(); }

void clearInterval(const Timeout& timeout) { clearTimeout(timeout); }

void clearImmediate(const Immediate& immediate) { immediate.state_->clear(); }

}  // namespace sprocket
