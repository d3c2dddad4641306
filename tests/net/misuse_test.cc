// Every method, in every state, from inside every listener: nothing is undefined, 'close' comes
// once, and in the end nothing is left. The table is made by the program; a cell is a loop of its
// own.

#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/temp_path.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Server;
using net::Socket;

// What each cell begins with: a server at home, on a port or on a path.
class Cell : public SystemFixture, public NetFixture {
 public:
  explicit Cell(bool onPath) {
    names.answer("home.test", {"127.0.0.1"});
    names.fail("nowhere.test", platform::HostLookupError::notFound());
    tolerate(home_).on<"connection">([this](Socket peer) {
      tolerate(peer).resume();
      accepted_.push_back(peer);
      peer.write("hello");
    });
    onPath ? home_.listen(freshPath()) : home_.listen(0, "127.0.0.1");
  }

  const Server& home() const { return home_; }
  const Socket& lastAccepted() const { return accepted_.back(); }
  std::string freshPath() {
    static TempDirectory directory;
    return directory.freshPath();
  }

  net::ConnectOptions place() const {
    const net::Address address = home_.address().value_or(net::Address{.port = 1});
    return {.port = address.port, .host = "127.0.0.1", .path = address.path};
  }
  // To a port in any case, because paths have no names.
  net::ConnectOptions placeByName() const {
    return {.port = place().path.empty() ? place().port : 1, .host = "home.test"};
  }

  // Errors are expected here.
  Socket tolerate(const Socket& socket) {
    sockets_.push_back(socket);
    return socket.on<"error">([] {});
  }
  Server tolerate(const Server& server) {
    servers_.push_back(server);
    return server.on<"error">([] {}).on<"connection">([this](Socket peer) { tolerate(peer); });
  }

  // A client of the home server, connected, and the server's end as lastAccepted().
  Socket connected(const Socket& socket) {
    const std::size_t before = accepted_.size();
    socket.connect(place());
    runUntil([&] { return !socket.connecting() && accepted_.size() > before; });
    return socket;
  }

  // The fixture's, but an error that nobody hears, because its listeners were removed, is no
  // matter.
  void runUntil(const std::function<bool()>& predicate) {
    while (!predicate()) {
      tolerate([&] { loop().runOnce(std::chrono::milliseconds(1)); });
    }
  }

  // Closes everything and runs until nothing is left.
  void windUp() {
    for (const Server& server : servers_) server.close();
    for (std::size_t i = 0; i < sockets_.size(); ++i) sockets_[i].destroy();
    bool ended = false;
    while (!ended) {
      tolerate([&] { run(), ended = true; });
    }
  }

 private:
  template <class F>
  static void tolerate(F run) {
    try {
      run();
    } catch (const Error&) {
    }
  }

  std::vector<Socket> sockets_;
  std::vector<Server> servers_;
  std::vector<Socket> accepted_;
  const Server home_;
};

using Action = std::function<void()>;

// Where the method is called from: something that runs the action once, and whose listener that is.
template <class Handle>
struct Place {
  const char* name;
  std::function<void(Cell&, const Handle& driver, Action)> arrange;
};

