#include "sprocket/reactor/signals.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sprocket/platform/error.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/task.h"

namespace sprocket::reactor {

class SignalState final : public RefCounted<SignalState>, private Resident {
 public:
  using Listener = UniqueFunction<void(int)>;

  SignalState(Loop& loop, int signum, Listener listener)
      : Resident(loop), signum_(signum), listener_(std::move(listener)) {}

  int signum() const { return signum_; }

  // The listener is out of here while it runs, so that it lives until it returns, also if it calls
  // off().
  void call() {
    if (!on_) return;
    struct Call {
      ~Call() {
        if (state.on_) state.listener_ = std::move(listener);
      }
      SignalState& state;
      Listener listener;
    } call{*this, std::move(listener_)};
    call.listener(signum_);
  }

  void off() {
    const RefPtr<SignalState> keep = this;
    if (!std::exchange(on_, false)) return;
    if (loop() != nullptr) loop()->signals().remove(*this);
    listener_ = nullptr;
  }

 private:
  friend class RefPtr<SignalState>;

  void onLoopGone() override { off(); }

  const int signum_;
  bool on_ = true;
  Listener listener_;
};

SignalListener::SignalListener(RefPtr<SignalState> state) : state_(std::move(state)) {}
SignalListener::SignalListener(const SignalListener&) noexcept = default;
SignalListener& SignalListener::operator=(const SignalListener&) noexcept = default;
SignalListener::~SignalListener() = default;

void SignalListener::off() const { state_->off(); }

SignalListener onSignal(int signum, UniqueFunction<void(int)> listener) {
  requireCallback(listener);
  Loop& loop = Loop::current();
  RefPtr<SignalState> state = new SignalState(loop, signum, std::move(listener));
  loop.signals().add(state);
  return SignalListener(std::move(state));
}

SignalHub::SignalHub(Loop& loop) : loop_(loop), catcher_(loop.backend()) {}

SignalHub::~SignalHub() = default;

void SignalHub::add(RefPtr<SignalState> state) {
  if (platform::SysError error = catcher_.watch(state->signum())) {
    throw ArgumentError(error.code(),
                        "signal " + std::to_string(state->signum()) +
                            " cannot be listened for: " + std::string(error.description()));
  }
  listeners_.push_back(std::move(state));
}

void SignalHub::remove(SignalState& state) {
  const int signum = state.signum();
  std::erase_if(listeners_, [&](const auto& listener) { return listener.get() == &state; });
  const bool more = std::any_of(listeners_.begin(), listeners_.end(),
                                [&](const auto& listener) { return listener->signum() == signum; });
  if (!more) catcher_.unwatch(signum);
}

// Those that listen when the signals are taken, less those removed meanwhile. What a listener
// raises waits for the next turn.
void SignalHub::deliver() {
  while (const int signum = catcher_.take()) {
    for (const RefPtr<SignalState>& listener : listeners_) {
      if (listener->signum() == signum) due_.push_back(listener);
    }
  }
  while (!due_.empty()) {
    loop_.call([this] {
      const RefPtr<SignalState> listener = std::move(due_.front());
      due_.pop_front();
      listener->call();
    });
  }
}

}  // namespace sprocket::reactor
