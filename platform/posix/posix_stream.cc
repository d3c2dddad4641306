#include "sprocket/platform/posix/posix_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

#include "sprocket/platform/posix/posix_backend.h"
#include "sprocket/platform/posix/sockaddr.h"

namespace sprocket::platform {
namespace {

// What one stream may move in one turn, so that a busy one cannot starve the others.
constexpr int kReceivesPerTurn = 4;  // of 64 KiB each
constexpr int kSendsPerTurn = 4;

#ifdef TCP_KEEPIDLE
constexpr int kKeepIdle = TCP_KEEPIDLE;
#else
constexpr int kKeepIdle = TCP_KEEPALIVE;  // macOS
#endif

}  // namespace

PosixStream::PosixStream(PosixBackend& backend, Fd fd, State state, bool isIp,
                         StreamHandler* handler)
    : Channel(backend, std::move(fd)), handler_(handler), state_(state), isIp_(isIp) {}

// Connecting.

PosixStream& PosixStream::connect(PosixBackend& backend, const Endpoint& remote,
                                  const ConnectOptions& options, StreamHandler& handler) {
  auto* stream = new PosixStream(backend, Fd(), State::connecting, remote.isIp(), &handler);
  const SysError error = stream->startConnecting(remote, options);
  if (error.errnum == EINPROGRESS) {
    stream->updateInterest();
  } else {
    // Known at once, which is usual for unix sockets; told later all the same.
    stream->outcome_ = error;
    stream->outcomeKnown_ = true;
    stream->tellLater();
  }
  return *stream;
}

SysError PosixStream::startConnecting(const Endpoint& remote, const ConnectOptions& options) {
  fd_ = Fd(options.descriptor);
  if (options.strictPath && remote.isLocal() && !SockAddr::fits(remote.path())) {
    return {ENAMETOOLONG, Operation::connect};
  }
  if (!fd_) {
    auto fd = sys::openStreamSocket(remote, Operation::connect);
    if (!fd) return fd.error();
    fd_ = std::move(*fd);
  }
  if (!options.local.empty()) {
    if (SysError error = sys::setOption(fd_, SOL_SOCKET, SO_REUSEADDR, 1, Operation::bind)) {
      return error;
    }
    if (SysError error = sys::bind(fd_, options.local, Operation::bind)) return error;
  }
  return sys::connect(fd_, remote);
}

void PosixStream::finishConnecting(SysError error) {
  state_ = error ? State::dead : State::connected;
  outcomeKnown_ = false;
  updateInterest();
  handler_->onConnect(error);
}

Result<Stream*> PosixStream::adopt(PosixBackend& backend, int descriptor, StreamHandler& handler) {
  const DescriptorKind kind = kindOf(descriptor);
  if (kind < DescriptorKind::connected) return SysError{EINVAL, Operation::open};
  std::unique_ptr<PosixStream> stream(
      new PosixStream(backend, Fd(), State::connected, false, &handler));
  if (SysError error = sys::takeOver(descriptor)) return error;
  stream->fd_ = Fd(descriptor);
  stream->isIp_ = sys::isIp(stream->fd_);
  stream->isPipe_ = kind != DescriptorKind::connected;
  return stream.release();
}

PosixStream& PosixStream::accepted(PosixBackend& backend, Fd fd, bool isIp) {
  return *new PosixStream(backend, std::move(fd), State::connected, isIp, nullptr);
}

void PosixStream::tellAccepted() {
  if (state_ == State::connected) handler_->onConnect({});
}

// What the poller tells.

// Receiving comes before sending: behind a reset there may be data, which is delivered first. That
// can take several turns, in which a send would only meet the failure and end the stream.
void PosixStream::onReady(Ready ready) {
  if (state_ == State::connecting) {
    if (!ready.write && !ready.hangUp) return;
    const int held = sys::pendingError(fd_);
    return finishConnecting({held != 0 ? held : ready.connectError, Operation::connect});
  }
  if (ready.read || ready.hangUp) receiveSome(ready.hangUp);
  if (ready.hangUp && receiving_ && !receiveEnded_) return;
  if (ready.write || ready.hangUp) sendSome();
}

sys::Transfer PosixStream::receive(std::span<std::byte> buffer) {
  return isPipe_ ? sys::readPipe(fd_, buffer) : sys::receive(fd_, buffer);
}

sys::Transfer PosixStream::offer(std::span<const Bytes> slices, std::size_t offset) {
  return isPipe_ ? sys::writePipe(fd_, slices, offset) : sys::send(fd_, slices, offset);
}

void PosixStream::receiveSome(bool hangUp) {
  const std::span<std::byte> buffer = backend_.receiveBuffer();
  for (int i = 0; i < kReceivesPerTurn; ++i) {
    if (state_ != State::connected || !receiving_ || receiveEnded_) return;
    const sys::Transfer got = receive(buffer);
    if (got.wouldBlock()) return;
    if (got.errnum != 0) return fail({got.errnum, Operation::read});
    if (got.count == 0) {
      // From here on the descriptor stays readable for ever: no more interest in that.
      receiveEnded_ = true;
      updateInterest();
      return handler_->onReceiveEnd();
    }
    handler_->onReceive(buffer.first(got.count));
    // The buffer not filled means drained, and saves the call that would say so; but after a
    // hang-up there is always one thing more to be read.
    if (got.count < buffer.size() && !hangUp) return;
  }
}

void PosixStream::sendSome() {
  for (int i = 0; i < kSendsPerTurn; ++i) {
    if (state_ != State::connected || sending_.empty()) return;
    const sys::Transfer sent = offer(sending_.slices(), sending_.sentOfFirst());
    if (sent.wouldBlock()) return;
    if (sent.errnum != 0) return fail({sent.errnum, Operation::write});
    sending_.advance(sent.count);
    updateInterest();
    handler_->onSend(sent.count);
    if (sent.full) return;
  }
}

void PosixStream::updateInterest() {
  // Once its outcome is known a stream waits for nothing but to be told of it.
  const bool connecting = state_ == State::connecting && !outcomeKnown_;
  const bool connected = state_ == State::connected && !outcomeKnown_;
  setInterest({.read = connected && receiving_ && !receiveEnded_,
               .write = (connected && !sending_.empty()) || connecting});
}

// What the owner asks for.

void PosixStream::startReceiving() {
  receiving_ = true;
  updateInterest();
}

// A hang-up cannot be masked: a stream without interest leaves the poller, and so does not spin.
void PosixStream::stopReceiving() {
  receiving_ = false;
  updateInterest();
}

std::size_t PosixStream::trySend(std::span<const Bytes> slices) {
  if (state_ != State::connected || outcomeKnown_) return 0;
  assert(sending_.empty());
  const sys::Transfer sent = offer(slices);
  if (sent.errnum != 0 && !sent.wouldBlock()) failLater({sent.errnum, Operation::write});
  return sent.count;
}

void PosixStream::send(std::span<const Bytes> slices) {
  if (state_ != State::connected || outcomeKnown_) return;
  assert(sending_.empty());
  sending_.set(slices);
  updateInterest();
}

void PosixStream::shutdownSend(bool) {
  if (state_ != State::connected || outcomeKnown_) return;
  assert(sending_.empty());
  if (isPipe_) return;
  const int errnum = sys::shutdownSend(fd_);
  if (errnum != 0 && errnum != ENOTCONN) failLater({errnum, Operation::shutdown});
}

void PosixStream::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  sending_.clear();
  closeDescriptor();
  tellLater();
}