// The driver is fresh. `act` is the action, once.
const std::vector<Place<Socket>> kSocketPlaces{
    {"no listener", [](Cell&, const Socket&, Action act) { act(); }},
    {"'lookup'", [](Cell& cell, const Socket& driver,
                    Action act) { driver.on<"lookup">(act).connect(cell.placeByName()); }},
    {"'connect'", [](Cell& cell, const Socket& driver,
                     Action act) { driver.on<"connect">(act).connect(cell.place()); }},
    {"'ready'", [](Cell& cell, const Socket& driver,
                   Action act) { driver.on<"ready">(act).connect(cell.place()); }},
    {"'data'", [](Cell& cell, const Socket& driver,
                  Action act) { driver.on<"data">(act).connect(cell.place()); }},
    {"'readable'", [](Cell& cell, const Socket& driver,
                      Action act) { driver.on<"readable">(act).connect(cell.place()); }},
    {"'data' in read()",
     [](Cell& cell, const Socket& driver, Action act) {
       driver.on<"readable">([](Socket self) { self.read(2); }).on<"data">(act);
       driver.connect(cell.place());
     }},
    {"'drain'", [](Cell& cell, const Socket& driver,
                   Action act) { driver.on<"drain">(act).connect(cell.place()).write("queued"); }},
    {"'end'",
     [](Cell& cell, const Socket& driver, Action act) {
       driver.on<"end">(act).resume();
       cell.connected(driver);
       cell.lastAccepted().end();
     }},
    {"'finish'", [](Cell& cell, const Socket& driver,
                    Action act) { driver.on<"finish">(act).connect(cell.place()).end("x"); }},
    {"'timeout'",
     [](Cell&, const Socket& driver, Action act) { driver.on<"timeout">(act).setTimeout(1); }},
    {"'error'", [](Cell& cell, const Socket& driver,
                   Action act) { driver.on<"error">(act).connect(cell.freshPath()); }},
    {"'close'", [](Cell&, const Socket& driver, Action act) { driver.on<"close">(act).destroy(); }},
    {"a callback of write()",
     [](Cell& cell, const Socket& driver, Action act) { cell.connected(driver).write("x", act); }},
    {"a callback of write() that failed",
     [](Cell& cell, const Socket& driver, Action act) {
       driver.connect(cell.freshPath()).write("x", act);
     }},
    {"'pause'", [](Cell&, const Socket& driver, Action act) { driver.on<"pause">(act).pause(); }},
    {"'resume'",
     [](Cell&, const Socket& driver, Action act) { driver.on<"resume">(act).resume(); }},
    {"'pipe'",
     [](Cell&, const Socket& driver, Action act) { driver.on<"pipe">(act).pipe(driver); }},
    {"'unpipe'", [](Cell&, const Socket& driver,
                    Action act) { driver.on<"unpipe">(act).pipe(driver).unpipe(driver); }},
    {"a callback of end()", [](Cell& cell, const Socket& driver,
                               Action act) { driver.connect(cell.place()).end("x", act); }},
};

// What the socket is when the method is called. `prepare` may run the loop; `atOnce` comes just
// before the call.
struct SocketState {
  const char* name;
  net::SocketOptions options;
  std::function<void(Cell&, const Socket&)> prepare;
  std::function<void(Cell&, const Socket&)> atOnce;
};

const UnansweringPort& silent() {
  static const UnansweringPort port;
  return port;
}

void nothing(Cell&, const Socket&) {}
void connect(Cell& cell, const Socket& socket) { cell.connected(socket); }
void connectAndClose(Cell& cell, const Socket& socket) {
  cell.connected(socket).destroy();
  bool closed = false;
  socket.once<"close">([&] { closed = true; });
  cell.runUntil([&] { return closed; });
}

std::byte onreadMemory[3];

