// Closing from inside handlers: itself, neighbours of the same batch, everything.

#include <algorithm>
#include <functional>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

using platform::Endpoint;

// Runs what makes each event happen to a stream that leaves inside that event, in each way.
void expectLeavesInside(Trial& trial, const char* event,
                        std::function<void()> RecordingStreamHandler::Hooks::*hook,
                        RecordingStreamHandler& (*cause)(Trial&)) {
  for (const bool byReset : {false, true}) {
    BOOST_TEST_CONTEXT(event << (byReset ? ", reset" : ", close")) {
      RecordingStreamHandler& stream = cause(trial);
      int calls = 0;
      stream.on.*hook = [&] {
        ++calls;
        if (byReset) {
          stream.reset();
        } else {
          stream.close();
        }
        BOOST_TEST(!stream.closed());
      };
      trial.runUntil([&] { return stream.closed(); });
      BOOST_TEST(calls == 1);
      BOOST_TEST(trial.closeAll());
    }
  }
}

void closesItselfInsideOnConnect(Trial& trial) {
  expectLeavesInside(trial, "onConnect", &RecordingStreamHandler::Hooks::connect,
                     [](Trial& t) -> RecordingStreamHandler& {
                       return t.connect(t.listen().listener().localEndpoint());
                     });
  expectLeavesInside(
      trial, "onConnect of a refusal", &RecordingStreamHandler::Hooks::connect,
      [](Trial& t) -> RecordingStreamHandler& { return t.connect(t.deadEndpoint()); });
  expectLeavesInside(trial, "onConnect of an impossible endpoint",
                     &RecordingStreamHandler::Hooks::connect,
                     [](Trial& t) -> RecordingStreamHandler& { return t.connect(Endpoint()); });
}

void closesItselfInsideOnReceive(Trial& trial) {
  expectLeavesInside(trial, "onReceive", &RecordingStreamHandler::Hooks::receive,
                     [](Trial& t) -> RecordingStreamHandler& {
                       const auto pair = t.connectPair();
                       pair.client.send(pattern(1'000'000));
                       pair.server.startReceiving();
                       return pair.server;
                     });
}

void closesItselfInsideOnReceiveEnd(Trial& trial) {
  expectLeavesInside(trial, "onReceiveEnd", &RecordingStreamHandler::Hooks::end,
                     [](Trial& t) -> RecordingStreamHandler& {
                       const auto pair = t.connectPair();
                       pair.client.trySend("hello");
                       pair.client.close();
                       pair.server.startReceiving();
                       return pair.server;
                     });
}

void closesItselfInsideOnSend(Trial& trial) {
  expectLeavesInside(trial, "onSend", &RecordingStreamHandler::Hooks::send,
                     [](Trial& t) -> RecordingStreamHandler& {
                       const auto pair = t.connectPair();
                       pair.server.startReceiving();
                       pair.client.send(pattern(t.venue().bigTransfer / 4));
                       return pair.client;
                     });
}

void closesItselfInsideOnError(Trial& trial) {
  expectLeavesInside(trial, "onError", &RecordingStreamHandler::Hooks::error,
                     [](Trial& t) -> RecordingStreamHandler& {
                       const auto pair = t.connectPair();
                       pair.client.send(t.bigText());
                       pair.server.close();
                       return pair.client;
                     });
}

// Many streams are ready at once, so that one batch of events has them all; whichever comes first
// closes all others, and none of them may hear anything any more but onClose().
constexpr std::size_t kNeighbours = 50;

std::vector<BackendFixture::Pair> neighbours(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  std::vector<BackendFixture::Pair> pairs;
  for (std::size_t i = 0; i < kNeighbours; ++i) pairs.push_back(trial.connectPair(listener));
  return pairs;
}

std::size_t countEvents(const std::vector<RecordingStreamHandler*>& streams,
                        std::string_view events) {
  std::size_t count = 0;
  for (const RecordingStreamHandler* stream : streams) {
    if (stream->events() == events) ++count;
  }
  return count;
}

template <class Leave>
void closeOthers(const std::vector<RecordingStreamHandler*>& streams,
                 const RecordingStreamHandler* self, Leave leave) {
  for (RecordingStreamHandler* stream : streams) {
    if (stream != self && !stream->isClosing()) leave(*stream);
  }
}

