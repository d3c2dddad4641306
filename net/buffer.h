#pragma once

// Buffer: bytes. The one that 'data' hands out is a view of the loop's receive buffer: looking at
// it costs no allocation and no copy, and it is good until the listener returns. A copy of it owns
// its bytes and is yours to keep; further copies share them.
//
//   socket.on<"data">([](std::string_view text) { ... });    // look
//   socket.on<"data">([](Buffer chunk) { kept.push_back(chunk); });    // keep
//
// Belongs to one thread, as everything of a loop does.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sprocket/net/encoding.h"
#include "sprocket/reactor/ref_counted.h"

namespace sprocket {

class Buffer {
 public:
  Buffer() noexcept = default;

  // Takes a text over, or copies bytes.
  static Buffer from(std::string text);
  static Buffer from(std::span<const std::byte> bytes);

  // The bytes that a text has in an encoding. [12.2]
  static Buffer from(std::string_view text, Encoding encoding);

  // Looks at bytes that somebody else owns and that outlive this very object; its copies own
  // theirs.
  static Buffer viewOf(std::span<const std::byte> bytes) noexcept { return Buffer(bytes); }

  Buffer(const Buffer& other);
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer other) noexcept;

  const std::byte* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }
  std::byte operator[](std::size_t index) const { return bytes_[index]; }
  auto begin() const noexcept { return bytes_.begin(); }
  auto end() const noexcept { return bytes_.end(); }

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  // The bytes as text of an encoding, as if that were all of it. [12.3]
  std::string toString(Encoding encoding = Encoding::utf8) const;

  operator std::span<const std::byte>() const noexcept { return bytes_; }
  operator std::string_view() const noexcept { return text(); }
  operator std::string() const { return std::string(text()); }

  // The bytes from `begin` on, owned as by a copy: what a view looks at is copied.
  Buffer tail(std::size_t begin) const;

  // Whether both have the same bytes.
  friend bool operator==(const Buffer& a, const Buffer& b) noexcept { return a.text() == b.text(); }

 private:
  struct Storage : reactor::RefCounted<Storage> {
    explicit Storage(std::string text) : bytes(std::move(text)) {}

    const std::string bytes;
  };

  explicit Buffer(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
  reactor::RefPtr<Storage> storage_;  // null in a view
};

}  // namespace sprocket
