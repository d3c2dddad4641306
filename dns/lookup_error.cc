#include "sprocket/dns/lookup_error.h"

#include <new>

namespace sprocket::dns {

Error lookupError(const platform::HostLookupError& error, const std::string& host) noexcept {
  try {
    const std::string code(error.code);
    return Error({.message = "getaddrinfo " + code + " " + host,
                  .code = code,
                  .errnum = error.number,
                  .syscall = "getaddrinfo",
                  .hostname = host});
  } catch (const std::bad_alloc&) {
    return Error::outOfMemory();
  }
}

}  // namespace sprocket::dns
