#include "sprocket/platform/sys_error.h"

#include <algorithm>

#include "sprocket/platform/error_names.h"

namespace sprocket::platform {
namespace {

// Looking through some ninety rows is fast enough for what only failures ask.
template <class Matches>
const ErrorRow* findRow(Matches matches) noexcept {
  const auto table = errorTable();
  const auto row = std::find_if(table.begin(), table.end(), matches);
  return row != table.end() ? &*row : nullptr;
}

const ErrorRow* findNumber(int number) noexcept {
  return findRow([=](const ErrorRow& each) { return each.number == number; });
}

}  // namespace

std::string_view errorName(int errnum) noexcept {
  const ErrorRow* const row = findNumber(errnum);
  return row != nullptr ? row->name : "UNKNOWN";
}

std::string_view errorDescription(int errnum) noexcept {
  const ErrorRow* const row = findNumber(errnum);
  return row != nullptr ? row->description : "unknown error";
}

int errorNumber(std::string_view name) noexcept {
  const ErrorRow* const row = findRow([=](const ErrorRow& each) { return each.name == name; });
  return row != nullptr ? row->number : 0;
}

std::string_view operationName(Operation operation) noexcept {
  switch (operation) {
    case Operation::none: return "";
    case Operation::accept: return "accept";
    case Operation::bind: return "bind";
    case Operation::connect: return "connect";
    case Operation::listen: return "listen";
    case Operation::read: return "read";
    case Operation::write: return "write";
    case Operation::shutdown: return "shutdown";
    case Operation::open: return "open";
  }
  return "";
}

}  // namespace sprocket::platform
