#pragma once

// Poller: tells which descriptors are ready. One file per kernel interface implements it
// (linux/poller_epoll.cc, bsd/poller_kqueue.cc), chosen by the build.

#include <memory>
#include <optional>
#include <span>

#include "sprocket/platform/result.h"
#include "sprocket/platform/time.h"

namespace sprocket::platform {

class Channel;

struct Interest {
  bool read = false;
  bool write = false;

  bool any() const { return read || write; }
  friend bool operator==(Interest, Interest) = default;
};

// A hang-up or an error may come with either, or alone: reading or writing then tells which. What
// is ready of one descriptor may come as several events in one batch.
struct Ready {
  bool read = false;
  bool write = false;
  bool hangUp = false;
  int connectError = 0;  // with a hang-up: what ended a connect, should the socket not say it
};

struct PollEvent {
  Channel* channel;
  Ready ready;
};

class Poller {
 public:
  virtual ~Poller() = default;

  // Changes what is watched of a descriptor, level-triggered. Events name the channel, not the
  // number, since numbers are used again. Nothing of a channel is reported once it has no interest;
  // that must be so before its descriptor is closed, because a duplicate in another process would
  // keep the registration alive.
  virtual SysError watch(int fd, Channel& channel, Interest before, Interest after) = 0;

  // Fills in what is ready, waiting for it no longer than told; wake() ends the wait.
  virtual std::span<PollEvent> wait(std::span<PollEvent> room, std::optional<Duration> timeout) = 0;

  // From any thread or signal handler.
  virtual void wake() noexcept = 0;
};

Result<std::unique_ptr<Poller>> makePoller();

}  // namespace sprocket::platform
