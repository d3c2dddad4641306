// Sockets and servers that were never connected and never listened.

#include "sprocket/tests/node_parity/parity.h"

namespace sprocket::parity {
namespace {

void freshSocket(const Place&) {
  const auto socket = traceEvents("socket", net::Socket());
  trace(socket.connecting(), socket.destroyed(), socket.pending(), socket.readyState());
  trace(socket.bytesRead(), socket.bytesWritten(), socket.writableLength(), socket.timeout());
  trace(socket.address(), socket.localAddress(), socket.localPort());
  trace(socket.remoteAddress(), socket.remoteFamily(), socket.remotePort());
  socket.pause().resume().ref().unref().setNoDelay().setKeepAlive(true, 1000).setTimeout(0);
  trace(socket.isPaused());
  trace(socket.pause().isPaused());
  trace(socket.resume().isPaused());
}

void destroyFresh(const Place&) {
  const auto socket = traceEvents("socket", net::Socket());
  trace(socket.destroy() == socket);
  trace(socket.destroyed());
  socket.destroy(Error({.message = "too late"}));
  trace(socket.connecting(), socket.readyState(), socket.address(), socket.remotePort());
  socket.on<"close">([](net::Socket self, bool) { trace(self.destroyed()); });
}

void destroyFreshWithError(const Place&) {
  const auto socket = traceEvents("socket", net::Socket());
  socket.destroy(Error({.message = "mine"}));
  socket.destroy(Error({.message = "second"}));
  socket.on<"error">([](net::Socket self, const Error&) { trace(self.destroyed()); });
}

void endFresh(const Place&) {
  const auto socket = traceEvents("socket", net::Socket());
  trace(socket.end() == socket, socket.destroyed(), socket.writable());
}

void writeFresh(const Place&) {
  const auto socket = traceEvents("socket", net::Socket());
  trace(socket.write("nobody hears", [](const Error& error) { trace("written", error); }));
  trace(socket.destroyed());
}

void timeoutFresh(const Place&) {
  const auto socket = traceEvents("socket", net::Socket());
  const auto running = setInterval([socket] {}, 1000);
  socket.setTimeout(1000, [] { trace("disabled"); });
  trace(socket.timeout());
  socket.setTimeout(0);
  socket.setTimeout(1, [running](net::Socket self) {
    trace("callback", self.timeout());
    clearInterval(running);  // a timeout alone does not keep the program
  });
}

void freshServer(const Place&) {
  const auto server = traceServer("server", net::Server());
  trace(server.listening(), server.address());
  server.ref().unref().ref();
  server.close([](const Error& error) { trace("closed", error); }).close();
  trace(server.listening(), server.address());
}

}  // namespace

Scenarios freshScenarios() {
  return {
      {"freshSocket", freshSocket},
      {"destroyFresh", destroyFresh},
      {"destroyFreshWithError", destroyFreshWithError},
      {"endFresh", endFresh},
      {"writeFresh", writeFresh},
      {"timeoutFresh", timeoutFresh},
      {"freshServer", freshServer},
  };
}

}  // namespace sprocket::parity
