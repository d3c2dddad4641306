#include "sprocket/net/socket_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sprocket/net/errors.h"
#include "sprocket/net/server_state.h"

namespace sprocket::net {
namespace {

using platform::DescriptorKind;
using platform::Endpoint;

// How much may wait in a corked socket before write() returns false, if its own mark is not higher.
constexpr std::size_t kCorkedMark = 16384;

std::uint32_t saturated(std::size_t count) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(count, UINT32_MAX));
}

double checkedTimeout(double milliseconds) {
  constexpr double longest = 2147483647;
  if (!(milliseconds >= 0) || std::isinf(milliseconds)) throwBadTimeout(milliseconds);
  return std::min(milliseconds, longest);
}

}  // namespace

// Runs while setTimeout() wants it; every sign of life starts it anew. It does not hold the loop.
class SocketState::IdleTimer final : public reactor::Timer {
 public:
  IdleTimer(SocketState& socket, double milliseconds)
      : socket_(socket), milliseconds_(milliseconds) {
    restart();
  }

  double milliseconds() const { return milliseconds_; }

  void restart() {
    socket_.loop()->startTimer(*this, reactor::Delay(milliseconds_).milliseconds());
  }

  void onTimeout() override {
    const reactor::RefPtr<SocketState> keep = &socket_;
    keep->emit<"timeout">();
  }

 private:
  SocketState& socket_;
  const double milliseconds_;
};

SocketState::SocketState(reactor::Loop& loop, const SocketOptions& options)
    : EmitterState(loop),
      readMark_(saturated(options.readableHighWaterMark)),
      writeMark_(saturated(options.writableHighWaterMark)),
      allowHalfOpen_(options.allowHalfOpen),
      reusable_(options.reusable),
      noDelay_(options.noDelay) {
  setKeepAlive(options.keepAlive, Milliseconds(options.keepAliveInitialDelay).wholeSeconds());
  if (!options.onread.buffer.empty() || options.onread.callback) {
    if (options.onread.buffer.empty() || !options.onread.callback) throwBadOnRead();
    onRead_ = std::make_unique<OnRead>(options.onread);
    flow_ = Flow::flowing;
  }
  if (options.fd) adopt(options);
}

// Throws and leaves the descriptor alone, or has it, and then nothing throws any more.
void SocketState::adopt(const SocketOptions& options) {
  if (*options.fd < 0) throwBadDescriptor(*options.fd);
  const auto kind = platform::kindOf(*options.fd);
  if (kind == DescriptorKind::unconnected) {
    auto taken = platform::Descriptor::takeOver(*options.fd);
    if (!taken) throwDescriptorKind(DescriptorKind::unknown);
    given_ = std::move(*taken);
    return;
  }
  if (kind < DescriptorKind::connected) throwDescriptorKind(kind);
  auto stream = loop()->backend().adopt(*options.fd, *this);
  if (!stream) throwDescriptorKind(DescriptorKind::unknown);
  self_ = this;
  phase_ = Phase::open;
  peerEnded_ = endDelivered_ = !options.readable || kind == DescriptorKind::pipeWriter;
  ending_ = shutDown_ = finished_ = !options.writable || kind == DescriptorKind::pipeReader;
  useStream(**stream);
  updateReceiving();
  updateClaim();
}

SocketState& SocketState::accepted(ServerState& server, platform::Stream& stream,
                                   const ServerOptions& options) {
  auto* socket =
      new SocketState(*server.loop(), {.allowHalfOpen = options.allowHalfOpen,
                                       .readableHighWaterMark = options.readableHighWaterMark,
                                       .writableHighWaterMark = options.writableHighWaterMark});
  socket->self_ = socket;
  socket->server_ = &server;
  socket->isCounted_ = true;
  socket->stream_ = &stream;
  socket->phase_ = Phase::open;
  if (options.pauseOnConnect) socket->flow_ = Flow::paused;
  socket->setNoDelay(options.noDelay);
  if (options.keepAlive) {
    socket->setKeepAlive(true, Milliseconds(options.keepAliveInitialDelay).wholeSeconds());
  }
  return *socket;
}

