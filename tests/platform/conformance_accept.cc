// Listening and accepting.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

using platform::Endpoint;
using platform::Family;
using platform::IpAddress;
using platform::IpEndpoint;

std::vector<RecordingStreamHandler*> connectMany(Trial& trial, RecordingListenerHandler& listener,
                                                 std::size_t count) {
  std::vector<RecordingStreamHandler*> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(&trial.connect(listener.listener().localEndpoint()));
  }
  return clients;
}

bool allConnected(const std::vector<RecordingStreamHandler*>& streams) {
  return std::all_of(streams.begin(), streams.end(),
                     [](RecordingStreamHandler* stream) { return stream->connected(); });
}

bool allEndedOrFailed(const std::vector<RecordingStreamHandler*>& streams) {
  return std::all_of(streams.begin(), streams.end(), [](RecordingStreamHandler* stream) {
    return stream->ended() || stream->failed();
  });
}

void connectionsWaitUntilAcceptingStarts(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const auto clients = connectMany(trial, listener, 5);
  trial.countTurns(kIdle);
  BOOST_TEST(listener.events() == "");
  listener.startAccepting();
  trial.runUntil([&] { return listener.accepted().size() == 5 && allConnected(clients); });
  BOOST_TEST(listener.events() == "accept, accept, accept, accept, accept");
}

void acceptingStopsAndGoesOn(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.startAccepting();
  const auto first = connectMany(trial, listener, 1);
  trial.runUntil([&] { return listener.accepted().size() == 1; });
  listener.stopAccepting();
  const auto second = connectMany(trial, listener, 3);
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns + second.size());
  BOOST_TEST(listener.accepted().size() == 1u);
  listener.startAccepting();
  trial.runUntil([&] { return listener.accepted().size() == 4; });
}

void acceptingStopsInsideOnAccept(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [&](RecordingStreamHandler&) { listener.stopAccepting(); };
  const auto clients = connectMany(trial, listener, 3);
  listener.startAccepting();
  trial.runUntil([&] { return listener.accepted().size() == 1; });
  trial.countTurns(kIdle);
  BOOST_TEST(listener.accepted().size() == 1u);
  listener.startAccepting();
  trial.runUntil([&] { return listener.accepted().size() == 2; });
}

void theListenerIsClosedInsideOnAccept(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [&](RecordingStreamHandler& server) {
    listener.close();
    server.startReceiving();
  };
  const auto clients = connectMany(trial, listener, 5);
  for (RecordingStreamHandler* client : clients) client->startReceiving();
  clients[0]->on.connect = [&] { clients[0]->trySend("hello"); };
  listener.startAccepting();
  trial.runUntil([&] { return listener.closed(); });
  BOOST_TEST(listener.events() == "accept, close");

  // The connection that was accepted lives on without its listener.
  RecordingStreamHandler& server = *listener.accepted()[0];
  trial.runUntil([&] { return server.receivedCount() == 5; });
  server.trySend("world!");
  trial.runUntil([&] { return clients[0]->receivedCount() == 6; });
}

void aStreamIsClosedInsideOnAccept(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) { server.close(); };
  listener.startAccepting();
  const auto clients = connectMany(trial, listener, 3);
  for (RecordingStreamHandler* client : clients) client->startReceiving();
  trial.runUntil([&] { return allEndedOrFailed(clients); });
  BOOST_TEST(listener.accepted().size() == 3u);
  for (RecordingStreamHandler* server : listener.accepted()) {
    BOOST_TEST(server->events() == "close");  // it was never connected for its handler
  }
}

// The handler that onAccept() names hears next of its connection, and before of nothing else.
void theHandlerNamedIsToldOfTheConnection(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  std::string order;
  listener.on.accept = [&](RecordingStreamHandler& server) {
    order += "accept ";
    server.startReceiving();
    server.on.connect = [&] {
      order += "connect ";
      server.close();
    };
  };
  const auto clients = connectMany(trial, listener, 3);
  clients[0]->on.connect = [&] { clients[0]->trySend("hello"); };
  trial.runUntil([&] { return allConnected(clients); });
  listener.startAccepting();
  trial.runUntil([&] { return listener.accepted().size() == 3; });
  trial.countTurns(kIdle);
  BOOST_TEST(order == "accept connect accept connect accept connect ");
  for (RecordingStreamHandler* server : listener.accepted()) {
    BOOST_TEST(server->events() == "connect, close");
  }
}

