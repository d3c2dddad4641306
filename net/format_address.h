#pragma once

// An endpoint of the platform as address() tells it.

#include <optional>

#include "sprocket/net/socket.h"
#include "sprocket/platform/address.h"

namespace sprocket::net {

inline std::optional<Address> formatAddress(const platform::Endpoint& endpoint) {
  if (endpoint.empty()) return std::nullopt;
  if (endpoint.isLocal()) return Address{.path = endpoint.path().text};
  const auto& [address, port] = endpoint.ip();
  return Address{
      .address = address.toString(), .family = address.isV4() ? "IPv4" : "IPv6", .port = port};
}

}  // namespace sprocket::net
