#pragma once

// What the system's resolver is asked, and what it answered.

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"

namespace sprocket::dns {

struct Query {
  std::string host;
  std::optional<platform::Family> family;  // none: either
  platform::LookupHints hints;

  friend auto operator<=>(const Query&, const Query&) = default;
};

// An error or at least one address.
struct Answer {
  platform::HostLookupError error = {};
  std::vector<Address> addresses = {};
};

inline Address toAddress(const platform::IpAddress& address) {
  return {.address = address.toString(), .family = address.isV4() ? 4 : 6};
}

}  // namespace sprocket::dns
