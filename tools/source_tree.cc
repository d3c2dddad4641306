#include "sprocket/tools/source_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace sprocket::tools {

namespace fs = std::filesystem;

fs::path checkoutRoot() { return fs::canonical("LICENSE").parent_path(); }

std::vector<Source> readSources(const fs::path& root) {
  std::vector<Source> sources;
  for (const char* top : {"dns", "net", "platform", "reactor", "tests", "tools"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / top)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".h" && path.extension() != ".cc") continue;
      std::ifstream file(path, std::ios::binary);
      sources.push_back({.path = path.lexically_relative(root).generic_string(),
                         .text = {std::istreambuf_iterator<char>(file), {}}});
    }
  }
  std::ranges::sort(sources, {}, &Source::path);
  return sources;
}

}  // namespace sprocket::tools
