#pragma once

// A counting semaphore. (That of libstdc++ 12 for MinGW can sleep over a release.)

#include <condition_variable>
#include <mutex>

namespace sprocket::tests {

class Gate {
 public:
  void release() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_one();
  }

  void acquire() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return count_ > 0; });
    --count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

}  // namespace sprocket::tests
