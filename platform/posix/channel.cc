#include "sprocket/platform/posix/channel.h"

#include "sprocket/platform/posix/posix_backend.h"

namespace sprocket::platform {

Channel::Channel(PosixBackend& backend, Fd fd) : backend_(backend), fd_(std::move(fd)) {
  backend_.tellers().add(*this);
}

void Channel::setInterest(Interest interest) {
  if (interest == wanted_) return;
  wanted_ = interest;
  if (!ListLink<UnsettledTag>::isLinked()) backend_.settleLater(*this);
}

void Channel::settleInterest() {
  if (wanted_ == watched_) return;
  if (SysError error = backend_.poller().watch(fd_.get(), *this, watched_, wanted_)) {
    wanted_ = watched_;
    onUnwatchable(error);
    return;
  }
  watched_ = wanted_;
}

void Channel::tellLater() { backend_.tellers().tellLater(*this); }

void Channel::closeDescriptor() {
  closed_ = true;
  ListLink<UnsettledTag>::unlink();
  if (watched_.any()) backend_.poller().watch(fd_.get(), *this, watched_, {});
  watched_ = wanted_ = {};
  if (!fd_) return;
  fd_.reset();
  backend_.descriptorClosed();
}

}  // namespace sprocket::platform