const std::vector<SocketState> kSocketStates{
    {"fresh", {}, nothing, nothing},
    {"resolving",
     {},
     nothing,
     [](Cell& cell, const Socket& socket) { socket.connect(cell.placeByName()); }},
    {"about to connect",
     {},
     nothing,
     [](Cell& cell, const Socket& socket) { socket.connect(cell.place()); }},
    {"connecting",
     {},
     [](Cell& cell, const Socket& socket) {
       socket.connect(silent().number(), "127.0.0.1").write("queued");
       cell.loop().runOnce(std::chrono::milliseconds(0));
     },
     nothing},
    {"open", {}, connect, nothing},
    {"with a full queue",
     {},
     connect,
     [](Cell&, const Socket& socket) { socket.write(std::string(4 << 20, 'x')); }},
    {"paused",
     {},
     connect,
     [](Cell& cell, const Socket& socket) {
       socket.pause();
       cell.lastAccepted().write("x");
     }},
    {"corked",
     {},
     connect,
     [](Cell&, const Socket& socket) { socket.cork(), socket.cork(), socket.write("x", [] {}); }},
    {"decoding",
     {},
     connect,
     [](Cell& cell, const Socket& socket) {
       socket.setEncoding("utf8").on<"data">([] {});
       cell.lastAccepted().write("\xe2\x82");
     }},
    {"asked for data",
     {},
     connect,
     [](Cell& cell, const Socket& socket) {
       socket.on<"readable">([](Socket self) { self.read(1); }).read(99);
       cell.lastAccepted().write("x");
     }},
    {"with memory of its own",
     {.onread = {.buffer = onreadMemory, .callback = [](auto&&...) { return true; }}},
     connect,
     [](Cell& cell, const Socket&) { cell.lastAccepted().write("x"); }},
    {"about to be destroyed",
     {},
     connect,
     [](Cell&, const Socket& socket) {
       socket.write(std::string(4 << 20, 'x'));
       socket.destroySoon();
     }},
    {"ended by us", {}, connect, [](Cell&, const Socket& socket) { socket.end(); }},
    {"ended by the peer",
     {.allowHalfOpen = true},
     [](Cell& cell, const Socket& socket) {
       bool ended = false;
       cell.connected(socket).resume().once<"end">([&] { ended = true; });
       cell.lastAccepted().end();
       cell.runUntil([&] { return ended; });
     },
     nothing},
    {"destroyed", {}, connect, [](Cell&, const Socket& socket) { socket.destroy(); }},
    {"failed",
     {},
     connect,
     [](Cell&, const Socket& socket) { socket.destroy(Error({.message = "given"})); }},
    {"closed", {}, connectAndClose, nothing},
    {"closed, reusable", {.reusable = true}, connectAndClose, nothing},
};

struct SocketMethod {
  const char* name;
  std::function<void(Cell&, const Socket& socket, const Socket& other)> call;
};

void freeFunction() {}

