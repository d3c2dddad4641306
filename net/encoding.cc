#include "sprocket/net/encoding.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "sprocket/net/errors.h"

namespace sprocket {
namespace {

constexpr char32_t kReplacement = 0xfffd;

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64UrlDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct Named {
  std::string_view name;
  Encoding::Name encoding;
};
constexpr Named kNames[] = {
    {"utf8", Encoding::utf8},           {"utf-8", Encoding::utf8},
    {"utf16le", Encoding::utf16le},     {"utf-16le", Encoding::utf16le},
    {"ucs2", Encoding::utf16le},        {"ucs-2", Encoding::utf16le},
    {"latin1", Encoding::latin1},       {"binary", Encoding::latin1},
    {"ascii", Encoding::ascii},         {"base64", Encoding::base64},
    {"base64url", Encoding::base64url}, {"hex", Encoding::hex},
};

// Of ASCII only: names must not depend on the locale.
char lowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Encoding::Name encodingNamed(std::string_view name) {
  const auto found = std::find_if(std::begin(kNames), std::end(kNames), [&](const Named& each) {
    return std::equal(name.begin(), name.end(), each.name.begin(), each.name.end(),
                      [](char a, char b) { return lowerCase(a) == b; });
  });
  if (found == std::end(kNames)) net::throwUnknownEncoding(name);
  return found->encoding;
}

std::string_view checkedName(const char* name) {
  if (name == nullptr) net::throwNullText();
  return name;
}

bool isHighSurrogate(char32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool isLowSurrogate(char32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

void appendByte(std::string& bytes, std::uint32_t value) {
  bytes += static_cast<char>(static_cast<unsigned char>(value & 0xff));
}

void appendUtf8(std::string& text, char32_t codePoint) {
  if (codePoint < 0x80) return appendByte(text, codePoint);
  if (codePoint < 0x800) {
    appendByte(text, 0xc0 | codePoint >> 6);
  } else {
    if (codePoint < 0x10000) {
      appendByte(text, 0xe0 | codePoint >> 12);
    } else {
      appendByte(text, 0xf0 | codePoint >> 18);
      appendByte(text, 0x80 | (codePoint >> 12 & 0x3f));
    }
    appendByte(text, 0x80 | (codePoint >> 6 & 0x3f));
  }
  appendByte(text, 0x80 | (codePoint & 0x3f));
}

void appendUtf16Unit(std::string& bytes, char32_t unit) {
  appendByte(bytes, unit);
  appendByte(bytes, unit >> 8);
}

void appendUtf16(std::string& bytes, char32_t codePoint) {
  if (codePoint < 0x10000) return appendUtf16Unit(bytes, codePoint);
  appendUtf16Unit(bytes, 0xd800 + ((codePoint - 0x10000) >> 10));
  appendUtf16Unit(bytes, 0xdc00 + (codePoint & 0x3ff));
}

template <class F>
void forEachCodePoint(std::string_view text, F emit) {
  Utf8Reader reader;
  for (const char c : text) reader.read(static_cast<unsigned char>(c), emit);
  reader.end(emit);
}

std::optional<std::uint32_t> hexValue(char c) {
  const auto digit = kHexDigits.find(lowerCase(c));
  if (digit == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(digit);
}

std::string bytesOfHex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const auto high = hexValue(text[i]);
    const auto low = hexValue(text[i + 1]);
    if (!high || !low) break;
    appendByte(bytes, *high << 4 | *low);
  }
  return bytes;
}

// 64 for what is no digit.
std::uint32_t base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : 64;
}

std::string bytesOfBase64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  unsigned bitCount = 0;  // of them that are not written yet
  for (const char c : text) {
    if (c == '=') break;
    const std::uint32_t value = base64Value(c);
    if (value == 64) continue;
    bits = bits << 6 | value;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    appendByte(bytes, bits >> bitCount);
  }
  return bytes;
}

}  // namespace

Encoding::Encoding(std::string_view name) : name_(encodingNamed(name)) {}
Encoding::Encoding(const char* name) : Encoding(checkedName(name)) {}

std::string encode(std::string_view text, Encoding encoding) {
  if (encoding == Encoding::hex) return bytesOfHex(text);
  if (encoding == Encoding::base64 || encoding == Encoding::base64url) return bytesOfBase64(text);
  std::string bytes;
  bytes.reserve(encoding == Encoding::utf16le ? 2 * text.size() : text.size());
  forEachCodePoint(text, [&](char32_t codePoint) {
    if (encoding == Encoding::utf8) {
      appendUtf8(bytes, codePoint);
    } else if (encoding == Encoding::utf16le) {
      appendUtf16(bytes, codePoint);
    } else {
      appendByte(bytes, codePoint);
    }
  });
  return bytes;
}

