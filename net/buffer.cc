#include "sprocket/net/buffer.h"

namespace sprocket {

Buffer Buffer::from(std::string text) {
  Buffer buffer;
  if (text.empty()) return buffer;
  buffer.storage_ = new Storage(std::move(text));
  buffer.bytes_ = std::as_bytes(std::span(buffer.storage_->bytes));
  return buffer;
}

Buffer Buffer::from(std::span<const std::byte> bytes) {
  return from(std::string(viewOf(bytes).text()));
}

Buffer Buffer::from(std::string_view text, Encoding encoding) {
  return from(encode(text, encoding));
}

Buffer::Buffer(const Buffer& other) : Buffer() {
  if (other.storage_ || other.empty()) {
    bytes_ = other.bytes_;
    storage_ = other.storage_;
  } else {
    *this = from(other.bytes_);
  }
}

Buffer::Buffer(Buffer&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), storage_(std::move(other.storage_)) {}

Buffer& Buffer::operator=(Buffer other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(storage_, other.storage_);
  return *this;
}

std::string Buffer::toString(Encoding encoding) const {
  std::string text;
  StringDecoder decoder(encoding);
  decoder.decode(bytes_, text);
  decoder.end(text);
  return text;
}

Buffer Buffer::tail(std::size_t begin) const {
  if (!storage_) return from(bytes_.subspan(begin));
  Buffer rest(bytes_.subspan(begin));
  rest.storage_ = storage_;
  return rest;
}

}  // namespace sprocket
