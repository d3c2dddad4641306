#include "sprocket/platform/posix/posix_backend.h"

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

// One pass: settle what to watch, poll, handle what is ready, tell what was decided meanwhile. What
// a handler throws leaves from here: readiness is level-triggered and outcomes stay in their list,
// so the next pass goes on where this one broke off.
void PosixBackend::wait(std::optional<Duration> timeout) {
  retry(false);
  settleInterests();
  for (const PollEvent& event : poller_->wait(events_, waitLimit(timeout))) {
    // Closed by the handler of an event before it in this batch.
    if (event.channel->isClosed()) continue;
    event.channel->onReady(event.ready);
  }
  tellers_.tell();
}

Stream& PosixBackend::connect(const Endpoint& remote, const ConnectOptions& options,
                              StreamHandler& handler) {
  return PosixStream::connect(*this, remote, options, handler);
}

Result<Listener*> PosixBackend::listen(const Endpoint& local, const ListenOptions& options,
                                       ListenerHandler& handler) {
  return PosixListener::listen(*this, local, options, handler);
}

Result<Stream*> PosixBackend::adopt(int descriptor, StreamHandler& handler) {
  return PosixStream::adopt(*this, descriptor, handler);
}

Result<Listener*> PosixBackend::adopt(int descriptor, int backlog, ListenerHandler& handler) {
  return PosixListener::adopt(*this, descriptor, backlog, handler);
}

Instant PosixBackend::now() const { return sys::now(); }

void PosixBackend::settleInterests() {
  while (Channel* channel = unsettled_.popFront()) channel->settleInterest();
}

void PosixBackend::retry(bool all) {
  if (retries_.empty()) return;
  // Given up while shedding, it may have been lost to somebody else in this process.
  if (!reserve_) reserve_ = sys::reserve();
  retries_.run(now(), all);
}

std::optional<Duration> PosixBackend::waitLimit(std::optional<Duration> timeout) const {
  if (tellers_.somethingToTell()) return Duration::zero();
  return retries_.empty() ? timeout : retries_.limit(timeout, now());
}

std::size_t PosixBackend::shed(const Fd& listener) {
  reserve_.reset();
  std::size_t count = 0;
  while (count < kShedPerTurn && sys::accept(listener)) ++count;
  reserve_ = sys::reserve();
  return count;
}

}  // namespace sprocket::platform