void theFirstToReceiveClosesItsNeighbours(Trial& trial) {
  std::vector<RecordingStreamHandler*> servers;
  for (const auto& pair : neighbours(trial)) {
    pair.client.trySend("hello");
    pair.server.startReceiving();
    servers.push_back(&pair.server);
  }
  for (RecordingStreamHandler* server : servers) {
    server->on.receive = [&servers, server] {
      closeOthers(servers, server, [](RecordingStreamHandler& other) { other.close(); });
    };
  }
  trial.runUntil([&] { return countEvents(servers, "connect, close") == kNeighbours - 1; });
  trial.countTurns(kIdle);
  BOOST_TEST(countEvents(servers, "connect, receive(5)") == 1u);
}

void theFirstToReceiveResetsItsNeighboursWhichAreSendingToo(Trial& trial) {
  std::vector<RecordingStreamHandler*> servers;
  for (const auto& pair : neighbours(trial)) {
    pair.client.trySend("hello");
    pair.client.shutdownSend();
    pair.client.startReceiving();
    pair.server.startReceiving();
    pair.server.send("world");
    servers.push_back(&pair.server);
  }
  for (RecordingStreamHandler* server : servers) {
    server->on.receive = [&servers, server] {
      closeOthers(servers, server, [](RecordingStreamHandler& other) { other.reset(); });
    };
  }
  trial.runUntil([&] {
    const auto closed = [](RecordingStreamHandler* server) { return server->closed(); };
    return std::count_if(servers.begin(), servers.end(), closed) == kNeighbours - 1;
  });
  trial.countTurns(kIdle);
  const auto received = [](RecordingStreamHandler* server) { return server->receivedCount() > 0; };
  BOOST_TEST(std::count_if(servers.begin(), servers.end(), received) == 1);
}

void theFirstToFailClosesItsNeighbours(Trial& trial) {
  std::vector<RecordingStreamHandler*> clients;
  for (std::size_t i = 0; i < kNeighbours; ++i) clients.push_back(&trial.connect(Endpoint()));
  for (RecordingStreamHandler* client : clients) {
    client->on.connect = [&clients, client] {
      closeOthers(clients, client, [](RecordingStreamHandler& other) { other.close(); });
    };
  }
  trial.runUntil([&] { return countEvents(clients, "close") == kNeighbours - 1; });
  trial.countTurns(kIdle);
  const auto failed = [](RecordingStreamHandler* client) { return client->failed(); };
  BOOST_TEST(std::count_if(clients.begin(), clients.end(), failed) == 1);
}

// Inside onClose() too, where some of the others are about to be told of their own.
void theFirstToBeClosedClosesTheRest(Trial& trial) {
  std::vector<RecordingStreamHandler*> streams;
  for (const auto& pair : neighbours(trial)) {
    pair.client.trySend("hello");
    streams.push_back(&pair.server);
  }
  for (RecordingStreamHandler* stream : streams) {
    stream->on.close = [&streams, stream] {
      closeOthers(streams, stream, [](RecordingStreamHandler& other) {
        other.startReceiving();
        other.close();
      });
    };
  }
  for (std::size_t i = 0; i < kNeighbours; i += 2) streams[i]->close();
  trial.runUntil([&] { return countEvents(streams, "connect, close") == kNeighbours; });
}

// A new stream may get the descriptor of one that was closed in the same batch; the events of that
// one are not its own.
void aStreamMadeInTheBatchGetsNoEventOfAClosedOne(Trial& trial) {
  std::vector<RecordingStreamHandler*> servers;
  for (const auto& pair : neighbours(trial)) {
    pair.client.trySend("hello");
    pair.server.startReceiving();
    servers.push_back(&pair.server);
  }
  const Endpoint silent = trial.listen().listener().localEndpoint();
  std::vector<RecordingStreamHandler*> fresh;
  for (RecordingStreamHandler* server : servers) {
    server->on.receive = [&, server] {
      closeOthers(servers, server, [](RecordingStreamHandler& other) { other.close(); });
      for (std::size_t i = 0; i < kNeighbours; ++i) {
        fresh.push_back(&trial.connect(silent));
        fresh.back()->startReceiving();
      }
    };
  }
  trial.runUntil([&] { return fresh.size() == kNeighbours; });
  trial.runUntil([&] { return countEvents(fresh, "connect") == kNeighbours; });
  trial.countTurns(kIdle);
  BOOST_TEST(countEvents(fresh, "connect") == kNeighbours);
}

