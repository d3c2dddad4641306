#pragma once

// Text encodings: text to bytes and back. [12] Text is UTF-8 always, whichever
// encoding its bytes had or shall have; a lone surrogate, which UTF-8 cannot say, is U+FFFD.
//
//   socket.setEncoding("hex");
//   socket.write("48656c6c6f", Encoding::hex);

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sprocket {

// Which one; `Encoding::hex` and "hex" are the same. [12.1]
class Encoding {
 public:
  enum Name : std::uint8_t {
    utf8,
    utf16le,  // low byte first
    latin1,   // ISO 8859-1: a byte is the code point
    ascii,
    base64,
    base64url,  // '-' and '_' for '+' and '/', no padding
    hex,
    ucs2 = utf16le,
    binary = latin1,
  };

  constexpr Encoding(Name name) noexcept : name_(name) {}

  // By name, in any case: "utf8", "utf-8", "utf16le", "utf-16le", "ucs2", "ucs-2", "latin1",
  // "binary", "ascii", "base64", "base64url", "hex". Throws an ArgumentError that tells the name
  // if there is no such encoding, and for a null pointer. [1.8]
  Encoding(std::string_view name);
  Encoding(const std::string& name) : Encoding(std::string_view(name)) {}
  Encoding(const char* name);
  Encoding(std::nullptr_t) = delete;

  constexpr Name name() const noexcept { return name_; }

  friend constexpr bool operator==(Encoding, Encoding) = default;

 private:
  Name name_;
};

// The bytes of a text. Malformed UTF-8 counts as U+FFFD. latin1 and ascii take the low 8 bits of
// each code point. hex stops at the first pair that is not two digits; base64 takes either
// alphabet, ends with the padding or without any, and passes over every other character. [12.2]
std::string encode(std::string_view text, Encoding encoding);

// UTF-8, code point by code point; malformed input is U+FFFD, once for each maximal part of what
// could have become a character.
class Utf8Reader {
 public:
  template <class F>
  void read(unsigned char byte, F emit);
  template <class F>
  void end(F emit);
  bool hasRest() const { return missing_ > 0; }

 private:
  char32_t codePoint_ = 0;
  std::uint8_t missing_ = 0;  // continuation bytes, of which the next is in this range
  std::uint8_t lowest_ = 0x80;
  std::uint8_t highest_ = 0xbf;
};

// The text of bytes that come in pieces: what is incomplete waits for the next piece, so that the
// text does not depend on where they were cut. [12.3]
class StringDecoder {
 public:
  explicit StringDecoder(Encoding encoding) : encoding_(encoding) {}

  // Appends what these bytes complete.
  void decode(std::span<const std::byte> bytes, std::string& text);

  // Appends what stands for an incomplete character or group at the end, and begins anew: U+FFFD,
  // or the last base64 digits. Half a code unit of utf16le is dropped, as Node does.
  void end(std::string& text);

  // Begins anew without that.
  void reset() { *this = StringDecoder(encoding_); }

  // Whether end() would append anything.
  bool hasRest() const { return utf8_.hasRest() || surrogate_ != 0 || groupSize_ > 0; }

 private:
  void decodeUtf16(unsigned char byte, std::string& text);
  void decodeBase64(unsigned char byte, std::string& text);
  void appendBase64(std::string& text) const;

  Encoding encoding_;
  Utf8Reader utf8_;
  bool hasLowByte_ = false;  // of utf16le
  unsigned char lowByte_ = 0;
  char32_t surrogate_ = 0;                   // high, which waits for the low one
  std::array<unsigned char, 3> group_ = {};  // of base64
  std::size_t groupSize_ = 0;
};

}  // namespace sprocket