const std::vector<SocketMethod> kSocketMethods{
    {"connect(options)",
     [](Cell& cell, const Socket& s, const Socket&) { s.connect(cell.place()); }},
    {"connect(name)",
     [](Cell& cell, const Socket& s, const Socket&) { s.connect(cell.placeByName(), [] {}); }},
    {"connect(path)",
     [](Cell& cell, const Socket& s, const Socket&) { s.connect(cell.freshPath(), [] {}); }},
    {"write(text)", [](Cell&, const Socket& s, const Socket&) { s.write("x"); }},
    {"write(text, callback)", [](Cell&, const Socket& s, const Socket&) { s.write("x", [] {}); }},
    {"write('')", [](Cell&, const Socket& s, const Socket&) { s.write("", [] {}); }},
    {"write(much)",
     [](Cell&, const Socket& s, const Socket&) { s.write(std::string(4 << 20, 'x'), [] {}); }},
    {"write(text, encoding)",
     [](Cell&, const Socket& s, const Socket&) { s.write("78", "hex", [] {}); }},
    {"cork()", [](Cell&, const Socket& s, const Socket&) { s.cork(), s.write("x"); }},
    {"uncork()", [](Cell&, const Socket& s, const Socket&) { s.uncork(); }},
    {"cork() and uncork()",
     [](Cell&, const Socket& s, const Socket&) {
       s.cork(), s.write("x", [] {}), s.write("y"), s.uncork();
     }},
    {"end()", [](Cell&, const Socket& s, const Socket&) { s.end(); }},
    {"end(callback)", [](Cell&, const Socket& s, const Socket&) { s.end([] {}); }},
    {"end(text)", [](Cell&, const Socket& s, const Socket&) { s.end("x"); }},
    {"end(text, callback)", [](Cell&, const Socket& s, const Socket&) { s.end("x", [] {}); }},
    {"end(text, encoding)", [](Cell&, const Socket& s, const Socket&) { s.end("78", "hex"); }},
    {"destroySoon()", [](Cell&, const Socket& s, const Socket&) { s.destroySoon(); }},
    {"resetAndDestroy()", [](Cell&, const Socket& s, const Socket&) { s.resetAndDestroy(); }},
    {"destroy()", [](Cell&, const Socket& s, const Socket&) { s.destroy(); }},
    {"destroy(error)",
     [](Cell&, const Socket& s, const Socket&) { s.destroy(Error({.message = "given"})); }},
    {"destroy() and of the other",
     [](Cell&, const Socket& s, const Socket& other) { s.destroy(), other.destroy(); }},
    {"pause()", [](Cell&, const Socket& s, const Socket&) { s.pause(); }},
    {"resume()", [](Cell&, const Socket& s, const Socket&) { s.resume(); }},
    {"read()", [](Cell&, const Socket& s, const Socket&) { s.read(); }},
    {"read(size)", [](Cell&, const Socket& s, const Socket&) { s.read(0), s.read(1), s.read(99); }},
    {"on('readable') and read()",
     [](Cell&, const Socket& s, const Socket&) {
       s.on<"readable">([](Socket self) { self.read(); }).read(1);
     }},
    {"on('readable') and off()",
     [](Cell&, const Socket& s, const Socket&) {
       s.on<"readable">(&freeFunction).off<"readable">(&freeFunction);
     }},
    {"setEncoding()", [](Cell&, const Socket& s, const Socket&) { s.setEncoding("base64"); }},
    {"pipe(itself)", [](Cell&, const Socket& s, const Socket&) { s.pipe(s); }},
    {"pipe(other)", [](Cell&, const Socket& s, const Socket& other) { s.pipe(other); }},
    {"pipe(other, false)",
     [](Cell&, const Socket& s, const Socket& other) { s.pipe(other, false); }},
    {"pipe from the other", [](Cell&, const Socket& s, const Socket& other) { other.pipe(s); }},
    {"pipe(other) and back",
     [](Cell&, const Socket& s, const Socket& other) { s.pipe(other).pipe(s).pipe(s); }},
    {"unpipe()", [](Cell&, const Socket& s, const Socket&) { s.unpipe(); }},
    {"unpipe(other)",
     [](Cell&, const Socket& s, const Socket& other) { s.pipe(other), s.unpipe(other); }},
    {"setTimeout(1)", [](Cell&, const Socket& s, const Socket&) { s.setTimeout(1); }},
    {"setTimeout(1, callback)",
     [](Cell&, const Socket& s, const Socket&) { s.setTimeout(1, [] {}); }},
    {"setTimeout(0)", [](Cell&, const Socket& s, const Socket&) { s.setTimeout(0); }},
    {"setNoDelay()",
     [](Cell&, const Socket& s, const Socket&) { s.setNoDelay().setNoDelay(false).setNoDelay(); }},
    {"setKeepAlive()",
     [](Cell&, const Socket& s, const Socket&) { s.setKeepAlive(true, 1000).setKeepAlive(); }},
    {"ref()", [](Cell&, const Socket& s, const Socket&) { s.ref(); }},
    {"unref()", [](Cell&, const Socket& s, const Socket&) { s.unref(); }},
    {"all questions",
     [](Cell&, const Socket& s, const Socket&) {
       BOOST_TEST((s.address().has_value() == s.localAddress().has_value()));
       BOOST_TEST((s.address().has_value() == s.localPort().has_value()));
       BOOST_TEST((s.remoteAddress().has_value() == s.remoteFamily().has_value()));
       BOOST_TEST((s.remoteAddress().has_value() == s.remotePort().has_value()));
       BOOST_TEST(!(s.connecting() && s.destroyed()));
       BOOST_TEST(s.bytesWritten() >= s.bufferSize());
       BOOST_TEST(s.writableLength() == s.bufferSize());
       BOOST_TEST((s.readyState() == "open") == (s.readable() && s.writable()));
       BOOST_TEST((s.readyState() == "opening") == s.connecting());
       BOOST_TEST(!(s.pending() && s.readable()));
       s.bytesRead(), s.timeout(), s.isPaused(), s.listenerCount<"data">();
     }},
    {"on()", [](Cell&, const Socket& s, const Socket&) { s.on<"data">([] {}); }},
    {"once() and kin",
     [](Cell&, const Socket& s, const Socket&) {
       s.once<"close">([] {}).prependListener<"error">([] {}).prependOnceListener<"end">([] {});
     }},
    {"off()",
     [](Cell&, const Socket& s, const Socket&) {
       s.on<"end">(&freeFunction).off<"end">(&freeFunction);
       s.off<"connect">(&freeFunction);
     }},
    {"removeAllListeners(event)",
     [](Cell&, const Socket& s, const Socket&) { s.removeAllListeners<"data">(); }},
    {"removeAllListeners()", [](Cell&, const Socket& s, const Socket&) { s.removeAllListeners(); }},
    {"copies",
     [](Cell&, const Socket& s, const Socket& other) {
       Socket copy = s;
       copy = other;
       Socket& same = copy;
       copy = std::move(same);
       BOOST_TEST((copy == other));
       BOOST_TEST((copy != s));
     }},
};

