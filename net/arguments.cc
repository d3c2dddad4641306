#include "sprocket/net/arguments.h"

#include "sprocket/net/errors.h"

namespace sprocket::net {

int Port::checked() const {
  if (number_ < 0 || number_ > 65535) throwBadPort("port", number_);
  return static_cast<int>(number_);
}

std::optional<int> PortOrPath::checkedPort() const {
  return port_ ? std::optional(port_->checked()) : std::nullopt;
}

}  // namespace sprocket::net
