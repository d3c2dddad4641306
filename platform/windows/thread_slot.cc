#include "sprocket/platform/thread_slot.h"

#include <windows.h>
#include <winsock2.h>

#include <new>

namespace sprocket::platform {
namespace {

struct Slot {
  void* value = nullptr;
  void (*callback)() = nullptr;
};

// While this runs the slot is found by the thread's own storage, which outlives that of fibers.
const DWORD storage = ::TlsAlloc();

void WINAPI onThreadEnd(void* memory) {
  auto* const slot = static_cast<Slot*>(memory);
  if (slot == nullptr) return;
  if (slot->callback != nullptr) slot->callback();
  ::TlsSetValue(storage, nullptr);
  delete slot;
}

// Of what Windows lets a thread own, only the storage of fibers tells when the thread ends.
const DWORD endings = ::FlsAlloc(&onThreadEnd);

Slot& ownSlot() {
  if (void* const found = ::TlsGetValue(storage)) return *static_cast<Slot*>(found);
  auto* const made = new Slot;
  ::TlsSetValue(storage, made);
  ::FlsSetValue(endings, made);
  return *made;
}

}  // namespace

void*& threadSlot() noexcept { return ownSlot().value; }

void atThreadEnd(void (*callback)()) { ownSlot().callback = callback; }

}  // namespace sprocket::platform