// Of a method that may throw for the state that the socket is in.
bool refuses(const std::function<void()>& call) {
  try {
    call();
    return false;
  } catch (const ArgumentError& error) {
    BOOST_TEST((error.code() == "ERR_SOCKET_NOT_CLOSED" ||
                error.code() == "ERR_SOCKET_LISTENERS_RELEASED" ||
                error.code() == "ERR_INVALID_HANDLE_TYPE"));
    return true;
  }
}

// What of a cell concerns everyone: the action runs once, and in the end nothing is left.
template <class Handle>
void run(Cell& cell, const Place<Handle>& place, const Handle& driver, const Action& action) {
  int calls = 0;
  place.arrange(cell, driver, [&] {
    if (++calls == 1) action();
  });
  cell.runUntil([&] { return calls > 0; });
  cell.windUp();
  // The answer to a lookup that was cancelled may come just now.
  bool isAlive = true;
  for (int i = 0; i < 100 && isAlive; ++i) {
    isAlive = cell.loop().runOnce(std::chrono::milliseconds(0));
  }
  BOOST_TEST(!isAlive);
  cell.destroyLoop();
}

int cells = 0;

struct ReportCells {
  ~ReportCells() { std::cout << "cells: " << std::exchange(cells, 0) << std::endl; }
};

BOOST_AUTO_TEST_CASE(everyMethodOfASocketInEveryStateFromEveryListener, *label("5.6")) {
  const ReportCells report;
  for (const Place<Socket>& place : kSocketPlaces) {
    for (const SocketState& state : kSocketStates) {
      for (const SocketMethod& method : kSocketMethods) {
        const bool onPath = ++cells % 2 == 0;
        if (cells % kSweepStep != 0) continue;
        BOOST_TEST_CONTEXT(method.name << " of a socket that is " << state.name << ", from "
                                       << place.name << (onPath ? ", on a path" : ", on a port")) {
          Cell cell(onPath);
          const Socket driver = cell.tolerate(Socket());
          const Socket other = cell.connected(cell.tolerate(Socket())).resume();
          const Socket socket = cell.tolerate(Socket(state.options));
          int closes = 0;
          bool isReopened = false;
          socket.on<"close">([&] { ++closes; });
          state.prepare(cell, socket);
          run(cell, place, driver, [&] {
            state.atOnce(cell, socket);
            const int closesBefore = closes;
            const bool refused = refuses([&] { method.call(cell, socket, other); });
            isReopened = !refused && closesBefore == 1 && socket.connecting();
          });
          BOOST_TEST(socket.destroyed());
          const bool isHeard = std::string(method.name) != "removeAllListeners()";
          if (isHeard || closes > 1) BOOST_TEST(closes == (isReopened ? 2 : 1));
        }
      }
    }
  }
}

