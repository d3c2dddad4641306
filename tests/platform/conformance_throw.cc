// Exceptions that leave handlers: they leave wait(), and nothing is lost, doubled or leaked.

#include <algorithm>
#include <functional>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

using platform::Endpoint;

void throwOnce(std::function<void()>& hook) {
  hook = [&hook] {
    hook = {};
    throw Thrown();
  };
}

void outOfOnConnect(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) { server.trySend("hello"); };
  listener.startAccepting();
  for (const Endpoint& remote : {listener.listener().localEndpoint(), Endpoint()}) {
    RecordingStreamHandler& client = trial.connect(remote);
    client.startReceiving();
    throwOnce(client.on.connect);
    trial.runUntilThrown();
    trial.runUntil([&] { return client.failed() || client.receivedCount() == 5; });
  }
}

void outOfOnReceive(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(1'000'000);
  throwOnce(pair.server.on.receive);
  pair.client.on.send = [&] {
    if (pair.client.inFlight() == 0) pair.client.shutdownSend();
  };
  pair.server.startReceiving();
  pair.client.send(text);
  trial.runUntilThrown();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST((pair.server.received() == text));
}

void outOfOnReceiveEnd(Trial& trial) {
  const auto pair = trial.connectPair();
  throwOnce(pair.server.on.end);
  pair.server.startReceiving();
  pair.client.startReceiving();
  pair.client.trySend("hello");
  pair.client.shutdownSend();
  trial.runUntilThrown();
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.server.events() == "connect, receive(5), end");
  pair.server.trySend("world");
  trial.runUntil([&] { return pair.client.receivedCount() == 5; });
}

void outOfOnSend(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(trial.venue().bigTransfer / 4);
  throwOnce(pair.client.on.send);
  pair.server.startReceiving();
  pair.client.send(text);
  trial.runUntilThrown();
  trial.runUntil([&] { return pair.client.inFlight() == 0; });
  trial.runUntil([&] { return pair.server.receivedCount() == text.size(); });
  BOOST_TEST(pair.client.sentCount() == text.size());
  BOOST_TEST((pair.server.received() == text));
}

// Told by the poller as well as decided in a call.
void outOfOnError(Trial& trial) {
  const auto polled = trial.connectPair();
  throwOnce(polled.client.on.error);
  polled.client.send(trial.bigText());
  polled.server.close();
  trial.runUntilThrown();
  const auto called = trial.connectPair();
  throwOnce(called.client.on.error);
  called.server.close();
  bool thrown = false;
  while (!thrown) {
    called.client.trySend("anybody?");
    try {
      trial.turn(std::chrono::milliseconds(1));
    } catch (const Thrown&) {
      thrown = true;
    }
  }
  for (RecordingStreamHandler* client : {&polled.client, &called.client}) {
    BOOST_TEST(client->failed());
    const std::string events = client->events();
    BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
    BOOST_TEST(client->events() == events);
    client->close();
    trial.runUntil([&] { return client->closed(); });
    BOOST_TEST(client->events() == events + ", close");
  }
}

void outOfOnClose(Trial& trial) {
  const auto pair = trial.connectPair();
  for (RecordingStreamHandler* stream : {&pair.client, &pair.server}) {
    throwOnce(stream->on.close);
    stream->close();
    trial.runUntilThrown();
    BOOST_TEST(stream->closed());
  }
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.client.events() == "connect, close");
  BOOST_TEST(pair.server.events() == "connect, close");
}

void outOfTheListenersOnClose(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  throwOnce(listener.on.close);
  listener.close();
  trial.runUntilThrown();
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(listener.events() == "close");
}

void outOfOnConnectOfAnAcceptedStream(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [&](RecordingStreamHandler& server) { throwOnce(server.on.connect); };
  listener.startAccepting();
  RecordingStreamHandler& client = trial.connect(listener.listener().localEndpoint());
  trial.runUntilThrown();
  trial.runUntil([&] { return client.connected(); });
  RecordingStreamHandler& server = *listener.accepted().at(0);
  server.startReceiving();
  client.trySend("hello");
  trial.runUntil([&] { return server.receivedCount() == 5; });
  BOOST_TEST(server.events() == "connect, receive(5)");
}

