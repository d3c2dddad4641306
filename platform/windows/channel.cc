#include "sprocket/platform/windows/channel.h"

#include "sprocket/platform/windows/iocp_backend.h"

namespace sprocket::platform {

int OverlappedCall::outcomeOf(HANDLE pipe) noexcept {
  DWORD count = 0;
  if (Internal == 0 || ::GetOverlappedResult(pipe, this, &count, FALSE)) return 0;
  return static_cast<int>(::GetLastError());
}

Channel::Channel(IocpBackend& backend) : backend_(backend) { backend_.tellers().add(*this); }

void Channel::takePacket(OverlappedCall& call, std::size_t count) {
  call.inFlight = false;
  --callsInFlight_;
  backend_.packetTaken();
  if (!closed_) {
    onPacket(call, count);
  } else if (callsInFlight_ == 0) {
    tellLater();
  }
}

void Channel::launched(OverlappedCall& call) {
  call.inFlight = true;
  ++callsInFlight_;
  backend_.packetExpected();
}

void Channel::tellLater() { backend_.tellers().tellLater(*this); }

void Channel::closed() {
  closed_ = true;
  tellLater();
}

// The last packet comes back here.
void Channel::tellOutcome() {
  if (!closed_ || callsInFlight_ == 0) tell();
}

}  // namespace sprocket::platform
