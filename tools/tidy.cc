#include "sprocket/tools/tidy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace sprocket::tools {
namespace {

constexpr std::size_t kMaxColumns = 100;

// From the ground up. A floor may include from itself and those before it.
constexpr std::array<std::string_view, 4> kFloors = {"platform", "reactor", "dns", "net"};

// The first letters are in hexadecimal, or this file would not be tidy.
constexpr std::array<std::string_view, 3> kNotesToSelf = {"\x54ODO", "\x46IXME", "\x58XX"};

std::string_view topFolder(std::string_view path) { return path.substr(0, path.find('/')); }

std::optional<std::size_t> floorOf(std::string_view folder) {
  const auto floor = std::ranges::find(kFloors, folder);
  if (floor == kFloors.end()) return std::nullopt;
  return static_cast<std::size_t>(floor - kFloors.begin());
}

bool isTestOfPlatform(std::string_view path) {
  return path.starts_with("tests/platform/") || path.starts_with("tests/support/");
}

bool maySeeConditionals(std::string_view path) {
  return path.starts_with("platform/") || isTestOfPlatform(path);
}

// What lies in platform/ itself is for every system.
bool maySeeSystem(std::string_view path) {
  return (path.starts_with("platform/") && std::ranges::count(path, '/') > 1) ||
         isTestOfPlatform(path);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::size_t columns(std::string_view line) {
  // Of a character in UTF-8, all bytes but the first are 10xxxxxx.
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool containsWord(std::string_view line, std::string_view word) {
  const auto inWord = [&](std::size_t i) {
    return i < line.size() && (std::isalnum(static_cast<unsigned char>(line[i])) || line[i] == '_');
  };
  for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    if ((at == 0 || !inWord(at - 1)) && !inWord(at + word.size())) return true;
  }
  return false;
}

// "#  include <x>" is {"include", "<x>"}; a line that is no directive is {}.
struct Directive {
  std::string_view name;
  std::string_view rest;
};

Directive directiveIn(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('#')) return {};
  line = trimmed(line.substr(1));
  const std::size_t end = std::min(line.find_first_of(" \t<\"("), line.size());
  return {line.substr(0, end), trimmed(line.substr(end))};
}

class SourceTidy {
 public:
  SourceTidy(const Source& source, const std::set<std::string_view>& paths,
             std::vector<Finding>& findings)
      : path_(source.path), text_(source.text), paths_(paths), findings_(findings) {}

  void check() {
    if (!text_.ends_with('\n')) report("does not end with a newline");
    if (path_.ends_with(".h")) checkOpening();
    while (!text_.empty()) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      checkLine(text_.substr(0, end));
      text_.remove_prefix(std::min(end + 1, text_.size()));
      ++line_;
    }
  }

 private:
  void report(std::string message) {
    findings_.push_back({std::string(path_), line_, std::move(message)});
  }

  void checkOpening() {
    constexpr std::string_view kOnce = "#pragma once\n\n";
    if (!text_.starts_with(kOnce))
      return report("a header opens with #pragma once and an empty line");
    if (!text_.substr(kOnce.size()).starts_with("//"))
      report("a header opens with what it is, in a comment");
  }

  void checkLine(std::string_view line) {
    if (columns(line) > kMaxColumns) report("longer than 100 columns");
    if (line.find('\t') != line.npos) report("a tab");
    if (line.ends_with(' ') || line.ends_with('\r')) report("ends with a blank");
    for (const std::string_view note : kNotesToSelf) {
      if (containsWord(line, note))
        report(std::string(note) + " has no place in the tree: do it, or open an issue");
    }

    const auto [name, rest] = directiveIn(line);
    if (name.starts_with("if") || name.starts_with("el") || name == "endif") {
      if (!maySeeConditionals(path_)) report("preprocessor conditionals stay under platform/");
    } else if (name == "include") {
      checkInclude(rest);
    }
  }

  void checkInclude(std::string_view what) {
    checkIsFirstIfOwn(what);
    const std::string_view file = what.substr(1, what.find_first_of(">\"", 1) - 1);
    if (what.starts_with('"')) return checkIncludeOfOurs(file);
    if (file.starts_with("boost/")) {
      if (topFolder(path_) != "tests") report("Boost is for tests");
    } else if (file.find_first_of("./") != file.npos && !maySeeSystem(path_)) {
      report("not a header of standard C++: what an OS supplies stays in platform/'s folders");
    }
  }

  // "sprocket/<package>/<file>.h"
  void checkIncludeOfOurs(std::string_view file) {
    constexpr std::string_view kOurs = "sprocket/";
    if (!file.starts_with(kOurs) || !paths_.contains(file.substr(kOurs.size()))) {
      return report("our own headers are spelled \"sprocket/<package>/<file>.h\"");
    }
    const std::optional<std::size_t> from = floorOf(topFolder(path_));
    const std::optional<std::size_t> to = floorOf(topFolder(file.substr(kOurs.size())));
    if (from && (!to || *to > *from))
      report("includes go down only: net -> dns -> reactor -> platform");
  }

  void checkIsFirstIfOwn(std::string_view what) {
    if (std::exchange(included_, true) || !path_.ends_with(".cc")) return;
    const std::string own = std::string(path_.substr(0, path_.size() - 2)) + 'h';
    if (paths_.contains(own) && what != "\"sprocket/" + own + '"')
      report("its own header comes first");
  }

  const std::string_view path_;
  std::string_view text_;  // what is not checked yet
  const std::set<std::string_view>& paths_;
  std::vector<Finding>& findings_;
  std::size_t line_ = 1;
  bool included_ = false;
};

}  // namespace

std::vector<Finding> tidy(const std::vector<Source>& sources) {
  std::set<std::string_view> paths;
  for (const Source& source : sources) paths.insert(source.path);
  std::vector<Finding> findings;
  for (const Source& source : sources) SourceTidy(source, paths, findings).check();
  return findings;
}

}  // namespace sprocket::tools
