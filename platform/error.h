#pragma once

// What a user of Sprocket sees of a failure.
//
// Error is a failure of the world: a refused connection, a port in use. It arrives by 'error'
// events and callbacks. ArgumentError is a mistake of the caller: it is thrown at the call and
// names the value that was refused. [3]

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sprocket/platform/sys_error.h"

namespace sprocket {

// Carries what Node's errors carry. Sixteen bytes: copies share one immutable record, so copying
// cannot throw, and an Error may be thrown as it is. As the argument of a callback it is empty
// (false) when all went well.
class Error final : public std::exception {
 public:
  // Everything an error may know. A member that does not apply is empty, or 0.
  struct Details {
    std::string message = {};  // what()
    std::string code = {};     // "ECONNREFUSED"
    int errnum = 0;            // this system's number for it
    std::string syscall = {};  // the operation that failed: "connect"
    std::string address = {};  // or the local path
    int port = 0;
    std::string hostname = {};  // of a failed lookup
    std::string localAddress = {};
    int localPort = 0;
    std::vector<Error> errors = {};  // that came together to this one
  };

  // What is told where there is no memory to tell more: ENOMEM. Made when the program starts.
  static const Error& outOfMemory() noexcept;

  Error() noexcept = default;
  explicit Error(Details details);
  Error(const Error& other) noexcept;
  Error& operator=(const Error& other) noexcept;
  ~Error() override;

  explicit operator bool() const noexcept { return record_ != nullptr; }

  const char* what() const noexcept override;  // in Node's wording; "no error" if it is empty
  const std::string& code() const noexcept { return details().code; }
  int errnum() const noexcept { return details().errnum; }
  const std::string& syscall() const noexcept { return details().syscall; }
  const std::string& address() const noexcept { return details().address; }
  int port() const noexcept { return details().port; }
  const std::string& hostname() const noexcept { return details().hostname; }
  const std::string& localAddress() const noexcept { return details().localAddress; }
  int localPort() const noexcept { return details().localPort; }

  // If several attempts have failed, what each met, as in Node's AggregateError; else empty.
  const std::vector<Error>& errors() const noexcept { return details().errors; }

  // Whether both are copies of one error.
  friend bool operator==(const Error& a, const Error& b) noexcept { return a.record_ == b.record_; }

 private:
  struct Record;

  const Details& details() const noexcept;

  Record* record_ = nullptr;
};

// Thrown at the call for a wrong argument; nothing else has happened.
class ArgumentError : public std::invalid_argument {
 public:
  // `message` names the value.
  ArgumentError(std::string_view code, const std::string& message)
      : std::invalid_argument(message), code_(code) {}

  const std::string& code() const noexcept { return code_; }  // "ERR_SOCKET_BAD_PORT"

 private:
  std::string code_;
};

}  // namespace sprocket
