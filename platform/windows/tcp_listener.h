#pragma once

// A listening TCP socket on Windows.

#include <array>
#include <cstddef>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/retries.h"
#include "sprocket/platform/windows/channel.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {

class TcpListener final : public Listener, private Channel, private Retry {
 public:
  static Result<Listener*> listen(IocpBackend& backend, const IpEndpoint& local,
                                  const ListenOptions& options, ListenerHandler& handler);

  void startAccepting() override;
  void stopAccepting() override;
  void close() override;
  Endpoint localEndpoint() const override;
  Result<Descriptor> duplicate() const override {
    return SysError{WSAEOPNOTSUPP, Operation::listen};
  }

 private:
  // One AcceptEx: it needs the socket that is to become the connection, and room for its addresses,
  // of which nobody asks here.
  struct Acceptor : OverlappedCall {
    explicit Acceptor(Channel& listener) : OverlappedCall(listener) {}

    static constexpr DWORD kAddressSize = 128 + 16;

    Socket socket;
    bool isWaiting = false;  // connected, while nobody accepts
    std::array<std::byte, 2 * kAddressSize> addresses;
  };
  static constexpr std::size_t kAcceptors = 8;

  TcpListener(IocpBackend& backend, Socket socket, Family family, ListenerHandler& handler);

  void onPacket(OverlappedCall& call, std::size_t count) override;
  void tell() override;
  void retry() override { acceptMore(); }

  void acceptMore();
  void refused(SysError error);
  SysError begin(Acceptor& acceptor);
  void deliver(Acceptor& acceptor);
  bool isAnyInFlight() const;

  Socket socket_;
  Family family_;
  ListenerHandler& handler_;
  std::array<Acceptor, kAcceptors> acceptors_;
  SysError outcome_;
  bool accepting_ = false;
};

}  // namespace sprocket::platform
