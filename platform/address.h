#pragma once

// Addresses as values: IpAddress, IpEndpoint (address and port), LocalPath (a socket file or a
// pipe) and Endpoint, which is any of them or nothing. Text is parsed strictly and printed as RFC
// 5952 says. Nothing here looks up host names, opens a socket or includes an OS header.
//
//   auto address = IpAddress::parse("fe80::1%eth0");
//   if (address) connect(Endpoint(IpEndpoint{*address, 80}));

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sprocket::platform {

enum class Family : std::uint8_t { v4 = 4, v6 = 6 };

// 4 or 6 if the whole text is an address of that version, else 0. It asks for the form only: a zone
// need not exist on this machine.
int isIP(std::string_view text) noexcept;

// 24 bytes, ordered: all IPv4 before all IPv6, then by number. An IPv4-mapped address
// (::ffff:1.2.3.4) is an IPv6 one, and not equal to the IPv4 address in it.
class IpAddress {
 public:
  using V4Bytes = std::array<std::uint8_t, 4>;
  using V6Bytes = std::array<std::uint8_t, 16>;

  constexpr IpAddress() noexcept = default;  // 0.0.0.0

  constexpr explicit IpAddress(const V4Bytes& bytes) noexcept
      : bytes_{bytes[0], bytes[1], bytes[2], bytes[3]} {}

  // The scope id is the index of the interface in whose network the address means something; 0 if
  // it means the same everywhere.
  constexpr explicit IpAddress(const V6Bytes& bytes, std::uint32_t scopeId = 0) noexcept
      : family_(Family::v6), bytes_(bytes), scopeId_(scopeId) {}

  static constexpr IpAddress any(Family family) noexcept {
    return family == Family::v4 ? IpAddress(V4Bytes{}) : IpAddress(V6Bytes{});
  }

  static constexpr IpAddress loopback(Family family) noexcept {
    return family == Family::v4
               ? IpAddress(V4Bytes{127, 0, 0, 1})
               : IpAddress(V6Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  }

  // Accepts what isIP() accepts, save that a zone must be the name of an interface of this machine
  // or a decimal index above 0: a zone that is not known is an error, never guessed. Asks the
  // system only if there is a zone.
  static std::optional<IpAddress> parse(std::string_view text);

  // parse() of it gives this address again, while the interfaces stay the same. Asks the system for
  // the interface's name only if there is a scope id.
  std::string toString() const;

  constexpr Family family() const noexcept { return family_; }
  constexpr bool isV4() const noexcept { return family_ == Family::v4; }
  constexpr bool isV6() const noexcept { return family_ == Family::v6; }

  // 4 or 16 of them, in network order.
  constexpr std::span<const std::uint8_t> bytes() const noexcept {
    return std::span(bytes_).first(isV4() ? 4 : 16);
  }

  constexpr std::uint32_t scopeId() const noexcept { return scopeId_; }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend std::strong_ordering operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::v4;
  V6Bytes bytes_{};  // of IPv4 the first four; the others are 0, so that == may compare them all
  std::uint32_t scopeId_ = 0;
};

struct IpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;

  friend bool operator==(const IpEndpoint&, const IpEndpoint&) = default;
};

// A path in the file system, a Linux abstract name (its first character is NUL), or the name of a
// Windows pipe. The text is the user's, unchanged; what a system cannot take it refuses later.
struct LocalPath {
  std::string text;

  bool isAbstract() const noexcept { return text.starts_with('\0'); }

  friend bool operator==(const LocalPath&, const LocalPath&) = default;
};

// Where a stream ends or a listener listens. Empty where there is no such place: a socket that is
// not connected, the client side of most unix sockets.
class Endpoint {
 public:
  Endpoint() noexcept = default;
  Endpoint(IpEndpoint ip) noexcept : value_(ip) {}
  Endpoint(LocalPath path) noexcept : value_(std::move(path)) {}

  bool empty() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  bool isIp() const noexcept { return std::holds_alternative<IpEndpoint>(value_); }
  bool isLocal() const noexcept { return std::holds_alternative<LocalPath>(value_); }

  const IpEndpoint& ip() const;   // isIp() must hold
  const LocalPath& path() const;  // isLocal() must hold

  // For people: "127.0.0.1:80", "[::1]:80", "/tmp/x", and "" if empty. An abstract name is shown
  // with @ for its NUL, as ss and lsof do, because a NUL would end the message it is put into.
  std::string toString() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;

 private:
  std::variant<std::monostate, IpEndpoint, LocalPath> value_;
};

}  // namespace sprocket::platform
