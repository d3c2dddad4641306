#pragma once

// The names of named pipes [16.6].

#include <winsock2.h>
#include <windows.h>

#include <optional>
#include <string>

#include "sprocket/platform/address.h"

namespace sprocket::platform {

// As the system wants it. None if it does not begin with \\.\pipe\ or \\?\pipe\, or cannot be
// written in UTF-16: then opening it gives EACCES, as in Node, whatever the system says of a
// name that is in some other way wrong.
std::optional<std::wstring> pipeName(const LocalPath& path);

// What an error in opening a pipe is to be called.
int pipeError(DWORD error) noexcept;

}  // namespace sprocket::platform
