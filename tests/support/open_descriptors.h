#pragma once

// The descriptors that this process has open, for tests that must leave none behind. Of handles of
// Windows only their numbers can be had.

#include <cstddef>

#ifdef _WIN32

namespace sprocket::tests {

std::size_t countOpenDescriptors();

// Those that a program started by this one would get.
std::size_t countInheritable();

}  // namespace sprocket::tests

#else

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

namespace sprocket::tests {

// Each number with what it is: "socket:[4711]", "anon_inode:[eventpoll]", "/dev/null".
inline std::map<int, std::string> openDescriptors() {
  // On every POSIX system that we know; on Linux it leads to /proc/self/fd.
  std::map<int, std::string> open;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/fd")) {
    std::error_code notALink;
    const auto target = std::filesystem::read_symlink(entry.path(), notALink);
    open[std::stoi(entry.path().filename())] = target.string();
  }
  // Reading the directory took a descriptor too, which is closed by now.
  std::erase_if(open, [](const auto& each) {
    return !std::filesystem::exists(
        std::filesystem::symlink_status("/dev/fd/" + std::to_string(each.first)));
  });
  return open;
}

inline std::size_t countOpenDescriptors() { return openDescriptors().size(); }

inline bool isCloseOnExec(int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }
inline std::size_t countInheritable() {
  const auto open = openDescriptors();
  return static_cast<std::size_t>(
      std::ranges::count_if(open, [](const auto& each) { return !isCloseOnExec(each.first); }));
}

inline bool isNonBlocking(int fd) { return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

}  // namespace sprocket::tests

#endif