void PosixStream::reset() {
  if (fd_ && isIp_) {
    const linger atOnce{.l_onoff = 1, .l_linger = 0};
    syscalls::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
  }
  close();
}

Endpoint PosixStream::localEndpoint() const {
  return state_ == State::connected ? sys::localEndpoint(fd_) : Endpoint{};
}

Endpoint PosixStream::remoteEndpoint() const {
  return state_ == State::connected ? sys::remoteEndpoint(fd_) : Endpoint{};
}

SysError PosixStream::setNoDelay(bool on) {
  if (!isIp_ || !fd_) return {};
  return sys::setOption(fd_, IPPROTO_TCP, TCP_NODELAY, on);
}

SysError PosixStream::setKeepAlive(bool on, std::chrono::seconds idle) {
  if (!isIp_ || !fd_) return {};
  if (SysError error = sys::setOption(fd_, SOL_SOCKET, SO_KEEPALIVE, on)) return error;
  if (!on) return {};
  if (idle.count() > 0) {
    const auto seconds = static_cast<int>(std::min<std::chrono::seconds::rep>(idle.count(), 32767));
    if (SysError error = sys::setOption(fd_, IPPROTO_TCP, kKeepIdle, seconds)) return error;
  }
  if (SysError error = sys::setOption(fd_, IPPROTO_TCP, TCP_KEEPINTVL, 1)) return error;
  return sys::setOption(fd_, IPPROTO_TCP, TCP_KEEPCNT, 10);
}

// Failing and closing.

// Inside wait().
void PosixStream::fail(SysError error) {
  state_ = State::dead;
  sending_.clear();
  updateInterest();
  handler_->onError(error);
}

// Inside a call: the stream does nothing more, and the handler is told by wait().
void PosixStream::failLater(SysError error) {
  outcome_ = error;
  outcomeKnown_ = true;
  receiving_ = false;
  sending_.clear();
  updateInterest();
  tellLater();
}

void PosixStream::onUnwatchable(SysError error) {
  if (state_ == State::connecting) error.operation = Operation::connect;
  failLater(error);
}

void PosixStream::tellOutcome() {
  if (state_ == State::closed) {
    const std::unique_ptr<PosixStream> last(this);  // gone even if the handler throws
    if (handler_ != nullptr) handler_->onClose();
    return;
  }
  if (state_ == State::connecting) return finishConnecting(outcome_);
  fail(outcome_);
}

}  // namespace sprocket::platform
