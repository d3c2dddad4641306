#pragma once

// The rules of the house that no compiler checks:
//
//   floors      includes go down only: net -> dns -> reactor -> platform
//   system      OS headers only in platform/'s folders, preprocessor conditionals only in platform/
//   spelling    our own headers are included as "sprocket/<package>/<file>.h"
//   headers     each opens with #pragma once and a comment, and is the first include of its .cc,
//               which proves that it stands alone
//   text        at most 100 columns; no tabs, trailing blanks or notes to self
//
// Layout is clang-format's.

#include <cstddef>
#include <string>
#include <vector>

#include "sprocket/tools/source_tree.h"

namespace sprocket::tools {

struct Finding {
  std::string path;
  std::size_t line;
  std::string message;
};

// The sources are the whole tree: whether a .cc has a header to include first depends on the
// others.
std::vector<Finding> tidy(const std::vector<Source>& sources);

}  // namespace sprocket::tools
