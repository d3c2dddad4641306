#pragma once

// Unsent: what is left of the slices of a send in flight, which are the caller's.

#include <cassert>
#include <cstddef>
#include <span>

#include "sprocket/platform/backend.h"

namespace sprocket::platform {

class Unsent {
 public:
  // Begins past slices that are empty.
  void set(std::span<const Bytes> slices) {
    slices_ = slices;
    sentOfFirst_ = 0;
    advance(0);
  }
  void clear() { slices_ = {}; }

  bool empty() const { return slices_.empty(); }
  std::span<const Bytes> slices() const { return slices_; }
  std::size_t sentOfFirst() const { return sentOfFirst_; }  // bytes of the first that are gone
  Bytes first() const { return slices_.front().subspan(sentOfFirst_); }

  // So many more are gone.
  void advance(std::size_t count) {
    while (!slices_.empty()) {
      const std::size_t left = slices_.front().size() - sentOfFirst_;
      if (count < left) {
        sentOfFirst_ += count;
        return;
      }
      count -= left;
      sentOfFirst_ = 0;
      slices_ = slices_.subspan(1);
    }
    assert(count == 0);
  }

 private:
  std::span<const Bytes> slices_;
  std::size_t sentOfFirst_ = 0;
};

}  // namespace sprocket::platform
