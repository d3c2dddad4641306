#pragma once

// Descriptors that somebody else has opened, by their numbers: inherited from a parent, made by
// pipe() or socketpair(). Windows has none.

#include <cstdint>
#include <utility>

#include "sprocket/platform/result.h"

namespace sprocket::platform {

// What a number stands for, found by inspection.
enum class DescriptorKind : std::uint8_t {
  unsupported,  // this system has no descriptors
  unknown,      // closed, or of no kind that has a name here
  file,         // or a device
  terminal,
  datagram,     // a UDP socket
  listening,    // a stream socket (TCP or unix) that accepts connections,
  unconnected,  // one that may be connected or listen,
  connected,    // or one that is connected, or was
  pipe,         // a FIFO that is open both ways
  pipeReader,   // an end of a pipe
  pipeWriter,
};

DescriptorKind kindOf(int descriptor) noexcept;

// Owns a descriptor until a stream or a listener does: closes it in the end.
class Descriptor {
 public:
  // Makes it non-blocking and close-on-exec. On failure it is still the caller's.
  static Result<Descriptor> takeOver(int number) noexcept;

  // Another one for the same socket. Each of the two is closed for itself.
  static Result<Descriptor> duplicateOf(int number) noexcept;

  Descriptor() noexcept = default;
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  explicit operator bool() const noexcept { return number_ >= 0; }
  int number() const noexcept { return number_; }

  // The number, for somebody else to close.
  int release() noexcept { return std::exchange(number_, -1); }

 private:
  explicit Descriptor(int number) noexcept : number_(number) {}

  int number_ = -1;
};

}  // namespace sprocket::platform