// The socket whose listener it is.
BOOST_AUTO_TEST_CASE(everyMethodOfASocketFromItsOwnListeners, *label("5.6")) {
  const ReportCells report;
  for (const Place<Socket>& place : kSocketPlaces) {
    for (const SocketMethod& method : kSocketMethods) {
      for (const bool reusable : {false, true}) {
        const bool onPath = ++cells % 2 == 0;
        if (cells % kSweepStep != 0) continue;
        BOOST_TEST_CONTEXT(method.name << " from its own " << place.name
                                       << (reusable ? ", reusable" : "")
                                       << (onPath ? ", on a path" : ", on a port")) {
          Cell cell(onPath);
          const Socket other = cell.connected(cell.tolerate(Socket())).resume();
          const Socket socket = cell.tolerate(Socket(net::SocketOptions{.reusable = reusable}));
          int closes = 0;
          bool isReopened = false;
          socket.on<"close">([&] { ++closes; });
          run(cell, place, socket, [&] {
            const int closesBefore = closes;
            const bool refused = refuses([&] { method.call(cell, socket, other); });
            isReopened = !refused && closesBefore == 1 && socket.connecting();
          });
          BOOST_TEST(socket.destroyed());
          const bool isHeard = std::string(method.name) != "removeAllListeners()";
          if (isHeard || closes > 1) BOOST_TEST(closes == (isReopened ? 2 : 1));
        }
      }
    }
  }
}

// All that a loop leaves behind.
BOOST_AUTO_TEST_CASE(everyMethodOfASocketWhoseLoopIsGone, *label("5.6")) {
  const ReportCells report;
  for (const SocketState& state : kSocketStates) {
    for (const SocketMethod& method : kSocketMethods) {
      const bool onPath = ++cells % 2 == 0;
      if (cells % kSweepStep != 0) continue;
      BOOST_TEST_CONTEXT(method.name << " of a socket that was " << state.name) {
        Cell cell(onPath);
        const Socket other = cell.connected(cell.tolerate(Socket()));
        const Socket socket = cell.tolerate(Socket(state.options));
        state.prepare(cell, socket);
        state.atOnce(cell, socket);
        cell.destroyLoop();
        bool called = false;
        socket.on<"close">([&] { called = true; });
        method.call(cell, socket, other);
        const reactor::Loop next;
        method.call(cell, socket, Socket());
        BOOST_TEST(socket.destroyed());
        BOOST_TEST(!called);
      }
    }
  }
}

// Servers.

const std::vector<Place<Server>> kServerPlaces{
    {"no listener", [](Cell&, const Server&, Action act) { act(); }},
    {"'listening'", [](Cell&, const Server& driver,
                       Action act) { driver.on<"listening">(act).listen(0, "127.0.0.1"); }},
    {"a callback of listen()",
     [](Cell& cell, const Server& driver, Action act) { driver.listen(cell.freshPath(), act); }},
    {"'connection'",
     [](Cell& cell, const Server& driver, Action act) {
       driver.on<"connection">(act).listen(cell.freshPath());
       cell.tolerate(Socket()).connect(driver.address()->path);
     }},
    {"'drop'",
     [](Cell& cell, const Server& driver, Action act) {
       driver.on<"drop">(act).listen(cell.freshPath());
       cell.syscalls.fail(Call::accept, platform::errorNumber("EMFILE"));
       if (kIsWindows) driver.setMaxConnections(0);  // clients of a pipe are not cut off
       cell.tolerate(Socket()).connect(driver.address()->path);
     }},
    {"'error'", [](Cell&, const Server& driver,
                   Action act) { driver.on<"error">(act).listen(0, "nowhere.test"); }},
    {"'error' of accept",
     [](Cell& cell, const Server& driver, Action act) {
       cell.syscalls.fail(Call::accept, platform::errorNumber("EINVAL"));
       driver.on<"error">(act).listen(cell.freshPath());
       cell.tolerate(Socket()).connect(driver.address()->path);
     }},
    {"'close'",
     [](Cell&, const Server& driver, Action act) { driver.on<"close">(act).listen().close(); }},
    {"a callback of close()", [](Cell& cell, const Server& driver,
                                 Action act) { driver.listen(cell.freshPath()).close(act); }},
    {"a connection's 'data'",
     [](Cell& cell, const Server& driver, Action act) {
       driver.on<"connection">([act](Socket peer) { peer.on<"data">(act); });
       driver.listen(cell.freshPath());
       cell.tolerate(Socket()).connect(driver.address()->path).write("x");
     }},
    {"a connection's 'close'",
     [](Cell& cell, const Server& driver, Action act) {
       driver.on<"connection">([act](Socket peer) { peer.on<"close">(act).destroy(); });
       driver.listen(cell.freshPath());
       cell.tolerate(Socket()).connect(driver.address()->path);
     }},
};

