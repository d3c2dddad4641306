#include "sprocket/platform/thread_slot.h"

#include <winsock2.h>
#include <windows.h>

#include <cstdlib>
#include <utility>

namespace sprocket::platform {
namespace {

struct Slot {
  void* value = nullptr;
  void (*callback)() = nullptr;
};

// While the callback runs the slot is found by the thread's own storage, which outlives that of
// fibers. Made on first use, which may be by a global object.
DWORD storage() {
  static const DWORD index = ::TlsAlloc();
  return index;
}

void callBack(Slot& slot) {
  if (const auto callback = std::exchange(slot.callback, nullptr)) callback();
}

void WINAPI onThreadEnd(void* memory) {
  auto* const slot = static_cast<Slot*>(memory);
  if (slot == nullptr) return;
  callBack(*slot);
  ::TlsSetValue(storage(), nullptr);
  delete slot;
}

// Of what Windows lets a thread own, only the storage of fibers tells when the thread ends; a
// thread that makes fibers of its own ends here with the one that came first.
DWORD endings() {
  static const DWORD index = ::FlsAlloc(&onThreadEnd);
  return index;
}

Slot& ownSlot() {
  if (void* const found = ::TlsGetValue(storage())) return *static_cast<Slot*>(found);
  auto* const made = new Slot;
  ::TlsSetValue(storage(), made);
  ::FlsSetValue(endings(), made);
  return *made;
}

// The thread that ends the program comes here first: when the system tells, all other threads have
// been stopped wherever they were, with whatever they had locked.
void onExit() {
  if (void* const found = ::TlsGetValue(storage())) callBack(*static_cast<Slot*>(found));
}

}  // namespace

void*& threadSlot() noexcept { return ownSlot().value; }

void atThreadEnd(void (*callback)()) {
  ownSlot().callback = callback;
  static const int registered = std::atexit(&onExit);
  static_cast<void>(registered);
}

}  // namespace sprocket::platform