SocketState::~SocketState() { disconnectPipes(); }

// Connecting.

void SocketState::connect(const ConnectOptions& options, OnConnect listener) {
  if (loop() == nullptr) return;
  if (isConnecting()) throwCannotConnect("connecting");
  if (phase_ == Phase::open) throwCannotConnect("connected");
  if (phase_ == Phase::closing) throwCannotConnect("not closed yet");
  if (listenersReleased_) throwListenersReleased();
  const auto timeout =
      options.timeout ? std::optional(checkedTimeout(*options.timeout)) : std::nullopt;
  connecting_ = new Connecting(*this, options);

  // Nothing can be refused any more.
  phase_ = Phase::connecting;
  self_ = this;
  destroyed_ = hadError_ = isReceiving_ = peerEnded_ = endDelivered_ = ending_ = endedByPeer_ =
      shutDown_ = finished_ = mustDrain_ = drainDue_ = stepsScheduled_ = closeSoon_ =
          closeByReset_ = false;
  bytesRead_ = bytesWritten_ = bytesSent_ = 0;
  remote_.reset();
  server_ = nullptr;
  if (decoding_) decoding_->decoder.reset();
  if (auto node = listener.take()) listeners_.add(node.release(), false);
  updateClaim();
  withMemory([&] {
    if (timeout) setTimeout(*timeout, {});
    touch();
    connecting_->start();
  });
}

void SocketState::useStream(platform::Stream& stream) {
  stream_ = &stream;
  if (noDelay_) stream_->setNoDelay(true);
  if (keepAlive_) stream_->setKeepAlive(true, std::chrono::seconds(keepAliveDelay_));
}

void SocketState::onConnect(platform::SysError error) {
  loop()->call([&] {
    if (phase_ == Phase::open) {
      updateReceiving();
      server_->emitConnection(*this);
    } else if (error) {
      connecting_->streamFailed(error);
    } else {
      becomeOpen();
    }
  });
}

void SocketState::becomeOpen() {
  phase_ = Phase::open;
  std::exchange(connecting_, {})->drop();
  touch();
  updateReceiving();
  updateClaim();
  defer([](SocketState& self) { self.sendQueued(); });
  defer([](SocketState& self) {
    if (self.phase_ == Phase::open) self.emit<"ready">();
  });
  if (closeByReset_) defer([](SocketState& self) { self.finishWith({}); });
  if (phase_ == Phase::open) emit<"connect">();
}

// Receiving.

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
    if (kept_ == nullptr) kept_ = std::make_unique<std::string>();
    kept_->append(Buffer::viewOf(bytes).text());
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

// To onread's memory, as much at a time as that holds. What is left when the callback pauses the
// socket, or throws, waits with all else that does.
void SocketState::deliverInto(platform::Bytes bytes) {
  struct Rest {
    ~Rest() {
      if (bytes.empty() || socket.phase_ != Phase::open) return;
      socket.keep(bytes);
      socket.flowLater();
    }
    SocketState& socket;
    platform::Bytes bytes;
  } rest{*this, bytes};
  while (!rest.bytes.empty() && flow_ == Flow::flowing && phase_ == Phase::open) {
    const std::span<std::byte> memory = onRead_->buffer.next();
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

// After 'end', whose listeners may still have written. (Contract 9.4.)
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
    const auto kept = std::move(kept_);
    flowLater();
    deliver(Buffer::viewOf(std::as_bytes(std::span(*kept))));
  } else if (peerEnded_ && !endDelivered_) {
    if (!hasRestOfText()) return deliverEnd();
    flowLater();
    deliverText([](Decoding& to) { to.decoder.end(to.text); });
  }
}

