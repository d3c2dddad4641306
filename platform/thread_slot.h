#pragma once

// One pointer that each thread has of its own, which is what a thread_local is for; but MinGW gives
// the memory of those back before it destroys what is in them. One .cc per OS.

namespace sprocket::platform {

// Null at first. Still there when what was given to atThreadEnd() runs.
void*& threadSlot() noexcept;

// Has `callback` run on this thread when it ends, once, however often it is asked for. On the first
// thread that is when the program exits, if the system does so at all.
void atThreadEnd(void (*callback)());

}  // namespace sprocket::platform
