#pragma once

// A TCP socket on Windows.

#include "sprocket/platform/backend.h"
#include "sprocket/platform/unsent.h"
#include "sprocket/platform/windows/channel.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {

class TcpStream final : public Stream, private Channel {
 public:
  static TcpStream& connect(IocpBackend& backend, const IpEndpoint& remote,
                            const ConnectOptions& options, StreamHandler& handler);

  // A connection that was accepted: its handler is named, and then told.
  static TcpStream& accepted(IocpBackend& backend, Socket socket);
  void tellAccepted();

  void setHandler(StreamHandler& handler) override { handler_ = &handler; }
  void startReceiving() override;
  void stopReceiving() override;
  std::size_t trySend(std::span<const Bytes> slices) override;
  void send(std::span<const Bytes> slices) override;
  void shutdownSend(bool receiveGoesOn) override;
  void close() override;
  void reset() override;
  bool isTcp() const override { return true; }
  Endpoint localEndpoint() const override;
  Endpoint remoteEndpoint() const override;
  SysError setNoDelay(bool on) override;
  SysError setKeepAlive(bool on, std::chrono::seconds idle) override;

 private:
  //   connecting ──> connected ──> dead ──> closed
  //        └──────────────────────^           ^      close() leads there from every state
  enum class State : std::uint8_t { connecting, connected, dead, closed };

  TcpStream(IocpBackend& backend, Socket socket, State state, StreamHandler* handler);

  void onPacket(OverlappedCall& call, std::size_t count) override;
  void tell() override;

  SysError startConnecting(const IpEndpoint& remote, const ConnectOptions& options);
  void finishConnecting(SysError error);
  void awaitReadable();
  void onReadable(int error);
  void receiveSome();
  bool isReset() const;
  void sendSome();
  void onSent(int error, std::size_t count);
  void fail(SysError error);
  void failLater(SysError error);

  Socket socket_;
  StreamHandler* handler_;
  OverlappedCall receiveCall_{*this};  // of no bytes: it ends when there is something to receive
  OverlappedCall sendCall_{*this};     // connects, too
  Unsent sending_;
  SysError outcome_;      // of connecting, or a failure, still to be told
  int receiveError_ = 0;  // what receiveCall_ ended with while nobody received
  State state_;
  bool outcomeKnown_ = false;
  bool receiving_ = false;
  bool readable_ = false;  // receiveCall_ has ended and nobody has looked yet
  bool receiveEnded_ = false;
  bool sendEnded_ = false;
};

}  // namespace sprocket::platform
