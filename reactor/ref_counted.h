#pragma once

// RefPtr: shared ownership within one thread, in eight bytes and without atomic counting.

#include <cstdint>
#include <utility>

namespace sprocket::reactor {

// Derive from this to be held by RefPtr. Deleted with the last RefPtr, through T's destructor.
template <class T>
class RefCounted {
 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  template <class U>
  friend class RefPtr;

  std::uint32_t references_ = 0;
};

template <class T>
class RefPtr {
 public:
  RefPtr() noexcept = default;
  RefPtr(T* object) noexcept : object_(object) {
    if (object_ != nullptr) ++counter();
  }
  RefPtr(const RefPtr& other) noexcept : RefPtr(other.object_) {}
  RefPtr(RefPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  RefPtr& operator=(RefPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~RefPtr() {
    if (object_ != nullptr && --counter() == 0) delete object_;
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  friend bool operator==(const RefPtr&, const RefPtr&) = default;

 private:
  std::uint32_t& counter() const { return static_cast<RefCounted<T>&>(*object_).references_; }

  T* object_ = nullptr;
};

}  // namespace sprocket::reactor
