// What a server does with its connections.

#include "sprocket/tests/node_parity/parity.h"

namespace sprocket::parity {
namespace {

void closeWaitsForConnectionsServer(const Place& place) {
  const auto server = traceServer("server", net::createServer());
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close([](const Error& error) { trace("first", error); });
    self.close([](const Error& error) { trace("second", error); });
    trace(self.listening());
    socket.write("closing");
  });
  listenAt(place, server);
}

void closeWaitsForConnectionsClient(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.once<"data">([place](net::Socket self, std::string_view chunk) {
    trace(chunk);
    const auto late = traceEvents("late", net::connect(place));
    late.on<"close">([self] { self.end(); });
  });
}

void pauseOnConnectServer(const Place& place) {
  const auto server = net::createServer({.pauseOnConnect = true});
  server.once<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    trace(socket.isPaused(), socket.bytesRead());
    socket.write("send now");
    // When the client has sent and ended it connects once more.
    self.once<"connection">([socket](net::Server same, net::Socket second) {
      trace(socket.bytesRead(), socket.readyState());
      socket.resume();
      second.destroy();
      same.close();
    });
  });
  listenAt(place, server);
}

void pauseOnConnectClient(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.once<"data">([place](net::Socket self, std::string_view chunk) {
    trace(chunk);
    self.end("all of it", [place] { net::connect(place).resume(); });
  });
}

void destroyAtOnceServer(const Place& place) {
  const auto server = traceServer("server", net::createServer());
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceEvents("served", socket).destroy();
    trace(socket.destroyed(), socket.readyState());
    self.close();
  });
  listenAt(place, server);
}

void destroyAtOnceClient(const Place& place) { traceSocket("client", net::connect(place)); }

void maxConnectionsServer(const Place& place) {
  const auto server = net::createServer([](net::Socket socket) {
    traceEvents("served", socket).resume();
    socket.write("welcome");
  });
  server.setMaxConnections(1);
  server.on<"drop">([](net::Server self, const net::Drop& drop) {
    trace("drop", drop.localAddress, drop.remoteFamily);
    self.close();
  });
  trace(server.maxConnections());
  listenAt(place, server);
}

void maxConnectionsClient(const Place& place) {
  const auto first = net::connect(place);
  first.once<"data">([place](net::Socket self, std::string_view chunk) {
    trace(chunk);
    const auto second = traceSocket("second", net::connect(place));
    second.on<"close">([self] { self.end(); });
  });
}

void maxConnectionsZeroServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    trace("let in");
    socket.end();
    self.close();
  });
  server.setMaxConnections(0);
  server.on<"drop">([](net::Server self) {
    trace("dropped");
    self.close();
  });
  trace(server.maxConnections());
  listenAt(place, server);
}

void maxConnectionsZeroClient(const Place& place) { traceSocket("client", net::connect(place)); }

void count(const net::Server& server, const std::string& when) {
  server.getConnections(
      [when](const Error& error, std::size_t count) { trace(when, error, count); });
}

void getConnectionsServer(const Place& place) {
  const net::Server server;
  count(server, "before listening");
  server.on<"connection">([](net::Server self, net::Socket socket) {
    count(self, "connected");
    socket.resume();
    socket.on<"end">([self] {
      self.close([] { trace("closed"); });
      count(self, "closing");
    });
    self.on<"close">([](net::Server same) { count(same, "after close"); });
  });
  listenAt(place, server);
}

void getConnectionsClient(const Place& place) { net::connect(place).end().resume(); }

void addressesServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    name(socket.remotePort(), "CLIENT");
    trace(socket.address(), socket.localAddress(), socket.localPort());
    trace(socket.remoteAddress(), socket.remoteFamily(), socket.remotePort());
    socket.resume();
    socket.on<"close">([](net::Socket same, bool) {
      trace(same.remoteAddress(), same.remoteFamily(), same.remotePort());
    });
    self.close();
    socket.write(".");
  });
  listenAt(place, server);
}

void addressesClient(const Place& place) {
  const auto socket = net::connect(place);
  socket.on<"data">([](net::Socket self, std::string_view) {
    name(self.localPort(), "CLIENT");
    trace(self.address(), self.localAddress(), self.localPort());
    trace(self.remoteAddress(), self.remoteFamily(), self.remotePort());
    self.end();
  });
  socket.on<"close">([](net::Socket self, bool) {
    trace(self.remoteAddress(), self.remoteFamily(), self.remotePort());
  });
}

void mappedAddressServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    name(socket.remotePort(), "CLIENT");
    trace(socket.address(), socket.remoteAddress(), socket.remoteFamily());
    socket.end();
    self.close();
  });
  Place everywhere = place;
  everywhere.host.clear();  // :: if the machine has IPv6
  listenAt(everywhere, server);
}

void mappedAddressClient(const Place& place) {
  const auto socket = net::connect(place);
  socket.on<"connect">([](net::Socket self) { trace(self.remoteAddress(), self.remoteFamily()); });
  traceSocket("client", socket);
}

void unrefClientServer(const Place& place) {
  const auto server = traceServer("server", net::createServer());
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
    socket.write(".");
  });
  listenAt(place, server);
}

void unrefClientClient(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  afterwards([socket] { socket.removeAllListeners().destroy(); });
  socket.once<"data">([](net::Socket self, std::string_view) { self.unref(); });
}

}  // namespace

Scenarios serveScenarios() {
  return {
      {"closeWaitsForConnections", closeWaitsForConnectionsServer, closeWaitsForConnectionsClient},
      {"pauseOnConnect", pauseOnConnectServer, pauseOnConnectClient},
      {"destroyAtOnce", destroyAtOnceServer, destroyAtOnceClient},
      {"maxConnections", maxConnectionsServer, maxConnectionsClient},
      {"maxConnectionsZero", maxConnectionsZeroServer, maxConnectionsZeroClient},
      {"getConnections", getConnectionsServer, getConnectionsClient},
      {"addresses", addressesServer, addressesClient, Over::tcp},
      {"mappedAddress", mappedAddressServer, mappedAddressClient, Over::tcp},
      {"unrefClient", unrefClientServer, unrefClientClient},
  };
}

}  // namespace sprocket::parity
