#pragma once

// Handlers of platform/backend.h that write down what they are told as short text, let a test hook
// each event, and check by themselves, in every test, what the seam promises always:
//
//   * handlers run only inside wait() and one at a time (rule 1; see HandlerWatch),
//   * nothing but onClose() follows close(), nothing at all follows onClose() (rule 4),
//   * nothing but onClose() follows a failure, nothing is received while stopped or after the end,
//     no span is empty, and no more is reported sent than is in flight.
//
// For that they make the stream's calls too:
//
//   peer.startReceiving();
//   peer.on.receive = [&] { peer.stopReceiving(); };
//   ...
//   BOOST_TEST(peer.events() == "connect, receive(5), end");

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sprocket/platform/backend.h"

namespace sprocket::tests {

// Knows whether wait() is on the stack, and whether a handler is. The one who calls wait() tells
// it.
class HandlerWatch {
 public:
  class Waiting {
   public:
    explicit Waiting(HandlerWatch& watch);
    ~Waiting() { watch_.waiting_ = false; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    HandlerWatch& watch_;
  };

  class Running {
   public:
    Running(HandlerWatch& watch, std::string_view event);
    ~Running() { watch_.running_ = false; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    HandlerWatch& watch_;
  };

  std::size_t eventCount() const { return eventCount_; }

 private:
  bool waiting_ = false;
  bool running_ = false;
  std::size_t eventCount_ = 0;
};

// What happened, in order: "connect, receive(12), end". Counts of one event told in several pieces
// are added up, because how bytes are cut into pieces is no part of any promise.
class EventLog {
 public:
  void add(std::string event);
  void add(std::string_view event, std::size_t count);
  std::string text() const;
  std::size_t count(std::string_view event) const;  // of those without a count of bytes

 private:
  struct Entry {
    std::string event;
    std::size_t count = 0;
    bool hasCount = false;
  };
  std::vector<Entry> entries_;
};

class RecordingStreamHandler final : public platform::StreamHandler {
 public:
  // Run inside the event, after it was written down. A hook may set itself anew, and may throw. It
  // is copied for each call, so it keeps no state of its own.
  struct Hooks {
    std::function<void()> connect, receive, end, send, error, close;
  };

  RecordingStreamHandler(HandlerWatch& watch, std::string name);
  RecordingStreamHandler(const RecordingStreamHandler&) = delete;
  RecordingStreamHandler& operator=(const RecordingStreamHandler&) = delete;

  void attach(platform::Stream& stream) { stream_ = &stream; }

  // Of a stream whose onConnect() does not come.
  void attachConnected(platform::Stream& stream) {
    attach(stream);
    connected_ = true;
  }

  // Before onAccept() throws: nobody will be told of the stream any more.
  void detach() { stream_ = nullptr; }

  // The stream's calls. Text is copied and kept until it was sent.
  void startReceiving();
  void stopReceiving();
  std::size_t trySend(std::string_view text);
  void send(std::string text);
  void send(std::span<const platform::Bytes> slices);
  void sendAll(std::string text);  // trySend(), and send() for the rest
  void shutdownSend() { stream_->shutdownSend(true); }
  void close();
  void reset();

  // After the end of the stream only what was written down may be asked.
  platform::Stream& stream() { return *stream_; }
  bool attached() const { return stream_ != nullptr; }

  std::string events() const { return log_.text(); }
  const std::string& received() const { return received_; }
  std::string latest() const { return received_.substr(received_.size() - latestSize_); }
  std::size_t receivedCount() const { return receivedCount_; }
  std::size_t sentCount() const { return sentCount_; }  // by onSend() only
  std::size_t inFlight() const { return inFlight_; }
  bool connected() const { return connected_; }
  bool ended() const { return ended_; }
  bool failed() const { return static_cast<bool>(error_); }
  platform::SysError error() const { return error_; }
  bool isClosing() const { return closing_; }
  bool closed() const { return closed_; }
  void setName(std::string name) { name_ = std::move(name); }
  void keepNoBytes() { keepsBytes_ = false; }  // for tests that move very many

  Hooks on;

 private:
  void onConnect(platform::SysError error) override;
  void onReceive(platform::Bytes bytes) override;
  void onReceiveEnd() override;
  void onSend(std::size_t count) override;
  void onError(platform::SysError error) override;
  void onClose() override;
  void expectAlive(std::string_view event) const;

  HandlerWatch& watch_;
  std::string name_;
  platform::Stream* stream_ = nullptr;
  EventLog log_;
  std::string received_;
  std::string outgoing_;
  platform::Bytes slice_;
  std::size_t receivedCount_ = 0;
  std::size_t latestSize_ = 0;
  std::size_t sentCount_ = 0;
  std::size_t inFlight_ = 0;
  platform::SysError error_;
  bool keepsBytes_ = true;
  bool connected_ = false;
  bool receiving_ = false;
  bool ended_ = false;
  bool closing_ = false;
  bool closed_ = false;
};

class RecordingListenerHandler final : public platform::ListenerHandler {
 public:
  struct Hooks {
    std::function<void(RecordingStreamHandler&)> accept;
    std::function<void()> drop, error, close;
  };

  // makeHandler() gives each connection its handler, which must outlive it.
  RecordingListenerHandler(HandlerWatch& watch,
                           std::function<RecordingStreamHandler&()> makeHandler);
  RecordingListenerHandler(const RecordingListenerHandler&) = delete;
  RecordingListenerHandler& operator=(const RecordingListenerHandler&) = delete;

  void attach(platform::Listener& listener) { listener_ = &listener; }
  bool attached() const { return listener_ != nullptr; }

  void startAccepting();
  void stopAccepting();
  void close();

  platform::Listener& listener() { return *listener_; }
  std::string events() const { return log_.text(); }
  const std::vector<RecordingStreamHandler*>& accepted() const { return accepted_; }
  std::size_t dropped() const { return dropped_; }
  // All that it was told of: errors, and why connections were dropped.
  const std::vector<platform::SysError>& failures() const { return failures_; }
  bool isClosing() const { return closing_; }
  bool closed() const { return closed_; }

  Hooks on;

 private:
  platform::StreamHandler& onAccept(platform::Stream& stream) override;
  void onDrop(std::size_t count, platform::SysError why) override;
  void onError(platform::SysError error) override;
  void onClose() override;
  void expectAlive(std::string_view event) const;

  HandlerWatch& watch_;
  std::function<RecordingStreamHandler&()> makeHandler_;
  platform::Listener* listener_ = nullptr;
  EventLog log_;
  std::vector<RecordingStreamHandler*> accepted_;
  std::size_t dropped_ = 0;
  std::vector<platform::SysError> failures_;
  bool accepting_ = false;
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace sprocket::tests
