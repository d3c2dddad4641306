#pragma once

// A callable that is moved, never copied, so that it may own sockets, buffers and promises.
//
//   UniqueFunction<void(int)> callback = [owned = std::move(socket)](int status) { ... };
//   if (callback) callback(0);
//
// Callables of up to five pointers live inside it: making, moving and calling one allocates
// nothing. Larger ones, and those whose move may throw, live on the heap. Moving it never throws.
// It stands in for C++23's std::move_only_function, without const and noexcept in the signature.

#include <cassert>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace sprocket {

template <class Signature>
class UniqueFunction;

// Whether a callable has nothing to call: a null pointer to a function or member, an empty
// std::function, an empty UniqueFunction.
template <class F>
bool isNull(const F& callable) {
  if constexpr (requires {
                  { callable == nullptr } -> std::convertible_to<bool>;
                }) {
    return callable == nullptr;
  } else {
    return false;
  }
}

// What a UniqueFunction can be made of. It is moved from its own kind, not wrapped again.
template <class F, class Function, class R, class... Args>
concept UniqueFunctionTarget = !std::is_same_v<std::decay_t<F>, Function> &&
                               std::is_invocable_r_v<R, std::decay_t<F>&, Args...>;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() noexcept = default;
  UniqueFunction(std::nullptr_t) noexcept {}

  // What has nothing to call makes an empty UniqueFunction.
  template <UniqueFunctionTarget<UniqueFunction, R, Args...> F>
  UniqueFunction(F&& callable) {
    using Callable = std::decay_t<F>;
    if (isNull<Callable>(callable)) return;
    if constexpr (fitsInline<Callable>) {
      ::new (storage()) Callable(std::forward<F>(callable));
      operations_ = &inlineOperations<Callable>;
    } else {
      ::new (storage()) Callable*(new Callable(std::forward<F>(callable)));
      operations_ = &heapOperations<Callable>;
    }
  }

  UniqueFunction(UniqueFunction&& other) noexcept { takeFrom(other); }

  // The old callable is destroyed last, when *this is whole again: its destructor may run code
  // that comes back here.
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    UniqueFunction old(std::move(*this));
    takeFrom(other);
    return *this;
  }
  UniqueFunction& operator=(std::nullptr_t) noexcept {
    UniqueFunction old(std::move(*this));
    return *this;
  }

  ~UniqueFunction() {
    if (operations_ != nullptr) operations_->destroy(storage());
  }

  explicit operator bool() const noexcept { return operations_ != nullptr; }
  friend bool operator==(const UniqueFunction& function, std::nullptr_t) noexcept {
    return !function;
  }

  // It must not be empty. The callable may not destroy or assign to the UniqueFunction it is
  // running in; where it might, move it to a local variable first and call that.
  R operator()(Args... args) {
    assert(operations_ != nullptr);
    return operations_->call(storage(), std::forward<Args>(args)...);
  }

 private:
  // What there is to know about a callable whose type is forgotten.
  struct Operations {
    R (*call)(void* storage, Args&&... args);
    void (*moveTo)(void* from, void* to) noexcept;  // leaves nothing to destroy in `from`
    void (*destroy)(void* storage) noexcept;
  };

  static constexpr std::size_t inlineSize = 5 * sizeof(void*);

  template <class F>
  static constexpr bool fitsInline =
      sizeof(F) <= inlineSize &&
      alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

  template <class F>
  static R callInline(void* storage, Args&&... args) {
    return invoke(*static_cast<F*>(storage), std::forward<Args>(args)...);
  }
  template <class F>
  static void moveInline(void* from, void* to) noexcept {
    F* callable = static_cast<F*>(from);
    ::new (to) F(std::move(*callable));
    std::destroy_at(callable);
  }
  template <class F>
  static void destroyInline(void* storage) noexcept {
    std::destroy_at(static_cast<F*>(storage));
  }

  template <class F>
  static R callHeap(void* storage, Args&&... args) {
    return invoke(**static_cast<F**>(storage), std::forward<Args>(args)...);
  }
  template <class F>
  static void moveHeap(void* from, void* to) noexcept {
    ::new (to) F*(*static_cast<F**>(from));
  }
  template <class F>
  static void destroyHeap(void* storage) noexcept {
    delete *static_cast<F**>(storage);
  }

  template <class F>
  static constexpr Operations inlineOperations = {&callInline<F>, &moveInline<F>,
                                                  &destroyInline<F>};
  template <class F>
  static constexpr Operations heapOperations = {&callHeap<F>, &moveHeap<F>, &destroyHeap<F>};

  template <class F>
  static R invoke(F& callable, Args&&... args) {
    if constexpr (std::is_void_v<R>) {
      std::invoke(callable, std::forward<Args>(args)...);
    } else {
      return std::invoke(callable, std::forward<Args>(args)...);
    }
  }

  // *this must be empty.
  void takeFrom(UniqueFunction& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->moveTo(other.storage(), storage());
  }

  void* storage() noexcept { return storage_; }

  alignas(void*) std::byte storage_[inlineSize];
  const Operations* operations_ = nullptr;
};

static_assert(sizeof(UniqueFunction<void()>) == 6 * sizeof(void*));

}  // namespace sprocket
