#pragma once

// How a name is to be looked up, beside its family: flags, combined with |. Those of getaddrinfo(),
// by numbers of our own, the same on every system.

#include <compare>

namespace sprocket::platform {

class LookupHints {
 public:
  constexpr LookupHints() = default;
  constexpr LookupHints(int bits) : bits_(bits) {}  // any; what is unknown is found by areKnown()

  constexpr int bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(LookupHints hint) const { return (bits_ & hint.bits_) == hint.bits_; }
  constexpr bool areKnown() const;

  friend constexpr LookupHints operator|(LookupHints a, LookupHints b) { return a.bits_ | b.bits_; }
  friend constexpr auto operator<=>(LookupHints, LookupHints) = default;

 private:
  int bits_ = 0;
};

// Only addresses of versions that this machine has an address of itself.
inline constexpr LookupHints kConfiguredFamilies = 1;
// Of IPv6, if there are none: those of IPv4 in the form ::ffff:192.0.2.1.
inline constexpr LookupHints kMappedV4 = 2;
// With kMappedV4: these also if there are some of IPv6.
inline constexpr LookupHints kMappedV4Always = 4;

constexpr bool LookupHints::areKnown() const {
  return (kConfiguredFamilies | kMappedV4 | kMappedV4Always).has(*this);
}

}  // namespace sprocket::platform
