#pragma once

// Result<T>: a value, or the SysError that stands where the value would have been.

#include <cassert>
#include <utility>
#include <variant>

#include "sprocket/platform/sys_error.h"

namespace sprocket::platform {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(SysError error) : state_(std::in_place_index<1>, error) { assert(error); }

  explicit operator bool() const noexcept { return state_.index() == 0; }
  SysError error() const noexcept { return *this ? SysError{} : std::get<1>(state_); }

  T& operator*() & { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }

 private:
  std::variant<T, SysError> state_;
};

}  // namespace sprocket::platform
