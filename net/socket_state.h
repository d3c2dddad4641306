#pragma once

// SocketState: the object that Socket handles name. It turns what the platform's stream tells, and
// what the user calls, into Node's events in Node's order.
//
//     fresh ──connect()──> connecting ──> open
//       │                      │           │
//       └──────destroy()───────┴───────────┤  error, destroy(), both sides ended
//                                          v
//     closed <──'close' delivered──────  closing
//       └──connect()──> connecting ...
//
// An accepted socket begins open. What the user hears of the sending side (drain, write callbacks,
// finish) comes from one place, sendStep(), run as a deferred task, so that the order holds however
// it came about.
//
// A call that finds no memory throws if nothing has changed yet. Behind that point, and in what the
// backend tells, the socket goes with ENOMEM (withMemory), and going needs none: what cannot be
// deferred then is told in the phase of 'close'.

#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sprocket/net/connecting.h"
#include "sprocket/net/emitter_state.h"
#include "sprocket/net/encoding.h"
#include "sprocket/net/pipe.h"
#include "sprocket/net/socket.h"
#include "sprocket/net/write_queue.h"
#include "sprocket/platform/backend.h"
#include "sprocket/reactor/loop.h"

namespace sprocket::net {

class ServerState;

class SocketState final : public EmitterState<SocketState, Socket, SocketEvents>,
                          private reactor::PhaseTask,
                          private platform::StreamHandler {
 public:
  SocketState(reactor::Loop& loop, const SocketOptions& options);

  // A connection that `server` accepted; it stays open until it is destroyed.
  static SocketState& accepted(ServerState& server, platform::Stream& stream,
                               const ServerOptions& options);
  platform::StreamHandler& streamHandler() { return *this; }

  ~SocketState();

  // With a descriptor that is not connected, if there is one.
  void connect(const ConnectOptions& options, OnConnect listener, std::optional<int> fd = {});
  bool write(const Chunk& chunk, OnWritten callback);
  void end(const Chunk* last, OnWritten callback);  // null: nothing more is written
  void cork();
  void uncork();
  void destroy(const Error& error);
  void destroySoon();
  void resetAndDestroy();
  void pause();
  void resume();
  std::optional<Buffer> read(std::optional<std::size_t> size);
  void setEncoding(Encoding encoding);
  void pipe(SocketState& destination, bool end);
  void unpipe(SocketState* destination);  // null: every one
  void setTimeout(double milliseconds, OnTimeout listener);
  void setNoDelay(bool on);
  platform::Result<platform::Descriptor> duplicate() const;
  void setKeepAlive(bool on, std::chrono::seconds initialDelay);
  void setReferenced(bool referenced);

  platform::Endpoint localEndpoint() const;
  const platform::Endpoint& remoteEndpoint() const;
  ServerState* server() const { return server_.get(); }
  bool isConnecting() const { return phase_ == Phase::connecting; }
  bool isDestroyed() const { return phase_ == Phase::closing || destroyed_; }
  bool isPending() const { return phase_ != Phase::open; }
  bool isPaused() const { return flow_ == Flow::paused; }
  bool isReadable() const { return phase_ == Phase::open && !endDelivered_; }
  bool isWritable() const { return !ending_ && (phase_ == Phase::open || isConnecting()); }
  std::uint64_t bytesRead() const { return bytesRead_; }
  std::uint64_t bytesWritten() const { return bytesWritten_; }
  std::size_t bufferSize() const;
  std::optional<double> timeout() const;

  void onNewListener(std::uint8_t event);
  void onListenersRemoved();

 private:
  friend class EmitterState<SocketState, Socket, SocketEvents>;
  friend class Connecting;
  friend class Pipe;
  friend class Race;

  enum class Phase : std::uint8_t { fresh, connecting, open, closing, closed };
  enum class Flow : std::uint8_t { initial, flowing, paused, pulled };  // pulled: by 'readable'

  class IdleTimer;

  // Between the destruction after destroySoon() and the closing of the descriptor. Closed with
  // input that is not read the system would send a reset, and that can cost the peer our last
  // bytes.
  struct Lingering final : reactor::Timer {
    static constexpr std::chrono::seconds kLongest{1};
    static constexpr std::size_t kMost = 16 << 20;  // bytes

    explicit Lingering(SocketState& owner);
    void onTimeout() override;

    SocketState& socket;
    std::size_t left = kMost;
    bool isLate = false;
  };

  // What the sending side needs beyond the moment of a write. Made when first needed.
  struct Sending final : reactor::PhaseTask {
    static constexpr std::size_t kCompactAt = 64;
    static constexpr std::size_t kStepsPerTurn = 64;

    struct Pending {
      std::uint64_t end;  // done when so many bytes of the connection have been handed over
      UniqueFunction<void(const Error&)> callback;
    };

    explicit Sending(SocketState& owner) : socket(owner) {}

    void onPhase() override;  // of immediates
    bool mayStep(std::uint64_t turn);
    UniqueFunction<void(const Error&)> takeFirstWrite();

    SocketState& socket;
    std::uint64_t turn = 0;  // the latest in which steps were taken,
    std::size_t steps = 0;   // and how many

    WriteQueue queue;
    std::vector<Pending> writes;
    std::size_t firstWrite = 0;  // of those not called yet
    std::vector<UniqueFunction<void(const Error&)>> ends;
    std::optional<Lingering> lingering;
  };

  // After setEncoding(). The memory of the text is used again for each packet.
  struct Decoding : reactor::RefCounted<Decoding> {
    explicit Decoding(Encoding encoding) : decoder(encoding) {}

    StringDecoder decoder;
    std::string text;
  };

  // Received and not delivered yet: text after setEncoding(), else bytes.
  struct Kept {
    std::string_view rest() const { return {all.data() + taken, all.size() - taken}; }

    std::string all;
    std::size_t taken = 0;  // by read(), from the front
    bool untold = true;     // 'readable' is to tell of it, or of the end behind it
  };

  // Of what is kept: how many bytes, and how many more of them or of its characters were asked for.
  struct Part {
    std::size_t size;
    std::size_t lacking;
  };

  // From the stream.
  void onConnect(platform::SysError error) override;
  void onReceive(platform::Bytes bytes) override;
  void onReceiveEnd() override;
  void onSend(std::size_t count) override;
  void onError(platform::SysError error) override;
  void onClose() override;

  // From the loop.
  void onPhase() override;  // 'close'
  void onLoopGone() override;

  void adopt(const SocketOptions& options);
  void useStream(platform::Stream& stream);
  void becomeOpen();

  void deliver(const Buffer& chunk);
  void deliverChunk(const Buffer& chunk);
  void deliverInto(platform::Bytes bytes, std::unique_ptr<Kept> owner = nullptr);
  void keep(platform::Bytes bytes);
  std::string& keeping();
  std::string_view kept() const { return kept_ == nullptr ? std::string_view() : kept_->rest(); }
  void tellReadable();
  Part frontOf(std::string_view all, std::size_t count) const;
  void deliverEnd();
  void endByItself();
  void flow();
  void flowLater();
  void tellResume();
  void stopFlow();
  void startFlow();
  void setFlow(Flow flow);
  void stopPull();
  bool isListenedToRead() const;
  void updateReceiving();
  template <class Predicate>
  Pipe* findPipe(Predicate predicate) const;
  bool isBlocked() const;
  void pipeChanged();
  void endPipesInto();
  void disconnectPipes();
  void failBrokenPipes(const Buffer& chunk);

  bool isOver() const { return phase_ == Phase::closing || phase_ == Phase::closed; }
  bool hasQueued() const { return sending_ != nullptr && !sending_->queue.empty(); }
  bool refuseWrite(UniqueFunction<void(const Error&)> callback);
  bool writeNow(const Chunk& chunk);
  bool queueRest(const Chunk& chunk, std::size_t begin);
  bool hasRoom() const;
  void beginEnding();
  void sendQueued();
  void sendRest();
  void countSent(std::size_t count);
  void shutDownWhenSent();
  void queueCallback(std::uint64_t end, UniqueFunction<void(const Error&)> callback);
  bool isWriteDue() const;
  void scheduleSendSteps();
  void takeSendStep();
  void sendStep();
  void failLater(UniqueFunction<void(const Error&)> callback, const Error& error);
  bool hasPending() const;
  UniqueFunction<void(const Error&)> takePending(bool& sent);
  void closeWhenBothEnded();

  // Take what has no way back. Without memory for it the socket goes.
  template <class F>
  void withMemory(F action);
  template <class F>
  void defer(F step);

  void finishWith(const Error& error);
  void beginClosing(const Error& error);
  bool linger();
  bool isLingering() const { return sending_ != nullptr && sending_->lingering; }
  void drop(std::size_t count);
  void stopLingering();
  void letGo();
  void tellFailure();
  void releaseListeners();
  void touch();
  void updateClaim();
  Sending& sending();
  static std::uint32_t saturated(std::size_t count);

  reactor::RefPtr<SocketState> self_;   // held from connect() or accept until 'close' is over
  platform::Stream* stream_ = nullptr;  // the backend's, until onClose()
  reactor::RefPtr<ServerState> server_;
  reactor::RefPtr<Connecting> connecting_;
  platform::Descriptor given_;  // not connected yet: for connect()
  std::unique_ptr<Sending> sending_;
  std::unique_ptr<IdleTimer> idle_;
  std::unique_ptr<Kept> kept_;
  reactor::RefPtr<Decoding> decoding_;  // null: 'data' delivers bytes
  std::unique_ptr<OnRead> onRead_;      // null: 'data' it is
  mutable std::unique_ptr<platform::Endpoint> remote_;
  PipesFrom pipesFrom_;
  PipesInto pipesInto_;
  std::uint64_t bytesRead_ = 0;
  std::uint64_t bytesWritten_ = 0;  // accepted
  std::uint64_t bytesSent_ = 0;     // handed to the kernel
  Error failure_;                   // while closing: 'error' is still to be emitted

  Phase phase_ = Phase::fresh;
  Flow flow_ = Flow::initial;

  // Wishes, which outlast a connection.
  std::uint16_t keepAliveDelay_ = 0;  // seconds
  const std::uint32_t readMark_;
  const std::uint32_t writeMark_;
  const bool allowHalfOpen_;
  const bool reusable_;
  bool referenced_ = true;
  bool noDelay_ = false;
  bool keepAlive_ = false;
  bool listenersReleased_ = false;

  // The present connection.
  bool destroyed_ = false;
  bool hadError_ = false;
  bool neverOpen_ = false;  // destroyed while connecting
  bool isCounted_ = false;  // by its server
  bool isReceiving_ = false;
  bool peerEnded_ = false;     // FIN was received
  bool endDelivered_ = false;  // 'end' was emitted
  bool ending_ = false;        // nothing more may be written
  bool endedByPeer_ = false;   // ... because the peer's end ended this side too
  bool shutDown_ = false;      // FIN was sent
  bool finished_ = false;      // 'finish' was emitted
  bool mustDrain_ = false;     // a write returned false
  bool drainDue_ = false;      // and now everything is gone
  bool stepsScheduled_ = false;
  bool closeSoon_ = false;     // destroySoon(): when finished
  bool closeByReset_ = false;  // resetAndDestroy(): with RST
  std::uint16_t corks_ = 0;
  std::uint32_t wanted_ = 0;  // kept, for a read() that there was too little for
};

template <class F>
void SocketState::withMemory(F action) {
  try {
    action();
  } catch (const std::bad_alloc&) {
    if (!isOver()) beginClosing(Error::outOfMemory());
  }
}

template <class F>
void SocketState::defer(F step) {
  withMemory([&] { EmitterState::defer(std::move(step)); });
}

}  // namespace sprocket::net
