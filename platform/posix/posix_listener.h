#pragma once

// A listening TCP or unix socket on systems that tell readiness.

#include <optional>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/posix/channel.h"
#include "sprocket/platform/posix/posix_backend.h"
#include "sprocket/platform/posix/sys.h"

namespace sprocket::platform {

class PosixListener final : public Listener, private Channel, private Retry {
 public:
  static Result<Listener*> listen(PosixBackend& backend, const Endpoint& local,
                                  const ListenOptions& options, ListenerHandler& handler);
  static Result<Listener*> adopt(PosixBackend& backend, int descriptor, int backlog,
                                 ListenerHandler& handler);
  ~PosixListener() override;

  void startAccepting() override;
  void stopAccepting() override;
  void close() override;
  Endpoint localEndpoint() const override;
  Result<Listener*> share(int backlog, ListenerHandler& handler) const override;

 private:
  PosixListener(PosixBackend& backend, Fd fd, bool isIp, ListenerHandler& handler);

  void onReady(Ready ready) override;
  void tellOutcome() override;
  void onUnwatchable(SysError error) override;
  void retry() override { updateInterest(); }

  void acceptOne(Fd fd);
  void refused(SysError error);
  void backOff();
  void updateInterest();
  void removeSocketFile();

  ListenerHandler& handler_;
  Endpoint path_;                    // as it was given, if we bound it
  std::optional<sys::FileId> file_;  // that bind made
  SysError outcome_;
  bool isIp_;
  bool accepting_ = false;
};

}  // namespace sprocket::platform
