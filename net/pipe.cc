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
  if (!destination_.writeNow(chunk)) {
    blocked_ = true;
    source_.pipeChanged();
  }
  return true;
}

void Pipe::fail(const Buffer& chunk) {
  const reactor::RefPtr<SocketState> destination = &destination_;
  tell();
  disconnect();
  destination->write(chunk, {});
}

void Pipe::sourceEnded() {
  SocketState& destination = destination_;
  const bool end = end_;
  tell();
  delete this;
  if (end) destination.end(nullptr, {});
}

void Pipe::destinationDrained() {
  if (!blocked_) return;
  blocked_ = false;
  source_.pipeChanged();
}

// An echo that was ended flows on: with nobody else to read, it would never hear its peer's end.
void Pipe::destinationEnded() {
  SocketState& source = source_;
  const bool isEcho = leadsTo(source);
  const bool flowed = source.flow_ == SocketState::Flow::flowing;
  tell();
  disconnect();
  if (isEcho && flowed) source.startFlow();
}

// Most pipes end with nobody to tell, and a deferred step is a good part of what an end costs.
void Pipe::tell() {
  if (!destination_.listeners_.any(SocketEvents::index<"unpipe">)) return;
  destination_.defer([source = reactor::RefPtr<SocketState>(&source_)](SocketState& destination) {
    destination.emit<"unpipe">(source->handle());
  });
}

void Pipe::disconnect() {
  SocketState& source = source_;
  delete this;
  const bool flows = source.flow_ == SocketState::Flow::flowing && !source.isOver();
  if (source.pipesFrom_.empty() && flows) {
    source.stopFlow();
  } else {
    source.pipeChanged();
  }
}

}  // namespace sprocket::net
