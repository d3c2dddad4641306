#pragma once

// What the shim of <sys/event.h> says when a test tells it to: events and errors that BSD kernels
// have and that Linux cannot produce. See kqueue_shim/sys/event.h.

#include <sys/event.h>

namespace sprocket::tests::kqueue_shim {

// The next wait tells this event and nothing else, with the udata of its filter; several injected
// ones come together. Not told if nothing watches the ident with the filter by then.
void injectEvent(int ident, int filter, unsigned flags, unsigned fflags = 0, intptr_t data = 0);

// The next wait fails.
void failNextWait(int errnum);

// The next change that adds (or deletes) a filter of a descriptor is not made: its receipt says so.
// With a number, the one after so many that are made.
void failNextAdd(int errnum, int after = 0);
void failNextDelete(int errnum);

// Of the two events of one descriptor the one for writing comes first. At first it is the other.
void tellWritesFirst(bool on);

}  // namespace sprocket::tests::kqueue_shim
