#pragma once

// A listening TCP socket on Windows.

#include "sprocket/platform/windows/connection_queue.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {

class TcpQueue final : public ConnectionQueue {
 public:
  static Result<Listener*> listen(IocpBackend& backend, const IpEndpoint& local,
                                  const ListenOptions& options, ListenerHandler& handler);

  Endpoint localEndpoint() const override;

 private:
  struct AcceptCall;

  TcpQueue(IocpBackend& backend, Socket socket, Family family);

  SysError begin(Acceptor& acceptor) override;
  SysError finish(Acceptor& acceptor) override;
  void handOn(Acceptor& acceptor, ListenerHandler& handler) override;
  std::optional<std::size_t> shed(SysError why) override;
  void closeHandles() override;

  Socket socket_;
  Family family_;
};

}  // namespace sprocket::platform
