// Receiving, pausing, the end and the reset.

#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

constexpr std::size_t kManyBytes = 1'000'000;

void finArrivingWithDataComesAfterIt(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.client.trySend("hello");
  pair.client.shutdownSend();
  trial.turn();
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.server.events() == "connect, receive(5), end");
}

void aWholeStreamThenItsEnd(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(kManyBytes);
  pair.client.on.send = [&] {
    if (pair.client.inFlight() == 0) pair.client.close();
  };
  pair.client.send(text);
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST((pair.server.received() == text));
  BOOST_TEST(pair.server.events() == "connect, receive(1000000), end");
}

void theEndComesAloneToo(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.shutdownSend();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST(pair.server.events() == "connect, end");
}

// Read interest left on after FIN would fire for ever.
void afterTheEndNothingFires(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.startReceiving();
  pair.client.shutdownSend();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  pair.server.startReceiving();
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);

  // Both directions ended: a hang-up, which no interest masks.
  pair.server.shutdownSend();
  trial.runUntil([&] { return pair.client.ended(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  pair.client.close();
  trial.runUntil([&] { return pair.client.closed(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.server.events() == "connect, end");
  BOOST_TEST(pair.client.events() == "connect, end, close");
}

void eachDirectionEndsForItself(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.startReceiving();
  pair.client.trySend("question");
  pair.client.shutdownSend();
  trial.runUntil([&] { return pair.server.ended(); });

  const std::string answer = pattern(kManyBytes);
  pair.server.sendAll(answer);
  trial.runUntil([&] { return pair.client.receivedCount() == answer.size(); });
  BOOST_TEST(!pair.client.ended());
  pair.server.shutdownSend();
  trial.runUntil([&] { return pair.client.ended(); });
  BOOST_TEST(pair.client.events() == "connect, receive(1000000), end");
  BOOST_TEST((pair.client.received() == answer));
  BOOST_TEST(pair.server.received() == "question");
}

void whileStoppedNothingArrives(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(10'000);
  pair.server.startReceiving();
  trial.turn();
  pair.server.stopReceiving();
  pair.client.sendAll(text);
  pair.client.shutdownSend();
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.server.events() == "connect");
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST((pair.server.received() == text));
}

void stoppingInsideOnReceiveWorksAtOnce(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(kManyBytes);
  std::size_t pieces = 0;
  pair.server.on.receive = [&] {
    ++pieces;
    pair.server.stopReceiving();
  };
  pair.client.send(text);
  pair.client.on.send = [&] {
    if (pair.client.inFlight() == 0) pair.client.shutdownSend();
  };
  while (pair.server.receivedCount() < text.size()) {
    const std::size_t before = pieces;
    pair.server.startReceiving();
    trial.runUntil([&] { return pieces > before; });
    trial.turn();
    BOOST_TEST(pieces == before + 1);
  }
  BOOST_TEST(!pair.server.ended());
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST((pair.server.received() == text));
}

// The FIN is there too when the data is read; stopped inside onReceive(), there is no end yet.
void stoppingInsideOnReceiveHoldsBackTheEnd(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.on.receive = [&] { pair.server.stopReceiving(); };
  pair.client.trySend("hello");
  pair.client.shutdownSend();
  trial.turn();
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == 5; });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.server.events() == "connect, receive(5)");
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), end");
}

void startingAndStoppingManyTimesInATurn(Trial& trial) {
  const auto pair = trial.connectPair();
  const auto toggle = [&](bool on) {
    for (int i = 0; i < 100; ++i) {
      pair.server.startReceiving();
      pair.server.startReceiving();
      pair.server.stopReceiving();
      pair.server.stopReceiving();
    }
    if (on) pair.server.startReceiving();
  };
  toggle(true);
  pair.client.trySend("one");
  trial.runUntil([&] { return pair.server.receivedCount() == 3; });
  toggle(false);
  pair.client.trySend("two");
  trial.countTurns(kIdle);
  BOOST_TEST(pair.server.receivedCount() == 3u);
  // Inside a handler as well.
  pair.server.on.receive = [&] { toggle(true); };
  toggle(true);
  pair.client.trySend("three");
  trial.runUntil([&] { return pair.server.receivedCount() == 11; });
  BOOST_TEST(pair.server.received() == "onetwothree");
}

