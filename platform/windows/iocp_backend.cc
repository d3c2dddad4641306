#include "sprocket/platform/windows/iocp_backend.h"

#include <algorithm>
#include <cassert>

#include "sprocket/platform/make_backend.h"
#include "sprocket/platform/windows/channel.h"
#include "sprocket/platform/windows/pipe_queue.h"
#include "sprocket/platform/windows/pipe_stream.h"
#include "sprocket/platform/windows/syscalls.h"
#include "sprocket/platform/windows/tcp_queue.h"
#include "sprocket/platform/windows/tcp_stream.h"
#include "sprocket/platform/windows/winsock.h"

namespace sprocket::platform {

Result<std::unique_ptr<Backend>> makeBackend() {
  if (SysError error = winsock::start()) return error;
  Handle port(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  if (!port) return SysError{static_cast<int>(::GetLastError()), Operation::open};
  return std::unique_ptr<Backend>(std::make_unique<IocpBackend>(std::move(port)));
}

IocpBackend::IocpBackend(Handle port)
    : port_(std::move(port)), receiveBuffer_(new std::byte[kReceiveBufferSize]) {
  keepReserve();
}

Stream& IocpBackend::connect(const Endpoint& remote, const ConnectOptions& options,
                             StreamHandler& handler) {
  if (remote.isIp()) return TcpStream::connect(*this, remote.ip(), options, handler);
  return PipeStream::connect(*this, remote, handler);
}

Result<Listener*> IocpBackend::listen(const Endpoint& local, const ListenOptions& options,
                                      ListenerHandler& handler) {
  if (local.isIp()) return TcpQueue::listen(*this, local.ip(), options, handler);
  return PipeQueue::listen(*this, local, options, handler);
}

Result<Stream*> IocpBackend::adopt(int, StreamHandler&) {
  return SysError{WSAEOPNOTSUPP, Operation::open};
}

Result<Listener*> IocpBackend::adopt(int, int, ListenerHandler&) {
  return SysError{WSAEOPNOTSUPP, Operation::listen};
}

// One pass: take packets, handle them, tell what was decided meanwhile. What a handler throws
// leaves from here: the packets behind it and the outcomes stay, so the next pass goes on where
// this one broke off.
void IocpBackend::wait(std::optional<Duration> timeout) {
  if (!retries_.empty()) {
    keepReserve();
    retries_.run(now(), false);
  }
  if (nextPacket_ == packetCount_) takePackets(waitLimit(timeout));
  while (nextPacket_ < packetCount_) handlePacket(packets_[nextPacket_++]);
  tellers_.tell();
}

void IocpBackend::takePackets(std::optional<Duration> timeout) {
  DWORD limit = INFINITE;
  if (timeout) {
    // Rounded up: who waits for a timer would otherwise spin through its last millisecond.
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
    limit = static_cast<DWORD>(std::clamp<std::int64_t>(whole, 0, INFINITE - 1));
  }
  nextPacket_ = packetCount_ = 0;
  packetCount_ = syscalls::takePackets(port_.get(), packets_.data(), kPacketsPerTurn, limit);
}

// A wake that comes after the flag is down posts a packet of its own; one before it is told by the
// return of this very wait().
void IocpBackend::handlePacket(const OVERLAPPED_ENTRY& packet) {
  if (packet.lpOverlapped == nullptr) {
    woken_.exchange(false);
    return;
  }
  auto& call = static_cast<OverlappedCall&>(*packet.lpOverlapped);
  call.channel.takePacket(call, packet.dwNumberOfBytesTransferred);
}

// One packet for a burst of wakes. If there is no memory for it, the next wake tries again.
void IocpBackend::wake() noexcept {
  if (woken_.exchange(true)) return;
  if (!::PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr)) woken_ = false;
}

// A cancelled call still owns its memory, and the sender's bytes, until its packet was taken. What
// a pipe has taken and its peer has no room for is lost here: there is nobody left to wait for it.
void IocpBackend::closeAll() {
  tellers_.closeAll();
  if (!retries_.empty()) retries_.run(now(), true);  // those who wait for a peer to read
  while (packetsExpected_ > 0) {
    if (nextPacket_ == packetCount_) takePackets(std::nullopt);
    while (nextPacket_ < packetCount_) handlePacket(packets_[nextPacket_++]);
  }
  wake();  // one may have been among the packets
}

std::size_t IocpBackend::shed(const Socket& listener) {
  reserve_.reset();
  std::size_t count = 0;
  while (count < kShedPerTurn && winsock::acceptAndClose(listener)) ++count;
  keepReserve();
  return count;
}

// If there is none, it is tried again with everything that is tried again.
void IocpBackend::keepReserve() {
  if (reserve_) return;
  if (auto socket = winsock::openStreamSocket(Family::v4, Operation::open)) {
    reserve_ = std::move(*socket);
  }
}

SysError IocpBackend::associate(HANDLE handle, Operation blame) {
  if (::CreateIoCompletionPort(handle, port_.get(), 0, 0) != nullptr) return {};
  return {static_cast<int>(::GetLastError()), blame};
}

std::optional<Duration> IocpBackend::waitLimit(std::optional<Duration> timeout) const {
  if (tellers_.somethingToTell()) return Duration::zero();
  return retries_.empty() ? timeout : retries_.limit(timeout, now());
}

Instant IocpBackend::now() const { return syscalls::now(); }

}  // namespace sprocket::platform
