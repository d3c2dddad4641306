#pragma once

// One end of a named pipe.
//
// A pipe has no FIN. Where it carries messages, as ours do, an empty one marks the end, and who
// knows the mark goes on like a socket's peer; elsewhere and to others the end shows only when the
// handle is closed [16.6].

#include <memory>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/retries.h"
#include "sprocket/platform/unsent.h"
#include "sprocket/platform/windows/channel.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {

class PipeStream final : public Stream, private Channel, private Retry {
 public:
  static PipeStream& connect(IocpBackend& backend, const Endpoint& remote, StreamHandler& handler);

  // A connection that was accepted: its handler is named, and then told.
  static PipeStream& accepted(IocpBackend& backend, Handle pipe, const Endpoint& local);
  void tellAccepted();

  void setHandler(StreamHandler& handler) override { handler_ = &handler; }
  void startReceiving() override;
  void stopReceiving() override;
  std::size_t trySend(std::span<const Bytes> slices) override;
  void send(std::span<const Bytes> slices) override;
  void shutdownSend(bool receiveGoesOn) override;
  void close() override;
  void reset() override { close(); }
  bool isTcp() const override { return false; }
  Endpoint localEndpoint() const override;
  Endpoint remoteEndpoint() const override;
  SysError setNoDelay(bool) override { return {}; }
  SysError setKeepAlive(bool, std::chrono::seconds) override { return {}; }

 private:
  //   connecting ──> connected ──> dead ──> closed
  //        └──────────────────────^           ^      close() leads there from every state
  enum class State : std::uint8_t { connecting, connected, dead, closed };

  PipeStream(IocpBackend& backend, Handle pipe, State state, bool isServer, Endpoint path,
             StreamHandler* handler);

  void onPacket(OverlappedCall& call, std::size_t count) override;
  void tell() override;
  void retry() override;

  void tryToOpen();
  void finishConnecting(SysError error);
  void onOpened();
  void readMore();
  void onRead(int error, std::size_t count);
  void deliver();
  void endReceiving();
  void sendSome();
  int write(OverlappedCall& call, Bytes bytes);
  bool hasTaken() const { return takenBegin_ < takenEnd_; }
  void writeTaken();
  void sendMark();
  void failMarking(int error);
  void onSent(int error, std::size_t count);
  void failWriting(int error);
  void awaitEnd();
  void awaitSilence();
  void fail(SysError error);
  void failLater(SysError error);

  Handle pipe_;
  Endpoint path_;
  StreamHandler* handler_;
  OverlappedCall readCall_{*this};
  OverlappedCall writeCall_{*this};
  OverlappedCall lastCall_{*this};  // writes what was taken and not begun when the pipe is closed
  // A real read is pending, not an empty one, which would swallow the mark of the end. Until bytes
  // come nothing touches this, so that it costs no memory but its addresses.
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t readCount_ = 0;  // what readCall_ came to, if isRead_
  int readError_ = 0;
  int brokenBy_ = 0;  // of a write that found no peer, while there may be something to receive
  // A write to a pipe cannot be tried, only be begun, with bytes that stay. Those that trySend()
  // has taken are here: from takenBegin_ to takenWriting_ in writeCall_, and behind them the next.
  std::unique_ptr<std::byte[]> taken_;
  std::size_t takenBegin_ = 0;
  std::size_t takenWriting_ = 0;
  std::size_t takenEnd_ = 0;
  Unsent sending_;
  SysError outcome_;   // of connecting, or a failure, still to be told
  Instant openUntil_;  // how long a busy pipe is tried
  State state_;
  bool isServer_;
  bool carriesMark_ = false;
  bool outcomeKnown_ = false;
  bool receiving_ = false;
  bool isRead_ = false;  // readCall_ has ended and nobody has looked yet
  bool receiveEnded_ = false;
  bool sendEnded_ = false;
  bool goesOn_ = false;    // receiving, after our own end, for as long as the peer likes
  bool isSilent_ = false;  // for too long
};

}  // namespace sprocket::platform
