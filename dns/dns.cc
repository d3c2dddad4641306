#include "sprocket/dns/dns.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "sprocket/dns/host_name.h"
#include "sprocket/dns/lookup_error.h"
#include "sprocket/dns/query.h"
#include "sprocket/dns/resolver.h"
#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/reactor/loop.h"
#include "sprocket/reactor/resident.h"
#include "sprocket/reactor/task.h"
#include "sprocket/reactor/timer.h"

namespace sprocket::dns {

using platform::HostLookupError;
using reactor::Loop;
using reactor::RefPtr;

namespace {

// Of a text that has the form of an address. If its zone is not one of this machine it is none.
Answer answerToLiteral(std::string_view text) {
  const auto address = platform::IpAddress::parse(text);
  if (!address) return {.error = HostLookupError::notFound()};
  return {.addresses = {toAddress(*address)}};
}

[[noreturn]] void throwBadArgument(std::string_view code, std::string_view rule, double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  throw ArgumentError(code, std::string(rule) + ". Received " + std::string(text.data(), end));
}

std::optional<platform::Family> checkedFamily(const LookupOptions& options) {
  switch (options.family) {
    case 0: return std::nullopt;
    case 4: return platform::Family::v4;
    case 6: return platform::Family::v6;
    default:
      throwBadArgument("ERR_INVALID_ARG_VALUE", "The argument 'family' must be one of: 0, 4, 6",
                       options.family);
  }
}

Hints checkedHints(const LookupOptions& options) {
  if (options.hints.areKnown()) return options.hints;
  throwBadArgument("ERR_INVALID_ARG_VALUE",
                   "The argument 'hints' must be made of ADDRCONFIG, V4MAPPED and ALL",
                   options.hints.bits());
}

void checkTimeout(const LookupOptions& options) {
  if (options.timeout >= 0 && !std::isinf(options.timeout)) return;
  throwBadArgument("ERR_OUT_OF_RANGE",
                   "The argument 'timeout' must be a non-negative finite number", options.timeout);
}

}  // namespace

// What a Lookup is a handle to. While it is under way it holds itself, and has its callback.
class LookupState final : public reactor::RefCounted<LookupState>,
                          private Request,
                          private reactor::Resident,
                          private reactor::Timer {
 public:
  static Lookup start(Loop& loop, Query query, const LookupOptions& options,
                      LookupCallback callback) {
    RefPtr<LookupState> state =
        new LookupState(loop, std::move(query), options.all, std::move(callback));
    state->begin(loop);
    if (options.timeout > 0) {
      loop.startTimer(*state, reactor::Delay(options.timeout).milliseconds());
    }
    return Lookup(std::move(state));
  }

  void cancel() {
    withdraw();
    release();
  }

 private:
  friend class RefPtr<LookupState>;

  LookupState(Loop& loop, Query query, bool all, LookupCallback callback)
      : Request(std::move(query)), Resident(loop), callback_(std::move(callback)), all_(all) {}

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
    Timer::cancel();
    LookupCallback callback = std::move(callback_);
    if (answer.error) return callback(lookupError(answer.error, query().host), {});
    if (all_ || answer.addresses.size() == 1) return callback(Error(), answer.addresses);
    std::vector<Address> first;
    try {
      first.push_back(answer.addresses.front());
    } catch (const std::bad_alloc&) {
      first.clear();
    }
    callback(first.empty() ? Error::outOfMemory() : Error(), first);
  }

  // The caller is free, whether the thread is or not.
  void onTimeout() override {
    withdraw();
    onAnswer({.error = HostLookupError::timedOut()});
  }

  void withdraw() {
    if (Request::isLinked()) loop()->service<Resolver>().forget(*this);
  }

  void onLoopGone() override {
    Request::unlink();
    release();
  }

  // The callback goes last: its captures may come back here.
  void release() {
    const RefPtr<LookupState> keep = std::move(self_);
    keepRunning(false);
    Timer::cancel();
    const LookupCallback released = std::move(callback_);
  }

  RefPtr<LookupState> self_;
  LookupCallback callback_;
  const bool all_;
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
  Query query{std::move(host), checkedFamily(options), checkedHints(options)};
  checkTimeout(options);
  reactor::requireCallback(callback);
  return LookupState::start(loop, std::move(query), options, std::move(callback));
}

void setPoolSize(int threads) {
  if (threads < 1 || threads > static_cast<int>(LookupPool::maxThreads)) {
    throwBadArgument("ERR_OUT_OF_RANGE", "The size of the pool must be 1 to 1024", threads);
  }
  Loop::current().service<Resolver>().setPoolSize(static_cast<std::size_t>(threads));
}

}  // namespace sprocket::dns
