#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/privileges.h"

namespace sprocket::tests {

WithoutPrivileges::WithoutPrivileges() : before_(0) {
  skipHere("a process of Windows does not change its user");
}

WithoutPrivileges::~WithoutPrivileges() = default;

FilesForOwnerOnly::FilesForOwnerOnly() : before_(0) {
  skipHere("a process of Windows has no umask");
}

FilesForOwnerOnly::~FilesForOwnerOnly() = default;

}  // namespace sprocket::tests
