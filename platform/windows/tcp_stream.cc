#include "sprocket/platform/windows/tcp_stream.h"

#include <winsock2.h>
#include <mstcpip.h>
#include <ws2tcpip.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>

#include "sprocket/platform/windows/iocp_backend.h"
#include "sprocket/platform/windows/winsock.h"

namespace sprocket::platform {
namespace {

// What one stream may receive in one turn, so that a busy one cannot starve the others.
constexpr int kReceivesPerTurn = 4;  // of 64 KiB each

// One send carries at most so much. An overlapped one is over only when all of it is gone: smaller
// pieces tell of progress sooner, and a plain one is taken whole by a system with any room.
constexpr std::size_t kSlicesPerSend = 64;
constexpr std::size_t kBytesPerSend = 256 * 1024;

// The slices as Winsock wants them.
class Pieces {
 public:
  Pieces(std::span<const Bytes> slices, std::size_t offset) {
    std::size_t bytes = 0;
    for (Bytes slice : slices) {
      if (count_ == pieces_.size() || bytes == kBytesPerSend) break;
      slice = slice.subspan(std::exchange(offset, 0));
      if (slice.empty()) continue;
      slice = slice.first(std::min(slice.size(), kBytesPerSend - bytes));
      // Winsock only reads through it.
      auto* const text = reinterpret_cast<char*>(const_cast<std::byte*>(slice.data()));
      pieces_[count_++] = {static_cast<ULONG>(slice.size()), text};
      bytes += slice.size();
    }
  }

  bool empty() const { return count_ == 0; }
  WSABUF* data() { return pieces_.data(); }
  DWORD count() const { return static_cast<DWORD>(count_); }