// One event, and everything there is goes.
void everythingIsClosedInsideOneHandler(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  std::vector<RecordingStreamHandler*> streams;
  for (int i = 0; i < 10; ++i) {
    const auto pair = trial.connectPair(listener);
    pair.client.trySend("hello");
    pair.client.send("world");
    pair.server.startReceiving();
    streams.push_back(&pair.client);
    streams.push_back(&pair.server);
  }
  streams.push_back(&trial.connect(listener.listener().localEndpoint()));
  const auto closeEverything = [&] {
    closeOthers(streams, nullptr, [](RecordingStreamHandler& stream) { stream.close(); });
    if (!listener.isClosing()) listener.close();
  };
  for (RecordingStreamHandler* stream : streams) stream->on.receive = closeEverything;
  trial.runUntil([&] {
    return listener.closed() && std::all_of(streams.begin(), streams.end(),
                                            [](auto* stream) { return stream->closed(); });
  });
  trial.countTurns(kIdle);
}

void closingLetsThePeerReadWhatWasSent(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(10'000);
  BOOST_TEST(pair.client.trySend(text) == text.size());
  pair.client.close();
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended() || pair.server.failed(); });
  BOOST_TEST(pair.server.events() == "connect, receive(10000), end");
  BOOST_TEST((pair.server.received() == text));
}

// Nothing is told, and (as the address sanitizer sees) nothing is leaked or touched afterwards.
void theBackendGoesWithEverythingOpen(Trial& trial) {
  const Endpoint dead = trial.deadEndpoint();
  RecordingListenerHandler& listener = trial.listen();
  trial.connectPair(listener);
  const auto busy = trial.connectPair(listener);
  busy.client.send(trial.bigText());
  busy.server.startReceiving();
  trial.turn();
  const auto ended = trial.connectPair(listener);
  ended.client.shutdownSend();
  const auto closing = trial.connectPair(listener);
  closing.client.close();
  RecordingListenerHandler& closingListener = trial.listen();
  closingListener.close();
  trial.connect(dead);
  trial.connect(listener.listener().localEndpoint());
  trial.connect(Endpoint());
  trial.backend().wake();
  trial.destroyBackend();
}

void theBackendGoesUnused(Trial& trial) { trial.destroyBackend(); }

}  // namespace

std::span<const ConformanceCase> closeCases() {
  static const ConformanceCase cases[] = {
      {"closes_itself_inside_on_connect", closesItselfInsideOnConnect},
      {"closes_itself_inside_on_receive", closesItselfInsideOnReceive},
      {"closes_itself_inside_on_receive_end", closesItselfInsideOnReceiveEnd},
      {"closes_itself_inside_on_send", closesItselfInsideOnSend},
      {"closes_itself_inside_on_error", closesItselfInsideOnError},
      {"the_first_to_receive_closes_its_neighbours", theFirstToReceiveClosesItsNeighbours},
      {"the_first_to_receive_resets_its_neighbours_which_are_sending_too",
       theFirstToReceiveResetsItsNeighboursWhichAreSendingToo},
      {"the_first_to_fail_closes_its_neighbours", theFirstToFailClosesItsNeighbours},
      {"the_first_to_be_closed_closes_the_rest", theFirstToBeClosedClosesTheRest},
      {"a_stream_made_in_the_batch_gets_no_event_of_a_closed_one",
       aStreamMadeInTheBatchGetsNoEventOfAClosedOne},
      {"everything_is_closed_inside_one_handler", everythingIsClosedInsideOneHandler},
      {"closing_lets_the_peer_read_what_was_sent", closingLetsThePeerReadWhatWasSent},
      {"the_backend_goes_with_everything_open", theBackendGoesWithEverythingOpen},
      {"the_backend_goes_unused", theBackendGoesUnused},
  };
  return cases;
}

}  // namespace sprocket::tests
