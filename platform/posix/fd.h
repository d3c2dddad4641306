#pragma once

// Fd: owns a descriptor, closes it once.

#include <utility>

#include "sprocket/platform/posix/syscalls.h"

namespace sprocket::platform {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) noexcept : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

  // The number, for somebody else to close.
  int release() noexcept { return std::exchange(number_, -1); }

  // Never retried: whatever close() says, the number is free, and may be another's by then.
  void reset() noexcept {
    if (number_ >= 0) syscalls::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

}  // namespace sprocket::platform
