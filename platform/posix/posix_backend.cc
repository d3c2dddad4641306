#include "sprocket/platform/posix/posix_backend.h"

#include <algorithm>

#include "sprocket/platform/make_backend.h"
#include "sprocket/platform/posix/posix_listener.h"
#include "sprocket/platform/posix/posix_stream.h"
#include "sprocket/platform/posix/sys.h"

namespace sprocket::platform {

Result<std::unique_ptr<Backend>> makeBackend() {
  auto poller = makePoller();
  if (!poller) return poller.error();
  Fd reserve = sys::reserve();
  if (!reserve) return SysError{errno, Operation::open};
  return std::unique_ptr<Backend>(
      std::make_unique<PosixBackend>(std::move(*poller), std::move(reserve)));
}

PosixBackend::PosixBackend(std::unique_ptr<Poller> poller, Fd reserve)
    : poller_(std::move(poller)),
      reserve_(std::move(reserve)),
      receiveBuffer_(new std::byte[kReceiveBufferSize]) {}  // untouched, so not yet resident

PosixBackend::~PosixBackend() {
  for (Channels* channels : {&quiet_, &outcomes_, &telling_}) {
    while (Channel* channel = channels->popFront()) delete channel;
  }
}

// One pass: settle what to watch, poll, handle what is ready, tell what was decided meanwhile. What
// a handler throws leaves from here: readiness is level-triggered and outcomes stay in their list,
// so the next pass goes on where this one broke off.
void PosixBackend::wait(std::optional<Duration> timeout) {
  retryAccepting(false);
  settleInterests();
  const bool somethingToTell = !outcomes_.empty() || !telling_.empty();
  const auto limit = somethingToTell ? Duration::zero() : limitedByRetry(timeout);
  for (const PollEvent& event : poller_->wait(events_, limit)) {
    // Closed by the handler of an event before it in this batch.
    if (event.channel->isClosed()) continue;
    event.channel->onReady(event.ready);
  }
  tellOutcomes();
}

Stream& PosixBackend::connect(const Endpoint& remote, const ConnectOptions& options,
                              StreamHandler& handler) {
  return PosixStream::connect(*this, remote, options, handler);
}

Result<Listener*> PosixBackend::listen(const Endpoint& local, const ListenOptions& options,
                                       ListenerHandler& handler) {
  return PosixListener::listen(*this, local, options, handler);
}

Instant PosixBackend::now() const { return sys::now(); }

void PosixBackend::tellLater(Channel& channel) {
  Channel::ListLink<MembershipTag>& link = channel;
  link.unlink();
  outcomes_.pushBack(channel);
}

void PosixBackend::settleInterests() {
  while (Channel* channel = unsettled_.popFront()) channel->settleInterest();
}

// One round only. What handlers cause here is told in the next wait(), so that a chain of failures
// cannot hold up the rest of the loop.
void PosixBackend::tellOutcomes() {
  telling_.spliceBack(outcomes_);
  while (Channel* channel = telling_.popFront()) {
    quiet_.pushBack(*channel);
    channel->tellOutcome();
  }
}

void PosixBackend::backOff(PosixListener& listener) { backedOff_.pushBack(listener); }

void PosixBackend::descriptorClosed() {
  if (!backedOff_.empty()) retryAccepting(true);
}

void PosixBackend::retryAccepting(bool all) {
  if (backedOff_.empty()) return;
  const Instant time = now();
  IntrusiveList<PosixListener, BackOffTag> waiting;
  waiting.swap(backedOff_);
  while (PosixListener* listener = waiting.popFront()) {
    if (all || listener->retryAt() <= time) {
      // Given up while shedding, it may have been lost to somebody else in this process.
      if (!reserve_) reserve_ = sys::reserve();
      listener->retry();
    } else {
      backedOff_.pushBack(*listener);
    }
  }
}

std::optional<Duration> PosixBackend::limitedByRetry(std::optional<Duration> timeout) const {
  if (backedOff_.empty()) return timeout;
  Instant earliest = Instant::max();
  for (const PosixListener& listener : backedOff_) {
    earliest = std::min(earliest, listener.retryAt());
  }
  const Duration left = std::max(earliest - now(), Duration::zero());
  return timeout ? std::min(*timeout, left) : left;
}

std::size_t PosixBackend::shed(const Fd& listener) {
  reserve_.reset();
  std::size_t count = 0;
  while (count < kShedPerTurn && sys::accept(listener)) ++count;
  reserve_ = sys::reserve();
  return count;
}

}  // namespace sprocket::platform
