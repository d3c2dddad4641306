#include "sprocket/platform/posix/channel.h"

#include <utility>

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
  const Interest before = std::exchange(watched_, wanted_);
  const SysError error = backend_.poller().watch(fd_.get(), *this, before, watched_);
  // Giving up fails only if somebody closed our descriptor by its number. Nothing is watched then
  // either; and an owner that gives up because it was told of a failure would be told for ever.
  if (!error || !watched_.any()) return;
  wanted_ = watched_ = before;
  onUnwatchable(error);
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
