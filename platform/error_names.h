#pragma once

// What sys_error.h tells from: the error numbers of this system, one .cc per OS.

#include <span>
#include <string_view>

namespace sprocket::platform {

struct ErrorRow {
  int number;
  std::string_view name;         // "ECONNREFUSED"
  std::string_view description;  // "connection refused"
};

// Several numbers may have one name; the first of them is the one that goes with it.
std::span<const ErrorRow> errorTable() noexcept;

}  // namespace sprocket::platform
