#include "sprocket/dns/dns.h"

#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "sprocket/dns/host_name.h"
#include "sprocket/dns/query.h"
#include "sprocket/dns/resolver.h"
#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/resident.h"
#include "sprocket/reactor/task.h"

namespace sprocket::dns {

using platform::HostLookupError;
using reactor::Loop;
using reactor::RefPtr;

namespace {

// Made where nobody could be told of a want of memory.
Error lookupError(const HostLookupError& error, const std::string& host) noexcept {
  try {
    const std::string code(error.code);
    return Error({.message = "getaddrinfo " + code + " " + host,
                  .code = code,
                  .errnum = error.number,
                  .syscall = "getaddrinfo",
                  .hostname = host});
  } catch (const std::bad_alloc&) {
    return Error::outOfMemory();
  }
}

// Of a text that has the form of an address. If its zone is not one of this machine it is none.
Answer answerToLiteral(std::string_view text) {
  const auto address = platform::IpAddress::parse(text);
  if (!address) return {.error = HostLookupError::notFound()};
  return {.addresses = {toAddress(*address)}};
}

std::optional<platform::Family> familyFrom(const LookupOptions& options) {
  switch (options.family) {
    case 0: return std::nullopt;
    case 4: return platform::Family::v4;
    case 6: return platform::Family::v6;
    default:
      throw ArgumentError("ERR_INVALID_ARG_VALUE",
                          "The argument 'family' must be one of: 0, 4, 6. Received " +
                              std::to_string(options.family));
  }
}

}  // namespace

// What a Lookup is a handle to. While it is under way it holds itself, and has its callback.
class LookupState final : public reactor::RefCounted<LookupState>,
                          private Request,
                          private reactor::Resident {
 public:
  static Lookup start(Loop& loop, Query query, LookupCallback callback) {
    RefPtr<LookupState> state = new LookupState(loop, std::move(query), std::move(callback));
    state->begin(loop);
    return Lookup(std::move(state));
  }

  void cancel() {
    if (Request::isLinked()) loop()->service<Resolver>().forget(*this);
    release();
  }

 private:
  friend class RefPtr<LookupState>;

  LookupState(Loop& loop, Query query, LookupCallback callback)
      : Request(std::move(query)), Resident(loop), callback_(std::move(callback)) {}

  void begin(Loop& loop) {
    const std::string& host = query().host;
    if (platform::isIP(host) != 0) {
      answerSoon(loop, answerToLiteral(host));
    } else if (!isHostName(host)) {
      answerSoon(loop, {.error = HostLookupError::notFound()});
    } else if (!loop.service<Resolver>().ask(*this)) {
      answerSoon(loop, {.error = HostLookupError::tryAgain()});
    }
    self_ = this;
    keepRunning(true);
  }

  void answerSoon(Loop& loop, Answer answer) {
    loop.nextTick(
        [state = RefPtr<LookupState>(this), kept = std::make_unique<Answer>(std::move(answer))] {
          if (state->callback_) state->onAnswer(*kept);
        });
  }

  // The callback may cancel this very lookup, start others, or throw.
  void onAnswer(const Answer& answer) override {
    const RefPtr<LookupState> keep = std::move(self_);
    keepRunning(false);
    LookupCallback callback = std::move(callback_);
    const Error error = answer.error ? lookupError(answer.error, query().host) : Error();
    callback(error, answer.addresses);
  }

  void onLoopGone() override {
    Request::unlink();
    release();
  }

  // The callback goes last: its captures may come back here.
  void release() {
    const RefPtr<LookupState> keep = std::move(self_);
    keepRunning(false);
    const LookupCallback released = std::move(callback_);
  }

  RefPtr<LookupState> self_;
  LookupCallback callback_;
};

Lookup::Lookup(RefPtr<LookupState> state) : state_(std::move(state)) {}
Lookup::Lookup(const Lookup&) noexcept = default;
Lookup& Lookup::operator=(const Lookup&) noexcept = default;
Lookup::~Lookup() = default;

void Lookup::cancel() const { state_->cancel(); }

Lookup lookup(std::string host, LookupCallback callback) {
  return lookup(std::move(host), LookupOptions(), std::move(callback));
}

Lookup lookup(std::string host, const LookupOptions& options, LookupCallback callback) {
  return lookup(Loop::current(), std::move(host), options, std::move(callback));
}

Lookup lookup(Loop& loop, std::string host, const LookupOptions& options, LookupCallback callback) {
  const std::optional<platform::Family> family = familyFrom(options);
  reactor::requireCallback(callback);
  return LookupState::start(loop, {std::move(host), family}, std::move(callback));
}

}  // namespace sprocket::dns
