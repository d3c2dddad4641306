#pragma once

// A named pipe that clients connect to: each of them to an instance of its own.

#include "sprocket/platform/windows/connection_queue.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {

class PipeQueue final : public ConnectionQueue {
 public:
  static Result<Listener*> listen(IocpBackend& backend, const Endpoint& local,
                                  const ListenOptions& options, ListenerHandler& handler);

  Endpoint localEndpoint() const override { return path_; }

 private:
  struct Instance;

  PipeQueue(IocpBackend& backend, const Endpoint& path, const ListenOptions& options);

  SysError openAll();
  SysError begin(Acceptor& acceptor) override;
  SysError finish(Acceptor& acceptor) override;
  void handOn(Acceptor& acceptor, ListenerHandler& handler) override;
  std::optional<std::size_t> shed(SysError) override { return std::nullopt; }
  void closeHandles() override;

  Endpoint path_;
  ListenOptions options_;
};

}  // namespace sprocket::platform
