// The four rules of platform/backend.h, each by name. (The recording handlers check rules 1 and 4
// in every other case as well.)

#include <algorithm>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/platform/conformance.h"

namespace sprocket::tests {
namespace {

using platform::Bytes;

// Every call that could cause an event is made while that event is ready to happen.
void rule1HandlersRunOnlyInsideWait(Trial& trial) {
  const platform::Endpoint dead = trial.deadEndpoint();
  const auto pair = trial.connectPair();
  RecordingListenerHandler& full = trial.listen();
  pair.client.trySend("hello");
  trial.turn();

  const std::size_t before = trial.watch().eventCount();
  const auto expectQuiet = [&](const char* call) {
    BOOST_TEST(trial.watch().eventCount() == before, call << " ran a handler");
  };
  trial.connect(dead);
  expectQuiet("connect() to where nobody listens");
  trial.connect(full.listener().localEndpoint());
  expectQuiet("connect()");
  full.startAccepting();
  expectQuiet("startAccepting() with one waiting");
  pair.server.startReceiving();
  expectQuiet("startReceiving() with data there");
  pair.server.trySend("hello");
  expectQuiet("trySend()");
  pair.server.send("world");
  expectQuiet("send()");
  pair.client.shutdownSend();
  expectQuiet("shutdownSend()");
  pair.client.stopReceiving();
  pair.client.close();
  expectQuiet("close()");
  pair.server.reset();
  expectQuiet("reset()");
  full.stopAccepting();
  full.close();
  expectQuiet("the listener's close()");
  BOOST_TEST(trial.closeAll());
  BOOST_TEST(pair.client.events() == "connect, close");
  BOOST_TEST(pair.server.events() == "connect, close");
}

void rule1CallsInsideAHandlerRunNoOther(Trial& trial) {
  const platform::Endpoint dead = trial.deadEndpoint();
  RecordingListenerHandler& listener = trial.listen();
  const auto pair = trial.connectPair(listener);
  const auto other = trial.connectPair(listener);
  other.client.trySend("waiting");
  pair.client.trySend("hello");

  // Were any of these to run a handler at once, it would be noticed as nested.
  pair.server.on.receive = [&] {
    pair.server.on.receive = {};
    trial.connect(dead);
    trial.connect(listener.listener().localEndpoint());
    other.server.startReceiving();
    pair.server.trySend("again");
    pair.server.send("and again");
    other.client.shutdownSend();
    other.client.close();
    listener.stopAccepting();
    listener.startAccepting();
    listener.close();
    pair.client.reset();
    pair.server.close();
  };
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.closed() && pair.client.closed() && listener.closed(); });
  BOOST_TEST(pair.server.events() == "connect, receive(5), close");
}

// All streams may share one receive buffer; so each must have been told of its own bytes, and these
// must have been there when it was.
void rule2ReceivedBytesAreRightWhileTheyAreTold(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  auto first = trial.connectPair(listener);
  auto second = trial.connectPair(listener);
  const std::string firstText = pattern(1'000'000, 1);
  const std::string secondText = pattern(1'000'000, 2);
  first.client.send(firstText);
  second.client.send(secondText);
  first.server.startReceiving();
  second.server.startReceiving();
  trial.runUntil([&] {
    return first.server.receivedCount() == firstText.size() &&
           second.server.receivedCount() == secondText.size();
  });
  BOOST_TEST((first.server.received() == firstText));
  BOOST_TEST((second.server.received() == secondText));
}

