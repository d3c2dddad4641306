// SocketState: what is received, its way to 'data', onread and pipes, and the peer's end.

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "sprocket/net/errors.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {

void SocketState::onReceive(platform::Bytes bytes) {
  bytesRead_ += bytes.size();
  touch();
  if (flow_ == Flow::flowing) {
    loop()->call([&] { deliver(Buffer::viewOf(bytes)); });
    return;
  }
  keep(bytes);
  updateReceiving();
}

void SocketState::keep(platform::Bytes bytes) {
  withMemory([&] {
    if (kept_ == nullptr) kept_ = std::make_unique<Kept>();
    kept_->all.append(Buffer::viewOf(bytes).text());
  });
}

void SocketState::onReceiveEnd() {
  peerEnded_ = true;
  isReceiving_ = false;
  touch();
  updateClaim();
  if (kept_ != nullptr) return;
  loop()->call([&] { hasRestOfText() ? flowLater() : deliverEnd(); });
}

void SocketState::deliver(const Buffer& chunk) {
  if (onRead_ != nullptr) return deliverInto(chunk.bytes());
  if (!decoding_) return deliverChunk(chunk);
  deliverText([&](Decoding& to) { to.decoder.decode(chunk.bytes(), to.text); });
}

template <class F>
void SocketState::deliverText(F decode) {
  const reactor::RefPtr<Decoding> decoding = decoding_;  // a listener may set another encoding
  withMemory([&] {
    decoding->text.clear();
    decode(*decoding);
  });
  if (phase_ != Phase::open || decoding->text.empty()) return;
  deliverChunk(Buffer::viewOf(std::as_bytes(std::span(decoding->text))));
}

// To onread's memory, as much at a time as that holds. What is left when the user's code, which
// gives the memory too, pauses the socket or throws waits with all else that does: where it is, if
// it has waited before.
void SocketState::deliverInto(platform::Bytes bytes, std::unique_ptr<Kept> owner) {
  struct Rest {
    ~Rest() {
      if (bytes.empty() || socket.phase_ != Phase::open) return;
      if (owner != nullptr) {
        owner->taken = owner->all.size() - bytes.size();
        socket.kept_ = std::move(owner);
      } else {
        socket.keep(bytes);
      }
      socket.flowLater();
    }
    SocketState& socket;
    platform::Bytes bytes;
    std::unique_ptr<Kept> owner;
  } rest{*this, bytes, std::move(owner)};
  const auto goesOn = [this] { return flow_ == Flow::flowing && phase_ == Phase::open; };
  while (!rest.bytes.empty() && goesOn()) {
    const std::span<std::byte> memory = onRead_->buffer.next();
    if (!goesOn()) return;
    if (memory.empty()) return finishWith(noReadBufferError());
    const std::size_t count = std::min(memory.size(), rest.bytes.size());
    std::copy_n(rest.bytes.begin(), count, memory.begin());
    rest.bytes = rest.bytes.subspan(count);
    if (!onRead_->callback(handle(), memory.first(count))) pause();
  }
}

// To the pipes first: unlike a listener, they cannot throw and so keep the chunk from the others.
void SocketState::deliverChunk(const Buffer& chunk) {
  bool broken = false;
  for (Pipe& pipe : pipesFrom_) broken |= !pipe.forward(chunk);
  if (broken) failBrokenPipes(chunk);
  // That may have ended this very socket, if it was piped to itself.
  if (phase_ == Phase::open) emit<"data">(chunk);
}

void SocketState::failBrokenPipes(const Buffer& chunk) {
  while (Pipe* pipe = findPipe([](const Pipe& each) { return each.isBroken(); })) {
    pipe->fail(chunk);
  }
}

void SocketState::deliverEnd() {
  endDelivered_ = true;
  defer([](SocketState& self) { self.endByItself(); });
  if (phase_ == Phase::open) emit<"end">();
}

// After 'end', whose listeners may still have written. [9.4]
void SocketState::endByItself() {
  if (phase_ != Phase::open) return;
  while (Pipe* pipe = pipesFrom_.front()) pipe->sourceEnded();
  if (!allowHalfOpen_ && !ending_) {
    endedByPeer_ = true;
    beginEnding();
  }
  closeWhenBothEnded();
}

