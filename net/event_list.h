#pragma once

// Events with names known to the compiler: on<"data">(...). An emitter states its events as a type,
//
//   struct ServerEvents : EventList<Event<"listening", void()>, Event<"close", void()>> {};
//
// and a wrong name or a listener that does not fit is one sentence from the compiler, in which an
// alias would stand as the whole list.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

namespace sprocket::net {

// A string literal as a template argument.
template <std::size_t Size>
struct EventName {
  consteval EventName(const char (&text)[Size]) { std::copy_n(text, Size, characters); }
  constexpr std::string_view text() const { return {characters, Size - 1}; }

  char characters[Size]{};
};

template <EventName Name, class Signature>
struct Event {};

template <class... Events>
class EventList;

template <EventName... Names, class... Signatures>
class EventList<Event<Names, Signatures>...> {
 public:
  static constexpr std::size_t count = sizeof...(Names);

  // The place of an event in the list; `count` if there is none of that name.
  template <EventName Name>
  static constexpr std::uint8_t index = [] {
    constexpr std::array<std::string_view, count> names{Names.text()...};
    return static_cast<std::uint8_t>(std::find(names.begin(), names.end(), Name.text()) -
                                     names.begin());
  }();

  template <EventName Name>
  using Signature = std::tuple_element_t<index<Name>, std::tuple<Signatures...>>;
};

}  // namespace sprocket::net