// What was reported sent is the caller's again: here it is overwritten at once, and the slices with
// the last byte of all.
void rule3BytesAreTheCallersAgainOnceReported(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = pattern(trial.venue().bigTransfer / 4);
  std::string bytes = text;
  std::vector<Bytes> slices;
  constexpr std::size_t kSlice = 10'007;
  for (std::size_t at = 0; at < bytes.size(); at += kSlice) {
    slices.push_back(
        std::as_bytes(std::span(bytes)).subspan(at).first(std::min(kSlice, bytes.size() - at)));
  }
  pair.client.on.send = [&] {
    std::fill_n(bytes.begin(), pair.client.sentCount(), '!');
    if (pair.client.sentCount() == bytes.size()) std::fill(slices.begin(), slices.end(), Bytes{});
  };
  pair.client.send(slices);
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == text.size(); });
  trial.runUntil([&] { return pair.client.inFlight() == 0; });
  BOOST_TEST((pair.server.received() == text));
  BOOST_TEST(pair.client.sentCount() == text.size());
}

// RecordingStreamHandler::trySend() overwrites the bytes as soon as the call returns.
void rule3TrySendKeepsNothing(Trial& trial) {
  const auto pair = trial.connectPair();
  const std::string text = trial.bigText();
  std::size_t accepted = 0;
  // Until the kernel takes no more.
  for (int refusals = 0; refusals < 3 && accepted < text.size();) {
    const std::size_t count = pair.client.trySend(std::string_view(text).substr(accepted, 50'000));
    accepted += count;
    if (count == 0) ++refusals;
  }
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == accepted; });
  BOOST_TEST((pair.server.received() == text.substr(0, accepted)));
  BOOST_TEST(pair.client.events() == "connect");  // what trySend() took is not reported again
}

void rule3TrySendSlicesMayGoToo(Trial& trial) {
  const auto pair = trial.connectPair();
  {
    const std::string text = "abc";
    const Bytes bytes = std::as_bytes(std::span(text));
    const std::vector<Bytes> slices = {bytes.first(1), {}, bytes.subspan(1)};
    BOOST_TEST(pair.client.stream().trySend(slices) == 3u);
  }
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.receivedCount() == 3; });
  BOOST_TEST(pair.server.received() == "abc");
}

// Closing lets go of a send in flight: its bytes may go with onClose(). (The address sanitizer
// would see a late access.)
void rule3CloseLetsGoOfTheSendInFlight(Trial& trial) {
  const auto pair = trial.connectPair();
  auto bytes = std::make_unique<std::string>(trial.bigText());
  auto slice = std::make_unique<Bytes>(std::as_bytes(std::span(*bytes)));
  pair.client.send({slice.get(), 1});
  trial.turn();
  pair.client.close();
  pair.client.on.close = [&] {
    bytes.reset();
    slice.reset();
  };
  trial.runUntil([&] { return pair.client.closed(); });
  pair.server.startReceiving();
  trial.runUntil([&] { return pair.server.ended() || pair.server.failed(); });
}

void rule4OnCloseComesOnceAndLast(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.client.trySend("hello");
  pair.client.shutdownSend();
  pair.server.startReceiving();
  pair.server.close();
  BOOST_TEST(!pair.server.closed());
  trial.runUntil([&] { return pair.server.closed(); });
  trial.countTurns(kIdle);
  BOOST_TEST(pair.server.events() == "connect, close");
}

// States that a stream can be in, each with how to bring a new one there.
struct StreamState {
  const char* name;
  RecordingStreamHandler& (*enter)(Trial&);
};

RecordingStreamHandler& resetByPeer(Trial& trial) {
  const auto pair = trial.connectPair();
  pair.client.send(trial.bigText());
  trial.turn();
  pair.server.reset();
  trial.runUntil([&] { return pair.client.failed(); });
  return pair.client;
}

