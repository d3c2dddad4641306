#include "sprocket/tests/support/recording_handler.h"

#include <algorithm>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace sprocket::tests {
namespace {

using platform::Bytes;
using platform::SysError;

// By value: the hook may assign another one to the place that it came from.
template <class... Arguments>
void run(std::function<void(Arguments...)> hook, Arguments... arguments) {
  if (hook) hook(arguments...);
}

std::string describe(std::string_view event, SysError error) {
  std::string text(event);
  if (!error) return text;
  if (error.operation != platform::Operation::none) text += " " + std::string(error.syscall());
  return text + " " + std::string(error.code());
}

std::size_t totalOf(std::span<const Bytes> slices) {
  std::size_t total = 0;
  for (const Bytes slice : slices) total += slice.size();
  return total;
}

}  // namespace

HandlerWatch::Waiting::Waiting(HandlerWatch& watch) : watch_(watch) {
  BOOST_TEST(!watch_.waiting_, "wait() inside wait()");
  watch_.waiting_ = true;
}

HandlerWatch::Running::Running(HandlerWatch& watch, std::string_view event) : watch_(watch) {
  BOOST_TEST(watch_.waiting_, event << " outside wait()");
  BOOST_TEST(!watch_.running_, event << " inside another handler");
  watch_.running_ = true;
  ++watch_.eventCount_;
}

void EventLog::add(std::string event) { entries_.push_back({.event = std::move(event)}); }

void EventLog::add(std::string_view event, std::size_t count) {
  if (entries_.empty() || entries_.back().event != event) {
    entries_.push_back({.event = std::string(event), .hasCount = true});
  }
  entries_.back().count += count;
}

std::string EventLog::text() const {
  std::string text;
  for (const Entry& entry : entries_) {
    if (!text.empty()) text += ", ";
    text += entry.event;
    if (entry.hasCount) text += "(" + std::to_string(entry.count) + ")";
  }
  return text;
}

std::size_t EventLog::count(std::string_view event) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [event](const Entry& entry) { return entry.event == event; }));
}

RecordingStreamHandler::RecordingStreamHandler(HandlerWatch& watch, std::string name)
    : watch_(watch), name_(std::move(name)) {}

void RecordingStreamHandler::startReceiving() {
  receiving_ = true;
  stream_->startReceiving();
}

void RecordingStreamHandler::stopReceiving() {
  receiving_ = false;
  stream_->stopReceiving();
}

std::size_t RecordingStreamHandler::trySend(std::string_view text) {
  // A copy that is gone when this returns: trySend() keeps nothing (rule 3).
  std::string copy(text);
  const Bytes slice = std::as_bytes(std::span(copy));
  const std::size_t count = stream_->trySend({&slice, 1});
  std::fill(copy.begin(), copy.end(), '!');
  BOOST_TEST(count <= text.size());
  return count;
}

void RecordingStreamHandler::send(std::string text) {
  outgoing_ = std::move(text);
  slice_ = std::as_bytes(std::span(outgoing_));
  send({&slice_, 1});
}

void RecordingStreamHandler::send(std::span<const Bytes> slices) {
  BOOST_TEST(inFlight_ == 0u, name_ << ": the test has a send in flight already");
  inFlight_ = totalOf(slices);
  stream_->send(slices);
}

void RecordingStreamHandler::sendAll(std::string text) {
  const std::size_t count = trySend(text);
  if (count < text.size()) send(text.substr(count));
}

void RecordingStreamHandler::close() {
  closing_ = true;
  stream_->close();
}

void RecordingStreamHandler::reset() {
  closing_ = true;
  stream_->reset();
}

void RecordingStreamHandler::onConnect(SysError error) {
  const HandlerWatch::Running running(watch_, "onConnect");
  expectAlive("onConnect");
  BOOST_TEST(!connected_, name_ << ": connected twice");
  connected_ = !error;
  error_ = error;
  log_.add(describe("connect", error));
  run(on.connect);
}

void RecordingStreamHandler::onReceive(Bytes bytes) {
  const HandlerWatch::Running running(watch_, "onReceive");
  expectAlive("onReceive");
  BOOST_TEST(!bytes.empty(), name_ << ": received nothing");
  BOOST_TEST(connected_, name_ << ": received before it was connected");
  BOOST_TEST(receiving_, name_ << ": received while stopped");
  BOOST_TEST(!ended_, name_ << ": received after the end");
  if (keepsBytes_) {
    received_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    latestSize_ = bytes.size();
  }
  receivedCount_ += bytes.size();
  log_.add("receive", bytes.size());
  run(on.receive);
}