struct ServerState {
  const char* name;
  std::function<void(Cell&, const Server&)> prepare;
  std::function<void(Cell&, const Server&)> atOnce;
};

void leave(Cell&, const Server&) {}
void listen(Cell&, const Server& server) { server.listen(0, "127.0.0.1"); }
void haveConnection(Cell& cell, const Server& server) {
  bool connected = false;
  server.once<"connection">([&] { connected = true; });
  server.listen(cell.freshPath());
  cell.tolerate(Socket()).connect(server.address()->path);
  cell.runUntil([&] { return connected; });
}

const std::vector<ServerState> kServerStates{
    {"fresh", leave, leave},
    {"resolving", leave, [](Cell&, const Server& server) { server.listen(0, "home.test"); }},
    {"about to listen", leave, listen},
    {"listening",
     [](Cell& cell, const Server& server) {
       listen(cell, server);
       cell.loop().runOnce(std::chrono::milliseconds(0));
     },
     leave},
    {"serving", haveConnection, leave},
    {"closing", haveConnection, [](Cell&, const Server& server) { server.close(); }},
    {"closing at once", listen, [](Cell&, const Server& server) { server.close(); }},
    {"about to fail", leave,
     [](Cell& cell, const Server& server) { server.listen(cell.freshPath() + "/missing"); }},
    {"open again",
     [](Cell& cell, const Server& server) {
       haveConnection(cell, server);
       server.close();
       listen(cell, server);
     },
     leave},
    {"closed",
     [](Cell& cell, const Server& server) {
       bool closed = false;
       listen(cell, server);
       server.close([&] { closed = true; });
       cell.runUntil([&] { return closed; });
     },
     leave},
};

struct ServerMethod {
  const char* name;
  std::function<void(Cell&, const Server&)> call;
};

