#pragma once

// Work handed to a loop from other threads.

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "sprocket/platform/backend.h"
#include "sprocket/reactor/task.h"

namespace sprocket::reactor {

// Shared by the loop and by every Remote to it.
class PostQueue {
 public:
  explicit PostQueue(platform::Backend& backend) : backend_(&backend) {}

  // From any thread. False once the loop is gone; the task is destroyed, unrun.
  bool post(Task task);

  // The rest is for the loop.
  bool empty() const { return !posted_.load(std::memory_order_acquire); }
  void takeInto(std::vector<Task>& tasks);
  void close();

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_;
  platform::Backend* backend_;  // null once the loop is gone
  std::atomic<bool> posted_ = false;
};

// A way to a loop that any thread may keep, also beyond the loop's end. Moved from, it still leads
// there.
class Remote {
 public:
  Remote(const Remote&) noexcept = default;
  Remote& operator=(const Remote&) noexcept = default;

  // Has the loop run `task` on its own thread, in the phase of I/O, in the order of posting. False,
  // and the task is dropped, once the loop is gone. A loop that has nothing else to do does not
  // wait for what may be posted: what comes after its run() has returned waits for the next one.
  bool post(Task task) const { return queue_->post(std::move(task)); }

 private:
  friend class Loop;

  explicit Remote(std::shared_ptr<PostQueue> queue) : queue_(std::move(queue)) {}

  std::shared_ptr<PostQueue> queue_;
};

}  // namespace sprocket::reactor
