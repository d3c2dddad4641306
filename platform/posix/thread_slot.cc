#include "sprocket/platform/thread_slot.h"

namespace sprocket::platform {
namespace {

thread_local void* slot = nullptr;

struct AtEnd {
  ~AtEnd() {
    if (callback != nullptr) callback();
  }
  void (*callback)() = nullptr;
};

}  // namespace

void*& threadSlot() noexcept { return slot; }

void atThreadEnd(void (*callback)()) {
  thread_local AtEnd atEnd;
  atEnd.callback = callback;
}

}  // namespace sprocket::platform
