#include "sprocket/dns/host_name.h"

#include <algorithm>
#include <cstddef>

namespace sprocket::dns {
namespace {

constexpr std::size_t maxNameSize = 253;
constexpr std::size_t maxLabelSize = 63;

bool isPrintable(char c) { return c >= ' ' && c <= '~'; }

bool isLabel(std::string_view text) {
  return !text.empty() && text.size() <= maxLabelSize &&
         std::all_of(text.begin(), text.end(), isPrintable);
}

}  // namespace

bool isHostName(std::string_view text) noexcept {
  if (text.size() > maxNameSize) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!isLabel(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace sprocket::dns
