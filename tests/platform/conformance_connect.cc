// Connecting, endpoints and options.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

using platform::ConnectOptions;
using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::Operation;

IpAddress somebodyElsesAddress(platform::Family family) {
  // Kept for documentation by RFC 5737 and RFC 3849, so no interface here has it.
  return *IpAddress::parse(family == platform::Family::v4 ? "192.0.2.1" : "2001:db8::1");
}

void connectAcceptEcho(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) {
    server.on.receive = [&server] { server.sendAll(server.latest()); };
    server.on.end = [&server] { server.shutdownSend(); };
    server.startReceiving();
  };
  listener.startAccepting();
  RecordingStreamHandler& client = trial.connect(listener.listener().localEndpoint());
  client.on.connect = [&] { client.trySend("hello"); };
  client.on.receive = [&] {
    if (client.received() == "hello") client.shutdownSend();
  };
  client.startReceiving();
  trial.runUntil([&] { return client.ended(); });
  BOOST_TEST(client.events() == "connect, receive(5), end");
  BOOST_TEST(client.received() == "hello");
  RecordingStreamHandler& server = *listener.accepted().at(0);
  BOOST_TEST(server.events() == "connect, receive(5), end");
  BOOST_TEST(listener.events() == "accept");
}

void aRefusalIsToldWithItsCode(Trial& trial) {
  RecordingStreamHandler& client = trial.connect(trial.deadEndpoint());
  trial.runUntil([&] { return client.failed(); });
  BOOST_TEST(client.error().code() == trial.venue().refusal);
  BOOST_TEST(client.error().syscall() == "connect");
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  client.close();
  trial.runUntil([&] { return client.closed(); });
  BOOST_TEST(client.events() ==
             "connect connect " + std::string(trial.venue().refusal) + ", close");
}

// A failure known inside connect() waits for wait() too, and does not wait for anything else.
void aConnectThatFailsAtOnceIsToldByWait(Trial& trial) {
  RecordingStreamHandler& client = trial.connect(Endpoint());
  BOOST_TEST(client.events() == "");
  trial.runUntil([&] { return client.failed(); });
  client.close();
  trial.runUntil([&] { return client.closed(); });
}

void outcomesDecidedInsideACallNeedNoOtherEvent(Trial& trial) {
  const Endpoint dead = trial.deadEndpoint();
  const platform::Instant begin = trial.backend().now();
  RecordingStreamHandler& client = trial.connect(dead);
  trial.runUntil([&] { return client.failed(); });
  client.close();
  trial.runUntil([&] { return client.closed(); });
  RecordingListenerHandler& listener = trial.listen();
  listener.close();
  trial.runUntil([&] { return listener.closed(); });
  // None of these wait()s went on until its time was over.
  BOOST_TEST((trial.backend().now() - begin < Trial::kPatience));
}

// A handler that tries again at once, for ever, must not keep wait() from returning.
void failuresInAChainDoNotHoldUpTheTurn(Trial& trial) {
  const Endpoint dead = trial.deadEndpoint();
  std::size_t attempts = 0;
  std::function<void()> attempt = [&] {
    RecordingStreamHandler& client = trial.connect(dead);
    client.on.connect = [&] {
      client.close();
      if (attempts < 2'000) attempt();
    };
    ++attempts;
  };
  attempt();
  std::size_t turns = 0;
  for (; attempts < 2'000 && turns < 20'000; ++turns) {
    const std::size_t before = attempts;
    trial.turn(Trial::kPatience);
    BOOST_TEST_REQUIRE(attempts - before < 100u);
  }
  BOOST_TEST(attempts == 2'000u);
}

void closedBeforeItsOutcomeItIsNotToldOne(Trial& trial) {
  const Endpoint dead = trial.deadEndpoint();
  RecordingListenerHandler& listener = trial.listen();
  listener.startAccepting();
  const std::vector<RecordingStreamHandler*> streams = {
      &trial.connect(listener.listener().localEndpoint()), &trial.connect(dead),
      &trial.connect(Endpoint())};
  for (RecordingStreamHandler* stream : streams) stream->close();
  trial.runUntil([&] {
    return std::all_of(streams.begin(), streams.end(),
                       [](RecordingStreamHandler* stream) { return stream->closed(); });
  });
  for (RecordingStreamHandler* stream : streams) BOOST_TEST(stream->events() == "close");
}

// With the queue of connections full the further attempts stay undecided (TCP), or fail.
void closingWhileTheOutcomeIsOpen(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen({.backlog = 1});
  std::vector<RecordingStreamHandler*> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(&trial.connect(listener.listener().localEndpoint()));
  }
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns + clients.size());
  for (RecordingStreamHandler* client : clients) client->close();
  trial.runUntil([&] {
    return std::all_of(clients.begin(), clients.end(),
                       [](RecordingStreamHandler* client) { return client->closed(); });
  });
}

