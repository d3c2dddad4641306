#pragma once

// Which poller the library was built with, for the few tests that ask.

#include <set>
#include <string>
#include <string_view>

namespace sprocket::tests {

std::string_view pollerName();  // "epoll" or "kqueue"

// What a backend has open for itself, in the words of openDescriptors().
std::multiset<std::string> ownDescriptors();

}  // namespace sprocket::tests
