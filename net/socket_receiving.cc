// SocketState: what is received, its way to 'data', onread and pipes, and the peer's end.

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sprocket/net/errors.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {
namespace {

// In UTF-8 that is well-formed.
std::size_t endOfCharacter(std::string_view text, std::size_t begin) {
  const auto goesOn = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  return static_cast<std::size_t>(std::find_if_not(text.begin() + begin + 1, text.end(), goesOn) -
                                  text.begin());
}

}  // namespace

void SocketState::onReceive(platform::Bytes bytes) {
  if (isLingering()) return drop(bytes.size());
  bytesRead_ += bytes.size();
  touch();
  if (flow_ == Flow::flowing) {
    loop()->call([&] { deliver(Buffer::viewOf(bytes)); });
    return;
  }
  keep(bytes);
  if (flow_ == Flow::pulled) return loop()->call([&] { flow(); });
  updateReceiving();
}

void SocketState::keep(platform::Bytes bytes) {
  withMemory([&] {
    if (decoding_) {
      decoding_->decoder.decode(bytes, keeping());
    } else {
      keeping().append(Buffer::viewOf(bytes).text());
    }
  });
}

// To append to.
std::string& SocketState::keeping() {
  if (kept_ == nullptr) kept_ = std::make_unique<Kept>();
  kept_->all.erase(0, std::exchange(kept_->taken, 0));
  kept_->untold = true;
  return kept_->all;
}

void SocketState::onReceiveEnd() {
  if (isLingering()) return stopLingering();
  peerEnded_ = true;
  if (kept_ != nullptr) kept_->untold = true;
  isReceiving_ = false;
  touch();
  updateClaim();
  if (decoding_ && decoding_->decoder.hasRest()) {
    withMemory([&] { decoding_->decoder.end(keeping()); });
  }
  loop()->call([&] {
    if (flow_ == Flow::pulled) return tellReadable();
    kept().empty() ? deliverEnd() : flowLater();
  });
}

void SocketState::deliver(const Buffer& chunk) {
  if (onRead_ != nullptr) return deliverInto(chunk.bytes());
  if (!decoding_) return deliverChunk(chunk);
  const reactor::RefPtr<Decoding> decoding = decoding_;  // a listener may set another encoding
  withMemory([&] {
    decoding->text.clear();
    decoding->decoder.decode(chunk.bytes(), decoding->text);
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

void SocketState::startFlow() { setFlow(isListenedToRead() ? Flow::pulled : Flow::flowing); }

void SocketState::setFlow(Flow flow) {
  flow_ = flow;
  flowLater();
  updateReceiving();
}

void SocketState::flowLater() {
  const bool isBehind = !kept().empty() || (peerEnded_ && !endDelivered_);
  if (isBehind && phase_ == Phase::open) defer([](SocketState& self) { self.flow(); });
}

// Delivers what was kept, or tells of it, and then the end if that is all there was.
void SocketState::flow() {
  if (flow_ == Flow::paused || phase_ != Phase::open || isBlocked()) return;
  if (kept().empty()) {
    if (peerEnded_ && !endDelivered_) deliverEnd();
  } else if (flow_ == Flow::pulled) {
    if (kept_->untold) tellReadable();
  } else if (flow_ == Flow::flowing) {
    auto kept = std::move(kept_);
    const platform::Bytes rest = std::as_bytes(std::span(kept->rest()));
    flowLater();
    onRead_ != nullptr ? deliverInto(rest, std::move(kept)) : deliverChunk(Buffer::viewOf(rest));
  }
}

void SocketState::tellReadable() {
  struct Afterwards {
    ~Afterwards() {
      if (socket.kept().empty()) socket.flowLater();
      socket.updateReceiving();
      socket.stopPull();  // it may have been a one-time listener
    }
    SocketState& socket;
  } const afterwards{*this};
  if (kept_ != nullptr) kept_->untold = false;
  if (phase_ == Phase::open) emit<"readable">();
}

std::optional<Buffer> SocketState::read(std::optional<std::size_t> size) {
  if (phase_ != Phase::open || onRead_ != nullptr) return std::nullopt;
  const std::string_view all = kept();
  const Part part = size ? frontOf(all, *size) : Part{all.size(), all.empty() ? 1U : 0U};
  if (part.lacking > 0 && !peerEnded_) {
    wanted_ = saturated(all.size() + std::min<std::size_t>(part.lacking, UINT32_MAX));
    updateReceiving();
    return std::nullopt;
  }
  if (part.size == 0) return std::nullopt;
  Buffer chunk = Buffer::from(std::as_bytes(std::span(all).first(part.size)));
  kept_->taken += part.size;
  wanted_ = 0;
  if (kept().empty()) {
    kept_.reset();
    flowLater();
  }
  updateReceiving();
  deliverChunk(chunk);
  return chunk;
}

// So many bytes, or characters of text.
SocketState::Part SocketState::frontOf(std::string_view all, std::size_t count) const {
  const std::size_t bytes = std::min(count, all.size());
  if (!decoding_) return {bytes, count - bytes};
  std::size_t size = 0;
  for (; count > 0 && size < all.size(); --count) size = endOfCharacter(all, size);
  return {size, count};
}

// Whoever listens for 'readable' asks for something, whatever the mark.
void SocketState::updateReceiving() {
  const bool isAsked = flow_ == Flow::pulled;
  const bool full = flow_ != Flow::flowing &&
                    kept().size() >= std::max({readMark_, wanted_, std::uint32_t{isAsked}});
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

// What the encoding before has left incomplete is dropped, as Node does, and what is kept as text
// already stays as it is.
void SocketState::setEncoding(Encoding encoding) {
  if (onRead_ != nullptr) return;
  const reactor::RefPtr<Decoding> decoding = new Decoding(encoding);
  if (!decoding_ && !kept().empty()) {
    std::string text;
    decoding->decoder.decode(std::as_bytes(std::span(kept())), text);
    if (peerEnded_) decoding->decoder.end(text);
    *kept_ = {.all = std::move(text), .untold = kept_->untold};
    flowLater();  // if that was nothing
    updateReceiving();
  }
  decoding_ = decoding;
}

void SocketState::onNewListener(std::uint8_t event) {
  listenersReleased_ = false;
  if (event == SocketEvents::index<"data"> && flow_ == Flow::initial) resume();
  const bool asks = event == SocketEvents::index<"readable"> && onRead_ == nullptr;
  if (asks && flow_ != Flow::pulled) {
    if (kept_ != nullptr) kept_->untold = true;
    if (flow_ != Flow::paused) setFlow(Flow::pulled);
  }
}

// Later, so that a listener may replace itself and is not told of the same again.
void SocketState::onListenersRemoved() {
  if (flow_ == Flow::pulled && !isListenedToRead() && loop() != nullptr) {
    defer([](SocketState& self) { self.stopPull(); });
  }
}

// When the last that listened for 'readable' has gone it is as at first, or flows if somebody hears
// the data.
void SocketState::stopPull() {
  if (flow_ != Flow::pulled || isListenedToRead()) return;
  setFlow(Flow::initial);
  const bool isHeard = listeners_.count(SocketEvents::index<"data">) > 0 || !pipesFrom_.empty();
  if (isHeard) withMemory([&] { resume(); });
}

bool SocketState::isListenedToRead() const {
  return listeners_.count(SocketEvents::index<"readable">) > 0 && onRead_ == nullptr;
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
