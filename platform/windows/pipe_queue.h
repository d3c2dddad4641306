#pragma once

// A named pipe that clients connect to: each of them to an instance of its own.

#include <string>

#include "sprocket/platform/windows/connection_queue.h"
#include "sprocket/platform/windows/handle.h"
#include "sprocket/platform/windows/pipe_rights.h"

namespace sprocket::platform {

class PipeQueue final : public ConnectionQueue {
 public:
  static Result<Listener*> listen(IocpBackend& backend, const Endpoint& local,
                                  const ListenOptions& options, ListenerHandler& handler);

  Endpoint localEndpoint() const override { return path_; }

 private:
  struct Instance;

  PipeQueue(IocpBackend& backend, const Endpoint& path, std::wstring name,
            SecurityDescriptor rights);

  SysError openAll(int backlog);
  Result<Handle> createInstance(bool isFirst) const;
  SysError begin(Acceptor& acceptor) override;
  SysError finish(Acceptor& acceptor) override;
  void handOn(Acceptor& acceptor, ListenerHandler& handler) override;
  std::optional<std::size_t> shed(SysError) override { return std::nullopt; }
  void closeHandles() override;

  Endpoint path_;
  std::wstring name_;  // of the same, as the system wants it
  SecurityDescriptor rights_;
};

}  // namespace sprocket::platform
