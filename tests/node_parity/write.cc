// Writing: results, callbacks, drain, counters, and when it is too late.

#include <memory>

#include "sprocket/tests/node_parity/parity.h"

namespace sprocket::parity {
namespace {

// Traces what one client sends, and ends when that does.
void listener(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
  });
  listenAt(place, server);
}

void writeCallbacks(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"ready">([](net::Socket self) {
    trace(self.write("one ", [](const Error& error) { trace("first", error); }));
    trace(self.write("", [](const Error& error) { trace("empty", error); }));
    trace(self.write("two ", [](const Error& error) { trace("second", error); }));
    self.end("three", [](const Error& error) { trace("ended", error); });
    trace(self.bytesWritten(), self.writableLength());
  });
  socket.resume();
}

void writeBeforeConnect(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  trace(socket.write("one ", [](const Error& error) { trace("first", error); }));
  trace(socket.write(Buffer::from("two "), [](const Error& error) { trace("second", error); }));
  trace(socket.bytesWritten(), socket.writableLength());
  socket.on<"connect">([](net::Socket self) {
    self.end("three", [](net::Socket same, const Error&) {
      trace("ended", same.bytesWritten(), same.writableLength());
    });
  });
  socket.resume();
}

void largeWriteServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    const auto received = std::make_shared<std::size_t>(0);
    traceEvents("served", socket);
    socket.on<"data">([received](std::string_view chunk) { *received += chunk.size(); });
    socket.on<"end">([received](net::Socket same) { trace(*received, same.bytesRead()); });
    self.close();
  });
  listenAt(place, server);
}

void largeWriteClient(const Place& place) {
  constexpr std::size_t size = 16 << 20;
  const auto socket = net::connect(place);
  socket.on<"drain">([](net::Socket self) { trace("drain", self.writableLength()); });
  trace(socket.write(std::string(size, 'x'), [](net::Socket self, const Error& error) {
    trace("written", error, self.writableLength());
    self.end();
  }));
  trace(socket.bytesWritten(), socket.writableLength());
  socket.on<"finish">([] { trace("finish"); });
  socket.on<"close">(
      [](net::Socket self, bool hadError) { trace("close", hadError, self.bytesWritten()); });
  socket.resume();
}

void drainOften(const Place& place) {
  const net::Listener write = [left = 5](net::Socket self) mutable {
    while (left > 0) {
      --left;
      if (!self.write(std::string(8 << 20, '\0'))) return;
    }
    self.end("last");
  };
  const auto socket = net::connect(place);
  socket.on<"connect">(write);
  socket.on<"drain">(write);
  socket.on<"close">(
      [](net::Socket self, bool hadError) { trace("close", hadError, self.bytesWritten()); });
  socket.resume();
}

void writeAfterEnd(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"ready">([](net::Socket self) {
    self.end("all");
    trace(self.writable(), self.readyState());
    trace(self.write("more", [](const Error& error) { trace("written", error); }));
    trace(self.bytesWritten());
  });
  socket.resume();
}

void writeAfterDestroy(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"ready">([](net::Socket self) {
    self.destroy();
    trace(self.write("more", [](const Error& error) { trace("written", error); }));
    self.end([](const Error& error) { trace("ended", error); });
    trace(self.writable(), self.readyState());
  });
}

void writeAfterPeersEndServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
    socket.end("enough");
  });
  listenAt(place, server);
}

void writeAfterPeersEndClient(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  // By then the socket has ended by itself.
  socket.on<"finish">([](net::Socket self) {
    trace(self.write("more", [](const Error& error) { trace("written", error); }));
  });
}

void writeInEndListenerServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
    socket.end("your turn");
  });
  listenAt(place, server);
}

void writeInEndListenerClient(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.on<"end">([](net::Socket self) {
    trace(self.writable(), self.readyState());
    self.write("my turn", [](const Error& error) { trace("written", error); });
  });
}

void encodingsWrittenServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    socket.setEncoding("hex");
    traceSocket("served", socket);
    self.close();
  });
  listenAt(place, server);
}

void encodingsWrittenClient(const Place& place) {
  const auto socket = net::connect(place);
  for (const auto encoding : {"utf8", "ascii", "latin1", "utf16le"}) {
    socket.write("A\u00e9\u20ac|", encoding);
    trace(encoding, socket.bytesWritten());
  }
  socket.write("QUI=", "base64");
  socket.write("-_8", "base64url");
  socket.write("4a4B", "hex");
  trace(socket.bytesWritten());
  socket.end("7f", "hex");
  socket.resume();
}

void corked(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"ready">([](net::Socket self) {
    self.cork();
    self.cork();
    trace(self.write("one ", [](const Error& error) { trace("first", error); }));
    trace(self.write("two ", [](const Error& error) { trace("second", error); }));
    self.uncork();
    trace(self.writableLength());
    self.uncork();
    self.cork();
    self.write("three");
    self.end([](const Error& error) { trace("ended", error); });
  });
  socket.resume();
}

}  // namespace

Scenarios writeScenarios() {
  return {
      {"writeCallbacks", listener, writeCallbacks},
      {"writeBeforeConnect", listener, writeBeforeConnect},
      {"largeWrite", largeWriteServer, largeWriteClient},
      {"drainOften", largeWriteServer, drainOften},
      {"writeAfterEnd", listener, writeAfterEnd},
      {"writeAfterDestroy", listener, writeAfterDestroy},
      {"writeAfterPeersEnd", writeAfterPeersEndServer, writeAfterPeersEndClient},
      {"writeInEndListener", writeInEndListenerServer, writeInEndListenerClient},
      {"encodingsWritten", encodingsWrittenServer, encodingsWrittenClient},
      {"corked", listener, corked},
  };
}

}  // namespace sprocket::parity
