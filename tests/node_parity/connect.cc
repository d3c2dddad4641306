// Connecting: the forms, what is seen meanwhile, failures, and doing it again.

#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sprocket/tests/node_parity/parity.h"

namespace sprocket::parity {
namespace {

// Serves one client.
void serveOnce(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    socket.end("served");
    self.close();
  });
  listenAt(place, server);
}

void connectFormsServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([left = 4](net::Server self, net::Socket socket) mutable {
    socket.end("served");
    if (--left == 0) self.close();
  });
  listenAt(place, server);
}

void connectFormsClient(const Place& place) {
  const auto fourth = [place] {
    const net::Socket socket;
    const auto connected = [] { trace("socket.connect(options, listener)"); };
    trace(socket.connect(place, connected) == socket);
    traceSocket("last", socket);
  };
  const auto third = [=] {
    net::connect(place, [] { trace("connect(options, listener)"); }).on<"close">(fourth).resume();
  };
  const auto second = [=] {
    net::createConnection(*place.port, place.host)
        .on<"connect">([] { trace("createConnection(port, host)"); })
        .on<"close">(third)
        .resume();
  };
  net::connect(*place.port, place.host, [] { trace("connect(port, host, listener)"); })
      .on<"close">(second)
      .resume();
}

void connectPathClient(const Place& place) {
  // The path wins.
  const auto socket = net::connect({.port = place.nobody, .path = place.path});
  traceSocket("client", socket);
  socket.on<"connect">([](net::Socket self) {
    trace(self.address(), self.localPort(), self.remoteAddress(), self.remotePort());
  });
}

void whileConnectingServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    traceSocket("served", socket);
    self.close();
  });
  listenAt(place, server);
}

void whileConnectingClient(const Place& place) {
  const auto state = [](std::string_view when, const net::Socket& socket) {
    trace(when, socket.connecting(), socket.pending(), socket.readyState(), socket.destroyed());
  };
  const net::Socket socket;
  state("before", socket);
  socket.connect(place);
  state("after the call", socket);
  trace(socket.address(), socket.localPort(), socket.remoteAddress());
  socket.on<"connect">([=](net::Socket self) { state("connect", self); });
  socket.on<"ready">([=](net::Socket self) { state("ready", self); });
  socket.on<"end">([=](net::Socket self) { state("end", self); });
  socket.on<"close">([=](net::Socket self, bool) { state("close", self); });
  socket.end("bye").resume();
  state("after end", socket);
}

void refused(const Place& place) {
  const auto socket = net::connect(place.nobody, "127.0.0.1");
  traceEvents("socket", socket);
  socket.on<"error">([](net::Socket self, const Error& error) {
    traceMembers(error);
    trace(self.connecting(), self.destroyed());
  });
  socket.on<"close">(
      [](net::Socket self, bool) { trace(self.readyState(), self.remoteAddress()); });
}

void refusedWithWrites(const Place& place) {
  const auto socket = traceEvents("socket", net::connect(place.nobody, "127.0.0.1"));
  trace(socket.write("one", [](const Error& error) { trace("first", error); }));
  trace(socket.write("two", [](const Error& error) { trace("second", error); }));
  socket.end([](const Error& error) { trace("ended", error); });
}

void noSuchPath(const Place& place) {
  const std::string path = place.folder + "/missing";
  const auto socket = traceEvents("socket", net::connect(path));
  socket.on<"error">(traceMembers);
}

void pathOfAFile(const Place& place) {
  const std::string path = place.folder + "/file";
  std::ofstream(path).close();
  traceEvents("socket", net::connect({.path = path}));
}

void localAddressOfOthers(const Place& place) {
  const auto socket =
      net::connect({.port = place.nobody, .host = "127.0.0.1", .localAddress = "192.0.2.1"});
  traceEvents("socket", socket);
  socket.on<"error">(traceMembers);
}

void localAddressServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    trace(socket.remoteAddress(), socket.remoteFamily());
    socket.end();
    self.close();
  });
  listenAt(place, server);
}

void localAddressClient(const Place& place) {
  const auto socket =
      net::connect({.port = place.port, .host = place.host, .localAddress = "127.0.0.2"});
  socket.on<"connect">([](net::Socket self) {
    name(self.localPort(), "LOCAL");
    trace(self.localAddress(), self.localPort(), self.address());
    trace(self.remoteAddress(), self.remotePort(), self.remoteFamily());
  });
  traceSocket("client", socket);
}

void lookupOfNameClient(const Place& place) {
  const auto socket = net::connect({.port = place.port, .host = "localhost", .family = 4});
  traceSocket("client", socket);
}

void lookupOfNonsense(const Place&) {
  const std::string host(300, 'a');
  name(host, "LONG");
  const auto socket = net::connect({.port = 1, .host = host, .family = 4});
  traceEvents("socket", socket);
  socket.on<"error">(traceMembers);
}

void lookupByFunctionClient(const Place& place) {
  const auto lookup = [](const std::string& host, const dns::LookupOptions& options,
                         const net::LookupAnswer& answer) {
    trace("asked", host, options.family);
    setImmediate([answer] { answer("127.0.0.1", 4); });
  };
  const auto socket =
      net::connect({.port = place.port, .host = "some.host", .family = 4, .lookup = lookup});
  traceSocket("client", socket);
}

// Connects by a lookup that does what it is told with its answer.
net::Socket connectBy(std::function<void(const net::LookupAnswer&)> reply) {
  const auto lookup = [reply](const std::string&, const dns::LookupOptions&,
                              const net::LookupAnswer& answer) {
    setImmediate([=] { reply(answer); });
  };
  const auto socket = net::connect({.port = 1, .host = "some.host", .family = 4, .lookup = lookup});
  return traceEvents("socket", socket);
}