void receivingMayBeAskedForWhileConnecting(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) {
    server.trySend("hello");
    server.shutdownSend();
  };
  listener.startAccepting();
  RecordingStreamHandler& client = trial.connect(listener.listener().localEndpoint());
  client.startReceiving();
  trial.runUntil([&] { return client.ended(); });
  trial.countTurns(kIdle);
  BOOST_TEST(client.events() == "connect, receive(5), end");
}

void receivingMayBeStoppedAgainWhileConnecting(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) { server.trySend("hello"); };
  listener.startAccepting();
  RecordingStreamHandler& client = trial.connect(listener.listener().localEndpoint());
  client.startReceiving();
  client.stopReceiving();
  trial.runUntil([&] { return client.connected() && listener.accepted().size() == 1; });
  trial.countTurns(kIdle);
  BOOST_TEST(client.events() == "connect");
}

void aFailedConnectIsToldOnceEvenIfReceivingWasAskedFor(Trial& trial) {
  RecordingStreamHandler& refused = trial.connect(trial.deadEndpoint());
  RecordingStreamHandler& impossible = trial.connect(Endpoint());
  refused.startReceiving();
  impossible.startReceiving();
  trial.runUntil([&] { return refused.failed() && impossible.failed(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(refused.events() == "connect connect " + std::string(trial.venue().refusal));
}

// One of several that try takes over what another has brought so far, and gives it back.
class Successor final : public platform::StreamHandler {
 public:
  Successor(RecordingStreamHandler& before) : before_(before) {}

  const std::string& received() const { return received_; }

 private:
  void onReceive(platform::Bytes bytes) override {
    received_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (received_.size() == 5) before_.stream().setHandler(before_);
  }
  void onConnect(platform::SysError) override { BOOST_ERROR("told twice that it is connected"); }
  void onReceiveEnd() override { BOOST_ERROR("told of the end after it was replaced"); }
  void onSend(std::size_t) override { BOOST_ERROR("told of a send that there was not"); }
  void onError(platform::SysError) override { BOOST_ERROR("told of an error"); }
  void onClose() override { BOOST_ERROR("told of the end of the stream after it was replaced"); }

  RecordingStreamHandler& before_;
  std::string received_;
};

void anotherHandlerIsToldFromThenOn(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) {
    server.trySend("hello");
    server.shutdownSend();
  };
  listener.startAccepting();
  RecordingStreamHandler& client = trial.connect(listener.listener().localEndpoint());
  Successor successor(client);
  client.on.connect = [&] { client.stream().setHandler(successor); };
  client.startReceiving();
  trial.runUntil([&] { return client.ended(); });
  client.close();
  trial.runUntil([&] { return client.closed(); });
  BOOST_TEST(successor.received() == "hello");
  BOOST_TEST(client.events() == "connect, end, close");
}

void fiveHundredConnectionsAtOnce(Trial& trial) {
  constexpr std::size_t kCount = 500;
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) {
    server.on.receive = [&server] { server.trySend(server.received()); };
    server.startReceiving();
  };
  listener.startAccepting();
  std::vector<RecordingStreamHandler*> clients;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    RecordingStreamHandler& client = trial.connect(listener.listener().localEndpoint());
    client.on.connect = [&client, i] { client.trySend("from " + std::to_string(i)); };
    client.on.receive = [&client, &answered, i] {
      if (client.received() == "from " + std::to_string(i)) ++answered;
    };
    client.startReceiving();
    clients.push_back(&client);
  }
  trial.runUntil([&] { return answered == kCount; });
  BOOST_TEST(listener.accepted().size() == kCount);
}

