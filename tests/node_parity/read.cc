// Reading: pause and resume, 'readable' and read(), pipes, encodings, counters, timeouts.

#include <array>
#include <cstddef>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sprocket/tests/node_parity/parity.h"
#include "sprocket/tests/support/given_descriptors.h"

namespace sprocket::parity {
namespace {

void pipeEchoServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceEvents("served", socket);
    trace(socket.pipe(socket) == socket);
    socket.on<"close">(
        [](net::Socket same, bool) { trace(same.bytesRead(), same.bytesWritten()); });
    self.close();
  });
  listenAt(place, server);
}

void pipeEchoClient(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.end("said twice");
  socket.on<"close">([](net::Socket self, bool) { trace(self.bytesRead(), self.bytesWritten()); });
}

void pipeMuchServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    socket.pipe(socket);
    socket.on<"end">([](net::Socket same) { trace("end", same.bytesRead()); });
    socket.on<"close">(
        [](net::Socket same, bool hadError) { trace("close", hadError, same.bytesWritten()); });
    self.close();
  });
  listenAt(place, server);
}

void pipeMuchClient(const Place& place) {
  const auto received = std::make_shared<std::size_t>(0);
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"data">([received](std::string_view chunk) { *received += chunk.size(); });
  socket.on<"connect">([](net::Socket self) { self.end(std::string(8 << 20, '\0')); });
  socket.on<"close">([received](net::Socket self, bool) {
    trace(*received, self.bytesRead(), self.bytesWritten());
  });
}

void pipeWithoutEndServer(const Place& place) {
  const auto server = net::createServer();
  server.once<"connection">([](net::Server self, net::Socket first) {
    traceEvents("first", first);
    self.once<"connection">([first](net::Server same, net::Socket second) {
      traceEvents("second", second).resume();
      second.on<"unpipe">([first](net::Socket from) { trace("unpipe", from == first); });
      same.close();
      trace(first.pipe(second, false) == second);
      first.on<"end">([second] { second.end(" and the rest"); });
    });
    first.write(".");
  });
  listenAt(place, server);
}

void pipeWithoutEndClient(const Place& place) {
  const auto first = net::connect(place);
  first.once<"data">([place](net::Socket self, std::string_view) {
    const auto second = traceSocket("second", net::connect(place));
    second.on<"connect">([self] { self.end("piped"); });
  });
}

void unpipeServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceEvents("served", socket);
    self.close();
    socket.pipe(socket);
    socket.once<"data">([](net::Socket same, std::string_view) {
      same.unpipe(same);
      same.resume();
      same.write(" (once)");
    });
  });
  listenAt(place, server);
}

void unpipeClient(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.on<"ready">([](net::Socket self) { self.write("echoed"); });
  socket.once<"data">([](net::Socket self, std::string_view) { self.end("not echoed"); });
}

void pausedBeforeConnectServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
    socket.write("greeting");
  });
  listenAt(place, server);
}

void pausedBeforeConnectClient(const Place& place) {
  const auto socket = traceSocket("client", net::Socket());
  socket.pause();
  socket.connect(place, [](net::Socket self) {
    setImmediate([self] {
      trace(self.isPaused(), self.readyState());
      self.resume();
      self.once<"data">([](net::Socket same, std::string_view) { same.end(); });
    });
  });
  trace(socket.isPaused());
}

void pauseAndResumeServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
    socket.write("one");
    socket.once<"data">([](net::Socket same, std::string_view) { same.end("two"); });
  });
  listenAt(place, server);
}

void pauseAndResumeClient(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.once<"data">([](net::Socket self, std::string_view chunk) {
    trace(chunk);
    trace(self.pause() == self);
    trace(self.isPaused());
    self.on<"data">(
        [](net::Socket same, std::string_view rest) { trace("resumed", same.isPaused(), rest); });
    self.write("next");
    setTimeout([self] { self.resume(); }, 20);
  });
}

void neverReadServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceEvents("served", socket);
    self.close();
    socket.end("unread");
    socket.resume();
  });
  listenAt(place, server);
}

void neverReadClient(const Place& place) {
  const auto socket = traceEvents("client", net::connect(place));
  socket.on<"connect">([](net::Socket self) {
    self.end([](net::Socket same, const Error&) {
      // Nobody consumes, so there is no end.
      setTimeout(
          [same] {
            trace(same.destroyed());
            same.resume();
          },
          20);
    });
  });
}

// Answers each time that there was something to read.
void readAndAnswer(const net::Socket& socket, std::optional<std::size_t> size = {}) {
  traceEvents("served", socket);
  socket.on<"readable">([size](net::Socket self) {
    trace("readable");
    while (const auto chunk = size ? self.read(*size) : self.read()) trace("read", chunk->text());
    self.write(".");
  });
}

// Says one thing after the other, each when the one before was answered, and the last with the end.
void sayInTurn(const Place& place, std::vector<std::string> words) {
  const auto sayNext = [words = std::move(words), next = std::size_t(0)](net::Socket self) mutable {
    if (next == words.size()) return;
    const std::string& word = words[next++];
    if (next < words.size()) {
      self.write(word);
    } else {
      self.end(word);
    }
  };
  const net::Listener listener = sayNext;
  net::connect(place).on<"connect">(listener).template on<"data">(listener);
}

void readableServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    readAndAnswer(socket);
    self.close();
  });
  listenAt(place, server);
}

void readableClient(const Place& place) { sayInTurn(place, {"one", "two", "three"}); }

void readPiecesServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    readAndAnswer(socket, 4);
    self.close();
  });
  listenAt(place, server);
}

void readPiecesClient(const Place& place) {
  sayInTurn(place, {"a", "bc", "defghijklmn", "op", "q"});
}

void readPiecesOfTextServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    socket.setEncoding("utf8");
    readAndAnswer(socket, 2);
    self.close();
  });
  listenAt(place, server);
}

void readPiecesOfTextClient(const Place& place) {
  sayInTurn(place, {"\u00e9\u20acx", "y", "\u20ac"});
}

void readHeaderServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceEvents("served", socket);
    self.close();
    socket.once<"readable">([](net::Socket same) {
      trace("header", same.read(6));
      trace("not there", same.read(6));
      same.on<"data">([](net::Socket flowing, std::string_view chunk) {
        trace("data", chunk);
        flowing.write(".");
      });
    });
  });
  listenAt(place, server);
}

void readHeaderClient(const Place& place) { sayInTurn(place, {"headerbody", "more", "last"}); }

void switchToReadableAndBackServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceEvents("served", socket);
    self.close();
    socket.on<"data">([](net::Socket same, std::string_view chunk) {
      trace("data", chunk);
      if (chunk != "sec") same.write(".");
    });
    socket.once<"data">([](net::Socket same, std::string_view) {
      same.on<"readable">([](net::Socket pulled) {
        trace("readable");
        trace("read", pulled.read(3));
        pulled.removeAllListeners<"readable">();
      });
    });
  });
  listenAt(place, server);
}

void switchToReadableAndBackClient(const Place& place) {
  sayInTurn(place, {"first", "second", "third"});
}

void throwInDataListenerServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    socket.once<"data">([] { throw Error({.message = "thrown on purpose"}); });
    traceSocket("served", socket);
    self.close();
  });
  listenAt(place, server);
}

void throwInDataListenerClient(const Place& place) {
  const auto socket = traceSocket("client", net::connect(place));
  socket.on<"ready">([](net::Socket self) { self.end("not heard"); });
}

// Through the two ends of a pipe that is opened by a path.
void descriptorsServer(const Place& place) {
  tests::makeFifo(place.path);
  std::ofstream(place.folder + "/place") << '0';
  const int fd = tests::givenFifoReader(place.path).release();
  const auto reader = traceSocket("reader", net::Socket({.fd = fd, .readable = true}));
  trace(reader.connecting(), reader.readyState());
  reader.on<"close">([](net::Socket self, bool) { trace(self.bytesRead(), self.destroyed()); });
}

void descriptorsClient(const Place& place) {
  const int fd = tests::givenFifoWriter(place.path).release();
  const auto writer = traceEvents("writer", net::Socket({.fd = fd, .writable = true}));
  trace(writer.connecting(), writer.readyState());
  trace(writer.write("through", [] { trace("written"); }));
  writer.end(" a pipe", [] { trace("ended"); });
  writer.on<"close">([](net::Socket self, bool) { trace(self.bytesWritten(), self.destroyed()); });
}

void encodingsReadServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([count = std::size_t(0)](net::Server self, net::Socket socket) mutable {
    constexpr std::array encodings = {"utf8",   "latin1",    "ascii",  "hex",
                                      "base64", "base64url", "utf16le"};
    const auto encoding = encodings[count++];
    trace(socket.setEncoding(encoding) == socket);
    traceSocket(encoding, socket);
    if (count == encodings.size()) self.close();
  });
  listenAt(place, server);
}

void connectAndSend(const Place& place, int left) {
  const auto socket = net::connect(place).resume();
  socket.end(Buffer::from("41c3a9e282ac42f09f9881c3", Encoding::hex));
  socket.on<"close">([=] {
    if (left > 1) connectAndSend(place, left - 1);
  });
}

void encodingsReadClient(const Place& place) { connectAndSend(place, 7); }

void idleTimeoutServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    const auto onTimeout = [](net::Socket same) {
      trace("once", same.timeout(), same.destroyed());
      same.end("too slow");
    };
    trace(socket.setTimeout(20, onTimeout) == socket);
    self.close();
  });
  listenAt(place, server);
}

void idleTimeoutClient(const Place& place) { traceSocket("client", net::connect(place)); }

}  // namespace

Scenarios readScenarios() {
  return {
      {"pipeEcho", pipeEchoServer, pipeEchoClient},
      {"pipeMuch", pipeMuchServer, pipeMuchClient},
      {"pipeWithoutEnd", pipeWithoutEndServer, pipeWithoutEndClient},
      {"unpipe", unpipeServer, unpipeClient},
      {"pausedBeforeConnect", pausedBeforeConnectServer, pausedBeforeConnectClient},
      {"pauseAndResume", pauseAndResumeServer, pauseAndResumeClient},
      {"neverRead", neverReadServer, neverReadClient},
      {"readable", readableServer, readableClient},
      {"readPieces", readPiecesServer, readPiecesClient},
      {"readPiecesOfText", readPiecesOfTextServer, readPiecesOfTextClient},
      {"readHeader", readHeaderServer, readHeaderClient},
      {"switchToReadableAndBack", switchToReadableAndBackServer, switchToReadableAndBackClient},
      {"throwInDataListener", throwInDataListenerServer, throwInDataListenerClient},
      {"descriptors", descriptorsServer, descriptorsClient, Over::paths},
      {"encodingsRead", encodingsReadServer, encodingsReadClient},
      {"idleTimeout", idleTimeoutServer, idleTimeoutClient},
  };
}

}  // namespace sprocket::parity