 private:
  std::array<WSABUF, kSlicesPerSend> pieces_;
  std::size_t count_ = 0;
};

// Windows refuses to connect to "any address", which elsewhere means this machine.
IpEndpoint reachable(IpEndpoint remote) {
  const Family family = remote.address.family();
  if (remote.address == IpAddress::any(family)) remote.address = IpAddress::loopback(family);
  return remote;
}

bool isLoopback(const IpAddress& address) {
  return address.isV4() ? address.bytes()[0] == 127 : address == IpAddress::loopback(Family::v6);
}

// Windows asks a port that refuses again and again, for two seconds. On loopback no answer gets
// lost, so once is enough. Wine does not know this, and refuses at once anyway.
void refuseAtOnce(const Socket& socket) {
  TCP_INITIAL_RTO_PARAMETERS once{TCP_INITIAL_RTO_UNSPECIFIED_RTT, static_cast<UCHAR>(-2)};
  DWORD size = 0;
  ::WSAIoctl(socket.get(), SIO_TCP_INITIAL_RTO, &once, sizeof once, nullptr, 0, &size, nullptr,
             nullptr);
}

}  // namespace

TcpStream::TcpStream(IocpBackend& backend, Socket socket, State state, StreamHandler* handler)
    : Channel(backend), socket_(std::move(socket)), handler_(handler), state_(state) {}

// Connecting.

TcpStream& TcpStream::connect(IocpBackend& backend, const IpEndpoint& remote,
                              const ConnectOptions& options, StreamHandler& handler) {
  auto* stream = new TcpStream(backend, Socket(), State::connecting, &handler);
  if (SysError error = stream->startConnecting(reachable(remote), options)) {
    // Known at once, told later all the same.
    stream->outcome_ = error;
    stream->outcomeKnown_ = true;
    stream->tellLater();
  }
  return *stream;
}

SysError TcpStream::startConnecting(const IpEndpoint& remote, const ConnectOptions& options) {
  auto socket = winsock::openStreamSocket(remote.address.family(), Operation::connect);
  if (!socket) return socket.error();
  socket_ = std::move(*socket);
  // Or it would not reach an IPv4 address that is written as an IPv6 one.
  if (remote.address.isV6()) {
    const SysError error =
        winsock::setOption(socket_, IPPROTO_IPV6, IPV6_V6ONLY, 0, Operation::connect);
    if (error) return error;
  }
  // ConnectEx takes bound sockets only.
  const bool chosen = options.local.isIp();
  const IpEndpoint local =
      chosen ? options.local.ip() : IpEndpoint{IpAddress::any(remote.address.family()), 0};
  const auto blame = chosen ? Operation::bind : Operation::connect;
  if (SysError error = winsock::bind(socket_, local, blame)) return error;
  if (SysError error = backend_.associate(socket_.handle(), Operation::connect)) return error;
  if (isLoopback(remote.address)) refuseAtOnce(socket_);
  return {
      begin(sendCall_, [&](OVERLAPPED& call) { return winsock::connectEx(socket_, remote, call); }),
      Operation::connect};
}

void TcpStream::finishConnecting(SysError error) {
  outcomeKnown_ = false;
  if (!error) {
    // Until then Windows does not know the socket's addresses, nor how to shut it down.
    const int result =
        syscalls::setsockopt(socket_.get(), SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, nullptr, 0);
    if (result != 0) error = {::WSAGetLastError(), Operation::connect};
  }
  state_ = error ? State::dead : State::connected;
  awaitReadable();
  handler_->onConnect(error);
}

TcpStream& TcpStream::accepted(IocpBackend& backend, Socket socket) {
  return *new TcpStream(backend, std::move(socket), State::connected, nullptr);
}

void TcpStream::tellAccepted() {
  if (state_ == State::connected) handler_->onConnect({});
}

// What packets tell.

void TcpStream::onPacket(OverlappedCall& call, std::size_t count) {
  const int error = winsock::outcomeOf(socket_, call);
  if (state_ == State::connecting) return finishConnecting({error, Operation::connect});
  if (&call == &sendCall_) return onSent(error, count);
  onReadable(error);
}

// Has a packet come when there are bytes, the end or a failure to be received, without giving the
// kernel any memory until then.
void TcpStream::awaitReadable() {
  if (state_ != State::connected || outcomeKnown_ || !receiving_ || receiveEnded_) return;
  if (receiveCall_.inFlight || readable_) return;
  const int error = begin(receiveCall_, [this](OVERLAPPED& call) {
    return winsock::begun(syscalls::awaitReadable(socket_.get(), &call) == 0);
  });
  if (error != 0) failLater({error, Operation::read});
}

// The packet may hold the only copy of an error: after a reset recv() can look like a clean end.
void TcpStream::onReadable(int error) {
  readable_ = true;
  receiveError_ = error;
  if (receiving_) receiveSome();
}

void TcpStream::receiveSome() {
  readable_ = false;
  if (state_ != State::connected || outcomeKnown_ || receiveEnded_) return;
  if (receiveError_ != 0) return fail({receiveError_, Operation::read});
  const struct GoOn {  // also if a handler throws
    TcpStream& stream;
    ~GoOn() { stream.awaitReadable(); }
  } goOn{*this};
  const std::span<std::byte> buffer = backend_.receiveBuffer();
  for (int i = 0; i < kReceivesPerTurn; ++i) {
    if (state_ != State::connected || !receiving_ || outcomeKnown_) return;
    const int got = syscalls::recv(socket_.get(), reinterpret_cast<char*>(buffer.data()),
                                   static_cast<int>(buffer.size()));
    if (got < 0 && ::WSAGetLastError() == WSAEWOULDBLOCK) return;
    if (got < 0) return fail({::WSAGetLastError(), Operation::read});
    if (got == 0) {
      if (isReset()) return fail({WSAECONNRESET, Operation::read});
      receiveEnded_ = true;
      return handler_->onReceiveEnd();
    }
    handler_->onReceive(buffer.first(static_cast<std::size_t>(got)));
    if (static_cast<std::size_t>(got) < buffer.size()) return;  // drained
  }
}

// Under Wine the error of a reset that comes with data is gone when the data has been received, and
// then looks like an end; but nothing can be sent any more.
bool TcpStream::isReset() const {
  if (sendEnded_ || ::send(socket_.get(), "", 0, 0) == 0) return false;
  return ::WSAGetLastError() != WSAEWOULDBLOCK;
}

// The next piece of the send in flight.
void TcpStream::sendSome() {
  Pieces pieces(sending_.slices(), sending_.sentOfFirst());
  const int error = begin(sendCall_, [&](OVERLAPPED& call) {
    return winsock::begun(
        syscalls::send(socket_.get(), pieces.data(), pieces.count(), nullptr, &call) == 0);
  });
  if (error != 0) failLater({error, Operation::write});
}

void TcpStream::onSent(int error, std::size_t count) {
  // A failure was waiting for the kernel to be done with the bytes.
  if (outcomeKnown_) return fail(outcome_);
  if (state_ != State::connected) return;
  if (error != 0) return fail({error, Operation::write});
  sending_.advance(count);
  // Before the handler, which may throw: what is left goes on.
  if (!sending_.empty()) sendSome();
  handler_->onSend(count);
}

// What the owner asks for.

void TcpStream::startReceiving() {
  receiving_ = true;
  if (readable_ && state_ == State::connected) {
    tellLater();
  } else {
    awaitReadable();
  }
}

// What is being waited for may still come; it is looked at when receiving starts again.
void TcpStream::stopReceiving() { receiving_ = false; }

std::size_t TcpStream::trySend(std::span<const Bytes> slices) {
  if (state_ != State::connected || outcomeKnown_) return 0;
  assert(sending_.empty());
  Pieces pieces(slices, 0);
  if (pieces.empty()) return 0;
  DWORD sent = 0;
  if (syscalls::send(socket_.get(), pieces.data(), pieces.count(), &sent, nullptr) == 0) {
    return sent;
  }
  const int error = ::WSAGetLastError();
  if (error != WSAEWOULDBLOCK) failLater({error, Operation::write});
  return 0;
}

void TcpStream::send(std::span<const Bytes> slices) {
  if (state_ != State::connected || outcomeKnown_) return;
  assert(sending_.empty());
  sending_.set(slices);
  if (!sending_.empty()) sendSome();
}

void TcpStream::shutdownSend(bool) {
  if (state_ != State::connected || outcomeKnown_) return;
  assert(sending_.empty());
  sendEnded_ = true;
  if (syscalls::shutdown(socket_.get()) == 0) return;
  const int error = ::WSAGetLastError();
  const bool peerIsGone =
      error == WSAENOTCONN || error == WSAECONNRESET || error == WSAECONNABORTED;
  if (!peerIsGone) failLater({error, Operation::shutdown});
}

void TcpStream::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  // First, or Wine holds back the packet of a send until the peer has read it.
  if (receiveCall_.inFlight || sendCall_.inFlight) ::CancelIoEx(socket_.handle(), nullptr);
  socket_.reset();
  sending_.clear();
  closed();
}

