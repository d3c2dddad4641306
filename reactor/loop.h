#pragma once

// Loop: the event loop. One thread, one loop; it runs timers, I/O, and what was deferred, in turns.
//
//   one turn     timers that are due
//                I/O, signals, and tasks posted by other threads
//                immediates
//                'close' callbacks
//
// After each single callback of any phase the nextTick queue is emptied. What a callback throws
// leaves run(); nothing else is lost by that, and run() may be called again.
//
// Most programs need only reactor::run() (reactor.h). A Loop made explicitly is its thread's loop
// until it is destroyed.
//
// A child of fork() must not use its parent's loop: on some systems it has none, on others it would
// take its events. It makes a Loop of its own, and ends by exec or _exit(), since to destroy what
// it inherited would remove its parent's socket files.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/intrusive_list.h"
#include "sprocket/reactor/post_queue.h"
#include "sprocket/reactor/resident.h"
#include "sprocket/reactor/task.h"
#include "sprocket/reactor/tick_queue.h"
#include "sprocket/reactor/timer.h"
#include "sprocket/reactor/timer_wheel.h"

namespace sprocket::reactor {

class SignalHub;

// Something with its turn in a phase of the loop. Queueing it allocates nothing and cannot fail.
class PhaseTask : public platform::ListLink<PhaseTask> {
 public:
  virtual void onPhase() = 0;

 protected:
  ~PhaseTask() = default;
};

class Loop {
 public:
  using Duration = platform::Duration;
  using Instant = platform::Instant;

  // This thread's loop; made if there is none, and then destroyed when the thread ends.
  static Loop& current();

  // Throws an Error if the system is out of descriptors or memory.
  Loop();
  explicit Loop(std::unique_ptr<platform::Backend> backend);

  // Closes what is open and releases every listener. Handles may outlive the loop, to destroyed
  // objects.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until nothing referenced is left and returns 0, or until stop() and returns its status.
  // Throws std::logic_error from inside a callback of this loop.
  int run();

  // One turn, which waits for I/O no longer than told (empty: until something happens, or not at
  // all if nothing referenced is left). True if something referenced is left and nobody has called
  // stop(). For embedding.
  bool runOnce(std::optional<Duration> wait = std::nullopt);

  // Ends run() after the turn under way; if none is under way, the next run() at once.
  void stop(int status = 0);

  // Runs `task` as soon as the present callback has returned.
  void nextTick(Task task) {
    assert(isThisThread());
    requireCallback(task);
    ticks_.push(std::move(task));
  }

  // For other threads, which may call nothing else.
  Remote remote() const { return Remote(posted_); }

  // When the present turn began, as the backend's clock tells.
  Instant now() const { return now_; }

  // The rest is for the floors above.

  // How many turns have begun.
  std::uint64_t turns() const { return turns_; }

  platform::Backend& backend() { return *backend_; }
  SignalHub& signals();

  // The loop's only object of a type, made when first asked for: T(Loop&).
  template <class T>
  T& service();

  // Wraps every entry into user code.
  template <class F>
  void call(F&& callback) {
    assert(isThisThread());
    callback();
    if (!ticks_.empty()) ticks_.run();
  }

  // Measured from now; inside a callback from the end of its phase: so a timer may be late by what
  // its own turn still takes, and is never early. Starting a running timer starts it anew.
  void startTimer(Timer& timer, std::uint64_t milliseconds);

  void queueImmediate(PhaseTask& task) { immediates_.pushBack(task); }
  void queueClose(PhaseTask& task) { closing_.pushBack(task); }

  bool isThisThread() const { return thread_ == std::this_thread::get_id(); }

 private:
  friend class Resident;

  using PhaseTasks = platform::IntrusiveList<PhaseTask, PhaseTask>;
  using Ticks = std::uint64_t;  // milliseconds since the loop began

  class Running;

  static void endOfThread();

  // Its address stands for the type, for those who build without RTTI.
  template <class T>
  static inline char serviceKey = 0;

  struct Service {
    const void* key;
    std::unique_ptr<void, void (*)(void*)> object;
  };

  void dropLastService();
  bool isAlive() const;
  void turn(std::optional<Duration> limit);
  void runTimers();
  void runPosted();
  void runPhase(PhaseTasks& queued, PhaseTasks& running);

  void readClock();
  void scheduleStarted();
  std::optional<Duration> waitLimit(std::optional<Duration> limit);

  const std::thread::id thread_ = std::this_thread::get_id();
  Loop* outer_;  // the thread's loop before this one
  bool isThreadsOwn_ = false;
  std::unique_ptr<platform::Backend> backend_;
  const Instant origin_;
  Instant now_;
  std::uint64_t turns_ = 0;
  bool clockIsStale_ = false;  // callbacks have run since it was read

  bool running_ = false;
  bool turnIsUnfinished_ = false;  // one is under way, or an exception broke the last one off
  bool stopping_ = false;
  int status_ = 0;
  std::size_t keepers_ = 0;  // residents that keep the loop running

  TickQueue ticks_;

  TimerWheel wheel_;
  TimerList started_;  // since the clock was read: they have a delay, not yet a deadline
  TimerList expired_;  // due, and not called yet

  std::shared_ptr<PostQueue> posted_;
  std::vector<Task> takenPosts_;
  std::size_t nextPost_ = 0;

  // Each phase runs what was queued when it began; what is queued meanwhile waits for the next
  // turn.
  PhaseTasks immediates_;
  PhaseTasks runningImmediates_;
  PhaseTasks closing_;
  PhaseTasks runningClosing_;

  platform::IntrusiveList<Resident, Resident> residents_;
  std::unique_ptr<SignalHub> signals_;
  std::vector<Service> services_;
};

template <class T>
T& Loop::service() {
  for (const Service& service : services_) {
    if (service.key == &serviceKey<T>) return *static_cast<T*>(service.object.get());
  }
  auto object = std::make_unique<T>(*this);
  T& made = *object;
  // In this order: whoever owns it when the vector cannot grow is the only one.
  services_.push_back({&serviceKey<T>, {nullptr, [](void* old) { delete static_cast<T*>(old); }}});
  services_.back().object.reset(object.release());
  return made;
}

}  // namespace sprocket::reactor
