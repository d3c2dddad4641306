// Listeners: order, removal, exceptions. On sockets that are destroyed, for that takes no peer.

#include "sprocket/tests/node_parity/parity.h"

namespace sprocket::parity {
namespace {

void listenersInOrder(const Place&) {
  const net::Socket socket;
  const net::Listener first = [] { trace("first"); };
  socket.on<"close">(first);
  socket.on<"close">([] { trace("second"); });
  socket.prependListener<"close">([] { trace("in front"); });
  socket.prependOnceListener<"close">([] { trace("in front of that"); });
  socket.once<"close">(
      [](net::Socket self, bool) { trace("once", self.listenerCount<"close">()); });
  socket.on<"close">(first);
  socket.off<"close">(first);  // the last place where it was added
  trace(socket.listenerCount<"close">(), socket.listenerCount<"error">());
  socket.destroy();
}

void listenersDuringEmission(const Place&) {
  const net::Socket socket;
  const net::Listener removed = [] { trace("removed meanwhile"); };
  socket.on<"close">([removed](net::Socket self, bool) {
    trace("first");
    self.off<"close">(removed);
    self.on<"close">([] { trace("added meanwhile"); });
  });
  socket.on<"close">(removed);
  socket.once<"close">(
      [](net::Socket self, bool) { trace("last", self.listenerCount<"close">()); });
  socket.destroy();
}

void allListenersRemoved(const Place&) {
  const net::Socket socket;
  socket.on<"close">([] { trace("removed"); });
  socket.removeAllListeners<"close">();
  trace(socket.listenerCount<"close">());
  socket.on<"close">([] { trace("added again"); });
  socket.destroy();
}

void errorInListener(const Place&) {
  const net::Socket socket;
  socket.on<"error">([](const Error& error) {
    trace("error", error);
    throw Error({.message = "thrown on purpose"});
  });
  socket.on<"error">([] { trace("not reached"); });
  socket.on<"close">([](bool hadError) { trace("close", hadError); });
  socket.destroy(Error({.message = "mine"}));
}

void unheardError(const Place& place) {
  const auto socket = net::connect(place.nobody, "127.0.0.1");
  socket.on<"close">([](bool hadError) { trace("close", hadError); });
}

void unheardServerError(const Place&) {
  const auto server = net::createServer();
  server.on<"close">([] { trace("close"); });
  server.listen(0, "192.0.2.1");
}

}  // namespace

Scenarios emitterScenarios() {
  return {
      {"listenersInOrder", listenersInOrder},
      {"listenersDuringEmission", listenersDuringEmission},
      {"allListenersRemoved", allListenersRemoved},
      {"errorInListener", errorInListener},
      {"unheardError", unheardError},
      {"unheardServerError", unheardServerError},
  };
}

}  // namespace sprocket::parity
