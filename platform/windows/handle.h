#pragma once

// Handle and Socket: own what the system gave, close it once. Both are handles to the kernel, but
// a socket is closed by Winsock.

#include <winsock2.h>
#include <windows.h>

#include <utility>

#include "sprocket/platform/windows/syscalls.h"

namespace sprocket::platform {

class Handle {
 public:
  Handle() = default;
  explicit Handle(HANDLE handle) noexcept : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, INVALID_HANDLE_VALUE)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, INVALID_HANDLE_VALUE);
    }
    return *this;
  }
  ~Handle() { reset(); }

  HANDLE get() const noexcept { return handle_; }
  explicit operator bool() const noexcept {
    return handle_ != INVALID_HANDLE_VALUE && handle_ != nullptr;
  }

  void reset() noexcept {
    if (*this) syscalls::close(handle_);
    handle_ = INVALID_HANDLE_VALUE;
  }

 private:
  HANDLE handle_ = INVALID_HANDLE_VALUE;
};

class Socket {
 public:
  Socket() = default;
  explicit Socket(SOCKET socket) noexcept : socket_(socket) {}
  Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      reset();
      socket_ = std::exchange(other.socket_, INVALID_SOCKET);
    }
    return *this;
  }
  ~Socket() { reset(); }

  SOCKET get() const noexcept { return socket_; }
  HANDLE handle() const noexcept { return reinterpret_cast<HANDLE>(socket_); }
  explicit operator bool() const noexcept { return socket_ != INVALID_SOCKET; }

  void reset() noexcept {
    if (*this) syscalls::close(std::exchange(socket_, INVALID_SOCKET));
  }

 private:
  SOCKET socket_ = INVALID_SOCKET;
};

}  // namespace sprocket::platform
