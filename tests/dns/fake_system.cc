#include "sprocket/tests/dns/fake_system.h"

#include <cassert>
#include <condition_variable>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "sprocket/platform/sys_error.h"
#include "sprocket/platform/worker_thread.h"

namespace sprocket::tests {
namespace {

using platform::Family;
using platform::HostLookup;
using platform::IpAddress;
using platform::LookupHints;

struct State {
  std::mutex mutex;
  std::condition_variable changed;

  bool inUse = false;
  std::map<std::string, HostLookup> answers;
  std::set<std::string> hanging;
  std::size_t hangingCount = 0;
  std::vector<FakeSystem::Call> calls;
  std::size_t threadsAllowed = std::numeric_limits<std::size_t>::max();
  std::size_t threadsStarted = 0;
  std::size_t threadsEnded = 0;
};

// Never destroyed: threads may still be on their way out of it when the program ends.
State& state() {
  static State& only = *new State;
  return only;
}

template <class F>
auto locked(F&& function) {
  const std::lock_guard lock(state().mutex);
  return function(state());
}

HostLookup defaultAnswer(std::optional<Family> family) {
  return {
      .addresses = {IpAddress::parse(family == Family::v6 ? "2001:db8::1" : "192.0.2.1").value()}};
}

HostLookup lookup(const std::string& host, std::optional<Family> family, LookupHints hints) {
  std::unique_lock lock(state().mutex);
  state().calls.push_back({host, family, hints, std::this_thread::get_id()});
  if (state().hanging.contains(host)) {
    ++state().hangingCount;
    state().changed.notify_all();
    state().changed.wait(lock, [&] { return !state().hanging.contains(host); });
    --state().hangingCount;
  }
  const auto found = state().answers.find(host);
  return found != state().answers.end() ? found->second : defaultAnswer(family);
}

bool claimThread() {
  return locked([](State& s) {
    if (s.threadsStarted == s.threadsAllowed) return false;
    ++s.threadsStarted;
    return true;
  });
}

platform::Result<std::thread> startThread(std::function<void()> body) {
  if (!claimThread()) return platform::SysError{platform::errorNumber("EAGAIN")};
  return std::thread([body = std::move(body)]() mutable {
    body();
    body = nullptr;  // what it holds is part of what must be gone
    locked([](State& s) { ++s.threadsEnded; });
    state().changed.notify_all();
  });
}

}  // namespace

FakeSystem::FakeSystem() {
  locked([](State& s) {
    assert(!s.inUse);
    s.inUse = true;
    s.answers.clear();
    s.calls.clear();
    s.threadsAllowed = std::numeric_limits<std::size_t>::max();
    s.threadsStarted = 0;
    s.threadsEnded = 0;
  });
}

FakeSystem::~FakeSystem() {
  locked([](State& s) { s.hanging.clear(); });
  state().changed.notify_all();
  awaitEndOfThreads();
  locked([](State& s) { s.inUse = false; });
}

void FakeSystem::answer(const std::string& host, std::vector<std::string_view> addresses) {
  HostLookup answer;
  for (const std::string_view text : addresses) {
    answer.addresses.push_back(IpAddress::parse(text).value());
  }
  locked([&](State& s) { s.answers[host] = std::move(answer); });
}

void FakeSystem::fail(const std::string& host, platform::HostLookupError error) {
  locked([&](State& s) { s.answers[host] = {.error = error}; });
}

void FakeSystem::hang(const std::string& host) {
  locked([&](State& s) { s.hanging.insert(host); });
}

void FakeSystem::release(const std::string& host) {
  locked([&](State& s) { s.hanging.erase(host); });
  state().changed.notify_all();
}

void FakeSystem::awaitHanging(std::size_t count) {
  std::unique_lock lock(state().mutex);
  state().changed.wait(lock, [=] { return state().hangingCount >= count; });
}

std::vector<FakeSystem::Call> FakeSystem::calls() const {
  return locked([](State& s) { return s.calls; });
}

std::vector<std::string> FakeSystem::hostsAsked() const {
  std::vector<std::string> hosts;
  for (const Call& call : calls()) hosts.push_back(call.host);
  return hosts;
}

void FakeSystem::allowThreads(std::size_t count) {
  locked([=](State& s) { s.threadsAllowed = count; });
}

std::size_t FakeSystem::threadsStarted() const {
  return locked([](State& s) { return s.threadsStarted; });
}

std::size_t FakeSystem::threadsEnded() const {
  return locked([](State& s) { return s.threadsEnded; });
}

void FakeSystem::awaitEndOfThreads() {
  std::unique_lock lock(state().mutex);
  state().changed.wait(lock, [] { return state().threadsEnded == state().threadsStarted; });
}

}  // namespace sprocket::tests

namespace sprocket::platform {

// In place of the weak ones.

HostLookup lookupHost(const std::string& host, std::optional<Family> family, LookupHints hints) {
  return tests::lookup(host, family, hints);
}

Result<std::thread> startWorkerThread(std::function<void()> body) {
  return tests::startThread(std::move(body));
}

}  // namespace sprocket::platform
