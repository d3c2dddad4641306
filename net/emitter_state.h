#pragma once

// EmitterState: the common part of the objects that Socket and Server handles name: they count
// their handles, belong to a loop, have listeners, and do things later.

#include <cassert>
#include <utility>

#include "sprocket/net/event_emitter.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/ref_counted.h"
#include "sprocket/reactor/resident.h"

namespace sprocket::net {

template <class State, class Handle, class Events>
class EmitterState : public reactor::RefCounted<State>, protected reactor::Resident {
 public:
  using Resident::loop;

  ListenerTable& listeners() {
    assert(isOnItsThread());
    return listeners_;
  }
  Handle handle() { return Handle(state()); }

 protected:
  using Resident::Resident;

  template <EventName Name, class... Args>
  bool emit(const Args&... args) {
    using Signature = typename Events::template Signature<Name>;
    if (!listeners_.any(Events::template index<Name>)) return false;
    // The handle keeps this object until the last listener has returned.
    return listeners_.template emit<Handle, Signature>(Events::template index<Name>, handle(),
                                                       args...);
  }

  // An 'error' that nobody listens for leaves run(). [2.5]
  void emitError(const Error& error) {
    if (!emit<"error">(error)) throw error;
  }

  // Runs `step` on this object later, and keeps it until then.
  template <class F>
  void defer(F step) {
    loop()->nextTick([self = reactor::RefPtr<State>(&state()), step = std::move(step)]() mutable {
      if (self->loop() != nullptr) step(*self);
    });
  }

  ListenerTable listeners_;

 private:
  State& state() { return static_cast<State&>(*this); }
};

}  // namespace sprocket::net
