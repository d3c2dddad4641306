#pragma once

// The backend of the systems that tell readiness: epoll and kqueue, behind Poller.

#include <array>
#include <memory>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/intrusive_list.h"
#include "sprocket/platform/outcomes.h"
#include "sprocket/platform/posix/channel.h"
#include "sprocket/platform/posix/poller.h"
#include "sprocket/platform/retries.h"

namespace sprocket::platform {

class PosixBackend final : public Backend {
 public:
  PosixBackend(std::unique_ptr<Poller> poller, Fd reserve);

  Stream& connect(const Endpoint& remote, const ConnectOptions& options,
                  StreamHandler& handler) override;
  Result<Listener*> listen(const Endpoint& local, const ListenOptions& options,
                           ListenerHandler& handler) override;
  Result<Stream*> adopt(int descriptor, StreamHandler& handler) override;
  Result<Listener*> adopt(int descriptor, int backlog, ListenerHandler& handler) override;
  void wait(std::optional<Duration> timeout) override;
  void wake() noexcept override { poller_->wake(); }
  void closeAll() override { tellers_.closeAll(); }
  Instant now() const override;

  // The rest is for channels.

  Poller& poller() { return *poller_; }

  // Every stream receives into this one buffer, so that an idle connection pins none.
  std::span<std::byte> receiveBuffer() { return {receiveBuffer_.get(), kReceiveBufferSize}; }

  Tellers& tellers() { return tellers_; }
  void settleLater(Channel& channel) { unsettled_.pushBack(channel); }

  // A listener that could not accept is tried again after a while, or as soon as a descriptor of
  // ours closes.
  void backOff(Retry& listener) { retries_.backOff(listener, now()); }
  void descriptorClosed() { retry(true); }

  // Accepts and closes what waits at a listener when no descriptor is left but the reserve. Returns
  // how many that were.
  std::size_t shed(const Fd& listener);

 private:
  static constexpr std::size_t kReceiveBufferSize = 64 * 1024;
  static constexpr std::size_t kEventsPerTurn = 256;
  static constexpr std::size_t kShedPerTurn = 64;

  void settleInterests();
  void retry(bool all);
  std::optional<Duration> waitLimit(std::optional<Duration> timeout) const;

  std::unique_ptr<Poller> poller_;
  Fd reserve_;
  std::unique_ptr<std::byte[]> receiveBuffer_;
  std::array<PollEvent, kEventsPerTurn> events_;

  IntrusiveList<Channel, UnsettledTag> unsettled_;
  Retries retries_;
  Tellers tellers_;
};

}  // namespace sprocket::platform
