#include "sprocket/reactor/post_queue.h"

#include <utility>

namespace sprocket::reactor {

bool PostQueue::post(Task task) {
  requireCallback(task);
  const std::lock_guard lock(mutex_);
  if (backend_ == nullptr) return false;
  tasks_.push_back(std::move(task));
  // One wake for a burst: those behind the first are taken with it. Under the lock, so that the
  // backend is still there.
  if (!posted_.exchange(true, std::memory_order_acq_rel)) backend_->wake();
  return true;
}

void PostQueue::takeInto(std::vector<Task>& tasks) {
  const std::lock_guard lock(mutex_);
  tasks.swap(tasks_);
  posted_.store(false, std::memory_order_release);
}

void PostQueue::close() {
  std::vector<Task> unrun;  // destroyed when the lock is gone: a capture may post again
  const std::lock_guard lock(mutex_);
  unrun.swap(tasks_);
  backend_ = nullptr;
}

}  // namespace sprocket::reactor