void SocketState::updateReceiving() {
  const std::size_t kept = kept_ == nullptr ? 0 : kept_->size();
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

// Sending.

bool SocketState::write(const Chunk& chunk, OnWritten onWritten) {
  if (!isWritable()) return refuseWrite(onWritten.take(handle()));

  // Before anything is sent, so that a throw leaves nothing done.
  if (!onWritten.empty()) {
    queueCallback(bytesWritten_ + chunk.size(), onWritten.take(handle()));
  }
  return writeNow(chunk);
}

// Of a writable socket.
bool SocketState::writeNow(const Chunk& chunk) {
  bytesWritten_ += chunk.size();
  touch();
  std::size_t taken = 0;
  if (phase_ == Phase::open && corks_ == 0 && !hasQueued() && chunk.size() > 0) {
    const platform::Bytes bytes = chunk.bytes();
    taken = stream_->trySend({&bytes, 1});
    bytesSent_ += taken;
  }
  if (taken < chunk.size() && !queueRest(chunk, taken)) return false;
  if (sending_ == nullptr) return true;  // nothing is queued, nobody waits to be called
  scheduleSendSteps();
  if (!hasQueued()) return true;
  updateClaim();
  if (hasRoom()) return true;
  mustDrain_ = true;
  drainDue_ = false;
  return false;
}

// (Contract 8.2.)
bool SocketState::hasRoom() const {
  const std::size_t mark = corks_ > 0 ? std::max<std::size_t>(writeMark_, kCorkedMark) : writeMark_;
  return sending_->queue.size() < mark;
}

// False if there is no memory for it, and so no socket any more.
bool SocketState::queueRest(const Chunk& chunk, std::size_t begin) {
  withMemory([&] { sending().queue.push(chunk, begin); });
  if (phase_ == Phase::open) sendRest();
  return phase_ != Phase::closing;
}

// (Contract 8.13, 8.14, 9.5.)
bool SocketState::refuseWrite(UniqueFunction<void(const Error&)> callback) {
  Error error;
  if (phase_ == Phase::fresh) {
    error = socketClosedError();
  } else if (isDestroyed()) {
    error = streamDestroyedError("write");
  } else {
    error = endedByPeer_ ? endedByOtherPartyError() : writeAfterEndError();
  }
  if (isDestroyed()) {
    failLater(std::move(callback), error);
  } else {
    // Behind those that wait already, which fail with it.
    if (callback) sending().writes.push_back({UINT64_MAX, std::move(callback)});
    finishWith(error);
  }
  return false;
}

// The first attempt at what was asked for before the connection was there.
void SocketState::sendQueued() {
  if (phase_ != Phase::open || corks_ > 0) return;
  if (!hasQueued()) {
    shutDownWhenSent();
    scheduleSendSteps();  // of empty writes
    return;
  }
  WriteQueue& queue = sending_->queue;
  if (queue.inFlight()) return;
  withMemory([&] {
    const std::size_t taken = stream_->trySend(queue.takeOff());
    queue.sent(taken);
    queue.putBack();
    countSent(taken);
  });
}

void SocketState::sendRest() {
  WriteQueue& queue = sending_->queue;
  if (corks_ > 0 || queue.inFlight() || queue.empty()) return;
  withMemory([&] { stream_->send(queue.takeOff()); });
}

void SocketState::onSend(std::size_t count) {
  sending_->queue.sent(count);
  countSent(count);
  loop()->call([] {});  // which runs what was deferred
}

void SocketState::countSent(std::size_t count) {
  bytesSent_ += count;
  touch();
  sendRest();
  if (!hasQueued()) {
    drainDue_ = std::exchange(mustDrain_, false) && !ending_;
    shutDownWhenSent();
  }
  scheduleSendSteps();
  updateClaim();
}

void SocketState::end(const Chunk* last, OnWritten onWritten) {
  auto callback = onWritten.take(handle());
  if (last != nullptr) {
    // Before anything is sent, so that a throw leaves nothing done.
    if (callback) sending().ends.reserve(sending().ends.size() + 1);
    if (ending_ && !isDestroyed()) {
      // Fails with what is written too late, behind those that wait already.
      if (callback) sending().ends.push_back(std::move(callback));
      refuseWrite({});
      return;
    }
    write(*last, {});
  }
  if (phase_ == Phase::fresh) {
    // Never connected, it has nothing to end: nothing visible happens.
    failLater(std::move(callback), socketClosedError());
    return;
  }
  if (isDestroyed()) {
    failLater(std::move(callback),
              finished_ ? alreadyFinishedError() : streamDestroyedError("end"));
    return;
  }
  if (callback) {
    if (finished_) {
      failLater(std::move(callback), alreadyFinishedError());
    } else {
      sending().ends.push_back(std::move(callback));
    }
  }
  if (!ending_) beginEnding();
}

void SocketState::beginEnding() {
  ending_ = true;
  if (std::exchange(corks_, 0) > 0) sendQueued();
  shutDownWhenSent();
  updateClaim();
}

void SocketState::cork() {
  if (corks_ < UINT16_MAX) ++corks_;
}

void SocketState::uncork() {
  if (corks_ > 0 && --corks_ == 0) sendQueued();
}

void SocketState::shutDownWhenSent() {
  if (!ending_ || shutDown_ || phase_ != Phase::open || hasQueued()) return;
  shutDown_ = true;
  stream_->shutdownSend(allowHalfOpen_);
  scheduleSendSteps();
  updateClaim();
}

void SocketState::queueCallback(std::uint64_t end, UniqueFunction<void(const Error&)> callback) {
  sending().writes.push_back({end, std::move(callback)});
}

bool SocketState::isWriteDue() const {
  if (sending_ == nullptr || sending_->firstWrite == sending_->writes.size()) return false;
  return phase_ == Phase::open && sending_->writes[sending_->firstWrite].end <= bytesSent_;
}

void SocketState::scheduleSendSteps() {
  const bool any = drainDue_ || isWriteDue() || (shutDown_ && !finished_);
  if (!any || stepsScheduled_) return;
  stepsScheduled_ = true;
  if (sending_ == nullptr || sending_->mayStep(loop()->turns())) {
    defer([](SocketState& self) { self.takeSendStep(); });
  } else {
    loop()->queueImmediate(*sending_);
  }
}

// Whoever writes again in each callback must not hold up everybody else for ever.
bool SocketState::Sending::mayStep(std::uint64_t now) {
  if (std::exchange(turn, now) != now) steps = 0;
  return ++steps <= kStepsPerTurn;
}

void SocketState::Sending::onPhase() {
  const reactor::RefPtr<SocketState> keep = &socket;
  keep->takeSendStep();
}

void SocketState::takeSendStep() {
  stepsScheduled_ = false;
  if (phase_ == Phase::open) sendStep();
}

// One piece of user code at a time; what is left has been scheduled before that is called. 'drain'
// comes before the callbacks of the completion that emptied the queue (8.3), these in order (8.4),
// then those of end(), then 'finish' (9.2).
void SocketState::sendStep() {
  if (std::exchange(drainDue_, false)) {
    scheduleSendSteps();
    for (Pipe& pipe : pipesInto_) pipe.destinationDrained();
    if (!ending_) emit<"drain">();
  } else if (isWriteDue()) {
    auto callback = sending_->takeFirstWrite();
    scheduleSendSteps();
    callback(Error());
  } else if (shutDown_ && !finished_) {
    if (sending_ != nullptr && !sending_->ends.empty()) {
      auto callback = std::move(sending_->ends.front());
      sending_->ends.erase(sending_->ends.begin());
      scheduleSendSteps();
      callback(Error());
    } else {
      finished_ = true;
      defer([](SocketState& self) { self.closeWhenBothEnded(); });
      while (Pipe* pipe = pipesInto_.front()) pipe->destinationFinished();
      emit<"finish">();
    }
  }
}

// Writes that overlap for ever must not use memory for ever. No more of them are moved than were
// taken.
UniqueFunction<void(const Error&)> SocketState::Sending::takeFirstWrite() {
  auto callback = std::move(writes[firstWrite++].callback);
  if (firstWrite == writes.size() ||
      (firstWrite >= kCompactAt && 2 * firstWrite >= writes.size())) {
    writes.erase(writes.begin(), writes.begin() + static_cast<std::ptrdiff_t>(firstWrite));
    firstWrite = 0;
  }
  return callback;
}

// Calls a callback with an error, later.
void SocketState::failLater(UniqueFunction<void(const Error&)> callback, const Error& error) {
  if (!callback || loop() == nullptr) return;
  loop()->nextTick([callback = std::move(callback), error]() mutable { callback(error); });
}

// Ending.

void SocketState::closeWhenBothEnded() {
  if (phase_ == Phase::open && finished_ && (endDelivered_ || closeSoon_)) finishWith({});
}

void SocketState::destroySoon() {
  if (loop() == nullptr) return;
  end(nullptr, {});
  closeSoon_ = true;
  if (finished_ || phase_ == Phase::fresh) finishWith({});
}

void SocketState::resetAndDestroy() {
  if (loop() == nullptr || isOver()) return;
  if (phase_ == Phase::fresh) return finishWith(socketClosedError());
  const bool isIp = isConnecting() ? !connecting_->isLocal() : stream_->localEndpoint().isIp();
  if (!isIp) throwCannotReset();
  closeByReset_ = true;
  if (phase_ == Phase::open) finishWith({});
}

void SocketState::destroy(const Error& error) {
  if (loop() != nullptr) finishWith(error);
}

void SocketState::onError(platform::SysError error) {
  loop()->call([&] { finishWith(transferError(error)); });
}

// The one way out of every phase: nothing more is received or sent; 'error' and 'close' follow.
void SocketState::finishWith(const Error& error) {
  if (isOver()) return;
  beginClosing(error);
  if (failure_ || hasPending()) defer([](SocketState& self) { self.tellFailure(); });
  letGo();
}

// All of it that may happen in the middle of anything.
void SocketState::beginClosing(const Error& error) {
  failure_ = error;
  neverOpen_ = isConnecting();
  phase_ = Phase::closing;
  destroyed_ = true;
  hadError_ = static_cast<bool>(error);
  isReceiving_ = drainDue_ = false;
  self_ = this;
  updateClaim();
  if (stream_ != nullptr) {
    closeByReset_ ? stream_->reset() : stream_->close();
  } else {
    loop()->queueClose(*this);
  }
}

// The queue stays until the stream is closed: the backend may still have its bytes.
void SocketState::letGo() {
  if (connecting_) std::exchange(connecting_, {})->drop();
  given_ = {};
  idle_.reset();
  kept_.reset();
  disconnectPipes();
  if (std::exchange(isCounted_, false)) server_->connectionDestroyed();
}

// The callbacks of what is not sent any more, each once, then 'error'. (Contract 6.16, 8.12.)
void SocketState::tellFailure() {
  if (phase_ != Phase::closing) return;
  const auto errorNow = [this](bool isFirst) {
    if (failure_) return failure_;
    return isFirst && neverOpen_ ? closedBeforeConnectionError() : streamDestroyedError("write");
  };
  bool isFirst = true;
  while (hasPending()) {
    bool sent = false;
    auto callback = takePending(sent);
    callback(sent ? Error() : errorNow(std::exchange(isFirst, false)));
  }
  if (failure_) emitError(std::exchange(failure_, {}));
}

bool SocketState::hasPending() const {
  if (sending_ == nullptr) return false;
  return sending_->firstWrite < sending_->writes.size() || !sending_->ends.empty();
}

UniqueFunction<void(const Error&)> SocketState::takePending(bool& sent) {
  if (sending_->firstWrite < sending_->writes.size()) {
    auto& write = sending_->writes[sending_->firstWrite++];
    sent = write.end <= bytesSent_ && !neverOpen_;
    return std::move(write.callback);
  }
  auto callback = std::move(sending_->ends.front());
  sending_->ends.erase(sending_->ends.begin());
  return callback;
}

void SocketState::onClose() {
  stream_ = nullptr;
  loop()->queueClose(*this);
}

// 'close'. Its listeners may connect again. Before it comes what is left to tell: memory was short,
// or somebody threw who was told.
void SocketState::onPhase() {
  if (failure_ || hasPending()) {
    loop()->queueClose(*this);
    letGo();
    return tellFailure();
  }
  struct Afterwards {
    ~Afterwards() {
      if (socket->phase_ != Phase::closed) return;
      socket->updateClaim();
      socket->self_ = nullptr;
      socket->server_ = nullptr;
      if (!socket->reusable_) socket->releaseListeners();
    }
    reactor::RefPtr<SocketState> socket;
  } const afterwards{this};
  phase_ = Phase::closed;
  sending_.reset();
  stepsScheduled_ = false;
  corks_ = 0;
  emit<"close">(static_cast<bool>(hadError_));
}

void SocketState::releaseListeners() {
  listenersReleased_ = true;
  listeners_.clear();
}

void SocketState::onLoopGone() {
  const reactor::RefPtr<SocketState> keep = this;  // its own listeners may hold the last handle
  self_ = nullptr;
  phase_ = Phase::closed;
  destroyed_ = true;
  stream_ = nullptr;
  given_ = {};
  PhaseTask::unlink();
  if (connecting_) std::exchange(connecting_, {})->drop();
  idle_.reset();
  disconnectPipes();
  server_ = nullptr;
  const auto dropped = std::move(sending_);
  listeners_.clearForGood();
}

// Settings.

void SocketState::setTimeout(double milliseconds, OnTimeout listener) {
  const double idle = checkedTimeout(milliseconds);
  auto node = listener.take();
  if (loop() == nullptr || destroyed_) return;
  if (idle > 0) {
    idle_ = std::make_unique<IdleTimer>(*this, idle);
    if (node) listeners_.add(node.release(), false);
  } else {
    idle_.reset();
    const void* identity = node ? node->identity() : nullptr;
    if (identity != nullptr) listeners_.removeLast(SocketEvents::index<"timeout">, identity);
  }
}

void SocketState::setNoDelay(bool on) {
  if (std::exchange(noDelay_, on) != on && stream_ != nullptr) stream_->setNoDelay(on);
}

void SocketState::setKeepAlive(bool on, std::chrono::seconds initialDelay) {
  const auto delay = static_cast<std::uint16_t>(std::min<long long>(initialDelay.count(), 65535));
  const bool isSame = keepAlive_ == on && (!on || delay == 0 || delay == keepAliveDelay_);
  keepAlive_ = on;
  if (delay > 0) keepAliveDelay_ = delay;
  if (isSame || stream_ == nullptr) return;
  stream_->setKeepAlive(on, std::chrono::seconds(keepAliveDelay_));
}

// For a server to listen on what this socket was given.
platform::Result<platform::Descriptor> SocketState::duplicate() const {
  if (given_) return platform::Descriptor::duplicateOf(given_.number());
  if (phase_ != Phase::open) throwNotBound();
  return platform::SysError{platform::errorNumber("EINVAL"), platform::Operation::listen};
}

void SocketState::setReferenced(bool referenced) {
  referenced_ = referenced;
  updateClaim();
}

Endpoint SocketState::localEndpoint() const {
  return phase_ == Phase::open && stream_ != nullptr ? stream_->localEndpoint() : Endpoint();
}

const Endpoint& SocketState::remoteEndpoint() const {
  static const Endpoint none;
  if (remote_ == nullptr && phase_ == Phase::open) {
    remote_ = std::make_unique<Endpoint>(stream_->remoteEndpoint());
  }
  return remote_ == nullptr ? none : *remote_;
}

std::size_t SocketState::bufferSize() const {
  const bool isOpen = isConnecting() || phase_ == Phase::open;
  return isOpen && hasQueued() ? sending_->queue.size() : 0;
}

std::optional<double> SocketState::timeout() const {
  return idle_ == nullptr ? std::nullopt : std::optional(idle_->milliseconds());
}

// A sign of life. (Contract 14.4.)
void SocketState::touch() {
  if (idle_ != nullptr) idle_->restart();
}

// What keeps the loop running. (Contract 11.1, 11.3.)
void SocketState::updateClaim() {
  const bool isBusy = isConnecting() || isReceiving_ || hasQueued() || (ending_ && !shutDown_);
  const bool isOpen = isConnecting() || phase_ == Phase::open;
  keepRunning(phase_ == Phase::closing || (referenced_ && isOpen && isBusy));
}

SocketState::Sending& SocketState::sending() {
  if (sending_ == nullptr) sending_ = std::make_unique<Sending>(*this);
  return *sending_;
}

}  // namespace sprocket::net
