#include "sprocket/platform/error.h"

#include <atomic>
#include <utility>

namespace sprocket {

// Counted atomically: an exception may be caught on another thread than the loop's.
struct Error::Record {
  std::atomic<int> references{1};
  Details details;
};

namespace {

const Error kOutOfMemory({.message = "not enough memory",
                          .code = "ENOMEM",
                          .errnum = platform::errorNumber("ENOMEM")});

}  // namespace

const Error& Error::outOfMemory() noexcept { return kOutOfMemory; }

Error::Error(Details details) : record_(new Record{.details = std::move(details)}) {}

Error::Error(const Error& other) noexcept : std::exception(), record_(other.record_) {
  if (record_ != nullptr) record_->references.fetch_add(1, std::memory_order_relaxed);
}

Error& Error::operator=(const Error& other) noexcept {
  Error copy(other);
  std::swap(record_, copy.record_);
  return *this;
}

Error::~Error() {
  if (record_ != nullptr && record_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete record_;
  }
}

const char* Error::what() const noexcept {
  return record_ == nullptr ? "no error" : details().message.c_str();
}

const Error::Details& Error::details() const noexcept {
  static const Details none;
  return record_ == nullptr ? none : record_->details;
}

}  // namespace sprocket
