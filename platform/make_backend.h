#pragma once

// The backend of the system that the library was built for.

#include <memory>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/result.h"

namespace sprocket::platform {

// Fails if the system is out of descriptors or memory.
Result<std::unique_ptr<Backend>> makeBackend();

}  // namespace sprocket::platform