void lookupFails(const Place&) {
  const auto socket =
      connectBy([](const net::LookupAnswer& answer) { answer(Error({.message = "mine"})); });
  socket.on<"error">(
      [](net::Socket self, const Error&) { trace(self.connecting(), self.destroyed()); });
}

void lookupAnswersNonsense(const Place&) {
  connectBy([](const net::LookupAnswer& answer) { answer("nonsense", 4); });
}

void lookupAnswersOddFamily(const Place&) {
  connectBy([](const net::LookupAnswer& answer) { answer("127.0.0.1", 5); });
}

void lookupAnswersTooLate(const Place&) {
  const auto asked = std::make_shared<std::optional<net::Socket>>();
  *asked = connectBy([asked](const net::LookupAnswer& answer) {
    const net::Socket socket = **asked;
    socket.destroy();
    setImmediate([=] {
      answer("127.0.0.1", 4);
      trace(socket.connecting(), socket.destroyed());
    });
  });
}

void severalAddressesClient(const Place& place) {
  // At the first of them nobody listens.
  const auto lookup = [](const std::string& host, const dns::LookupOptions& options,
                         const net::LookupAnswer& answer) {
    trace("asked", host, options.family, options.all);
    const std::vector<dns::Address> addresses = {{"127.0.0.2", 4}, {"127.0.0.1", 4}};
    setImmediate([=] { answer(addresses); });
  };
  const auto socket = net::connect({.port = place.port,
                                    .host = "some.host",
                                    .family = 0,
                                    .lookup = lookup,
                                    .autoSelectFamily = true});
  socket.on<"connect">([](net::Socket self) { trace(self.remoteAddress()); });
  traceSocket("client", socket);
}

void destroyWhileConnecting(const Place& place) {
  const auto socket = traceEvents("socket", net::connect(place.nobody, "127.0.0.1"));
  socket.write("one", [](const Error& error) { trace("first", error); });
  socket.write("two", [](const Error& error) { trace("second", error); });
  socket.destroy();
  trace(socket.connecting(), socket.destroyed(), socket.readyState());
}

void destroyWithErrorWhileConnecting(const Place& place) {
  const auto socket = traceEvents("socket", net::connect(place.nobody, "127.0.0.1"));
  socket.write("one", [](const Error& error) { trace("first", error); });
  socket.write("two", [](const Error& error) { trace("second", error); });
  socket.destroy(Error({.message = "mine"}));
}

void reconnectAfterRefusal(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([](net::Server self, net::Socket socket) {
    socket.end("served");
    self.close();
  });
  const auto socket = traceSocket("socket", net::Socket({.reusable = true}));
  socket.once<"close">([server](net::Socket self, bool) {
    server.listen(0, "127.0.0.1", [self](net::Server listening) {
      self.connect(listening.address()->port, "127.0.0.1", [] { trace("listener of the second"); });
      trace(self.connecting(), self.destroyed());
    });
  });
  socket.connect(place.nobody, "127.0.0.1", [] { trace("listener of the first"); });
}

void reconnectAfterCloseServer(const Place& place) {
  const auto server = net::createServer();
  server.on<"connection">([count = 0](net::Server self, net::Socket socket) mutable {
    traceSocket("served", socket);
    if (++count == 3) self.close();
  });
  listenAt(place, server);
}

void reconnectAfterCloseClient(const Place& place) {
  const auto count = std::make_shared<std::size_t>(0);
  const auto connect = [=](const net::Socket& socket) {
    socket.connect(place, [count] { trace("listener", ++*count); });
    socket.end(std::string(*count + 1, 'x'));
    trace(socket.bytesRead(), socket.bytesWritten(), socket.destroyed());
  };
  const auto socket = traceSocket("client", net::Socket());
  socket.on<"close">([=](net::Socket self, bool) {
    if (*count < 3) connect(self);
  });
  connect(socket);
}

}  // namespace

Scenarios connectScenarios() {
  return {
      {"connectForms", connectFormsServer, connectFormsClient, Over::tcp},
      {"connectPath", serveOnce, connectPathClient, Over::paths},
      {"whileConnecting", whileConnectingServer, whileConnectingClient},
      {"refused", refused},
      {"refusedWithWrites", refusedWithWrites},
      {"noSuchPath", noSuchPath},
      {"pathOfAFile", pathOfAFile},
      {"localAddressOfOthers", localAddressOfOthers},
      {"localAddress", localAddressServer, localAddressClient, Over::tcp},
      {"lookupOfName", serveOnce, lookupOfNameClient, Over::tcp},
      {"lookupOfNonsense", lookupOfNonsense},
      {"lookupByFunction", serveOnce, lookupByFunctionClient, Over::tcp},
      {"lookupFails", lookupFails},
      {"lookupAnswersNonsense", lookupAnswersNonsense},
      {"lookupAnswersOddFamily", lookupAnswersOddFamily},
      {"lookupAnswersTooLate", lookupAnswersTooLate},
      {"severalAddresses", serveOnce, severalAddressesClient, Over::tcp},
      {"destroyWhileConnecting", destroyWhileConnecting},
      {"destroyWithErrorWhileConnecting", destroyWithErrorWhileConnecting},
      {"reconnectAfterRefusal", reconnectAfterRefusal},
      {"reconnectAfterClose", reconnectAfterCloseServer, reconnectAfterCloseClient},
  };
}

}  // namespace sprocket::parity
