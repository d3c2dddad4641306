#pragma once

// The parameters of listen, connect and write. They exist to be converted to: each takes exactly
// what is meant and refuses what C++ would convert by accident, such as `true` for a port or a null
// pointer for a text.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sprocket/net/buffer.h"
#include "sprocket/net/errors.h"

namespace sprocket::net {

template <class T>
concept Text = std::convertible_to<T, std::string_view> && !std::same_as<T, std::nullptr_t>;

template <class T>
concept Byte = std::same_as<T, std::byte> || std::same_as<T, char> ||
    std::same_as<T, unsigned char> || std::same_as<T, signed char>;

// A vector, array, span or the like, or what converts to a span of bytes.
template <class T>
concept ByteRange = std::ranges::contiguous_range<const T> && std::ranges::sized_range<const T> &&
    Byte<std::ranges::range_value_t<const T>>;
template <class T>
concept Bytes =
    !Text<T> && (ByteRange<T> || std::convertible_to<const T&, std::span<const std::byte>>);

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

// A text's characters; of an array those before its first NUL. Throws an ArgumentError for a null
// pointer.
template <Text T>
std::string_view textOf(const T& text) {
  if constexpr (std::is_array_v<T>) {
    return {text, std::find(std::begin(text), std::end(text), '\0')};
  } else {
    if constexpr (std::is_pointer_v<T>) {
      if (text == nullptr) throwNullText();
    }
    return text;
  }
}

template <Bytes T>
std::span<const std::byte> bytesOf(const T& bytes) {
  if constexpr (ByteRange<T>) {
    return std::as_bytes(std::span(std::ranges::data(bytes), std::ranges::size(bytes)));
  } else {
    return bytes;
  }
}

// A host name or an IP address.
class Host {
 public:
  template <Text T>
  Host(const T& name) : name_(textOf(name)) {}

  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

class Port {
 public:
  template <Integer T>
  Port(T number) : number_(static_cast<long long>(number)) {}

  // Throws an ArgumentError if it is not 0 to 65535.
  int checked() const;

 private:
  long long number_;
};

// What is listened on or connected to, if one argument says it all: a port or a local path.
class PortOrPath {
 public:
  template <Integer T>
  PortOrPath(T port) : port_(port) {}
  template <Text T>
  PortOrPath(const T& path) : path_(textOf(path)) {}

  // Absent for a path. Throws as Port::checked() does.
  std::optional<int> checkedPort() const;
  const std::string& path() const { return path_; }

 protected:
  PortOrPath() = default;

 private:
  std::optional<Port> port_;
  std::string path_;
};

using ConnectTo = PortOrPath;

// What write() and end() take: text or bytes, looked at during the call and copied only if the
// kernel does not take them at once. A std::string that is moved in is then taken over, a Buffer
// shared.
class Chunk {
 public:
  template <Text T>
  requires(!std::same_as<T, Buffer>) Chunk(const T& text)
      : bytes_(std::as_bytes(std::span(textOf(text)))), isText_(true) {}
  Chunk(std::string&& text)
      : bytes_(std::as_bytes(std::span(text))), string_(&text), isText_(true) {}
  Chunk(const Buffer& buffer) : Chunk(buffer.bytes()) { buffer_ = &buffer; }
  template <Bytes T>
  Chunk(const T& bytes) : Chunk(bytesOf(bytes)) {}
  Chunk(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

  // Whether an encoding says something about it; bytes are what they are.
  bool isText() const { return isText_; }

  // The bytes from `begin` on, to be kept; once.
  Buffer keepFrom(std::size_t begin) const {
    if (buffer_ != nullptr) return buffer_->tail(begin);
    if (string_ != nullptr) return Buffer::from(std::move(*string_)).tail(begin);
    return Buffer::from(bytes_.subspan(begin));
  }

 private:
  std::span<const std::byte> bytes_;
  std::string* string_ = nullptr;   // the caller's, for the time of the call
  const Buffer* buffer_ = nullptr;  // likewise
  bool isText_ = false;
};

}  // namespace sprocket::net
