#include "sprocket/net/write_queue.h"

#include <cassert>

namespace sprocket::net {

void WriteQueue::push(const Chunk& chunk, std::size_t begin) {
  const std::size_t count = chunk.size() - begin;
  if (count == 0) return;
  if (count <= kSmall) {
    if (gathering_.size() + count > kGathered) sealGathering();
    gathering_.append(Buffer::viewOf(chunk.bytes().subspan(begin)).text());
  } else {
    sealGathering();
    pieces_.push_back(chunk.keepFrom(begin));
  }
  size_ += count;
}

void WriteQueue::sealGathering() {
  if (gathering_.empty()) return;
  pieces_.push_back(Buffer::from(std::exchange(gathering_, {})));
}

std::span<const std::span<const std::byte>> WriteQueue::takeOff() {
  assert(!inFlight());
  sealGathering();
  slices_.clear();
  for (const Buffer& piece : pieces_) slices_.push_back(piece.bytes());
  inFlightBytes_ = size_;
  return slices_;
}

void WriteQueue::sent(std::size_t count) {
  assert(count <= inFlightBytes_);
  inFlightBytes_ -= count;
  size_ -= count;
  if (inFlightBytes_ > 0) return;
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(slices_.size()));
  slices_.clear();
}

void WriteQueue::putBack() {
  if (!inFlight()) return;
  std::size_t flown = 0;
  for (const auto& slice : slices_) flown += slice.size();
  flown -= inFlightBytes_;
  auto piece = pieces_.begin();
  while (flown >= piece->size()) flown -= (piece++)->size();
  *piece = piece->tail(flown);
  pieces_.erase(pieces_.begin(), piece);
  slices_.clear();
  inFlightBytes_ = 0;
}

}  // namespace sprocket::net
