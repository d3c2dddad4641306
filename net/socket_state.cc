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

double checkedTimeout(double milliseconds) {
  constexpr double longest = 2147483647;
  if (!(milliseconds >= 0) || std::isinf(milliseconds)) throwBadTimeout(milliseconds);
  return std::min(milliseconds, longest);
}

DescriptorKind usableKindOf(int fd) {
  if (fd < 0) throwBadDescriptor(fd);
  const auto kind = platform::kindOf(fd);
  if (kind < DescriptorKind::unconnected) throwDescriptorKind(kind);
  return kind;
}

platform::Descriptor takenOver(int fd) {
  auto taken = platform::Descriptor::takeOver(fd);
  if (!taken) throwDescriptorKind(DescriptorKind::unknown);
  return std::move(*taken);
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
  const auto kind = usableKindOf(*options.fd);
  if (kind == DescriptorKind::unconnected) {
    given_ = takenOver(*options.fd);
    return;
  }
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

void SocketState::connect(const ConnectOptions& options, OnConnect listener,
                          std::optional<int> fd) {
  if (loop() == nullptr) return;
  if (isConnecting()) throwCannotConnect("connecting");
  if (phase_ == Phase::open) throwCannotConnect("connected");
  if (phase_ == Phase::closing) throwCannotConnect("not closed yet");
  if (listenersReleased_ || (onRead_ && onRead_->buffer.empty())) throwListenersReleased();
  if (options.timeout) checkedTimeout(*options.timeout);
  if (fd && usableKindOf(*fd) != DescriptorKind::unconnected) throwCannotConnect("connected");
  connecting_ = new Connecting(*this, options);
  if (fd) given_ = takenOver(*fd);

  // Nothing can be refused any more.
  ending_ = ending_ && phase_ == Phase::fresh;  // end() may have come before this [6.14]
  phase_ = Phase::connecting;
  self_ = this;
  destroyed_ = hadError_ = isReceiving_ = peerEnded_ = endDelivered_ = endedByPeer_ = shutDown_ =
      finished_ = mustDrain_ = drainDue_ = stepsScheduled_ = closeSoon_ = closeByReset_ = false;
  bytesRead_ = bytesWritten_ = bytesSent_ = 0;
  wanted_ = 0;
  remote_.reset();
  server_ = nullptr;
  if (decoding_) decoding_->decoder.reset();
  if (auto node = listener.take()) listeners_.add(node.release(), false);
  updateClaim();
  withMemory([&] {
    if (options.timeout) setTimeout(*options.timeout, {});
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
  const bool isTcp = isConnecting() ? !connecting_->isLocal() : stream_->isTcp();
  if (!isTcp) throwCannotReset();
  closeByReset_ = true;
  if (phase_ == Phase::open) finishWith({});
}

void SocketState::destroy(const Error& error) {
  if (loop() == nullptr) return;
  if (isLingering()) return stopLingering();
  closeSoon_ = false;
  finishWith(error);
}

void SocketState::onError(platform::SysError error) {
  if (isLingering()) return stopLingering();
  loop()->call([&] { finishWith(transferError(error)); });
}

// The one way out of every phase: nothing more is received or sent; 'error' and 'close' follow.
void SocketState::finishWith(const Error& error) {
  if (isOver()) return;
  beginClosing(error);
  endPipesInto();
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
  if (stream_ == nullptr) return loop()->queueClose(*this);
  if (closeByReset_) return stream_->reset();
  if (closeSoon_ && bytesSent_ > 0 && !peerEnded_ && !error && linger()) return;
  stream_->close();
}

// What the peer sends is read and dropped until its end, so that it gets no reset for it.
bool SocketState::linger() {
  try {
    sending().lingering.emplace(*this);
  } catch (const std::bad_alloc&) {
    return false;
  }
  updateClaim();
  stream_->startReceiving();
  return true;
}

void SocketState::drop(std::size_t count) {
  std::size_t& left = sending_->lingering->left;
  left -= std::min(left, count);
  if (left == 0) stopLingering();
}

void SocketState::stopLingering() {
  sending_->lingering.reset();
  updateClaim();
  stream_->close();
}

SocketState::Lingering::Lingering(SocketState& owner) : socket(owner) {
  socket.loop()->startTimer(*this, reactor::Delay(kLongest).milliseconds());
}

// If a turn took so long, then what has come meanwhile is read behind its timers: one look more.
void SocketState::Lingering::onTimeout() {
  if (std::exchange(isLate, true)) return socket.stopLingering();
  socket.loop()->startTimer(*this, 0);
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

// The callbacks of what is not sent any more, each once, then 'error'. [6.16, 8.12]
void SocketState::tellFailure() {
  if (phase_ != Phase::closing) return;
  const auto errorNow = [this](bool isFirst, const char* method) {
    if (failure_) return failure_;
    return isFirst && neverOpen_ ? closedBeforeConnectionError() : streamDestroyedError(method);
  };
  bool isFirst = true;
  while (hasPending()) {
    const char* const method = sending_->firstWrite < sending_->writes.size() ? "write" : "end";
    bool sent = false;
    auto callback = takePending(sent);
    callback(sent ? Error() : errorNow(std::exchange(isFirst, false), method));
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

// What onread captured goes with them, and cannot come back.
void SocketState::releaseListeners() {
  listenersReleased_ = true;
  const OnRead released = onRead_ ? std::exchange(*onRead_, {}) : OnRead();
  listeners_.clear();
  stopPull();
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
  const auto notCalled = std::move(onRead_);
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

// A sign of life. [14.4]
void SocketState::touch() {
  if (idle_ != nullptr) idle_->restart();
}

// What keeps the loop running. [11.1, 11.3]
void SocketState::updateClaim() {
  const bool isBusy = isConnecting() || isReceiving_ || hasQueued() || (ending_ && !shutDown_);
  const bool isOpen = isConnecting() || phase_ == Phase::open;
  if (phase_ == Phase::closing) return keepRunning(referenced_ || !isLingering());
  keepRunning(referenced_ && isOpen && isBusy);
}

SocketState::Sending& SocketState::sending() {
  if (sending_ == nullptr) sending_ = std::make_unique<Sending>(*this);
  return *sending_;
}

std::uint32_t SocketState::saturated(std::size_t count) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(count, UINT32_MAX));
}

}  // namespace sprocket::net