void SocketState::pause() {
  const bool tells = flow_ != Flow::paused && !isOver();
  stopFlow();
  if (tells) emit<"pause">();
}

void SocketState::resume() {
  tellResume();
  startFlow();
}

// Throws for want of memory, before anything has changed.
void SocketState::tellResume() {
  if (flow_ != Flow::flowing && loop() != nullptr && !isOver()) {
    EmitterState::defer([](SocketState& self) {
      if (!self.isOver()) self.emit<"resume">();
    });
  }
}

void SocketState::stopFlow() {
  flow_ = Flow::paused;
  updateReceiving();
}

void SocketState::startFlow() {
  flow_ = Flow::flowing;
  flowLater();
  updateReceiving();
}

void SocketState::flowLater() {
  const bool isBehind = kept_ != nullptr || (peerEnded_ && !endDelivered_);
  if (isBehind && phase_ == Phase::open) defer([](SocketState& self) { self.flow(); });
}

// Delivers what was kept, then the rest of a text, and then the end if that is all there was.
void SocketState::flow() {
  if (flow_ != Flow::flowing || phase_ != Phase::open || isBlocked()) return;
  if (kept_ != nullptr) {
    auto kept = std::move(kept_);
    const platform::Bytes rest = kept->rest();
    flowLater();
    onRead_ != nullptr ? deliverInto(rest, std::move(kept)) : deliver(Buffer::viewOf(rest));
  } else if (peerEnded_ && !endDelivered_) {
    if (!hasRestOfText()) return deliverEnd();
    flowLater();
    deliverText([](Decoding& to) { to.decoder.end(to.text); });
  }
}

void SocketState::updateReceiving() {
  const std::size_t kept = kept_ == nullptr ? 0 : kept_->rest().size();
  const bool full = flow_ == Flow::initial && kept >= readMark_;
  const bool wanted = phase_ == Phase::open && stream_ != nullptr && !peerEnded_ &&
                      flow_ != Flow::paused && !full && !isBlocked();
  if (wanted == isReceiving_) return;
  isReceiving_ = wanted;
  if (wanted) {
    stream_->startReceiving();
  } else if (stream_ != nullptr) {
    stream_->stopReceiving();
  }
  updateClaim();
}

// What the encoding before has left incomplete is dropped, as Node does.
void SocketState::setEncoding(Encoding encoding) { decoding_ = new Decoding(encoding); }

void SocketState::onNewListener(std::uint8_t event) {
  listenersReleased_ = false;
  if (event == SocketEvents::index<"data"> && flow_ == Flow::initial) resume();
}

// Pipes.

void SocketState::pipe(SocketState& destination, bool end) {
  if (loop() == nullptr || destination.loop() == nullptr) return;
  tellResume();
  Pipe::connect(*this, destination, end);
  if (endDelivered_) defer([](SocketState& self) { self.endByItself(); });
  startFlow();
  destination.emit<"pipe">(handle());
}

void SocketState::endPipesInto() {
  while (Pipe* pipe = pipesInto_.front()) pipe->destinationEnded();
}

void SocketState::disconnectPipes() {
  while (Pipe* pipe = pipesFrom_.front()) pipe->disconnect();
  while (Pipe* pipe = pipesInto_.front()) pipe->disconnect();
}

void SocketState::unpipe(SocketState* destination) {
  std::vector<reactor::RefPtr<SocketState>> left;  // first all, as listeners may make new pipes
  while (Pipe* pipe = findPipe([&](const Pipe& each) {
           return destination == nullptr || each.leadsTo(*destination);
         })) {
    left.push_back(&pipe->destination());
    pipe->disconnect();
  }
  for (const auto& each : left) each->emit<"unpipe">(handle());
}

template <class Predicate>
Pipe* SocketState::findPipe(Predicate predicate) const {
  const auto found = std::find_if(pipesFrom_.begin(), pipesFrom_.end(), predicate);
  return found == pipesFrom_.end() ? nullptr : &*found;
}

bool SocketState::isBlocked() const {
  return findPipe([](const Pipe& each) { return each.isBlocked(); }) != nullptr;
}

void SocketState::pipeChanged() {
  updateReceiving();
  flowLater();
}

}  // namespace sprocket::net
