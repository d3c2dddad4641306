#include "sprocket/tests/support/privileges.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace sprocket::tests {
namespace {

constexpr uid_t kNobody = 65534;

void become(uid_t user) {
  if (seteuid(user) < 0) throw std::system_error(errno, std::generic_category(), "seteuid");
}

}  // namespace

WithoutPrivileges::WithoutPrivileges() : before_(geteuid()) {
  if (before_ == 0) become(kNobody);
}

WithoutPrivileges::~WithoutPrivileges() {
  if (before_ == 0) become(before_);
}

FilesForOwnerOnly::FilesForOwnerOnly() : before_(umask(077)) {}

FilesForOwnerOnly::~FilesForOwnerOnly() { umask(static_cast<mode_t>(before_)); }

}  // namespace sprocket::tests
