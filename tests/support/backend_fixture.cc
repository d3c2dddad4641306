#include "sprocket/tests/support/backend_fixture.h"

#include <algorithm>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace sprocket::tests {

using platform::Duration;
using platform::Endpoint;
using platform::Instant;

BackendFixture::BackendFixture(std::unique_ptr<platform::Backend> backend)
    : backend_(std::move(backend)) {}

void BackendFixture::destroyBackend() {
  const std::size_t before = watch_.eventCount();
  backend_.reset();
  BOOST_TEST(watch_.eventCount() == before, "a handler ran while the backend was destroyed");
}

void BackendFixture::turn(std::optional<Duration> timeout) {
  const HandlerWatch::Waiting waiting(watch_);
  backend_->wait(timeout);
}

void BackendFixture::runUntil(const std::function<bool()>& predicate) {
  BOOST_REQUIRE(comesToHold(predicate));
}

bool BackendFixture::comesToHold(const std::function<bool()>& predicate, Duration bound) {
  const Instant deadline = backend_->now() + bound;
  while (!predicate()) {
    const Instant now = backend_->now();
    if (now >= deadline) return false;
    turn(deadline - now);
  }
  return true;
}

std::size_t BackendFixture::countTurns(Duration duration) {
  const Instant deadline = backend_->now() + duration;
  std::size_t turns = 0;
  for (Instant now = backend_->now(); now < deadline; now = backend_->now()) {
    turn(deadline - now);
    ++turns;
  }
  return turns;
}

platform::Result<RecordingListenerHandler*> BackendFixture::attach(
    RecordingListenerHandler& handler, platform::Result<platform::Listener*> listener) {
  if (!listener) {
    listeners_.pop_back();
    return listener.error();
  }
  handler.attach(**listener);
  return &handler;
}

platform::Result<RecordingListenerHandler*> BackendFixture::tryListen(
    const Endpoint& local, const platform::ListenOptions& options) {
  auto& handler = makeListenerHandler();
  return attach(handler, backend_->listen(local, options, handler));
}

platform::Result<RecordingListenerHandler*> BackendFixture::tryShare(
    RecordingListenerHandler& listener) {
  auto& handler = makeListenerHandler();
  return attach(handler, listener.listener().share(511, handler));
}

RecordingListenerHandler& BackendFixture::share(RecordingListenerHandler& listener) {
  auto handler = tryShare(listener);
  BOOST_REQUIRE(static_cast<bool>(handler));
  return **handler;
}

RecordingListenerHandler& BackendFixture::listen(const Endpoint& local,
                                                 const platform::ListenOptions& options) {
  auto handler = tryListen(local, options);
  BOOST_REQUIRE(static_cast<bool>(handler));
  return **handler;
}

RecordingStreamHandler& BackendFixture::connect(const Endpoint& remote,
                                                const platform::ConnectOptions& options) {
  RecordingStreamHandler& handler = makeHandler("client");
  handler.attach(backend_->connect(remote, options, handler));
  return handler;
}

RecordingStreamHandler& BackendFixture::adopt(int descriptor) {
  RecordingStreamHandler& handler = makeHandler("adopted");
  auto stream = backend_->adopt(descriptor, handler);
  BOOST_REQUIRE(static_cast<bool>(stream));
  handler.attachConnected(**stream);
  return handler;
}

platform::Result<RecordingListenerHandler*> BackendFixture::tryAdoptListener(int descriptor) {
  auto& handler = makeListenerHandler();
  return attach(handler, backend_->adopt(descriptor, 511, handler));
}

RecordingListenerHandler& BackendFixture::adoptListener(int descriptor) {
  auto handler = tryAdoptListener(descriptor);
  BOOST_REQUIRE(static_cast<bool>(handler));
  return **handler;
}

BackendFixture::Pair BackendFixture::connectPair(RecordingListenerHandler& listener) {
  listener.startAccepting();
  const std::size_t before = listener.accepted().size();
  RecordingStreamHandler& client = connect(listener.listener().localEndpoint());
  runUntil([&] {
    return client.connected() && listener.accepted().size() > before &&
           listener.accepted().back()->connected();
  });
  return {client, *listener.accepted().back()};
}

std::vector<platform::SysError> BackendFixture::failures() const {
  std::vector<platform::SysError> failures;
  for (const auto& stream : streams_) {
    if (stream.failed()) failures.push_back(stream.error());
  }
  for (const auto& listener : listeners_) {
    failures.insert(failures.end(), listener.failures().begin(), listener.failures().end());
  }
  return failures;
}

bool BackendFixture::closeAll() {
  if (!backend_) return true;
  const auto isOpen = [](const auto& handler) { return handler.attached() && !handler.closed(); };
  for (auto& listener : listeners_) {
    if (isOpen(listener) && !listener.isClosing()) listener.close();
  }
  // A copy of the list is not needed: nothing is accepted any more.
  for (auto& stream : streams_) {
    if (isOpen(stream) && !stream.isClosing()) stream.close();
  }
  return comesToHold([&] {
    return std::none_of(streams_.begin(), streams_.end(), isOpen) &&
           std::none_of(listeners_.begin(), listeners_.end(), isOpen);
  });
}

RecordingStreamHandler& BackendFixture::makeHandler(std::string name) {
  return streams_.emplace_back(watch_, name + " " + std::to_string(streams_.size()));
}

RecordingListenerHandler& BackendFixture::makeListenerHandler() {
  return listeners_.emplace_back(
      watch_, [this]() -> RecordingStreamHandler& { return makeHandler("server"); });
}

}  // namespace sprocket::tests
