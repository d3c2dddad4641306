#pragma once

// What an operating system answered: a small value that crosses the seam between platform/ and the
// floors above. The same failure has the same symbolic name on every system; OS numbers are mapped
// once, here. What a user of the library sees is the richer sprocket::Error (error.h).

#include <cstdint>
#include <string_view>

namespace sprocket::platform {

// The name that goes with an error number of this system: "ECONNREFUSED"; "UNKNOWN" if it has none.
std::string_view errorName(int errnum) noexcept;

// The failure in a few words of lower-case English, the same under every locale: "connection
// refused".
std::string_view errorDescription(int errnum) noexcept;

// The inverse of errorName: this system's number for a symbolic name, 0 if it has none.
int errorNumber(std::string_view name) noexcept;

enum class Operation : std::uint8_t {
  none,
  accept,
  bind,
  connect,
  listen,
  read,
  write,
  shutdown,
  open,
};

std::string_view operationName(Operation operation) noexcept;

struct SysError {
  int errnum = 0;  // 0: all went well
  Operation operation = Operation::none;

  explicit operator bool() const noexcept { return errnum != 0; }
  std::string_view code() const noexcept { return errorName(errnum); }
  std::string_view description() const noexcept { return errorDescription(errnum); }
  std::string_view syscall() const noexcept { return operationName(operation); }

  friend bool operator==(const SysError&, const SysError&) = default;
};

}  // namespace sprocket::platform
