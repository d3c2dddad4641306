#pragma once

// The queue of nextTick: first in, first out, emptied after each callback, those added meanwhile
// included. It keeps its memory, so that the steady state allocates nothing.

#include <cstddef>
#include <utility>
#include <vector>

#include "sprocket/reactor/task.h"

namespace sprocket::reactor {

class TickQueue {
 public:
  bool empty() const { return tasks_.empty(); }

  void push(Task task) { tasks_.push_back(std::move(task)); }

  // A task that throws is gone; those behind it stay for the next run().
  void run() {
    while (next_ < tasks_.size()) {
      Task task = std::move(tasks_[next_++]);
      if (next_ == tasks_.size()) {
        tasks_.clear();
        next_ = 0;
      } else if (next_ >= kCompactAt && next_ >= tasks_.size() - next_) {
        // Tasks that queue tasks for ever must not use memory for ever. No more of them are moved
        // than have run, so that the work per task stays the same however many wait.
        tasks_.erase(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(next_));
        next_ = 0;
      }
      task();
    }
  }

  // Destroys what waits now; their captures may queue more as they go.
  void drop() {
    const auto dropped = std::exchange(tasks_, {});
    next_ = 0;
  }

 private:
  static constexpr std::size_t kCompactAt = 1024;

  std::vector<Task> tasks_;
  std::size_t next_ = 0;
};

}  // namespace sprocket::reactor