const StreamState kStates[] = {
    {"connecting",
     [](Trial& trial) -> RecordingStreamHandler& {
       return trial.connect(trial.listen().listener().localEndpoint());
     }},
    {"connecting and asked to receive",
     [](Trial& trial) -> RecordingStreamHandler& {
       auto& stream = trial.connect(trial.listen().listener().localEndpoint());
       stream.startReceiving();
       return stream;
     }},
    {"refused, not told yet",
     [](Trial& trial) -> RecordingStreamHandler& { return trial.connect(trial.deadEndpoint()); }},
    {"refused",
     [](Trial& trial) -> RecordingStreamHandler& {
       auto& stream = trial.connect(trial.deadEndpoint());
       trial.runUntil([&] { return stream.failed(); });
       return stream;
     }},
    {"connected",
     [](Trial& trial) -> RecordingStreamHandler& { return trial.connectPair().client; }},
    {"accepted",
     [](Trial& trial) -> RecordingStreamHandler& { return trial.connectPair().server; }},
    {"receiving",
     [](Trial& trial) -> RecordingStreamHandler& {
       auto& stream = trial.connectPair().server;
       stream.startReceiving();
       trial.turn();
       return stream;
     }},
    {"receiving, with data there",
     [](Trial& trial) -> RecordingStreamHandler& {
       const auto pair = trial.connectPair();
       pair.server.startReceiving();
       trial.turn();
       pair.client.trySend("hello");
       return pair.server;
     }},
    {"paused, with data there",
     [](Trial& trial) -> RecordingStreamHandler& {
       const auto pair = trial.connectPair();
       pair.client.trySend("hello");
       trial.turn();
       return pair.server;
     }},
    {"sending",
     [](Trial& trial) -> RecordingStreamHandler& {
       auto& stream = trial.connectPair().client;
       stream.send(trial.bigText());
       trial.turn();
       return stream;
     }},
    {"sending to a peer that is gone, not told yet",
     [](Trial& trial) -> RecordingStreamHandler& {
       const auto pair = trial.connectPair();
       pair.client.send(trial.bigText());
       trial.turn();
       pair.server.reset();
       return pair.client;
     }},
    {"shut down",
     [](Trial& trial) -> RecordingStreamHandler& {
       auto& stream = trial.connectPair().client;
       stream.shutdownSend();
       trial.turn();
       return stream;
     }},
    {"ended",
     [](Trial& trial) -> RecordingStreamHandler& {
       const auto pair = trial.connectPair();
       pair.client.shutdownSend();
       pair.server.startReceiving();
       trial.runUntil([&] { return pair.server.ended(); });
       return pair.server;
     }},
    {"ended in both directions",
     [](Trial& trial) -> RecordingStreamHandler& {
       const auto pair = trial.connectPair();
       pair.client.shutdownSend();
       pair.server.startReceiving();
       trial.runUntil([&] { return pair.server.ended(); });
       pair.server.shutdownSend();
       trial.turn();
       return pair.server;
     }},
    {"failed", resetByPeer},
};

// What a caller may do to be rid of a stream.
struct WayOut {
  const char* name;
  void (*take)(RecordingStreamHandler&);
};

const WayOut kWaysOut[] = {
    {"close", [](RecordingStreamHandler& stream) { stream.close(); }},
    {"reset", [](RecordingStreamHandler& stream) { stream.reset(); }},
    {"close, close",
     [](RecordingStreamHandler& stream) {
       stream.close();
       stream.close();
     }},
    {"close, reset",
     [](RecordingStreamHandler& stream) {
       stream.close();
       stream.reset();
     }},
    {"reset, close",
     [](RecordingStreamHandler& stream) {
       stream.reset();
       stream.close();
     }},
};

void rule4CloseInEveryState(Trial& trial) {
  for (const StreamState& state : kStates) {
    for (const WayOut& wayOut : kWaysOut) {
      BOOST_TEST_CONTEXT(state.name << ": " << wayOut.name) {
        RecordingStreamHandler& stream = state.enter(trial);
        const std::string before = stream.events();
        wayOut.take(stream);
        BOOST_TEST(stream.events() == before);
        BOOST_TEST(trial.closeAll());
        BOOST_TEST(stream.events() == (before.empty() ? "close" : before + ", close"));
      }
    }
  }
}

