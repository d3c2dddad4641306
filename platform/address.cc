#include "sprocket/platform/address.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstddef>
#include <system_error>

#include "sprocket/platform/interface_names.h"

namespace sprocket::platform {
namespace {

static_assert(sizeof(IpAddress) <= 24);

using V4Bytes = IpAddress::V4Bytes;
using V6Bytes = IpAddress::V6Bytes;

// Text to numbers.

// The whole of the text as a number. Unlike strtoul, from_chars knows no blanks, signs, prefixes or
// locale.
template <class Unsigned>
std::optional<Unsigned> parseNumber(std::string_view text, int base) noexcept {
  Unsigned value{};
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

// A leading zero is refused, because some programs take it for the mark of an octal number.
template <class Unsigned>
std::optional<Unsigned> parseDecimal(std::string_view text) noexcept {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parseNumber<Unsigned>(text, 10);
}

std::optional<std::uint16_t> parseGroup(std::string_view text) noexcept {
  if (text.size() > 4) return std::nullopt;
  return parseNumber<std::uint16_t>(text, 16);
}

std::optional<V4Bytes> parseV4(std::string_view text) noexcept {
  V4Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
    const std::string_view part = text.substr(0, text.find('.'));
    const auto byte = parseDecimal<std::uint8_t>(part);
    if (!byte) return std::nullopt;
    bytes[i] = *byte;
    text.remove_prefix(part.size());
  }
  if (!text.empty()) return std::nullopt;
  return bytes;
}

// What may stand between two colons: one group of hex digits or, at the end of the text, an IPv4
// address in place of two. Returns how many bytes it wrote, 0 if the piece is neither.
std::size_t parsePiece(std::string_view piece, bool last, std::span<std::uint8_t> out) noexcept {
  if (const auto group = parseGroup(piece); group && out.size() >= 2) {
    out[0] = static_cast<std::uint8_t>(*group >> 8);
    out[1] = static_cast<std::uint8_t>(*group & 0xff);
    return 2;
  }
  if (const auto v4 = last ? parseV4(piece) : std::nullopt; v4 && out.size() >= v4->size()) {
    std::copy(v4->begin(), v4->end(), out.begin());
    return v4->size();
  }
  return 0;
}

// Fills the bytes from the front and notes where "::" stood; then what was written after that place
// moves to the back:
//
//   2001:db8::1      20 01 0d b8 | 00 01 00 .. 00        gap = 4, filled = 6
//                    20 01 0d b8 00 .. 00 | 00 01
std::optional<V6Bytes> parseV6(std::string_view text) noexcept {
  V6Bytes bytes{};
  std::size_t filled = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, text.find(':'));
    text.remove_prefix(piece.size());
    const std::size_t written = parsePiece(piece, text.empty(), std::span(bytes).subspan(filled));
    if (written == 0) return std::nullopt;
    filled += written;
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with(':') && !gap) {
      gap = filled;
      text.remove_prefix(1);
    } else if (text.empty()) {
      return std::nullopt;  // a single colon at the end
    }
  }
  // "::" stands for at least one group of zeros.
  if (gap ? filled > bytes.size() - 2 : filled < bytes.size()) return std::nullopt;
  if (gap) {
    const auto first = bytes.begin();
    std::rotate(first + static_cast<std::ptrdiff_t>(*gap),
                first + static_cast<std::ptrdiff_t>(filled), bytes.end());
  }
  return bytes;
}

struct ZonedText {
  std::string_view address;
  std::optional<std::string_view> zone;
};

ZonedText splitZone(std::string_view text) noexcept {
  const std::size_t percent = text.find('%');
  if (percent == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, percent), text.substr(percent + 1)};
}

bool isZone(std::string_view zone) noexcept {
  constexpr std::string_view allowed =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.:";
  return !zone.empty() && zone.find_first_not_of(allowed) == std::string_view::npos;
}