void ipEndpointsInEveryState(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const Endpoint listening = listener.listener().localEndpoint();
  BOOST_TEST_REQUIRE(listening.isIp());
  BOOST_TEST(listening.ip().port != 0);

  RecordingStreamHandler& early = trial.connect(trial.listen().listener().localEndpoint());
  BOOST_TEST(early.stream().localEndpoint().empty());
  BOOST_TEST(early.stream().remoteEndpoint().empty());

  const auto pair = trial.connectPair(listener);
  const Endpoint clientAt = pair.client.stream().localEndpoint();
  BOOST_TEST_REQUIRE(clientAt.isIp());
  BOOST_TEST((clientAt.ip().address == listening.ip().address));
  BOOST_TEST(clientAt.ip().port != 0);
  BOOST_TEST((pair.client.stream().remoteEndpoint() == listening));
  BOOST_TEST((pair.server.stream().localEndpoint() == listening));
  BOOST_TEST((pair.server.stream().remoteEndpoint() == clientAt));

  // The end of a direction changes nothing.
  pair.client.shutdownSend();
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST((pair.server.stream().remoteEndpoint() == clientAt));
  pair.server.close();
  pair.server.stream().localEndpoint();
  pair.server.stream().remoteEndpoint();
}

void endpointsAreKnownInsideOnAcceptAndOnConnect(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const Endpoint listening = listener.listener().localEndpoint();
  Endpoint acceptedAt;
  Endpoint connectedTo;
  listener.on.accept = [&](RecordingStreamHandler& server) {
    acceptedAt = server.stream().localEndpoint();
  };
  listener.startAccepting();
  RecordingStreamHandler& client = trial.connect(listening);
  client.on.connect = [&] { connectedTo = client.stream().remoteEndpoint(); };
  trial.runUntil([&] { return client.connected() && listener.accepted().size() == 1; });
  BOOST_TEST((acceptedAt == listening));
  BOOST_TEST((connectedTo == listening));
}

void localPathsInEveryState(Trial& trial) {
  const Endpoint path = trial.venue().freshEndpoint();
  RecordingListenerHandler& listener = trial.listen(path);
  BOOST_TEST((listener.listener().localEndpoint() == path));
  const auto pair = trial.connectPair(listener);
  BOOST_TEST(pair.client.stream().localEndpoint().empty());
  BOOST_TEST((pair.client.stream().remoteEndpoint() == path));
  BOOST_TEST((pair.server.stream().localEndpoint() == path));
  BOOST_TEST(pair.server.stream().remoteEndpoint().empty());
}

void optionsInEveryState(Trial& trial) {
  const auto setAll = [](RecordingStreamHandler& stream) {
    for (const bool on : {true, false}) {
      BOOST_TEST(!stream.stream().setNoDelay(on));
      BOOST_TEST(!stream.stream().setKeepAlive(on, std::chrono::seconds(0)));
      BOOST_TEST(!stream.stream().setKeepAlive(on, std::chrono::seconds(30)));
    }
  };
  RecordingStreamHandler& early = trial.connect(trial.listen().listener().localEndpoint());
  setAll(early);
  RecordingStreamHandler& refused = trial.connect(trial.deadEndpoint());
  setAll(refused);
  trial.runUntil([&] { return refused.failed(); });
  setAll(refused);

  const auto pair = trial.connectPair();
  setAll(pair.client);
  setAll(pair.server);
  pair.client.shutdownSend();
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  setAll(pair.client);
  setAll(pair.server);
  pair.client.reset();
  setAll(pair.client);
  setAll(pair.server);
}

void connectsFromTheLocalAddressTold(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.startAccepting();
  const Endpoint listening = listener.listener().localEndpoint();

  // A port that was free a moment ago.
  const Endpoint wanted = trial.deadEndpoint();
  RecordingStreamHandler& client = trial.connect(listening, {.local = wanted});
  trial.runUntil([&] { return client.connected() && listener.accepted().size() == 1; });
  BOOST_TEST((client.stream().localEndpoint() == wanted));
  BOOST_TEST((listener.accepted()[0]->stream().remoteEndpoint() == wanted));

  // An address without a port.
  const Endpoint address = IpEndpoint{listening.ip().address, 0};
  RecordingStreamHandler& other = trial.connect(listening, {.local = address});
  trial.runUntil([&] { return other.connected(); });
  BOOST_TEST((other.stream().localEndpoint().ip().address == listening.ip().address));
}

