// How connections end: either side first, half-open, destroyed, reset.

#include "sprocket/tests/node_parity/parity.h"

namespace sprocket::parity {
namespace {

// Traces one connection, which ends when the client does.
void listener(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
  });
  listenAt(place, server);
}

void clientEndsFirstServer(const Place& place) {
  const auto server = net::createServer({.allowHalfOpen = true});
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    socket.on<"end">([](net::Socket same) {
      trace(same.readable(), same.writable(), same.readyState());
      same.write("answer ");
      same.end("and end");
      trace(same.readable(), same.writable(), same.readyState());
    });
    self.close();
  });
  listenAt(place, server);
}

void clientEndsFirstClient(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.on<"connect">([](net::Socket self) {
    trace(self.readable(), self.writable(), self.readyState());
    self.write("question", [] { trace("written"); });
    trace(self.end([] { trace("ended"); }) == self);
    trace(self.readable(), self.writable(), self.readyState());
  });
  socket.on<"close">(
      [](net::Socket self, bool) { trace(self.readable(), self.writable(), self.readyState()); });
}

void serverEndsFirstServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    socket.end("goodbye", [] { trace("ended"); });
    self.close();
  });
  listenAt(place, server);
}

void serverEndsFirstClient(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.on<"end">(
      [](net::Socket self) { trace(self.readable(), self.writable(), self.destroyed()); });
  socket.on<"close">(
      [](net::Socket self, bool) { trace(self.readable(), self.writable(), self.destroyed()); });
}

void halfOpenClient(const Place& place) {
  net::ConnectOptions options = place;
  options.allowHalfOpen = true;
  const auto socket = traceSocket("client", net::connect(options));
  socket.on<"end">([](net::Socket self) {
    setImmediate([self] {
      trace(self.readable(), self.writable(), self.readyState(), self.destroyed());
      trace(self.write("still ", [] { trace("written"); }));
      setImmediate([self] { self.end("here"); });
    });
  });
}

void endBeforeConnect(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.write("one ");
  socket.end("two", [](const Error& error) { trace("ended", error); });
  trace(socket.connecting(), socket.writable(), socket.destroyed());
}

void endTwice(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.on<"connect">([](net::Socket self) {
    self.end("once", [](const Error& error) { trace("first", error); });
    self.end([](const Error& error) { trace("second", error); });
    self.end();
  });
  socket.on<"finish">(
      [](net::Socket self) { self.end([](const Error& error) { trace("after finish", error); }); });
}

void endWithDataTwice(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place)).resume();
  socket.on<"ready">([](net::Socket self) {
    self.end("once", [](const Error& error) { trace("first", error); });
    self.end("twice", [](const Error& error) { trace("second", error); });
  });
}

void destroyConnected(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"connect">([](net::Socket self) {
    self.write("sent", [](net::Socket same, const Error&) { same.destroy(); });
  });
  socket.on<"close">([](net::Socket self, bool) {
    trace(self.destroyed(), self.readyState(), self.bytesWritten());
  });
}

void destroyInConnectListener(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"connect">([](net::Socket self) { self.destroy(); });
  socket.on<"connect">([](net::Socket self) { trace("listener behind it", self.destroyed()); });
}

void destroyWithError(const Place& place) {
  const Error mine({.message = "mine"});
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"error">(
      [mine](net::Socket self, const Error& error) { trace(error == mine, self.destroyed()); });
  socket.on<"ready">([mine](net::Socket self) {
    trace(self.destroy(mine) == self);
    self.destroy(Error({.message = "second"}));
  });
}

void destroyInDataListenerServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceEvents("served", socket).resume();
    socket.end("goodbye");
    self.close();
  });
  listenAt(place, server);
}

void destroyInDataListenerClient(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"data">([](net::Socket self, std::string_view chunk) {
    trace(chunk);
    self.destroy();
  });
}

void destroySoon(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"connect">([](net::Socket self) {
    self.write("all of it", [] { trace("written"); });
    self.destroySoon();
    trace(self.writable(), self.destroyed());
  });
}

void resetAndDestroyServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    socket.write("reset me");
    socket.on<"close">([](net::Socket same, bool) { trace(same.destroyed(), same.readyState()); });
    self.close();
  });
  listenAt(place, server);
}

void resetAndDestroyClient(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.once<"data">([](net::Socket self, std::string_view) {
    trace(self.resetAndDestroy() == self);
    trace(self.destroyed());
  });
}

void resetWhileConnecting(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.resetAndDestroy();
  trace(socket.connecting(), socket.destroyed());
}

void resetFresh(const Place&) {
  const auto socket = traceEvents("socket", net::Socket());
  socket.resetAndDestroy();
  trace(socket.destroyed());
}

void resetPath(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"ready">([](net::Socket self) {
    attempt("resetAndDestroy", [&] { self.resetAndDestroy(); });
    trace(self.destroyed());
    self.destroy();
  });
}

}  // namespace

Scenarios endScenarios() {
  return {
      {"clientEndsFirst", clientEndsFirstServer, clientEndsFirstClient},
      {"serverEndsFirst", serverEndsFirstServer, serverEndsFirstClient},
      {"halfOpenClient", serverEndsFirstServer, halfOpenClient},
      {"endBeforeConnect", listener, endBeforeConnect},
      {"endTwice", listener, endTwice},
      {"endWithDataTwice", listener, endWithDataTwice},
      {"destroyConnected", listener, destroyConnected},
      {"destroyInConnectListener", listener, destroyInConnectListener},
      {"destroyWithError", listener, destroyWithError},
      {"destroyInDataListener", destroyInDataListenerServer, destroyInDataListenerClient},
      {"destroySoon", listener, destroySoon},
      {"resetAndDestroy", resetAndDestroyServer, resetAndDestroyClient, Over::tcp},
      {"resetWhileConnecting", listener, resetWhileConnecting, Over::tcp},
      {"resetFresh", resetFresh},
      {"resetPath", listener, resetPath, Over::paths},
  };
}

}  // namespace sprocket::parity
