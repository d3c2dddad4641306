#pragma once

// A backend with recording handlers around it: what tests of the seam do most often, in few words.
//
//   BackendFixture fixture(makeBackend());
//   auto& listener = fixture.listen(endpoint);
//   auto [client, server] = fixture.connectPair(listener);
//   client.trySend("hello");
//   server.startReceiving();
//   fixture.runUntil([&] { return server.receivedCount() == 5; });
//
// Nothing here sleeps: tests wait for what they expect, with a bound that only a hang reaches.

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sprocket/platform/backend.h"
#include "sprocket/tests/support/recording_handler.h"

namespace sprocket::tests {

class BackendFixture {
 public:
  static constexpr platform::Duration kPatience = std::chrono::seconds(10);

  struct Pair {
    RecordingStreamHandler& client;
    RecordingStreamHandler& server;
  };

  explicit BackendFixture(std::unique_ptr<platform::Backend> backend);

  // Handlers outlive the backend, which tells them nothing any more when it goes.
  ~BackendFixture() { destroyBackend(); }

  platform::Backend& backend() { return *backend_; }
  HandlerWatch& watch() { return watch_; }
  void destroyBackend();

  // One wait().
  void turn(std::optional<platform::Duration> timeout = platform::Duration::zero());

  // Waits until the predicate holds; fails the test if that takes the patience of a test or, with
  // the other one, says whether it came to hold.
  void runUntil(const std::function<bool()>& predicate);
  bool comesToHold(const std::function<bool()>& predicate, platform::Duration bound = kPatience);

  // Waits for so long and counts the wait()s that it took: one or two, unless the backend spins.
  std::size_t countTurns(platform::Duration duration);

  RecordingListenerHandler& listen(const platform::Endpoint& local,
                                   const platform::ListenOptions& options = {});
  platform::Result<RecordingListenerHandler*> tryListen(
      const platform::Endpoint& local, const platform::ListenOptions& options = {});
  // Of the same backend.
  RecordingListenerHandler& share(RecordingListenerHandler& listener);
  platform::Result<RecordingListenerHandler*> tryShare(RecordingListenerHandler& listener);
  RecordingStreamHandler& connect(const platform::Endpoint& remote,
                                  const platform::ConnectOptions& options = {});

  // Fail the test if the descriptor is refused; it is the backend's then.
  RecordingStreamHandler& adopt(int descriptor);
  RecordingListenerHandler& adoptListener(int descriptor);
  platform::Result<RecordingListenerHandler*> tryAdoptListener(int descriptor);

  // A connected pair through a listener at which no other connection waits. It is accepting
  // afterwards.
  Pair connectPair(RecordingListenerHandler& listener);

  // All that went wrong so far, by whomever it was told.
  std::vector<platform::SysError> failures() const;

  // Closes what is not closed yet, and waits for every onClose(). True if all of them came.
  bool closeAll();

 private:
  RecordingStreamHandler& makeHandler(std::string name);
  RecordingListenerHandler& makeListenerHandler();
  platform::Result<RecordingListenerHandler*> attach(
      RecordingListenerHandler& handler, platform::Result<platform::Listener*> listener);

  HandlerWatch watch_;
  std::list<RecordingStreamHandler> streams_;
  std::list<RecordingListenerHandler> listeners_;
  std::unique_ptr<platform::Backend> backend_;
};

}  // namespace sprocket::tests
