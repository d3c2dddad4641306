#pragma once

// Channel: a descriptor, what the poller watches of it, and what is still to be told of it. The
// common part of streams and listeners; it belongs to the PosixBackend.

#include "sprocket/platform/intrusive_list.h"
#include "sprocket/platform/outcomes.h"
#include "sprocket/platform/posix/fd.h"
#include "sprocket/platform/posix/poller.h"

namespace sprocket::platform {

class PosixBackend;

// In this list while its interest is not yet what the poller knows.
struct UnsettledTag;

class Channel : public Teller, public ListLink<UnsettledTag> {
 public:
  Channel(PosixBackend& backend, Fd fd);

  // From PosixBackend, inside wait().
  virtual void onReady(Ready ready) = 0;

  // The kernel refuses to watch the descriptor.
  virtual void onUnwatchable(SysError error) = 0;

  bool isClosed() const { return closed_; }
  void settleInterest();

 protected:
  // Asks for other events. Settled once before the next poll, so that stopping and starting again
  // within a turn costs no system call.
  void setInterest(Interest interest);

  void tellLater();

  // Gives up the descriptor, at once. The object stays until its outcome is told, because an event
  // for it may be in the present batch.
  void closeDescriptor();

  PosixBackend& backend_;
  Fd fd_;

 private:
  Interest wanted_;
  Interest watched_;
  bool closed_ = false;
};

}  // namespace sprocket::platform
