// Listening: the forms, failures, doing it again, closing.

#include <filesystem>
#include <fstream>

#include "sprocket/tests/node_parity/parity.h"

namespace sprocket::parity {
namespace {

using std::filesystem::exists;

void listenForms(const Place& place) {
  const auto listen = [](std::string_view what, const auto&... args) {
    const net::Server server;
    const auto returned = server.listen(args..., [what](net::Server self) {
      const auto [address, family, port, path] = self.address().value();
      trace(what, address, family, port > 0);
      self.close();
    });
    trace(what, returned == server);
  };
  listen("nothing");
  listen("port", 0);
  listen("port and backlog", 0, 5);
  listen("port and host", 0, "127.0.0.1");
  listen("port, host and backlog", 0, "127.0.0.1", 5);
  listen("options",
         net::ListenOptions{.port = 0, .host = "127.0.0.1", .backlog = 5, .exclusive = true});
  // The port wins.
  listen("port and path",
         net::ListenOptions{.port = 0, .host = "127.0.0.1", .path = place.folder + "/path"});
}

void listenOnIpv6(const Place&) {
  const auto server = traceServer("server", net::createServer());
  server.listen({.port = 0, .host = "::1", .ipv6Only = true}, [](net::Server self) {
    name(self.address()->port, "PORT");
    trace(self.address());
    self.close();
  });
}

void listeningAtOnce(const Place&) {
  const auto server = traceServer("server", net::createServer());
  server.listen(0);
  trace(server.listening(), server.address()->port > 0);
  server.on<"listening">([](net::Server self) { self.close(); });
}

void listenPaths(const Place& place) {
  const auto listen = [](const std::string& path, const auto&... args) {
    const net::Server server;
    server.listen(args..., [path](net::Server self) {
      trace(self.address(), exists(path));
      self.close([path] { trace("closed", exists(path)); });
      trace(self.address(), exists(path));
    });
  };
  const std::string path = place.folder + "/path";
  const std::string another = place.folder + "/another";
  const std::string third = place.folder + "/third";
  listen(path, path);
  listen(another, another, 5);
  listen(third, net::ListenOptions{.path = third});
}

void portInUse(const Place&) {
  const net::Server holder;
  holder.listen(0, "127.0.0.1", [](net::Server holding) {
    const int port = holding.address()->port;
    name(port, "HELD");
    const auto server = traceServer("server", net::Server());
    server.listen(port, "127.0.0.1", [] { trace("listener of the first"); });
    trace(server.listening(), server.address());
    server.once<"error">([=](net::Server self, const Error& error) {
      traceMembers(error);
      trace(self.listening(), self.address());
      self.listen(0, "127.0.0.1", [=](net::Server listening) {
        trace(listening.address()->port != port);
        listening.close();
        holding.close();
      });
    });
  });
}

void pathInUse(const Place& place) {
  const std::string path = place.folder + "/file";
  std::ofstream(path) << "kept";
  const auto server = traceServer("server", net::Server());
  server.on<"error">(traceMembers);
  server.listen(path);
  server.on<"error">([path] { trace(exists(path)); });
}

void pathInNoFolder(const Place& place) {
  const auto server = traceServer("server", net::Server());
  server.on<"error">(traceMembers);
  server.listen(place.folder + "/missing/path");
}

void addressOfOthers(const Place&) {
  const auto server = traceServer("server", net::Server());
  server.on<"error">(traceMembers);
  server.listen(0, "192.0.2.1");
}

void listenAgain(const Place&) {
  const auto server = traceServer("server", net::Server());
  server.listen(0, "127.0.0.1", [](net::Server first) {
    name(first.address()->port, "FIRST");
    trace(first.listening(), first.address());
    first.close([](net::Server self, const Error& error) {
      trace("closed", error, self.listening(), self.address());
      self.listen(0, "127.0.0.1", [](net::Server second) {
        trace(second.listening());
        second.close([](const Error& again) { trace("closed again", again); });
      });
    });
  });
}

void listenOnServer(const Place&) {
  const net::Server holder;
  holder.listen(0, "127.0.0.1", [](net::Server holding) {
    name(holding.address()->port, "HELD");
    const auto server = traceServer("server", net::Server());
    server.listen(holding, [holding](net::Server self) {
      trace(self.address());
      self.close([holding] { holding.close(); });
    });
  });
}

void listenOnNoDescriptor(const Place&) {
  const auto server = traceServer("server", net::Server());
  server.on<"error">(traceMembers);
  server.listen({.fd = 99999});
  trace(server.listening());
}

void listenWhileListening(const Place&) {
  const auto server = traceServer("server", net::Server());
  server.listen(0, "127.0.0.1");
  server.once<"listening">([](net::Server self) {
    try {
      self.listen(0, "127.0.0.1", [] { trace("moved"); });
    } catch (const ArgumentError& error) {
      trace("throws", error);
    }
    setImmediate([self] { self.close(); });
  });
}

void closeBeforeListening(const Place&) {
  const auto server = traceServer("server", net::Server());
  server.listen(0, [] { trace("listener"); });
  trace(server.listening());
  server.close([](const Error& error) { trace("closed", error); });
  trace(server.listening(), server.address());
}

void closeTwice(const Place&) {
  const auto server = traceServer("server", net::Server());
  server.listen(0, "127.0.0.1", [](net::Server self) {
    self.close([](const Error& error) { trace("first", error); });
    trace(self.listening(), self.address());
    self.close([](const Error& error) { trace("second", error); });
  });
}

void unrefServer(const Place&) {
  const auto server = traceServer("server", net::Server());
  afterwards([server] { server.removeAllListeners().close(); });
  server.unref().ref().unref().unref();
  server.listen(0, "127.0.0.1");
}

}  // namespace

Scenarios listenScenarios() {
  return {
      {"listenForms", listenForms},
      {"listenOnIpv6", listenOnIpv6},
      {"listeningAtOnce", listeningAtOnce},
      {"listenPaths", listenPaths},
      {"portInUse", portInUse},
      {"pathInUse", pathInUse},
      {"pathInNoFolder", pathInNoFolder},
      {"addressOfOthers", addressOfOthers},
      {"listenAgain", listenAgain},
      {"listenOnServer", listenOnServer},
      {"listenOnNoDescriptor", listenOnNoDescriptor},
      {"listenWhileListening", listenWhileListening},
      {"closeBeforeListening", closeBeforeListening},
      {"closeTwice", closeTwice},
      {"unrefServer", unrefServer},
  };
}

}  // namespace sprocket::parity