// The end that closes first keeps its port in TIME_WAIT; to another server it may be used again.
void aLocalPortInTimeWaitIsUsedAgain(Trial& trial) {
  RecordingListenerHandler& first = trial.listen();
  RecordingListenerHandler& second = trial.listen();
  const Endpoint local = trial.deadEndpoint();
  for (RecordingListenerHandler* listener : {&first, &second}) {
    listener->startAccepting();
    RecordingStreamHandler& client =
        trial.connect(listener->listener().localEndpoint(), {.local = local});
    trial.runUntil([&] { return client.connected() || client.failed(); });
    BOOST_TEST(client.events() == "connect");
    trial.runUntil([&] { return listener->accepted().size() == 1; });
    RecordingStreamHandler& server = *listener->accepted()[0];
    client.close();
    server.startReceiving();
    trial.runUntil([&] { return server.ended(); });
    server.close();
    trial.runUntil([&] { return server.closed() && client.closed(); });
  }
}

void aLocalAddressInUseFailsTheBind(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  RecordingListenerHandler& holder = trial.listen();
  const Endpoint used = holder.listener().localEndpoint();
  RecordingStreamHandler& client =
      trial.connect(listener.listener().localEndpoint(), {.local = used});
  BOOST_TEST(client.events() == "");
  trial.runUntil([&] { return client.failed() || client.connected(); });
  BOOST_TEST(client.events() == "connect bind EADDRINUSE");
}

void aLocalAddressOfSomebodyElseFailsTheBind(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const Endpoint listening = listener.listener().localEndpoint();
  const Endpoint foreign = IpEndpoint{somebodyElsesAddress(listening.ip().address.family()), 0};
  RecordingStreamHandler& client = trial.connect(listening, {.local = foreign});
  BOOST_TEST(client.events() == "");
  trial.runUntil([&] { return client.failed() || client.connected(); });
  BOOST_TEST(client.events() == "connect bind EADDRNOTAVAIL");
}

}  // namespace

std::span<const ConformanceCase> connectCases() {
  static const ConformanceCase cases[] = {
      {"connect_accept_echo", connectAcceptEcho},
      {"a_refusal_is_told_with_its_code", aRefusalIsToldWithItsCode},
      {"a_connect_that_fails_at_once_is_told_by_wait", aConnectThatFailsAtOnceIsToldByWait},
      {"outcomes_decided_inside_a_call_need_no_other_event",
       outcomesDecidedInsideACallNeedNoOtherEvent},
      {"failures_in_a_chain_do_not_hold_up_the_turn", failuresInAChainDoNotHoldUpTheTurn},
      {"closed_before_its_outcome_it_is_not_told_one", closedBeforeItsOutcomeItIsNotToldOne},
      {"closing_while_the_outcome_is_open", closingWhileTheOutcomeIsOpen},
      {"receiving_may_be_asked_for_while_connecting", receivingMayBeAskedForWhileConnecting},
      {"receiving_may_be_stopped_again_while_connecting",
       receivingMayBeStoppedAgainWhileConnecting},
      {"a_failed_connect_is_told_once_even_if_receiving_was_asked_for",
       aFailedConnectIsToldOnceEvenIfReceivingWasAskedFor},
      {"another_handler_is_told_from_then_on", anotherHandlerIsToldFromThenOn},
      {"five_hundred_connections_at_once", fiveHundredConnectionsAtOnce},
      {"ip_endpoints_in_every_state", ipEndpointsInEveryState, &Venue::hasIpAddresses},
      {"local_paths_in_every_state", localPathsInEveryState, &Venue::hasSocketFiles},
      {"endpoints_are_known_inside_on_accept_and_on_connect",
       endpointsAreKnownInsideOnAcceptAndOnConnect},
      {"options_in_every_state", optionsInEveryState},
      {"connects_from_the_local_address_told", connectsFromTheLocalAddressTold,
       &Venue::hasIpAddresses},
      {"a_local_port_in_time_wait_is_used_again", aLocalPortInTimeWaitIsUsedAgain,
       &Venue::hasIpAddresses},
      {"a_local_address_in_use_fails_the_bind", aLocalAddressInUseFailsTheBind,
       &Venue::hasIpAddresses},
      {"a_local_address_of_somebody_else_fails_the_bind", aLocalAddressOfSomebodyElseFailsTheBind,
       &Venue::hasIpAddresses},
  };
  return cases;
}

}  // namespace sprocket::tests