// "On a stream that is dead or closed every call is harmless and does nothing."
void rule4CallsOnADeadOrClosedStreamDoNothing(Trial& trial) {
  const auto callEverything = [](platform::Stream& stream) {
    const std::string text = "late";
    const Bytes slice = std::as_bytes(std::span(text));
    stream.startReceiving();
    stream.stopReceiving();
    stream.startReceiving();
    BOOST_TEST(stream.trySend({&slice, 1}) == 0u);
    stream.send({&slice, 1});
    stream.send({&slice, 1});
    stream.shutdownSend(true);
    stream.localEndpoint();
    stream.remoteEndpoint();
    stream.setNoDelay(true);
    stream.setKeepAlive(true, std::chrono::seconds(1));
  };
  for (const StreamState& state : kStates) {
    BOOST_TEST_CONTEXT(state.name << ", closed") {
      RecordingStreamHandler& stream = state.enter(trial);
      const std::string before = stream.events();
      stream.close();
      callEverything(stream.stream());
      stream.on.close = [&] {
        callEverything(stream.stream());
        stream.close();
        stream.reset();
      };
      BOOST_TEST(trial.closeAll());
      BOOST_TEST(stream.events() == (before.empty() ? "close" : before + ", close"));
    }
  }
  for (const char* name : {"refused", "failed"}) {
    BOOST_TEST_CONTEXT(name) {
      const StreamState& state =
          *std::find_if(std::begin(kStates), std::end(kStates),
                        [name](const StreamState& each) { return each.name == std::string(name); });
      RecordingStreamHandler& stream = state.enter(trial);
      const std::string before = stream.events();
      callEverything(stream.stream());
      BOOST_TEST(trial.countTurns(kIdle) <= kFewTurns);
      BOOST_TEST(stream.events() == before);
      BOOST_TEST(trial.closeAll());
      BOOST_TEST(stream.events() == before + ", close");
    }
  }
}

void rule4TheListenersOnCloseComesOnceAndLast(Trial& trial) {
  RecordingListenerHandler& listener = trial.listen();
  listener.startAccepting();
  RecordingStreamHandler& client = trial.connect(listener.listener().localEndpoint());
  listener.close();
  listener.close();
  BOOST_TEST(!listener.closed());
  listener.on.close = [&] { listener.close(); };
  listener.listener().startAccepting();
  listener.listener().stopAccepting();
  listener.listener().startAccepting();
  listener.listener().localEndpoint();
  trial.runUntil([&] { return listener.closed() && (client.connected() || client.failed()); });
  trial.countTurns(kIdle);
  BOOST_TEST(listener.events() == "close");
}

}  // namespace

std::span<const ConformanceCase> ruleCases() {
  static const ConformanceCase cases[] = {
      {"rule1_handlers_run_only_inside_wait", rule1HandlersRunOnlyInsideWait},
      {"rule1_calls_inside_a_handler_run_no_other", rule1CallsInsideAHandlerRunNoOther},
      {"rule2_received_bytes_are_right_while_they_are_told",
       rule2ReceivedBytesAreRightWhileTheyAreTold},
      {"rule3_bytes_are_the_callers_again_once_reported", rule3BytesAreTheCallersAgainOnceReported},
      {"rule3_try_send_keeps_nothing", rule3TrySendKeepsNothing},
      {"rule3_the_slices_of_try_send_may_go_too", rule3TrySendSlicesMayGoToo},
      {"rule3_close_lets_go_of_the_send_in_flight", rule3CloseLetsGoOfTheSendInFlight},
      {"rule4_on_close_comes_once_and_last", rule4OnCloseComesOnceAndLast},
      {"rule4_close_in_every_state", rule4CloseInEveryState},
      {"rule4_calls_on_a_dead_or_closed_stream_do_nothing",
       rule4CallsOnADeadOrClosedStreamDoNothing},
      {"rule4_the_listeners_on_close_comes_once_and_last",
       rule4TheListenersOnCloseComesOnceAndLast},
  };
  return cases;
}

}  // namespace sprocket::tests