// Neither the data nor the hang-up may wake the loop while nobody wants to hear of them.
void aPausedStreamWhosePeerClosesWaitsQuietly(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.client.trySend("hello");
  pair.client.close();
  trial.runUntil([&] { return pair.client.closed(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.server.events() == "connect");
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), end");
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
}

void aPausedStreamWhosePeerResetsWaitsQuietly(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.client.trySend("hello");
  trial.turn();
  pair.client.reset();
  trial.runUntil([&] { return pair.client.closed(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.server.events() == "connect");
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.failed() || pair.server.ended(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), error read ECONNRESET");
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
}

// Paused after it was receiving, so that its interest has to be taken back.
void aStreamPausedInsideOnReceiveWhosePeerResets(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.on.receive = [&] { pair.server.stopReceiving(); };
  pair.server.startReceiving();
  pair.client.trySend("hello");
  trial.runUntil([&] { return pair.server.receivedCount() == 5; });
  pair.client.reset();
  trial.runUntil([&] { return pair.client.closed(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  if (pair.server.failed()) return;  // allowed: nothing was left to be read
  BOOST_TEST(pair.server.events() == "connect, receive(5)");
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.failed() || pair.server.ended(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), error read ECONNRESET");
}

void aResetIsAnErrorBehindTheData(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.trySend("hello");
  pair.client.reset();
  trial.runUntil([&] { return pair.server.failed() || pair.server.ended(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), error read ECONNRESET");
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  pair.server.close();
  trial.runUntil([&] { return pair.server.closed(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), error read ECONNRESET, close");
}

// More than one turn's share is there, and what comes with the reset must wait behind all of it.
void muchDataBeforeAResetIsDeliveredFirst(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(1'000'000);
  pair.client.send(text);
  trial.turn();
  trial.turn();
  const std::size_t sent = pair.client.sentCount();
  BOOST_TEST(sent > 0u);
  pair.client.reset();
  trial.runUntil([&] { return pair.client.closed(); });
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.failed() || pair.server.ended(); });
  BOOST_TEST(pair.server.error().code() == "ECONNRESET");
  // What the sender's side still held is lost with the reset; what is delivered is in order.
  const std::size_t got = pair.server.receivedCount();
  BOOST_TEST(got <= sent);
  BOOST_TEST((pair.server.received() == text.substr(0, got)));
}

// The same hang-up ends the send in flight, but who only sent would never see what came before.
void dataBeforeAResetComesBeforeTheFailureOfASend(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.server.send(trial.bigText());
  while (trial.comesToHold(
      [&, before = pair.server.sentCount()] { return pair.server.sentCount() > before; }, kIdle)) {
  }
  pair.client.trySend("hello");
  pair.client.reset();
  trial.runUntil([&] { return pair.server.failed(); });
  BOOST_TEST(pair.server.received() == "hello");
}

// Reading is over and has nothing to say about the peer's going.
void afterTheEndAFailureIsOneOfSending(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.shutdownSend();
  trial.runUntil([&] { return pair.server.ended(); });
  pair.server.send(trial.bigText());
  trial.turn();
  trial.turn();
  pair.client.close();
  trial.runUntil([&] { return pair.server.failed(); });
  BOOST_TEST(pair.server.error().syscall() == "write");
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
}

void aResetLosesNothingThatHadArrived(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.trySend("hello");
  pair.client.reset();
  trial.runUntil([&] { return pair.server.failed() || pair.server.ended(); });
  BOOST_TEST(pair.server.received() == "hello");
}

// The peer's kernel answers our bytes, which nobody read, with a reset: TCP always, unix sockets on
// Linux; elsewhere those just end (platforms.md, 4.2). Never a loop, never both.
void aPeerThatClosesWithUnreadDataResetsOrEnds(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.trySend("unread");
  trial.turn();
  pair.server.startReceiving();
  pair.client.trySend("hello");
  pair.client.close();
  trial.runUntil([&] { return pair.server.failed() || pair.server.ended(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  const std::string events = pair.server.events();
  BOOST_TEST((events == "connect, receive(5), error read ECONNRESET" ||
              events == "connect, receive(5), end" || events == "connect, error read ECONNRESET"));
}

// Each piece that is read makes room for another, so that there is always more to read.
void aBusyStreamTakesItsShareOfATurn(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const auto busy = trial.connectPair(listener);
  const auto quiet = trial.connectPair(listener);
  const std::string piece = pattern(64 * 1024);
  const std::size_t budget = 16 * trial.venue().bytesPerTurn;
  std::size_t offered = 0;
  busy.server.keepNoBytes();
  busy.server.on.receive = [&] {
    if (offered < budget) offered += busy.client.trySend(piece);
  };
  busy.server.startReceiving();
  quiet.server.on.receive = [&] { quiet.server.trySend("pong"); };
  quiet.server.startReceiving();
  quiet.client.startReceiving();

  quiet.client.trySend("ping");
  std::size_t pongs = 0;
  std::size_t turnsWithoutPong = 0;
  while (offered < budget) {
    // Lest it run dry because a kernel took nothing when all was read.
    offered += busy.client.trySend(piece);
    const std::size_t before = busy.server.receivedCount();
    trial.turn(Trial::kPatience);
    BOOST_TEST(busy.server.receivedCount() - before <= trial.venue().bytesPerTurn);
    ++turnsWithoutPong;
    BOOST_TEST_REQUIRE(turnsWithoutPong < 20u);
    if (quiet.client.receivedCount() == 4 * (pongs + 1)) {
      ++pongs;
      turnsWithoutPong = 0;
      quiet.client.trySend("ping");
    }
  }
  BOOST_TEST(pongs >= 4u);
}

void bothDirectionsFlow(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string there = pattern(trial.venue().bigTransfer / 4, 1);
  const std::string back = pattern(trial.venue().bigTransfer / 4, 2);
  pair.client.startReceiving();
  pair.server.startReceiving();
  pair.client.sendAll(there);
  pair.server.sendAll(back);
  trial.runUntil([&] {
    return pair.server.receivedCount() == there.size() &&
           pair.client.receivedCount() == back.size();
  });
  BOOST_TEST((pair.server.received() == there));
  BOOST_TEST((pair.client.received() == back));
}

}  // namespace

std::span<const ConformanceCase> receiveCases() {
  static const ConformanceCase cases[] = {
      {"fin_arriving_with_data_comes_after_it", finArrivingWithDataComesAfterIt,
       &Venue::hasHalfClose},
      {"a_whole_stream_then_its_end", aWholeStreamThenItsEnd},
      {"the_end_comes_alone_too", theEndComesAloneToo, &Venue::hasHalfClose},
      {"after_the_end_nothing_fires", afterTheEndNothingFires, &Venue::hasHalfClose},
      {"each_direction_ends_for_itself", eachDirectionEndsForItself, &Venue::hasHalfClose},
      {"while_stopped_nothing_arrives", whileStoppedNothingArrives, &Venue::hasHalfClose},
      {"stopping_inside_on_receive_works_at_once", stoppingInsideOnReceiveWorksAtOnce,
       &Venue::hasHalfClose},
      {"stopping_inside_on_receive_holds_back_the_end", stoppingInsideOnReceiveHoldsBackTheEnd,
       &Venue::hasHalfClose},
      {"starting_and_stopping_many_times_in_a_turn", startingAndStoppingManyTimesInATurn},
      {"a_paused_stream_whose_peer_closes_waits_quietly", aPausedStreamWhosePeerClosesWaitsQuietly},
      {"a_paused_stream_whose_peer_resets_waits_quietly", aPausedStreamWhosePeerResetsWaitsQuietly,
       &Venue::hasReset},
      {"a_stream_paused_inside_on_receive_whose_peer_resets",
       aStreamPausedInsideOnReceiveWhosePeerResets, &Venue::hasReset},
      {"a_reset_is_an_error_behind_the_data", aResetIsAnErrorBehindTheData, &Venue::hasReset},
      {"much_data_before_a_reset_is_delivered_first", muchDataBeforeAResetIsDeliveredFirst,
       &Venue::hasReset},
      {"data_before_a_reset_comes_before_the_failure_of_a_send",
       dataBeforeAResetComesBeforeTheFailureOfASend, &Venue::hasReset},
      {"after_the_end_a_failure_is_one_of_sending", afterTheEndAFailureIsOneOfSending,
       &Venue::hasHalfClose},
      {"a_reset_loses_nothing_that_had_arrived", aResetLosesNothingThatHadArrived},
      {"a_peer_that_closes_with_unread_data_resets_or_ends",
       aPeerThatClosesWithUnreadDataResetsOrEnds},
      {"a_busy_stream_takes_its_share_of_a_turn", aBusyStreamTakesItsShareOfATurn},
      {"both_directions_flow", bothDirectionsFlow},
  };
  return cases;
}

}  // namespace sprocket::tests