// The ranges keep out overlong forms, surrogates and what lies beyond U+10FFFF. (Unicode, table
// 3-7.) A byte that does not fit ends the character before it and is looked at afresh.
template <class F>
void Utf8Reader::read(unsigned char byte, F emit) {
  if (missing_ > 0 && (byte < lowest_ || byte > highest_)) end(emit);
  if (missing_ > 0) {
    lowest_ = 0x80;
    highest_ = 0xbf;
    codePoint_ = codePoint_ << 6 | (byte & 0x3f);
    if (--missing_ == 0) emit(codePoint_);
  } else if (byte < 0x80) {
    emit(byte);
  } else if (byte >= 0xc2 && byte <= 0xdf) {
    missing_ = 1;
    codePoint_ = byte & 0x1f;
  } else if (byte >= 0xe0 && byte <= 0xef) {
    missing_ = 2;
    codePoint_ = byte & 0xf;
    if (byte == 0xe0) lowest_ = 0xa0;
    if (byte == 0xed) highest_ = 0x9f;
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    missing_ = 3;
    codePoint_ = byte & 0x7;
    if (byte == 0xf0) lowest_ = 0x90;
    if (byte == 0xf4) highest_ = 0x8f;
  } else {
    emit(kReplacement);
  }
}

template <class F>
void Utf8Reader::end(F emit) {
  if (missing_ > 0) emit(kReplacement);
  *this = Utf8Reader();
}

void StringDecoder::decode(std::span<const std::byte> bytes, std::string& text) {
  for (const std::byte each : bytes) {
    const auto byte = std::to_integer<unsigned char>(each);
    switch (encoding_.name()) {
      case Encoding::utf8:
        utf8_.read(byte, [&](char32_t codePoint) { appendUtf8(text, codePoint); });
        break;
      case Encoding::utf16le: decodeUtf16(byte, text); break;
      case Encoding::latin1: appendUtf8(text, byte); break;
      case Encoding::ascii: appendByte(text, byte & 0x7f); break;
      case Encoding::base64:
      case Encoding::base64url: decodeBase64(byte, text); break;
      case Encoding::hex:
        text += kHexDigits[byte >> 4];
        text += kHexDigits[byte & 0xf];
        break;
    }
  }
}

void StringDecoder::end(std::string& text) {
  utf8_.end([&](char32_t codePoint) { appendUtf8(text, codePoint); });
  if (surrogate_ != 0) appendUtf8(text, kReplacement);
  if (groupSize_ > 0) appendBase64(text);
  reset();
}

void StringDecoder::decodeUtf16(unsigned char byte, std::string& text) {
  hasLowByte_ = !hasLowByte_;
  if (hasLowByte_) {
    lowByte_ = byte;
    return;
  }
  const char32_t unit = static_cast<char32_t>(byte) << 8 | lowByte_;
  if (surrogate_ != 0) {
    const char32_t high = std::exchange(surrogate_, 0);
    if (isLowSurrogate(unit)) {
      return appendUtf8(text, 0x10000 + ((high & 0x3ff) << 10 | (unit & 0x3ff)));
    }
    appendUtf8(text, kReplacement);
  }
  if (isHighSurrogate(unit)) {
    surrogate_ = unit;
  } else {
    appendUtf8(text, isLowSurrogate(unit) ? kReplacement : unit);
  }
}

void StringDecoder::decodeBase64(unsigned char byte, std::string& text) {
  group_[groupSize_++] = byte;
  if (groupSize_ < group_.size()) return;
  appendBase64(text);
  group_ = {};
  groupSize_ = 0;
}

// A group of n bytes has n + 1 digits; bytes that it lacks are 0.
void StringDecoder::appendBase64(std::string& text) const {
  const bool isUrl = encoding_ == Encoding::base64url;
  const std::string_view digits = isUrl ? kBase64UrlDigits : kBase64Digits;
  const std::uint32_t bits =
      static_cast<std::uint32_t>(group_[0] << 16 | group_[1] << 8 | group_[2]);
  for (std::size_t i = 0; i <= groupSize_; ++i) text += digits[bits >> (18 - 6 * i) & 0x3f];
  if (!isUrl) text.append(group_.size() - groupSize_, '=');
}

}  // namespace sprocket
