#include "sprocket/platform/interface_names.h"

#include <winsock2.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include <ws2tcpip.h>

#include <array>

namespace sprocket::platform {

std::uint32_t interfaceIndex(std::string_view name) noexcept {
  // A name that is too long is not cut, nor is one with a NUL in it: either would find another
  // interface.
  std::array<char, IF_MAX_STRING_SIZE + 1> terminated{};
  if (name.size() >= terminated.size() || name.find('\0') != std::string_view::npos) return 0;
  name.copy(terminated.data(), name.size());
  return ::if_nametoindex(terminated.data());
}

std::string interfaceName(std::uint32_t index) {
  std::array<char, IF_MAX_STRING_SIZE + 1> name{};
  return ::if_indextoname(index, name.data()) != nullptr ? std::string(name.data()) : std::string();
}

}  // namespace sprocket::platform