const std::vector<ServerMethod> kServerMethods{
    {"listen()", [](Cell&, const Server& s) { s.listen(); }},
    {"listen(callback)", [](Cell&, const Server& s) { s.listen([] {}); }},
    {"listen(path)", [](Cell& cell, const Server& s) { s.listen(cell.freshPath(), [] {}); }},
    {"listen(name)", [](Cell&, const Server& s) { s.listen(0, "home.test", [] {}); }},
    {"listen(missing name)", [](Cell&, const Server& s) { s.listen(0, "nowhere.test"); }},
    {"listen(missing directory)",
     [](Cell& cell, const Server& s) { s.listen(cell.freshPath() + "/missing"); }},
    {"listen() twice",
     [](Cell& cell, const Server& s) { s.listen().listen(cell.freshPath(), 5, [] {}); }},
    {"listen(another server)",
     [](Cell& cell, const Server& s) {
       if (cell.home().listening()) s.listen(cell.home(), [] {});
     }},
    {"listen(itself)",
     [](Cell&, const Server& s) {
       if (s.listening()) s.listen(s, [] {});
     }},
    {"listen(itself) and close()",
     [](Cell&, const Server& s) {
       if (s.listening()) s.listen(s, [] {}).close([] {});
     }},
    {"listen() wrongly",
     [](Cell&, const Server& s) {
       try {
         s.listen(-1);
       } catch (const ArgumentError&) {
       }
     }},
    {"close()", [](Cell&, const Server& s) { s.close(); }},
    {"close(callback)", [](Cell&, const Server& s) { s.close([] {}); }},
    {"close() twice", [](Cell&, const Server& s) { s.close([] {}).close([] {}); }},
    {"close() and listen()", [](Cell&, const Server& s) { s.close([] {}).listen([] {}); }},
    {"listen() and close()", [](Cell&, const Server& s) { s.listen([] {}).close([] {}); }},
    {"listen(name) and close()", [](Cell&, const Server& s) { s.listen(0, "home.test").close(); }},
    {"all questions",
     [](Cell&, const Server& s) {
       BOOST_TEST((s.listening() == s.address().has_value()));
       s.listenerCount<"close">();
     }},
    {"ref()", [](Cell&, const Server& s) { s.ref(); }},
    {"unref()", [](Cell&, const Server& s) { s.unref(); }},
    {"on() and kin",
     [](Cell&, const Server& s) {
       s.on<"connection">([] {}).once<"close">([] {}).prependListener<"error">([] {});
       s.prependOnceListener<"listening">([] {});
     }},
    {"off()",
     [](Cell&, const Server& s) { s.on<"drop">(&freeFunction).off<"drop">(&freeFunction); }},
    {"removeAllListeners(event)",
     [](Cell&, const Server& s) { s.removeAllListeners<"connection">(); }},
    {"removeAllListeners()", [](Cell&, const Server& s) { s.removeAllListeners(); }},
    {"copies",
     [](Cell& cell, const Server& s) {
       Server copy = s;
       copy = cell.home();
       BOOST_TEST((copy != s));
     }},
};

BOOST_AUTO_TEST_CASE(everyMethodOfAServerInEveryStateFromEveryListener, *label("5.6")) {
  const ReportCells report;
  for (const Place<Server>& place : kServerPlaces) {
    for (const ServerState& state : kServerStates) {
      for (const ServerMethod& method : kServerMethods) {
        if (++cells % kSweepStep != 0) continue;
        BOOST_TEST_CONTEXT(method.name << " of a server that is " << state.name << ", from "
                                       << place.name) {
          Cell cell(false);
          const Server driver = cell.tolerate(Server());
          const Server server = cell.tolerate(Server());
          state.prepare(cell, server);
          run(cell, place, driver, [&] {
            state.atOnce(cell, server);
            method.call(cell, server);
          });
          BOOST_TEST(!server.listening());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(everyMethodOfAServerFromItsOwnListeners, *label("5.6")) {
  const ReportCells report;
  for (const Place<Server>& place : kServerPlaces) {
    for (const ServerMethod& method : kServerMethods) {
      if (++cells % kSweepStep != 0) continue;
      BOOST_TEST_CONTEXT(method.name << " from its own " << place.name) {
        Cell cell(false);
        const Server server = cell.tolerate(Server());
        run(cell, place, server, [&] { method.call(cell, server); });
        BOOST_TEST(!server.listening());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(everyMethodOfAServerWhoseLoopIsGone, *label("5.6")) {
  const ReportCells report;
  for (const ServerState& state : kServerStates) {
    for (const ServerMethod& method : kServerMethods) {
      if (++cells % kSweepStep != 0) continue;
      BOOST_TEST_CONTEXT(method.name << " of a server that was " << state.name) {
        Cell cell(false);
        const Server server = cell.tolerate(Server());
        state.prepare(cell, server);
        state.atOnce(cell, server);
        cell.destroyLoop();
        method.call(cell, server);
        BOOST_TEST(!server.listening());
        BOOST_TEST(!server.address().has_value());
      }
    }
  }
}

}  // namespace
}  // namespace sprocket::tests
