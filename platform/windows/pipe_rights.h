#pragma once

// Who may open a named pipe [16.5].

#include <winsock2.h>
#include <windows.h>

#include <memory>

#include "sprocket/platform/backend.h"

namespace sprocket::platform {

struct LocalDeleter {
  void operator()(void* memory) const noexcept { ::LocalFree(memory); }
};

// Of the system's own memory.
using SecurityDescriptor = std::unique_ptr<void, LocalDeleter>;

// The user whose process this is, and others as far as the options say. Null if that cannot be
// made; GetLastError() says why.
SecurityDescriptor pipeRights(const ListenOptions& options);

}  // namespace sprocket::platform
