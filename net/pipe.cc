#include "sprocket/net/pipe.h"

#include "sprocket/net/socket_state.h"

namespace sprocket::net {

void Pipe::connect(SocketState& source, SocketState& destination, bool end) {
  auto* pipe = new Pipe(source, destination, end);
  source.pipesFrom_.pushBack(*pipe);
  destination.pipesInto_.pushBack(*pipe);
}

bool Pipe::isBroken() const { return !destination_.isWritable(); }

bool Pipe::forward(const Buffer& chunk) {
  if (isBroken()) return false;
  if (!destination_.write(chunk, {})) {
    blocked_ = true;
    source_.pipeChanged();
  }
  return true;
}

void Pipe::fail(const Buffer& chunk) {
  const reactor::RefPtr<SocketState> destination = &destination_;
  disconnect();
  destination->write(chunk, {});
}

void Pipe::sourceEnded() {
  SocketState& destination = destination_;
  const bool end = end_;
  delete this;
  if (end) destination.end({});
}

void Pipe::destinationDrained() {
  if (!blocked_) return;
  blocked_ = false;
  source_.pipeChanged();
}

void Pipe::disconnect() {
  SocketState& source = source_;
  delete this;
  if (source.pipesFrom_.empty() && source.phase_ == SocketState::Phase::open) source.pause();
}

}  // namespace sprocket::net
