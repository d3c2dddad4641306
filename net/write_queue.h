#pragma once

// WriteQueue: what a socket still has to send, in order, as the slices of one gathered send.
//
//     sent │ in flight: the backend has these slices │ waiting
//     ─────┼──────────────────────────────────────────┼──────────────────────────
//          │ piece  piece  piece                      │ piece  piece  gathering...
//
// Small pieces are gathered into one while they wait, so that many little writes to a slow peer
// cost neither an allocation nor a slice each. A queue that has thrown for want of memory may have
// lost bytes; all that is left to do is to drop it, with its socket.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sprocket/net/arguments.h"
#include "sprocket/net/buffer.h"

namespace sprocket::net {

class WriteQueue {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }  // bytes

  // Adds a chunk's bytes from `begin` on.
  void push(const Chunk& chunk, std::size_t begin);

  bool inFlight() const { return inFlightBytes_ > 0; }

  // Everything that waits, to be sent in one go. Each byte stays put until it is reported sent, and
  // the slices until all are.
  std::span<const std::span<const std::byte>> takeOff();

  // So many bytes of what is in flight are gone; a piece that is gone is freed.
  void sent(std::size_t count);

  // Nothing is in flight any more; what was not sent waits again.
  void putBack();

 private:
  static constexpr std::size_t kSmall = 4 * 1024;
  static constexpr std::size_t kGathered = 64 * 1024;

  void sealGathering();
  void land();

  std::vector<Buffer> pieces_;  // those in flight first
  std::vector<std::span<const std::byte>> slices_;
  std::string gathering_;
  std::size_t size_ = 0;
  std::size_t inFlightBytes_ = 0;
  std::size_t sentPieces_ = 0;   // of those in flight
  std::size_t sentOfPiece_ = 0;  // bytes of the one behind them
};

}  // namespace sprocket::net
