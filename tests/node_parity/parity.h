#pragma once

// What the scenarios are, and what they trace with. parity.js is the same in JavaScript.

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sprocket/net/net.h"

namespace sprocket::parity {

// Where the server half of a scenario listens and the client half connects to: a port of 127.0.0.1
// or a path. Before the server has listened the port is 0.
struct Place {
  std::optional<int> port = {};
  std::string path = {};
  std::string host = "127.0.0.1";
  int nobody = 0;           // a port of 127.0.0.1 where nobody listens
  std::string folder = {};  // an empty one, for this run of the scenario

  operator net::ListenOptions() const { return {.port = port, .host = host, .path = path}; }
  operator net::ConnectOptions() const { return {.port = port, .host = host, .path = path}; }
};

using Half = void (*)(const Place&);

enum class Over { both, tcp, paths };

// What is done by a server and a client in two programs, or by one program alone.
struct Scenario {
  std::string_view name;
  Half server;            // or what is done alone
  Half client = nullptr;  // null: it is done alone
  Over over = Over::both;
};

using Scenarios = std::vector<Scenario>;

// Those of each file, and all of them.
Scenarios argumentScenarios();
Scenarios freshScenarios();
Scenarios emitterScenarios();
Scenarios connectScenarios();
Scenarios listenScenarios();
Scenarios serveScenarios();
Scenarios writeScenarios();
Scenarios readScenarios();
Scenarios endScenarios();
Scenarios scenarios();

// A value as the trace shows it. What is absent is "none".
inline std::string text(std::string_view value) { return std::string(value); }
template <class T>
requires(std::same_as<T, bool>) std::string text(T value) { return value ? "true" : "false"; }
template <net::Integer T>
std::string text(T value) {
  return std::to_string(value);
}
std::string text(double milliseconds);
std::string text(const Error& error);
std::string text(const ArgumentError& error);
std::string text(const net::Address& address);
template <class T>
std::string text(const std::optional<T>& value) {
  return value ? text(*value) : "none";
}

void traceLine(const std::vector<std::string>& words);

// One line of the trace.
template <class... Values>
void trace(const Values&... values) {
  traceLine({text(values)...});
}

// From now on the test shows `name` where the value stands in the trace: of a value that is
// another one each time.
template <class Value>
void name(const Value& value, std::string_view name) {
  trace(":name", value, name);
}

// What an error says besides its code and message.
void traceMembers(const Error& error);

// Whether a call refuses its arguments.
template <class Call>
void attempt(std::string_view what, Call call) {
  try {
    call();
    trace(what, "passes");
  } catch (const ArgumentError& error) {
    trace(what, "throws", error);
  }
}

// Every event but 'data'.
net::Socket traceEvents(std::string_view who, const net::Socket& socket);

// Every event; the data all at once before 'end', or 'close', for how it comes in pieces differs
// from time to time.
net::Socket traceSocket(std::string_view who, const net::Socket& socket);

net::Server traceServer(std::string_view who, const net::Server& server);

// Listens where the client half will connect to, and tells it.
net::Server listenAt(const Place& place, const net::Server& server);

// To be done when the scenario has ended: closes what it has left open, and in a program of its own
// the system would.
void afterwards(std::function<void()> close);
void runAfterwards();

}  // namespace sprocket::parity