// Accepted and reading in one go: data that came with the connection is not lost.
void receivingStartsInsideOnAccept(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.on.accept = [](RecordingStreamHandler& server) { server.startReceiving(); };
  const auto clients = connectMany(trial, listener, 3);
  for (RecordingStreamHandler* client : clients) {
    client->on.connect = [client] {
      client->trySend("hello");
      client->shutdownSend();
    };
  }
  listener.startAccepting();
  trial.runUntil(
      [&] { return listener.accepted().size() == 3 && allEndedOrFailed(listener.accepted()); });
  for (RecordingStreamHandler* server : listener.accepted()) {
    BOOST_TEST(server->events() == "connect, receive(5), end");
  }
}

void anAcceptedStreamIsNotReceiving(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const auto pair = trial.connectPair(listener);
  pair.client.trySend("hello");
  trial.countTurns(kIdle);
  BOOST_TEST(pair.server.events() == "connect");
}

// Those that wait in the queue were told that they are connected; now they learn that they are not.
void closingTheListenerCutsOffWhoWaits(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const auto clients = connectMany(trial, listener, 5);
  for (RecordingStreamHandler* client : clients) client->startReceiving();
  trial.turn();
  listener.close();
  trial.runUntil([&] { return listener.closed() && allEndedOrFailed(clients); });
  BOOST_TEST(listener.events() == "close");
}

void aConnectionWhosePeerWentBeforeItWasAccepted(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const auto leaving = connectMany(trial, listener, 2);
  trial.runUntil([&] { return allConnected(leaving); });
  leaving[0]->close();
  leaving[1]->reset();
  trial.runUntil([&] { return leaving[0]->closed() && leaving[1]->closed(); });

  // A kernel may leave these out, or hand them over for us to read the end of.
  listener.on.accept = [](RecordingStreamHandler& server) { server.startReceiving(); };
  listener.startAccepting();
  RecordingStreamHandler& staying = trial.connect(listener.listener().localEndpoint());
  staying.on.connect = [&] { staying.trySend("hello"); };
  const auto& accepted = listener.accepted();
  trial.runUntil([&] {
    return std::count_if(accepted.begin(), accepted.end(), [](RecordingStreamHandler* server) {
             return server->events() == "connect, receive(5)";
           }) == 1;
  });
  trial.runUntil([&] {
    return std::all_of(accepted.begin(), accepted.end(), [](RecordingStreamHandler* server) {
      return server->receivedCount() == 5 || server->ended() || server->failed();
    });
  });
  BOOST_TEST(accepted.size() <= 3u);
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
}

// Each connection brings the next, so that the queue never runs empty; another stream is served
// nevertheless.
void aFloodOfConnectionsLeavesRoomForOthers(Trial& trial) {
  constexpr std::size_t kFlood = 1'000;
  RecordingListenerHandler& quiet = trial.listen();
  const auto pair = trial.connectPair(quiet);
  pair.server.on.receive = [&] { pair.server.trySend("pong"); };
  pair.server.startReceiving();
  pair.client.startReceiving();

  RecordingListenerHandler& flooded = trial.listen();
  flooded.on.accept = [&](RecordingStreamHandler& server) {
    server.close();
    if (flooded.accepted().size() < kFlood) connectMany(trial, flooded, 1);
  };
  connectMany(trial, flooded, 2 * trial.venue().acceptsPerTurn);
  flooded.startAccepting();
  pair.client.trySend("ping");
  std::size_t turnsWithoutPong = 0;
  std::size_t pongs = 0;
  while (flooded.accepted().size() < kFlood) {
    const std::size_t acceptedBefore = flooded.accepted().size();
    trial.turn(Trial::kPatience);
    BOOST_TEST(flooded.accepted().size() - acceptedBefore <= trial.venue().acceptsPerTurn);
    ++turnsWithoutPong;
    BOOST_TEST_REQUIRE(turnsWithoutPong < 20u);
    if (pair.client.receivedCount() == 4 * (pongs + 1)) {
      ++pongs;
      turnsWithoutPong = 0;
      pair.client.trySend("ping");
    }
  }
  BOOST_TEST(pongs >= 3u);
}

