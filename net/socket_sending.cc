// SocketState: what is written, and what the user hears of it: drain, callbacks, finish.

#include <algorithm>
#include <cstddef>
#include <utility>

#include "sprocket/net/errors.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {
namespace {

// How much may wait in a corked socket before write() returns false, if its own mark is not higher.
constexpr std::size_t kCorkedMark = 16384;

}  // namespace

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

// [8.2]
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

// [8.13, 8.14, 9.5]
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
    if (!isWritable() && !isDestroyed()) {
      // Fails with what is written too late or too early, behind those that wait already.
      if (callback) sending().ends.push_back(std::move(callback));
      refuseWrite({});
      return;
    }
    write(*last, {});
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

// Behind an end there is nothing to hold back but what must go.
void SocketState::cork() {
  const bool isEnding = ending_ && !isOver();
  if (!isEnding && corks_ < UINT16_MAX) ++corks_;
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
      endPipesInto();
      defer([](SocketState& self) { self.closeWhenBothEnded(); });
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

}  // namespace sprocket::net
