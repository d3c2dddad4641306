#pragma once

// A real loop for one test case of net, which fails the case instead of hanging, and a trace of
// what happened, as text.
//
//   BOOST_FIXTURE_TEST_CASE(greets, NetFixture) {
//     auto server = net::createServer([](net::Socket c) { c.end("hello"); });
//     server.listen(0, "127.0.0.1");
//     auto client = connectTo(server);
//     trace.watch("client", client).watchData("client", client);
//     client.on<"end">([=] { server.close(); });
//     run();
//     BOOST_TEST(trace.text() ==
//                "client connect, client ready, client data(hello), client end, client finish, "
//                "client close(false)");
//   }

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "sprocket/net/net.h"

namespace sprocket::tests {

// What happened, in order.
class Trace {
 public:
  const std::string& text() const { return text_; }
  void clear() { *this = Trace(); }
  std::string take() { return std::exchange(*this, Trace()).text_; }

  void add(std::string_view what) {
    text_ += text_.empty() ? "" : ", ";
    text_ += what;
    lastData_.clear();
  }

  // Data of one socket in a row is one entry, however it was cut: "client data(hello world)".
  void addData(const std::string& name, std::string_view bytes) {
    if (lastData_ == name) {
      text_.pop_back();
    } else {
      add(name + " data(");
      lastData_ = name;
    }
    text_.append(bytes) += ')';
  }

  // A listener or callback that adds this text.
  auto adds(std::string what) {
    return [this, what = std::move(what)] { add(what); };
  }

  // A callback of write(), end() or close() that adds its text, and its error if there is one.
  auto addsOutcome(std::string what) {
    return [this, what = std::move(what)](const Error& error) {
      add(error ? what + "(" + error.what() + ")" : what);
    };
  }

  // Adds every event but 'data', which starts the flow when it is listened for.
  Trace& watch(const std::string& name, const net::Socket& socket) {
    socket.on<"lookup">([this, name](const Error& error, const std::string& address) {
      add(name + " lookup(" + (error ? error.what() : address) + ")");
    });
    socket.on<"connect">(adds(name + " connect"));
    socket.on<"ready">(adds(name + " ready"));
    socket.on<"drain">(adds(name + " drain"));
    socket.on<"timeout">(adds(name + " timeout"));
    socket.on<"end">(adds(name + " end"));
    socket.on<"finish">(adds(name + " finish"));
    socket.on<"error">(addsOutcome(name + " error"));
    socket.on<"close">(
        [this, name](bool hadError) { add(name + (hadError ? " close(true)" : " close(false)")); });
    return *this;
  }
  Trace& watchData(const std::string& name, const net::Socket& socket) {
    socket.on<"data">([this, name](std::string_view bytes) { addData(name, bytes); });
    return *this;
  }
  Trace& watch(const std::string& name, const net::Server& server) {
    server.on<"listening">(adds(name + " listening"));
    server.on<"connection">(adds(name + " connection"));
    server.on<"drop">([this, name](const net::Drop& drop) {
      add(name + " drop(" + std::to_string(drop.count) + " " + drop.why.code() + ")");
    });
    server.on<"error">(addsOutcome(name + " error"));
    server.on<"close">(adds(name + " close"));
    return *this;
  }

 private:
  std::string text_;
  std::string lastData_;  // whose data the last entry is; empty if it is something else
};

// Leaves run() when a test waits for what does not happen, or something keeps the loop that should
// not.
struct Hang : std::runtime_error {
  Hang() : std::runtime_error("the loop has not come to its end in time") {}
};

class NetFixture {
 public:
  Trace trace;

  NetFixture() {
    setTimeout([] { throw Hang(); }, kPatience).unref();
  }

  reactor::Loop& loop() { return *loop_; }
  void destroyLoop() { loop_.reset(); }

  // Until nothing is left that keeps the loop.
  void run() { loop_->run(); }

  // Until the predicate holds, which is asked once a turn. What it asks for may come from outside
  // of the loop, so no turn may wait for long.
  void runUntil(const std::function<bool()>& predicate) {
    while (!predicate()) loop_->runOnce(std::chrono::milliseconds(1));
  }

  // A client of a server that listens on the loopback address, on every address or on a path.
  static net::Socket connectTo(const net::Server& server, net::SocketOptions options = {}) {
    const net::Address place = server.address().value();
    net::Socket client(options);
    if (!place.path.empty()) return client.connect(place.path);
    return client.connect(place.port, place.address == "::1" ? "::1" : "127.0.0.1");
  }

 private:
  static constexpr std::chrono::seconds kPatience{20};

  std::optional<reactor::Loop> loop_{std::in_place};
};

}  // namespace sprocket::tests