void anAddressInUseIsRefused(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const auto second = trial.tryListen(listener.listener().localEndpoint());
  BOOST_TEST_REQUIRE(!second);
  BOOST_TEST(second.error().code() == "EADDRINUSE");
  BOOST_TEST(second.error().syscall() == "listen");
  // The first is none the worse for it.
  trial.connectPair(listener);
}

void anImpossibleAddressIsRefused(Trial& trial) {
  const auto listener = trial.tryListen(Endpoint());
  BOOST_TEST(!listener);
}

// The connection is closed by the server first, so that with TCP its port is in TIME_WAIT.
void anAddressIsFreeAsSoonAsItsListenerIsClosed(Trial& trial) {
  RecordingListenerHandler& first = trial.listen();
  const Endpoint endpoint = first.listener().localEndpoint();
  const auto pair = trial.connectPair(first);
  pair.server.close();
  pair.client.startReceiving();
  trial.runUntil([&] { return pair.client.ended(); });
  pair.client.close();
  first.close();
  trial.runUntil([&] { return first.closed() && pair.client.closed(); });

  for (int i = 0; i < 3; ++i) {
    RecordingListenerHandler& again = trial.listen(endpoint);
    const auto another = trial.connectPair(again);
    another.server.close();
    another.client.close();
    again.close();
    trial.runUntil([&] { return again.closed(); });
  }
}

void ipv4ClientsComeToTheIpv6WildcardUnlessKeptOut(Trial& trial) {
  const Endpoint any = IpEndpoint{IpAddress::any(Family::v6), 0};
  const auto ipv4 = [](RecordingListenerHandler& listener) {
    return Endpoint(
        IpEndpoint{IpAddress::loopback(Family::v4), listener.listener().localEndpoint().ip().port});
  };
  RecordingListenerHandler& both = trial.listen(any, {.ipv6Only = false});
  both.startAccepting();
  RecordingStreamHandler& welcome = trial.connect(ipv4(both));
  trial.runUntil([&] { return welcome.connected() && both.accepted().size() == 1; });
  BOOST_TEST(both.accepted()[0]->stream().remoteEndpoint().ip().address.toString() ==
             "::ffff:127.0.0.1");

  RecordingListenerHandler& only = trial.listen(any, {.ipv6Only = true});
  only.startAccepting();
  RecordingStreamHandler& refused = trial.connect(ipv4(only));
  trial.runUntil([&] { return refused.failed() || refused.connected(); });
  BOOST_TEST(refused.error().code() == "ECONNREFUSED");
}

// Kernels let in one or two more than they were told; what matters is that they were told.
void theBacklogBoundsWhoWaits(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen({.backlog = 3});
  const auto clients = connectMany(trial, listener, 30);
  trial.countTurns(kIdle);
  const auto connected = std::count_if(clients.begin(), clients.end(),
                                       [](auto* client) { return client->connected(); });
  BOOST_TEST(connected >= 3);
  BOOST_TEST(connected <= 6);
}

// Both take from one queue; who does not accept leaves all to the other.
void listenersShareAQueue(Trial& trial) {
  RecordingListenerHandler& first = trial.listen();
  RecordingListenerHandler& second = trial.share(first);
  BOOST_TEST((first.listener().localEndpoint() == second.listener().localEndpoint()));
  trial.connectPair(first);
  first.stopAccepting();
  trial.connectPair(second);
  second.stopAccepting();
  trial.connectPair(first);
  second.startAccepting();
  const auto clients = connectMany(trial, first, 20);
  trial.runUntil([&] { return first.accepted().size() + second.accepted().size() == 23; });
  BOOST_TEST(allConnected(clients));
}

void aSharedQueueOutlivesEitherListener(Trial& trial) {
  RecordingListenerHandler& first = trial.listen();
  RecordingListenerHandler& second = trial.share(first);
  const Endpoint place = first.listener().localEndpoint();
  const auto visit = [&](RecordingListenerHandler& listener) {
    const auto pair = trial.connectPair(listener);
    pair.client.close(), pair.server.close();
    trial.runUntil([&] { return pair.client.closed() && pair.server.closed(); });
  };
  const auto close = [&](RecordingListenerHandler& listener) {
    listener.close();
    trial.runUntil([&] { return listener.closed(); });
  };
  RecordingListenerHandler& third = trial.share(second);
  close(second);
  visit(first);
  third.startAccepting();
  close(third);
  visit(first);
  RecordingListenerHandler& last = trial.share(first);
  close(first);
  if (!trial.venue().hasSocketFiles) visit(last);  // the file went with the first
  close(last);
  RecordingStreamHandler& late = trial.connect(place);
  trial.runUntil([&] { return late.failed(); });
}

