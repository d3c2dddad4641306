#pragma once

// Channel: overlapped calls in flight, and what is still to be told. The common part of streams and
// of queues of connections; it belongs to the IocpBackend.

#include <winsock2.h>
#include <windows.h>

#include <cstddef>

#include "sprocket/platform/outcomes.h"

namespace sprocket::platform {

class Channel;
class IocpBackend;

// One overlapped call: the kernel writes into it until its packet has been taken from the port,
// cancelled or not. So it is a part of its channel, which stays for as long.
struct OverlappedCall : OVERLAPPED {
  explicit OverlappedCall(Channel& owner) : OVERLAPPED{}, channel(owner) {}
  OverlappedCall(const OverlappedCall&) = delete;
  OverlappedCall& operator=(const OverlappedCall&) = delete;

  // Of a pipe, once the packet has come: 0, or why it failed. winsock.h has that of sockets.
  int outcomeOf(HANDLE pipe) noexcept;

  Channel& channel;
  bool inFlight = false;
};

class Channel : public Teller {
 public:
  explicit Channel(IocpBackend& backend);

  // From IocpBackend: the packet of a call. Inside wait(), or for the last ones of all when the
  // backend closes.
  void takePacket(OverlappedCall& call, std::size_t count);

  bool isClosed() const { return closed_; }

  void tellOutcome() final;

 protected:
  // Inside wait(): the call has ended, well or not. Not told of what was in flight at a close.
  virtual void onPacket(OverlappedCall& call, std::size_t count) = 0;

  // tellOutcome(), but of a close only when no call is in flight any more.
  virtual void tell() = 0;

  // Makes `start(OVERLAPPED&)`, which returns an error or 0 if a packet will come.
  template <class Start>
  int begin(OverlappedCall& call, Start start) {
    static_cast<OVERLAPPED&>(call) = {};
    const int error = start(static_cast<OVERLAPPED&>(call));
    if (error == 0) launched(call);
    return error;
  }

  void tellLater();

  // Has the close told. What is in flight must have been cancelled.
  void closed();

  IocpBackend& backend_;

 private:
  void launched(OverlappedCall& call);

  int callsInFlight_ = 0;
  bool closed_ = false;
};

}  // namespace sprocket::platform