void RecordingStreamHandler::onReceiveEnd() {
  const HandlerWatch::Running running(watch_, "onReceiveEnd");
  expectAlive("onReceiveEnd");
  BOOST_TEST(connected_, name_ << ": ended before it was connected");
  BOOST_TEST(receiving_, name_ << ": ended while stopped");
  BOOST_TEST(!ended_, name_ << ": ended twice");
  ended_ = true;
  log_.add("end");
  run(on.end);
}

void RecordingStreamHandler::onSend(std::size_t count) {
  const HandlerWatch::Running running(watch_, "onSend");
  expectAlive("onSend");
  BOOST_TEST(count > 0u, name_ << ": progress of nothing");
  BOOST_TEST(count <= inFlight_, name_ << ": sent more than was given");
  inFlight_ -= std::min(count, inFlight_);
  sentCount_ += count;
  log_.add("send", count);
  run(on.send);
}

void RecordingStreamHandler::onError(SysError error) {
  const HandlerWatch::Running running(watch_, "onError");
  expectAlive("onError");
  BOOST_TEST(static_cast<bool>(error), name_ << ": an error that is none");
  error_ = error;
  log_.add(describe("error", error));
  run(on.error);
}

void RecordingStreamHandler::onClose() {
  const HandlerWatch::Running running(watch_, "onClose");
  BOOST_TEST(!closed_, name_ << ": closed twice");
  BOOST_TEST(closing_, name_ << ": closed by itself");
  closed_ = true;
  log_.add("close");
  run(on.close);
}

void RecordingStreamHandler::expectAlive(std::string_view event) const {
  if (closing_) BOOST_ERROR(name_ << ": " << event << " after close(), so far " << log_.text());
  if (error_) BOOST_ERROR(name_ << ": " << event << " after a failure, so far " << log_.text());
}

RecordingListenerHandler::RecordingListenerHandler(
    HandlerWatch& watch, std::function<RecordingStreamHandler&()> makeHandler)
    : watch_(watch), makeHandler_(std::move(makeHandler)) {}

void RecordingListenerHandler::startAccepting() {
  accepting_ = true;
  listener_->startAccepting();
}

void RecordingListenerHandler::stopAccepting() {
  accepting_ = false;
  listener_->stopAccepting();
}

void RecordingListenerHandler::close() {
  closing_ = true;
  listener_->close();
}

platform::StreamHandler& RecordingListenerHandler::onAccept(platform::Stream& stream) {
  const HandlerWatch::Running running(watch_, "onAccept");
  expectAlive("onAccept");
  BOOST_TEST(accepting_, "accepted while stopped");
  RecordingStreamHandler& handler = makeHandler_();
  handler.attach(stream);
  accepted_.push_back(&handler);
  log_.add("accept");
  run<RecordingStreamHandler&>(on.accept, handler);
  return handler;
}

void RecordingListenerHandler::onDrop(std::size_t count, SysError why) {
  const HandlerWatch::Running running(watch_, "onDrop");
  expectAlive("onDrop");
  BOOST_TEST(count > 0u, "dropped nothing");
  dropped_ += count;
  failures_.push_back(why);
  log_.add("drop(" + std::to_string(count) + ") " + std::string(why.code()));
  run(on.drop);
}

void RecordingListenerHandler::onError(SysError error) {
  const HandlerWatch::Running running(watch_, "the listener's onError");
  expectAlive("onError");
  BOOST_TEST(static_cast<bool>(error), "an error that is none");
  failures_.push_back(error);
  log_.add(describe("error", error));
  run(on.error);
}

void RecordingListenerHandler::onClose() {
  const HandlerWatch::Running running(watch_, "the listener's onClose");
  BOOST_TEST(!closed_, "the listener closed twice");
  BOOST_TEST(closing_, "the listener closed by itself");
  closed_ = true;
  log_.add("close");
  run(on.close);
}

void RecordingListenerHandler::expectAlive(std::string_view event) const {
  if (!closing_) return;
  BOOST_ERROR("the listener's " << event << " after close(), so far " << log_.text());
}

}  // namespace sprocket::tests