// Nobody is cut off when a listener closes that shares its queue.
void whoWaitsIsLeftToTheOtherListener(Trial& trial) {
  RecordingListenerHandler& first = trial.listen();
  RecordingListenerHandler& second = trial.share(first);
  const auto clients = connectMany(trial, first, 20);
  first.on.accept = [&](RecordingStreamHandler& server) {
    server.startReceiving();
    first.close();
  };
  first.startAccepting();
  trial.runUntil([&] { return first.closed(); });
  BOOST_TEST(first.accepted().size() == 1U);
  trial.countTurns(kIdle);
  second.startAccepting();
  trial.runUntil([&] { return second.accepted().size() == 19 && allConnected(clients); });
}

void aSharingListenerIsClosedInsideTheOthersOnAccept(Trial& trial) {
  RecordingListenerHandler& first = trial.listen();
  RecordingListenerHandler& second = trial.share(first);
  const auto closesTheOther = [](RecordingListenerHandler& other) {
    return [&other](RecordingStreamHandler&) {
      if (!other.isClosing()) other.close();
    };
  };
  first.on.accept = closesTheOther(second);
  second.on.accept = closesTheOther(first);
  const auto clients = connectMany(trial, first, 10);
  first.startAccepting();
  second.startAccepting();
  trial.runUntil([&] { return first.accepted().size() + second.accepted().size() == 10; });
  BOOST_TEST(first.closed() != second.closed());
}

// Who stops leaves the rest to the others, and so does who throws.
void whoStopsInsideOnAcceptLeavesTheRestToOthers(Trial& trial) {
  RecordingListenerHandler& first = trial.listen();
  RecordingListenerHandler& second = trial.share(first);
  const auto clients = connectMany(trial, first, 20);
  trial.runUntil([&] { return allConnected(clients); });
  first.on.accept = [&](RecordingStreamHandler&) { first.stopAccepting(); };
  second.on.accept = [&](RecordingStreamHandler& server) {
    first.startAccepting();
    if (second.accepted().size() < 3) return;
    server.detach();
    throw Thrown();
  };
  first.startAccepting();
  trial.runUntil([&] { return first.accepted().size() == 1; });
  trial.countTurns(kIdle);
  BOOST_TEST(first.accepted().size() == 1u);
  second.startAccepting();
  trial.runUntilThrown();
  second.close();
  first.on.accept = {};
  trial.runUntil([&] { return first.accepted().size() + second.accepted().size() == 20; });
}

void theSocketFileLivesAsLongAsItsListener(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const std::string path = listener.listener().localEndpoint().path().text;
  BOOST_TEST(std::filesystem::is_socket(path));
  const auto pair = trial.connectPair(listener);
  listener.close();
  trial.runUntil([&] { return listener.closed(); });
  BOOST_TEST(!std::filesystem::exists(path));
  pair.client.trySend("hello");
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == 5; });
}

void theSocketFileGoesWithTheBackend(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const std::string path = listener.listener().localEndpoint().path().text;
  trial.destroyBackend();
  BOOST_TEST(!std::filesystem::exists(path));
}

void aFileInTheWayIsKept(Trial& trial) {
  const Endpoint endpoint = trial.venue().freshEndpoint();
  const std::string& path = endpoint.path().text;
  std::ofstream(path) << "precious";
  const auto listener = trial.tryListen(endpoint);
  BOOST_TEST_REQUIRE(!listener);
  BOOST_TEST(listener.error().code() == "EADDRINUSE");
  BOOST_TEST(std::filesystem::file_size(path) == 8u);
}