void TcpStream::reset() {
  if (socket_) {
    const linger atOnce{.l_onoff = 1, .l_linger = 0};
    syscalls::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
  }
  close();
}

Endpoint TcpStream::localEndpoint() const {
  return state_ == State::connected ? winsock::localEndpoint(socket_) : Endpoint{};
}

Endpoint TcpStream::remoteEndpoint() const {
  return state_ == State::connected ? winsock::remoteEndpoint(socket_) : Endpoint{};
}

SysError TcpStream::setNoDelay(bool on) {
  if (!socket_) return {};
  return winsock::setOption(socket_, IPPROTO_TCP, TCP_NODELAY, on);
}

SysError TcpStream::setKeepAlive(bool on, std::chrono::seconds idle) {
  if (!socket_) return {};
  if (!on || idle.count() <= 0) return winsock::setOption(socket_, SOL_SOCKET, SO_KEEPALIVE, on);
  const auto seconds = std::min<std::chrono::seconds::rep>(idle.count(), 32767);
  const tcp_keepalive settings{
      .onoff = 1, .keepalivetime = static_cast<ULONG>(seconds * 1000), .keepaliveinterval = 1000};
  const int result = syscalls::setKeepAlive(socket_.get(), &settings, sizeof settings);
  return result != 0 ? SysError{::WSAGetLastError(), Operation::open} : SysError{};
}

// Failing and closing.

// Inside wait(). A send in flight is cancelled and reaped first: the handler may free the bytes.
void TcpStream::fail(SysError error) {
  if (sendCall_.inFlight) {
    outcome_ = error;
    outcomeKnown_ = true;
    ::CancelIoEx(socket_.handle(), &sendCall_);
    return;
  }
  state_ = State::dead;
  outcomeKnown_ = false;
  sending_.clear();
  handler_->onError(error);
}

// Inside a call: the stream does nothing more, and the handler is told by wait().
void TcpStream::failLater(SysError error) {
  outcome_ = error;
  outcomeKnown_ = true;
  tellLater();
}

void TcpStream::tell() {
  if (state_ == State::closed) {
    const std::unique_ptr<TcpStream> last(this);  // gone even if the handler throws
    if (handler_ != nullptr) handler_->onClose();
    return;
  }
  if (outcomeKnown_)
    return state_ == State::connecting ? finishConnecting(outcome_) : fail(outcome_);
  if (receiving_ && readable_) receiveSome();
}

}  // namespace sprocket::platform
