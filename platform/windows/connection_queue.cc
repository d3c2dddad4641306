#include "sprocket/platform/windows/connection_queue.h"

#include <algorithm>
#include <utility>

#include "sprocket/platform/windows/iocp_backend.h"

namespace sprocket::platform {

// The listeners.

IocpListener::IocpListener(ConnectionQueue& queue, ListenerHandler& handler)
    : backend_(queue.backend()), queue_(&queue), handler_(handler) {
  backend_.tellers().add(*this);
  queue.enter(*this);
}

Result<Listener*> IocpListener::share(int, ListenerHandler& handler) const {
  if (queue_ == nullptr) return SysError{WSAEINVAL, Operation::listen};
  return new IocpListener(*queue_, handler);
}

void IocpListener::startAccepting() {
  if (queue_ == nullptr) return;
  accepting_ = true;
  queue_->acceptingStarted();
}

void IocpListener::close() {
  if (queue_ == nullptr) return;
  accepting_ = false;
  outcome_ = {};
  std::exchange(queue_, nullptr)->leave(*this);
}

Endpoint IocpListener::localEndpoint() const {
  return queue_ == nullptr ? Endpoint{} : queue_->localEndpoint();
}

void IocpListener::failLater(SysError error) {
  outcome_ = error;
  backend_.tellers().tellLater(*this);
}

void IocpListener::closed() {
  closed_ = true;
  backend_.tellers().tellLater(*this);
}

// A failure of before close() is not told any more.
void IocpListener::tellOutcome() {
  if (outcome_) return handler_.onError(std::exchange(outcome_, {}));
  if (!closed_) return;
  const std::unique_ptr<IocpListener> last(this);  // gone even if the handler throws
  handler_.onClose();
}

// Their queue.

void ConnectionQueue::acceptingStarted() {
  acceptMore();
  tellLater();  // of those who came meanwhile
}

// The last of them is closed when nothing of the queue is left in the system: its owner may not
// wait() any more after onClose().
void ConnectionQueue::leave(IocpListener& listener) {
  listener.ListLink<TurnTag>::unlink();
  if (!listeners_.empty()) return listener.closed();
  last_ = &listener;
  giveUp();
  closeHandles();
  closed();
}

// If none can be under way, for want of descriptors or memory, that is told and tried again after a
// while.
void ConnectionQueue::acceptMore() {
  const bool isWanted = std::ranges::any_of(listeners_, &IocpListener::isAccepting);
  if (isClosed() || !isWanted || isBackingOff()) return;
  for (const auto& acceptor : acceptors_) {
    if (acceptor->inFlight || acceptor->isWaiting) continue;
    if (SysError error = begin(*acceptor)) return refused(error);
    if (acceptor->isWaiting) tellLater();
  }
}

// Told at once if it has cost a connection, or else when none is under way any more. Calls that
// fail together are one failure.
void ConnectionQueue::refused(SysError error) {
  if (!isBackingOff()) backend_.retries().backOff(*this, backend_.now());
  const bool isAnyUnderWay = std::ranges::any_of(
      acceptors_, [](const auto& each) { return each->inFlight || each->isWaiting; });
  if (isAnyUnderWay && lost_ == 0) return;
  refusal_ = error;
  tellLater();
}

void ConnectionQueue::onPacket(OverlappedCall& call, std::size_t) {
  auto& acceptor = static_cast<Acceptor&>(call);
  if (SysError error = finish(acceptor)) {
    ++lost_;
    return refused(error);
  }
  if (!acceptor.isWaiting) return acceptMore();
  succeeded();
  if (IocpListener* listener = nextInTurn()) deliver(acceptor, *listener);
}

IocpListener* ConnectionQueue::nextInTurn() {
  const auto next = std::ranges::find_if(listeners_, &IocpListener::isAccepting);
  if (next == listeners_.end()) return nullptr;
  IocpListener& listener = *next;
  listener.ListLink<TurnTag>::unlink();
  listeners_.pushBack(listener);
  return &listener;
}

void ConnectionQueue::deliver(Acceptor& acceptor, IocpListener& listener) {
  acceptor.isWaiting = false;
  handOn(acceptor, listener.handler());
}

void ConnectionQueue::tell() {
  if (isClosed()) {
    last_->closed();
    delete this;
    return;
  }
  if (refusal_) {
    const bool hasAnyCome =
        std::ranges::any_of(acceptors_, [](const auto& each) { return each->isWaiting; });
    if (hasAnyCome) tellLater();  // of those
    return tellRefusal();
  }
  for (const auto& acceptor : acceptors_) {
    if (!acceptor->isWaiting) continue;
    IocpListener* const listener = nextInTurn();
    if (listener == nullptr) return;
    tellLater();  // for the others, also if a handler throws
    return deliver(*acceptor, *listener);
  }
}

// If all have stopped since, it concerns nobody, and who waits does so for the next to accept.
void ConnectionQueue::tellRefusal() {
  const SysError why = std::exchange(refusal_, {});
  const std::size_t lost = std::exchange(lost_, 0);
  IocpListener* const next = nextInTurn();
  if (next == nullptr) return;
  const auto count = shed(why);
  if (!count) {
    for (IocpListener& listener : listeners_) {
      if (listener.isAccepting() && &listener != next) listener.failLater(why);
    }
    next->handler().onError(why);
  } else if (lost + *count > 0) {
    next->handler().onDrop(lost + *count, why);
  }
}

}  // namespace sprocket::platform
