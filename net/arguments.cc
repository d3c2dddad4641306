#include "sprocket/net/arguments.h"

#include "sprocket/net/errors.h"

namespace sprocket::net {

std::optional<int> PortOrPath::checkedPort() const {
  if (!port_) return std::nullopt;
  if (*port_ < 0 || *port_ > 65535) throwBadPort("port", *port_);
  return static_cast<int>(*port_);
}

}  // namespace sprocket::net
