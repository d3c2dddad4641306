#include "sprocket/platform/sys_error.h"

namespace sprocket::platform {

std::string_view operationName(Operation operation) noexcept {
  switch (operation) {
    case Operation::none: return "";
    case Operation::accept: return "accept";
    case Operation::bind: return "bind";
    case Operation::connect: return "connect";
    case Operation::listen: return "listen";
    case Operation::read: return "read";
    case Operation::write: return "write";
    case Operation::shutdown: return "shutdown";
    case Operation::open: return "open";
  }
  return "";
}

}  // namespace sprocket::platform