// Such a connection has no handler, so it is cut off. Those behind it are accepted.
void outOfOnAccept(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [&](RecordingStreamHandler& server) {
    listener.on.accept = {};
    server.startReceiving();
    server.detach();
    throw Thrown();
  };
  std::vector<RecordingStreamHandler*> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(&trial.connect(listener.listener().localEndpoint()));
    clients.back()->startReceiving();
  }
  clients[0]->on.connect = [&] { clients[0]->trySend("hello"); };
  listener.startAccepting();
  trial.runUntilThrown();
  trial.runUntil([&] { return listener.accepted().size() == 3; });
  const auto isCutOff = [](RecordingStreamHandler* client) {
    return client->ended() || client->failed();
  };
  trial.runUntil([&] { return std::any_of(clients.begin(), clients.end(), isCutOff); });
  trial.countTurns(kIdle);
  BOOST_TEST(std::count_if(clients.begin(), clients.end(), isCutOff) == 1);
}

// The stream is closed by the very handler that throws, or was closed before.
void outOfAHandlerThatClosesFirst(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.on.receive = [&] {
    pair.server.close();
    pair.client.close();
    throw Thrown();
  };
  pair.client.trySend("hello");
  pair.server.startReceiving();
  trial.runUntilThrown();
  trial.runUntil([&] { return pair.server.closed() && pair.client.closed(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), close");

  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [&](RecordingStreamHandler& server) {
    server.stream().close();
    server.detach();
    listener.close();
    throw Thrown();
  };
  trial.connect(listener.listener().localEndpoint());
  listener.startAccepting();
  trial.runUntilThrown();
  trial.runUntil([&] { return listener.closed(); });
  BOOST_TEST(listener.events() == "accept, close");
}

// All are ready at once and all throw: one exception leaves each wait(), and each event is told
// once in the end.
void everyNeighbourThrowsAndEveryEventArrives(Trial& trial) {
  constexpr std::size_t kCount = 20;
  RecordingListenerHandler& listener = trial.listen();
  std::vector<RecordingStreamHandler*> servers;
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto pair = trial.connectPair(listener);
    pair.client.trySend("hello");
    pair.client.shutdownSend();
    servers.push_back(&pair.server);
  }
  for (RecordingStreamHandler* server : servers) {
    server->startReceiving();
    throwOnce(server->on.receive);
    throwOnce(server->on.end);
    throwOnce(server->on.close);
  }
  for (std::size_t i = 0; i < 2 * kCount; ++i) trial.runUntilThrown();
  for (RecordingStreamHandler* server : servers) {
    BOOST_TEST(server->events() == "connect, receive(5), end");
    server->close();
  }
  for (std::size_t i = 0; i < kCount; ++i) trial.runUntilThrown();
  for (RecordingStreamHandler* server : servers) {
    BOOST_TEST(server->events() == "connect, receive(5), end, close");
  }
}

// What was decided in calls is told one after the other as well.
void outcomesBehindAThrowingOneAreKept(Trial& trial) {
  constexpr std::size_t kCount = 20;
  std::vector<RecordingStreamHandler*> clients;
  for (std::size_t i = 0; i < kCount; ++i) {
    clients.push_back(&trial.connect(Endpoint()));
    throwOnce(clients.back()->on.connect);
  }
  for (std::size_t i = 0; i < kCount; ++i) trial.runUntilThrown();
  for (RecordingStreamHandler* client : clients) BOOST_TEST(client->failed());
  // Half told, the rest is destroyed with the backend.
  for (RecordingStreamHandler* client : clients) {
    throwOnce(client->on.close);
    client->close();
  }
  trial.runUntilThrown();
  trial.destroyBackend();
}

}  // namespace

std::span<const ConformanceCase> throwCases() {
  static const ConformanceCase cases[] = {
      {"an_exception_out_of_on_connect", outOfOnConnect},
      {"an_exception_out_of_on_receive", outOfOnReceive, &Venue::hasHalfClose},
      {"an_exception_out_of_on_receive_end", outOfOnReceiveEnd, &Venue::hasHalfClose},
      {"an_exception_out_of_on_send", outOfOnSend},
      {"an_exception_out_of_on_error", outOfOnError},
      {"an_exception_out_of_on_close", outOfOnClose},
      {"an_exception_out_of_the_listeners_on_close", outOfTheListenersOnClose},
      {"an_exception_out_of_on_connect_of_an_accepted_stream", outOfOnConnectOfAnAcceptedStream},
      {"an_exception_out_of_on_accept", outOfOnAccept},
      {"an_exception_out_of_a_handler_that_closes_first", outOfAHandlerThatClosesFirst},
      {"every_neighbour_throws_and_every_event_arrives", everyNeighbourThrowsAndEveryEventArrives,
       &Venue::hasHalfClose},
      {"outcomes_behind_a_throwing_one_are_kept", outcomesBehindAThrowingOneAreKept},
  };
  return cases;
}

}  // namespace sprocket::tests
