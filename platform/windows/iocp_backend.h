#pragma once

// The backend of Windows: an I/O completion port.

#include <winsock2.h>
#include <windows.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/outcomes.h"
#include "sprocket/platform/retries.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {

class IocpBackend final : public Backend {
 public:
  explicit IocpBackend(Handle port);
  ~IocpBackend() override { closeAll(); }

  Stream& connect(const Endpoint& remote, const ConnectOptions& options,
                  StreamHandler& handler) override;
  Result<Listener*> listen(const Endpoint& local, const ListenOptions& options,
                           ListenerHandler& handler) override;
  Result<Stream*> adopt(int descriptor, StreamHandler& handler) override;
  Result<Listener*> adopt(int descriptor, int backlog, ListenerHandler& handler) override;
  void wait(std::optional<Duration> timeout) override;
  void wake() noexcept override;
  void closeAll() override;
  Instant now() const override;

  // The rest is for channels.

  // Has the packets of a handle's overlapped calls come to this backend, for good.
  SysError associate(HANDLE handle, Operation blame);
  void packetExpected() { ++packetsExpected_; }
  void packetTaken() { --packetsExpected_; }

  // Every socket receives into this one buffer, so that an idle connection pins none.
  std::span<std::byte> receiveBuffer() { return {receiveBuffer_.get(), kReceiveBufferSize}; }

  // There is no descriptor, or no memory in the kernel, for a connection: accepts with the reserve
  // and closes at once, so that clients are not left hanging. Returns how many.
  std::size_t shed(const Socket& listener);

  Tellers& tellers() { return tellers_; }
  Retries& retries() { return retries_; }

 private:
  static constexpr std::size_t kReceiveBufferSize = 64 * 1024;
  static constexpr std::size_t kPacketsPerTurn = 128;
  static constexpr std::size_t kShedPerTurn = 64;

  void takePackets(std::optional<Duration> timeout);
  void keepReserve();
  void handlePacket(const OVERLAPPED_ENTRY& packet);
  std::optional<Duration> waitLimit(std::optional<Duration> timeout) const;

  Handle port_;
  Socket reserve_;
  std::atomic<bool> woken_ = false;
  std::unique_ptr<std::byte[]> receiveBuffer_;

  // Taken from the port; those from nextPacket_ on are not handled yet.
  std::array<OVERLAPPED_ENTRY, kPacketsPerTurn> packets_;
  std::size_t packetCount_ = 0;
  std::size_t nextPacket_ = 0;
  std::size_t packetsExpected_ = 0;

  Retries retries_;
  Tellers tellers_;
};

}  // namespace sprocket::platform
