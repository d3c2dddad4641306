#pragma once

// A TCP or unix socket, or an end of a pipe, on systems that tell readiness.

#include "sprocket/platform/backend.h"
#include "sprocket/platform/posix/channel.h"
#include "sprocket/platform/posix/sys.h"
#include "sprocket/platform/unsent.h"

namespace sprocket::platform {

class PosixStream final : public Stream, private Channel {
 public:
  static PosixStream& connect(PosixBackend& backend, const Endpoint& remote,
                              const ConnectOptions& options, StreamHandler& handler);

  static Result<Stream*> adopt(PosixBackend& backend, int descriptor, StreamHandler& handler);

  // A connection that was accepted: its handler is named, and then told.
  static PosixStream& accepted(PosixBackend& backend, Fd fd, bool isIp);
  void tellAccepted();

  void setHandler(StreamHandler& handler) override { handler_ = &handler; }
  void startReceiving() override;
  void stopReceiving() override;
  std::size_t trySend(std::span<const Bytes> slices) override;
  void send(std::span<const Bytes> slices) override;
  void shutdownSend(bool receiveGoesOn) override;
  void close() override;
  void reset() override;
  Endpoint localEndpoint() const override;
  Endpoint remoteEndpoint() const override;
  bool isTcp() const override { return isIp_; }
  SysError setNoDelay(bool on) override;
  SysError setKeepAlive(bool on, std::chrono::seconds idle) override;

 private:
  //   connecting ──> connected ──> dead ──> closed
  //        └──────────────────────^           ^      close() leads there from every state
  enum class State : std::uint8_t { connecting, connected, dead, closed };

  PosixStream(PosixBackend& backend, Fd fd, State state, bool isIp, StreamHandler* handler);

  void onReady(Ready ready) override;
  void tellOutcome() override;
  void onUnwatchable(SysError error) override;

  SysError startConnecting(const Endpoint& remote, const ConnectOptions& options);
  void finishConnecting(SysError error);
  sys::Transfer receive(std::span<std::byte> buffer);
  sys::Transfer offer(std::span<const Bytes> slices, std::size_t offset = 0);
  void receiveSome(bool hangUp);
  void sendSome();
  void fail(SysError error);
  void failLater(SysError error);
  void updateInterest();

  StreamHandler* handler_;
  Unsent sending_;
  SysError outcome_;  // of connecting, or a failure, still to be told
  State state_;
  bool isIp_;
  bool isPipe_ = false;
  bool outcomeKnown_ = false;
  bool receiving_ = false;
  bool receiveEnded_ = false;
};

}  // namespace sprocket::platform
