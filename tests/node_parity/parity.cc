#include "sprocket/tests/node_parity/parity.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

namespace sprocket::parity {

Scenarios scenarios() {
  Scenarios all;
  for (const auto group :
       {argumentScenarios, freshScenarios, emitterScenarios, connectScenarios, listenScenarios,
        serveScenarios, writeScenarios, readScenarios, endScenarios}) {
    for (const Scenario& each : group()) all.push_back(each);
  }
  return all;
}

std::string text(double milliseconds) { return std::to_string(static_cast<long>(milliseconds)); }

std::string text(const Error& error) {
  if (!error) return "none";
  return error.code().empty() ? error.what() : error.code() + ": " + error.what();
}

std::string text(const ArgumentError& error) { return error.code() + ": " + error.what(); }

std::string text(const net::Address& address) {
  if (!address.path.empty()) return address.path;
  return address.address + " " + address.family + " " + std::to_string(address.port);
}

void traceLine(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line.append(line.empty() ? "" : " ").append(word);
  std::puts(line.c_str());
  std::fflush(stdout);
}

void traceMembers(const Error& error) {
  std::vector<std::string> members;
  const auto add = [&](std::string_view name, const auto& member) {
    if (member != std::decay_t<decltype(member)>()) {
      members.push_back(text(name) + " is " + text(member));
    }
  };
  add("syscall", error.syscall());
  add("hostname", error.hostname());
  add("address", error.address());
  add("port", error.port());
  add("localAddress", error.localAddress());
  add("localPort", error.localPort());
  traceLine(members);
}

net::Socket traceEvents(std::string_view who, const net::Socket& socket) {
  const std::string name(who);
  socket.on<"connect">([name] { trace(name, "connect"); });
  socket.on<"ready">([name] { trace(name, "ready"); });
  socket.on<"drain">([name] { trace(name, "drain"); });
  socket.on<"timeout">([name] { trace(name, "timeout"); });
  socket.on<"end">([name] { trace(name, "end"); });
  socket.on<"finish">([name] { trace(name, "finish"); });
  socket.on<"error">([name](const Error& error) { trace(name, "error", error); });
  socket.on<"close">([name](bool hadError) { trace(name, "close", hadError); });
  socket.on<"lookup">(
      [name](const Error& error, const std::string& address, int family, const std::string& host) {
        if (error) {
          trace(name, "lookup", error);
        } else {
          trace(name, "lookup", address, family, host);
        }
      });
  return socket;
}

net::Socket traceSocket(std::string_view who, const net::Socket& socket) {
  const auto received = std::make_shared<std::string>();
  const auto tell = [name = std::string(who), received] {
    if (!received->empty()) trace(name, "data", *received);
    received->clear();
  };
  socket.on<"data">([received](std::string_view chunk) { received->append(chunk); });
  socket.on<"end">(tell);
  socket.on<"close">(tell);
  return traceEvents(who, socket);
}

net::Server traceServer(std::string_view who, const net::Server& server) {
  const std::string name(who);
  server.on<"listening">([name] { trace(name, "listening"); });
  server.on<"error">([name](const Error& error) { trace(name, "error", error); });
  server.on<"close">([name] { trace(name, "close"); });
  return server;
}

net::Server listenAt(const Place& place, const net::Server& server) {
  return server.listen(place, [place](net::Server self) {
    const std::string port = std::to_string(self.address()->port);
    if (place.path.empty()) name(port, "PLACE");
    std::ofstream(place.folder + "/place.new") << port;
    std::filesystem::rename(place.folder + "/place.new", place.folder + "/place");
  });
}

namespace {
std::vector<std::function<void()>> left;
}

void afterwards(std::function<void()> close) { left.push_back(std::move(close)); }

void runAfterwards() {
  for (const auto& close : std::exchange(left, {})) close();
}

}  // namespace sprocket::parity
