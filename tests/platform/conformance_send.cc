// Sending, back-pressure, and peers that are gone.

#include <algorithm>
#include <cstdint>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

using platform::Bytes;

std::vector<Bytes> cut(const std::string& bytes, std::size_t slice) {
  std::vector<Bytes> slices;
  for (Bytes rest = std::as_bytes(std::span(bytes)); !rest.empty();) {
    slices.push_back(rest.first(std::min(slice, rest.size())));
    rest = rest.subspan(slices.back().size());
  }
  return slices;
}

// The receiver stops after every few pieces and for some turns; what the sender has in flight
// waits.
void aBigTransferAgainstAReceiverThatStopsAndStarts(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = trial.bigText();
  pair.client.send(text);

  // With the receiver stopped the sender comes to a halt, well before the end.
  while (trial.comesToHold(
      [&, before = pair.client.sentCount()] { return pair.client.sentCount() > before; }, kIdle)) {
  }
  BOOST_TEST(pair.client.sentCount() < text.size());
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);

  std::size_t pieces = 0;
  pair.server.on.receive = [&] {
    if (++pieces % 3 == 0) pair.server.stopReceiving();
  };
  pair.server.startReceiving();
  while (pair.server.receivedCount() < text.size()) {
    const std::size_t before = pieces;
    trial.runUntil([&] { return pieces > before; });
    if (pieces % 3 == 0) {
      trial.turn();
      trial.turn();
      BOOST_TEST(pieces % 3 == 0);
      pair.server.startReceiving();
    }
  }
  trial.runUntil([&] { return pair.client.inFlight() == 0; });
  BOOST_TEST(pair.client.sentCount() == text.size());
  BOOST_TEST((pair.server.received() == text));
}

// More slices than one system call carries (IOV_MAX is 1024), of all small sizes, 0 among them.
void veryManySlicesSomeOfThemEmpty(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(200'000);
  std::vector<Bytes> slices;
  Bytes rest = std::as_bytes(std::span(text));
  for (std::size_t i = 0; !rest.empty(); ++i) {
    slices.push_back(rest.first(std::min(i * 7 % 23, rest.size())));
    rest = rest.subspan(slices.back().size());
  }
  slices.push_back({});
  BOOST_TEST(slices.size() > 5'000u);
  BOOST_TEST(slices.front().empty());
  pair.client.send(slices);
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == text.size(); });
  trial.runUntil([&] { return pair.client.inFlight() == 0; });
  trial.countTurns(kIdle);
  BOOST_TEST((pair.server.received() == text));
  BOOST_TEST(pair.client.sentCount() == text.size());
}

// More empty slices in front than one system call carries slices.
void aThousandEmptySlicesBeforeAFullOne(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = "hello";
  std::vector<Bytes> slices(2'000);
  slices.push_back(std::as_bytes(std::span(text)));
  slices.resize(4'000);
  const std::size_t taken = pair.client.stream().trySend(slices);
  BOOST_TEST(taken <= 5u);
  pair.client.send(slices);
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == taken + 5; });
  trial.runUntil([&] { return pair.client.inFlight() == 0; });
  BOOST_TEST(pair.server.received() == text.substr(0, taken) + text);
}

// Nothing is no progress to report, nor does it leave a send in flight.
void sendingNothingIsOverAtOnce(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::vector<Bytes> slices(3);
  BOOST_TEST(pair.client.stream().trySend({}) == 0u);
  BOOST_TEST(pair.client.stream().trySend(slices) == 0u);
  pair.client.send(std::span<const Bytes>());
  pair.client.send(slices);
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  pair.client.send("hello");
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == 5; });
  BOOST_TEST(pair.client.events() == "connect, send(5)");
}

