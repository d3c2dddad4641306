#pragma once

// What may listen for an event, and how it is called.

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sprocket/reactor/task.h"

namespace sprocket::net {

// A listener that can be removed again: its copies share one callable, and with it an identity.
//
//   Listener log = [](std::string_view text) { std::printf("%zu bytes\n", text.size()); };
//   a.on<"data">(log), b.on<"data">(log), a.off<"data">(log);
template <class F>
class Listener {
 public:
  Listener(const Listener&) noexcept = default;  // and no move, which would leave an empty one
  Listener& operator=(const Listener&) noexcept = default;

  Listener(F callable) : callable_(std::make_shared<F>(std::move(callable))) {
    reactor::requireCallback(*callable_);
  }

  template <class... Args>
  requires std::invocable<F&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    return std::invoke(*callable_, std::forward<Args>(args)...);
  }

  const void* identity() const { return callable_.get(); }

 private:
  std::shared_ptr<F> callable_;
};

template <class F>
concept HasIdentity = requires(const F& listener) {
  { listener.identity() } -> std::convertible_to<const void*>;
}
|| (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>);

// Null if the listener has none, such as a lambda.
template <class F>
const void* identityOf(const F& listener) {
  if constexpr (!HasIdentity<F>) {
    return nullptr;
  } else if constexpr (std::is_pointer_v<F>) {
    return reinterpret_cast<const void*>(listener);
  } else {
    return listener.identity();
  }
}

namespace detail {

enum class CallForm { none, plain, withEmitter };

// Asks for no form behind the one that fits: asking instantiates a generic listener, whose body may
// not compile with what it is never given.
template <class F, class Emitter, class Arguments, std::size_t... I>
constexpr CallForm formWith(std::index_sequence<I...>) {
  if constexpr (std::is_invocable_v<F&, std::tuple_element_t<I, Arguments>...>) {
    return CallForm::plain;
  } else if constexpr (std::is_invocable_v<F&, Emitter, std::tuple_element_t<I, Arguments>...>) {
    return CallForm::withEmitter;
  } else {
    return CallForm::none;
  }
}

// How many of the arguments the listener takes; more than there are if it fits in no way.
template <class F, class Emitter, class Arguments, std::size_t Count>
constexpr std::size_t argumentCount() {
  if constexpr (formWith<F, Emitter, Arguments>(std::make_index_sequence<Count>()) !=
                CallForm::none) {
    return Count;
  } else if constexpr (Count > 0) {
    return argumentCount<F, Emitter, Arguments, Count - 1>();
  } else {
    return std::tuple_size_v<Arguments> + 1;
  }
}

}  // namespace detail

// Calls a listener in the first way that fits: with the arguments; with the emitter and the
// arguments; then the same with one argument fewer, and so on.
template <class Emitter, class... Args>
class Call {
  using Arguments = std::tuple<Args...>;

  template <class F>
  static constexpr std::size_t count =
      detail::argumentCount<F, const Emitter&, Arguments, sizeof...(Args)>();

 public:
  template <class F>
  static constexpr bool fits = count<F> <= sizeof...(Args);

  // Of one that fits.
  template <class F>
  static constexpr bool takesEmitter =
      detail::formWith<F, const Emitter&, Arguments>(
          std::make_index_sequence<count<F>>()) == detail::CallForm::withEmitter;

  template <class F>
  static void invoke(F& listener, const Emitter& emitter, Args... args) {
    std::tuple<Args&&...> all(std::forward<Args>(args)...);
    apply(listener, emitter, all, std::make_index_sequence<count<F>>());
  }

 private:
  template <class F, std::size_t... I>
  static void apply(F& listener, const Emitter& emitter, std::tuple<Args&&...>& all,
                    std::index_sequence<I...> taken) {
    if constexpr (detail::formWith<F, const Emitter&, Arguments>(taken) ==
                  detail::CallForm::plain) {
      std::invoke(listener, std::get<I>(std::move(all))...);
    } else {
      std::invoke(listener, emitter, std::get<I>(std::move(all))...);
    }
  }
};

}  // namespace sprocket::net