void aFileThatTookTheNameIsKept(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const std::string path = listener.listener().localEndpoint().path().text;
  // Moved away rather than removed, so that the new file cannot get its inode.
  std::filesystem::rename(path, path + ".moved");
  std::ofstream(path) << "precious";
  listener.close();
  trial.runUntil([&] { return listener.closed(); });
  BOOST_TEST(std::filesystem::file_size(path) == 8u);
}

// A path that is too long is cut alike by listen, connect and the removal. [16.2]
void aPathThatIsTooLongIsCutAlikeEverywhere(Trial& trial) {
  const std::string fresh = trial.venue().freshEndpoint().path().text;
  const Endpoint tooLong = platform::LocalPath{fresh + std::string(200, 'x')};
  const auto directory = std::filesystem::path(fresh).parent_path();
  const auto fileCount = [&] {
    return std::distance(std::filesystem::directory_iterator(directory), {});
  };
  const auto before = fileCount();
  RecordingListenerHandler& listener = trial.listen(tooLong);
  BOOST_TEST(fileCount() == before + 1);
  BOOST_TEST((listener.listener().localEndpoint() == tooLong));
  trial.connectPair(listener);
  listener.close();
  trial.runUntil([&] { return listener.closed(); });
  BOOST_TEST(fileCount() == before);
}

}  // namespace

std::span<const ConformanceCase> acceptCases() {
  static const ConformanceCase cases[] = {
      {"connections_wait_until_accepting_starts", connectionsWaitUntilAcceptingStarts},
      {"accepting_stops_and_goes_on", acceptingStopsAndGoesOn},
      {"accepting_stops_inside_on_accept", acceptingStopsInsideOnAccept},
      {"the_listener_is_closed_inside_on_accept", theListenerIsClosedInsideOnAccept},
      {"a_stream_is_closed_inside_on_accept", aStreamIsClosedInsideOnAccept},
      {"the_handler_named_is_told_of_the_connection", theHandlerNamedIsToldOfTheConnection},
      {"receiving_starts_inside_on_accept", receivingStartsInsideOnAccept},
      {"an_accepted_stream_is_not_receiving", anAcceptedStreamIsNotReceiving},
      {"closing_the_listener_cuts_off_who_waits", closingTheListenerCutsOffWhoWaits},
      {"a_connection_whose_peer_went_before_it_was_accepted",
       aConnectionWhosePeerWentBeforeItWasAccepted},
      {"a_flood_of_connections_leaves_room_for_others", aFloodOfConnectionsLeavesRoomForOthers},
      {"an_address_in_use_is_refused", anAddressInUseIsRefused},
      {"an_impossible_address_is_refused", anImpossibleAddressIsRefused},
      {"an_address_is_free_as_soon_as_its_listener_is_closed",
       anAddressIsFreeAsSoonAsItsListenerIsClosed},
      {"ipv4_clients_come_to_the_ipv6_wildcard_unless_kept_out",
       ipv4ClientsComeToTheIpv6WildcardUnlessKeptOut, &Venue::hasIpv6},
      {"the_backlog_bounds_who_waits", theBacklogBoundsWhoWaits},
      {"listeners_share_a_queue", listenersShareAQueue},
      {"a_shared_queue_outlives_either_listener", aSharedQueueOutlivesEitherListener},
      {"who_waits_is_left_to_the_other_listener", whoWaitsIsLeftToTheOtherListener},
      {"a_sharing_listener_is_closed_inside_the_others_on_accept",
       aSharingListenerIsClosedInsideTheOthersOnAccept},
      {"who_stops_inside_on_accept_leaves_the_rest_to_others",
       whoStopsInsideOnAcceptLeavesTheRestToOthers},
      {"the_socket_file_lives_as_long_as_its_listener", theSocketFileLivesAsLongAsItsListener,
       &Venue::hasSocketFiles},
      {"the_socket_file_goes_with_the_backend", theSocketFileGoesWithTheBackend,
       &Venue::hasSocketFiles},
      {"a_file_in_the_way_is_kept", aFileInTheWayIsKept, &Venue::hasSocketFiles},
      {"a_file_that_took_the_name_is_kept", aFileThatTookTheNameIsKept, &Venue::hasSocketFiles},
      {"a_path_that_is_too_long_is_cut_alike_everywhere", aPathThatIsTooLongIsCutAlikeEverywhere,
       &Venue::hasSocketFiles},
  };
  return cases;
}

}  // namespace sprocket::tests