// Returns 0 if the zone is not known. Names go before numbers, because an interface may be called
// "7" whatever its index, and toString() prints names where it can.
std::uint32_t parseZone(std::string_view zone) noexcept {
  if (!isZone(zone)) return 0;
  if (const std::uint32_t index = interfaceIndex(zone); index != 0) return index;
  return parseDecimal<std::uint32_t>(zone).value_or(0);
}

// Numbers to text.

void appendNumber(std::string& text, unsigned value, int base = 10) {
  std::array<char, 10> digits;  // enough for 32 bits in either base
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, base);
  assert(error == std::errc());
  text.append(digits.data(), end);
}

void appendV4(std::string& text, std::span<const std::uint8_t, 4> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) text += '.';
    appendNumber(text, bytes[i]);
  }
}

using Groups = std::array<std::uint16_t, 8>;

Groups groupsOf(std::span<const std::uint8_t, 16> bytes) noexcept {
  Groups groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  return groups;
}

struct Run {
  std::size_t start = 0;
  std::size_t size = 0;
};

// The zeros that "::" stands for: the longest run, the first of equals, and no single group.
Run longestZeroRun(const Groups& groups) noexcept {
  Run longest;
  Run current;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    current = groups[i] == 0 ? Run{current.start, current.size + 1} : Run{i + 1, 0};
    if (current.size > longest.size) longest = current;
  }
  return longest.size >= 2 ? longest : Run{};
}

void appendV6(std::string& text, std::span<const std::uint8_t, 16> bytes) {
  const Groups groups = groupsOf(bytes);
  const Run zeros = longestZeroRun(groups);
  const bool mapped = zeros.start == 0 && zeros.size == 5 && groups[5] == 0xffff;
  if (mapped) {
    text += "::ffff:";
    appendV4(text, bytes.last<4>());
    return;
  }
  for (std::size_t i = 0; i < groups.size();) {
    if (zeros.size > 0 && i == zeros.start) {
      text += "::";
      i += zeros.size;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    appendNumber(text, groups[i], 16);
    ++i;
  }
}

void appendZone(std::string& text, std::uint32_t scopeId) {
  text += '%';
  // Some systems allow names such as "my_net", which isIP() does not know as zones. Then the index
  // is what can be read again.
  if (const std::string name = interfaceName(scopeId); isZone(name)) {
    text += name;
  } else {
    appendNumber(text, scopeId);
  }
}

}  // namespace

int isIP(std::string_view text) noexcept {
  if (parseV4(text)) return 4;
  const ZonedText parts = splitZone(text);
  if (parts.zone && !isZone(*parts.zone)) return 0;
  return parseV6(parts.address) ? 6 : 0;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (const auto v4 = parseV4(text)) return IpAddress(*v4);
  const ZonedText parts = splitZone(text);
  const auto v6 = parseV6(parts.address);
  if (!v6) return std::nullopt;
  if (!parts.zone) return IpAddress(*v6);
  const std::uint32_t scopeId = parseZone(*parts.zone);
  if (scopeId == 0) return std::nullopt;
  return IpAddress(*v6, scopeId);
}

std::string IpAddress::toString() const {
  std::string text;
  if (isV4()) {
    appendV4(text, std::span(bytes_).first<4>());
    return text;
  }
  appendV6(text, bytes_);
  if (scopeId_ != 0) appendZone(text, scopeId_);
  return text;
}

const IpEndpoint& Endpoint::ip() const {
  assert(isIp());
  return std::get<IpEndpoint>(value_);
}

const LocalPath& Endpoint::path() const {
  assert(isLocal());
  return std::get<LocalPath>(value_);
}

std::string Endpoint::toString() const {
  if (empty()) return "";
  if (isLocal()) {
    std::string text = path().text;
    if (path().isAbstract()) text.front() = '@';
    return text;
  }
  const IpAddress& address = ip().address;
  std::string text = address.isV4() ? address.toString() : '[' + address.toString() + ']';
  text += ':';
  appendNumber(text, ip().port);
  return text;
}

}  // namespace sprocket::platform
