#include "sprocket/tests/support/poller_kind.h"

namespace sprocket::tests {

std::string_view pollerName() { return "kqueue"; }

// The shim's kqueue is an epoll.
std::multiset<std::string> ownDescriptors() { return {"/dev/null", "anon_inode:[eventpoll]"}; }

}  // namespace sprocket::tests