void oneSendAfterAnother(Trial& trial) {
  const auto pair = trial.connectPair();
  std::string expected;
  std::size_t rounds = 0;
  const auto sendNext = [&] {
    const std::string text = pattern(1 + rounds * 1'000, static_cast<unsigned>(rounds));
    expected += text;
    ++rounds;
    pair.client.send(text);
  };
  pair.client.on.send = [&] {
    if (pair.client.inFlight() == 0 && rounds < 100) sendNext();
  };
  pair.server.startReceiving();
  sendNext();
  trial.runUntil([&] { return rounds == 100 && pair.client.inFlight() == 0; });
  trial.runUntil([&] { return pair.server.receivedCount() == expected.size(); });
  BOOST_TEST((pair.server.received() == expected));
}

// What is sent inside onSend() is not all sent inside one wait(), however fast it goes.
void sendingInsideOnSendDoesNotHoldUpTheTurn(Trial& trial) {
  const auto pair = trial.connectPair();
  std::size_t sends = 0;
  pair.server.keepNoBytes();
  pair.server.startReceiving();
  pair.client.on.send = [&] {
    ++sends;
    if (sends < 5'000) pair.client.send("x");
  };
  pair.client.send("x");
  while (sends < 5'000) {
    const std::size_t before = sends;
    trial.turn(Trial::kPatience);
    BOOST_TEST_REQUIRE(sends - before < 100u);
  }
}

void trySendTakesWhatFitsAndSendGoesOn(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = trial.bigText();
  std::size_t sent = 0;
  for (std::size_t count = 1; count > 0; sent += count) {
    count = pair.client.trySend(std::string_view(text).substr(sent));
  }
  BOOST_TEST(sent < text.size());
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.client.events() == "connect");
  pair.client.send(text.substr(sent));
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == text.size(); });
  trial.runUntil([&] { return pair.client.inFlight() == 0; });
  BOOST_TEST(pair.client.sentCount() == text.size() - sent);
  BOOST_TEST((pair.server.received() == text));
}

void slicesOfOneSendKeepTheirOrder(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(trial.venue().bigTransfer / 4);
  const std::vector<Bytes> slices = cut(text, 999);
  pair.client.send(slices);
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == text.size(); });
  trial.runUntil([&] { return pair.client.inFlight() == 0; });
  BOOST_TEST((pair.server.received() == text));
}

// Fails the process with SIGPIPE if that is not kept away.
void sendingToAPeerThatIsGone(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.close();
  trial.runUntil([&] { return pair.server.closed(); });
  // The first bytes may still be taken; the peer's kernel answers them with a reset.
  for (int i = 0; i < 1'000 && !pair.client.failed(); ++i) {
    pair.client.trySend("anybody?");
    trial.turn(std::chrono::milliseconds(1));
  }
  BOOST_TEST(pair.client.error().syscall() == "write");
  const std::string_view code = pair.client.error().code();
  BOOST_TEST((code == "EPIPE" || code == "ECONNRESET"));
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  pair.client.close();
  trial.runUntil([&] { return pair.client.closed(); });
  BOOST_TEST(pair.client.events() == "connect, error write " + std::string(code) + ", close");
}

// trySend() has failed and the handler is still to hear of it: the stream is dead all the same.
void betweenAFailedTrySendAndItsErrorNothingHappens(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.trySend("unread");
  pair.server.close();
  trial.runUntil([&] { return pair.server.closed(); });
  int refusals = 0;
  while (refusals < 100 && pair.client.events() == "connect") {
    if (pair.client.trySend("x") == 0) {
      ++refusals;
      pair.client.startReceiving();
      pair.client.stream().shutdownSend(true);
      pair.client.stream().setNoDelay(true);
      pair.client.stream().localEndpoint();
      const std::string text = "late";
      const Bytes slice = std::as_bytes(std::span(text));
      pair.client.stream().send({&slice, 1});
    }
    if (refusals == 0) trial.turn(std::chrono::milliseconds(1));
  }
  trial.runUntil([&] { return pair.client.failed(); });
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(pair.client.events() ==
             "connect, error write " + std::string(pair.client.error().code()));
}

void aPeerThatGoesDuringASend(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.client.send(trial.bigText());
  trial.turn();
  trial.turn();
  pair.server.close();
  trial.runUntil([&] { return pair.client.failed(); });
  BOOST_TEST(pair.client.error().syscall() == "write");
  const std::string_view code = pair.client.error().code();
  BOOST_TEST((code == "EPIPE" || code == "ECONNRESET"));
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
}

// Which of the two directions meets the failure first is open; that it is told once is not.
void aPeerThatGoesDuringASendWhileWeReceive(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.client.startReceiving();
  pair.client.send(trial.bigText());
  trial.turn();
  pair.server.reset();
  trial.runUntil([&] { return pair.client.failed(); });
  const std::string_view code = pair.client.error().code();
  BOOST_TEST((code == "EPIPE" || code == "ECONNRESET"));
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
}

