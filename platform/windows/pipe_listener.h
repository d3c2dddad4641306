#pragma once

// A named pipe that clients connect to: each of them to an instance of its own.

#include <cstddef>
#include <list>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/retries.h"
#include "sprocket/platform/windows/channel.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform {

class PipeListener final : public Listener, private Channel, private Retry {
 public:
  static Result<Listener*> listen(IocpBackend& backend, const Endpoint& local,
                                  const ListenOptions& options, ListenerHandler& handler);

  void startAccepting() override;
  void stopAccepting() override;
  void close() override;
  Endpoint localEndpoint() const override;
  Result<Descriptor> duplicate() const override {
    return SysError{WSAEOPNOTSUPP, Operation::listen};
  }

 private:
  struct Instance : OverlappedCall {
    explicit Instance(Channel& listener) : OverlappedCall(listener) {}

    Handle pipe;
    bool isWaiting = false;  // connected, and not handed on yet
  };
  // At most so many wait for clients, and at most the backlog.
  static constexpr std::size_t kInstances = 64;

  PipeListener(IocpBackend& backend, const Endpoint& path, const ListenOptions& options,
               ListenerHandler& handler);

  void onPacket(OverlappedCall& call, std::size_t count) override;
  void tell() override;
  void retry() override { acceptMore(); }

  SysError openAll();
  void acceptMore();
  SysError begin(Instance& instance);
  void deliver(Instance& instance);
  bool isAnyOpen() const;

  Endpoint path_;
  ListenOptions options_;
  ListenerHandler& handler_;
  std::list<Instance> instances_;
  SysError outcome_;
  bool accepting_ = false;
};

}  // namespace sprocket::platform
