#pragma once

// The C++ sources of the checkout that a test runs from, for tests about the sources themselves.
//
// They are found by walking the checkout. Bazel would have them declared, but a glob ends where
// another package begins, and a package that forgot to declare its sources would go unchecked.
// So Bazel does not know what such a test reads, and its target says `tags = ["external"]`: run
// it every time. Its data has //:LICENSE, which shows the way out of the sandbox.

#include <filesystem>
#include <string>
#include <vector>

namespace sprocket::tools {

struct Source {
  std::string path;  // from the root, with slashes
  std::string text;
};

std::filesystem::path checkoutRoot();

// Every .h and .cc, in the order of their paths.
std::vector<Source> readSources(const std::filesystem::path& root);

}  // namespace sprocket::tools
