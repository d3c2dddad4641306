#pragma once

// A directory for one test's socket files, removed with all that is in it. On Windows the names of
// pipes, which are no files and need no directory.
//
//   TempDirectory directory;
//   listen(LocalPath{directory.path("echo.sock")});

#include <atomic>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>

namespace sprocket::tests {

class TempDirectory {
 public:
#ifdef _WIN32
  static constexpr bool kHasFiles = false;

  TempDirectory()
      : prefix_(R"(\\.\pipe\sprocket-)" + std::to_string(std::random_device()()) + "-") {}

  std::string path(std::string_view name) const { return prefix_ + std::string(name); }

  // Where nobody can listen.
  std::string impossiblePath() const { return "no pipe"; }
#else
  static constexpr bool kHasFiles = true;

  TempDirectory() {
    // Straight in the system's directory for such things and with a short name: a unix path has
    // room for a hundred bytes, and the directories that Bazel gives to a test can take all of
    // them.
    std::random_device random;
    const std::filesystem::path parent = std::filesystem::temp_directory_path();
    do {
      path_ = parent / ("sprocket-" + std::to_string(random()));
    } while (!std::filesystem::create_directory(path_));
  }

  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path(std::string_view name) const { return (path_ / name).string(); }
  std::string impossiblePath() const { return path("missing/socket"); }
#endif

  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  // Another one each time.
  std::string freshPath() { return path("s" + std::to_string(++count_)); }

 private:
#ifdef _WIN32
  std::string prefix_;
#else
  std::filesystem::path path_;
#endif
  std::atomic<int> count_ = 0;
};

}  // namespace sprocket::tests
