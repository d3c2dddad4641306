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
  sentOfPiece_ += count;
  while (sentPieces_ < slices_.size() && sentOfPiece_ >= slices_[sentPieces_].size()) {
    sentOfPiece_ -= slices_[sentPieces_].size();
    pieces_[sentPieces_++] = Buffer();
  }
  if (!inFlight()) land();
}

void WriteQueue::putBack() {
  if (!inFlight()) return;
  pieces_[sentPieces_] = pieces_[sentPieces_].tail(sentOfPiece_);
  inFlightBytes_ = 0;
  land();
}

// The flight is over, and what it has sent leaves the queue.
void WriteQueue::land() {
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(sentPieces_));
  slices_.clear();
  sentPieces_ = sentOfPiece_ = 0;
}

}  // namespace sprocket::net