void shuttingDownAfterThePeerHasGoneSucceeds(Trial& trial) {
  const auto closed = trial.connectPair();
  closed.server.close();
  const auto reset = trial.connectPair();
  reset.client.trySend("unread");
  trial.turn();
  reset.server.reset();
  trial.runUntil([&] { return closed.server.closed() && reset.server.closed(); });
  closed.client.shutdownSend();
  reset.client.shutdownSend();
  BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
  BOOST_TEST(closed.client.events() == "connect");
  BOOST_TEST(reset.client.events() == "connect");
}

void shuttingDownTwiceIsHarmless(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.server.startReceiving();
  pair.client.shutdownSend();
  pair.client.shutdownSend();
  trial.runUntil([&] { return pair.server.ended(); });
  pair.client.shutdownSend();
  trial.countTurns(kIdle);
  BOOST_TEST(pair.client.events() == "connect");
  BOOST_TEST(pair.server.events() == "connect, end");
}

void shuttingDownInsideOnSendComesAfterTheBytes(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(trial.venue().bigTransfer / 4);
  pair.client.on.send = [&] {
    if (pair.client.inFlight() == 0) pair.client.shutdownSend();
  };
  pair.client.send(text);
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended(); });
  BOOST_TEST((pair.server.received() == text));
}

// A sender with no end of things to send does not keep another from being heard.
void aFloodDoesNotStarveAnother(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  const auto flood = trial.connectPair(listener);
  const auto quiet = trial.connectPair(listener);
  const std::string piece = pattern(1'000'000);
  const Bytes slice = std::as_bytes(std::span(piece));
  for (RecordingStreamHandler* stream : {&flood.client, &flood.server}) {
    stream->keepNoBytes();
    stream->on.send = [stream, &slice] {
      if (stream->inFlight() == 0) stream->send({&slice, 1});
    };
    stream->startReceiving();
    stream->send({&slice, 1});
  }
  quiet.server.on.receive = [&] { quiet.server.trySend("pong"); };
  quiet.server.startReceiving();
  quiet.client.startReceiving();
  for (std::size_t round = 1; round <= 50; ++round) {
    quiet.client.trySend("ping");
    std::size_t turns = 0;
    trial.runUntil([&] {
      ++turns;
      return quiet.client.receivedCount() == 4 * round;
    });
    BOOST_TEST(turns < 20u);
  }
  BOOST_TEST(flood.client.receivedCount() > 0u);
  BOOST_TEST(flood.server.receivedCount() > 0u);
}

}  // namespace

std::span<const ConformanceCase> sendCases() {
  static const ConformanceCase cases[] = {
      {"a_big_transfer_against_a_receiver_that_stops_and_starts",
       aBigTransferAgainstAReceiverThatStopsAndStarts},
      {"very_many_slices_some_of_them_empty", veryManySlicesSomeOfThemEmpty},
      {"a_thousand_empty_slices_before_a_full_one", aThousandEmptySlicesBeforeAFullOne},
      {"sending_nothing_is_over_at_once", sendingNothingIsOverAtOnce},
      {"one_send_after_another", oneSendAfterAnother},
      {"sending_inside_on_send_does_not_hold_up_the_turn", sendingInsideOnSendDoesNotHoldUpTheTurn},
      {"try_send_takes_what_fits_and_send_goes_on", trySendTakesWhatFitsAndSendGoesOn},
      {"slices_of_one_send_keep_their_order", slicesOfOneSendKeepTheirOrder},
      {"sending_to_a_peer_that_is_gone", sendingToAPeerThatIsGone},
      {"between_a_failed_try_send_and_its_error_nothing_happens",
       betweenAFailedTrySendAndItsErrorNothingHappens},
      {"a_peer_that_goes_during_a_send", aPeerThatGoesDuringASend},
      {"a_peer_that_goes_during_a_send_while_we_receive", aPeerThatGoesDuringASendWhileWeReceive},
      {"shutting_down_after_the_peer_has_gone_succeeds", shuttingDownAfterThePeerHasGoneSucceeds,
       &Venue::hasHalfClose},
      {"shutting_down_twice_is_harmless", shuttingDownTwiceIsHarmless, &Venue::hasHalfClose},
      {"shutting_down_inside_on_send_comes_after_the_bytes",
       shuttingDownInsideOnSendComesAfterTheBytes, &Venue::hasHalfClose},
      {"a_flood_does_not_starve_another", aFloodDoesNotStarveAnother},
  };
  return cases;
}

}  // namespace sprocket::tests
