#include "sprocket/platform/windows/pipe_name.h"

#include <algorithm>
#include <string_view>

namespace sprocket::platform {
namespace {

constexpr std::string_view kPrefixes[] = {R"(\\.\pipe\)", R"(\\?\pipe\)"};

char lowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool hasPrefix(std::string_view name, std::string_view prefix) {
  return name.size() > prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), name.begin(),
                    [](char a, char b) { return a == lowerCase(b); });
}

// `..` leads out of the pipes: to a file, or to another machine, of which the answer takes time.
bool staysAmongPipes(const std::wstring& name) {
  std::wstring full(name.size() + 16, L'\0');
  const DWORD length =
      ::GetFullPathNameW(name.c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr);
  full.resize(std::min<std::size_t>(length, full.size()));
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) {
    return full.size() > prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), full.begin(), [](char a, wchar_t b) {
             return b < 128 && a == lowerCase(static_cast<char>(b));
           });
  });
}

}  // namespace

std::optional<std::wstring> pipeName(const LocalPath& path) {
  const std::string& text = path.text;
  const bool isPipe = std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                                  [&](std::string_view prefix) { return hasPrefix(text, prefix); });
  if (!isPipe || text.find('\0') != std::string::npos || text.size() > 4096) return std::nullopt;
  // A character of UTF-8 is never more units in UTF-16.
  std::wstring name(text.size(), L'\0');
  const int length = ::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(),
                                           static_cast<int>(text.size()), name.data(),
                                           static_cast<int>(name.size()));
  if (length <= 0) return std::nullopt;
  name.resize(static_cast<std::size_t>(length));
  if (!staysAmongPipes(name)) return std::nullopt;
  return name;
}

int pipeError(DWORD error) noexcept {
  switch (error) {
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_HANDLE:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_FILENAME_EXCED_RANGE: return ERROR_ACCESS_DENIED;
    default: return static_cast<int>(error);
  }
}

}  // namespace sprocket::platform
