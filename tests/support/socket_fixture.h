#pragma once

// What tests of sockets do most often, over TCP and over a unix path alike.
//
//   BOOST_TEST_DECORATOR(*label("9.3"))
//   BOOST_FIXTURE_TEST_CASE_TEMPLATE(endComesAfterTheData, V, Venues, SocketFixture) {
//     const net::Socket client;
//     RawSocket peer = connectRaw(client, V());
//     ...
//
// gives a case of each name for each venue. A raw peer does what it is told between two turns of
// the loop, so that a test decides what is there when the socket looks.

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {

struct Tcp {
  static constexpr bool hasAddresses = true;
};
struct Unix {
  static constexpr bool hasAddresses = false;
};
using Venues = std::tuple<Tcp, Unix>;

// What a chain of calls like client.write() sends in a test of many bytes: they differ by place.
inline std::string pattern(std::size_t size, unsigned seed = 1) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    seed = seed * 1664525 + 1013904223;
    text[i] = static_cast<char>('a' + (seed >> 16) % 26);
  }
  return text;
}

// Bound for the life of the program, so that nobody else gets the port where nobody listens.
inline const RawSocket nobody = RawSocket::bind();

class SocketFixture : public NetFixture {
 public:
  using OnConnection = reactor::Task;

  // Listens at a new place on this machine, and is accepting when this returns.
  net::Server listenAt(Tcp, const net::Server& server) const {
    return server.listen(0, "127.0.0.1");
  }
  net::Server listenAt(Unix, const net::Server& server) { return server.listen(temp_.freshPath()); }

  // A server that does not keep the loop.
  template <class V, class F>
  net::Server serve(V venue, F onConnection, const net::ServerOptions& options = {}) {
    return listenAt(venue, net::createServer(options, std::move(onConnection))).unref();
  }

  struct RawListener {
    RawSocket socket;
    net::ConnectTo place;
  };
  RawListener rawListener(Tcp) {
    RawSocket socket = RawSocket::listen();
    const int port = socket.port();
    return {std::move(socket), port};
  }
  RawListener rawListener(Unix) {
    const std::string path = temp_.freshPath();
    return {RawSocket::listen(path), path};
  }

  // To connect to a place that ConnectTo names, on 127.0.0.1 without asking for `localhost`.
  static net::ConnectOptions optionsTo(const net::ConnectTo& place) {
    return {.port = place.checkedPort(), .host = "127.0.0.1", .path = place.path()};
  }

  static net::ConnectOptions placeOf(const net::Server& server) {
    const net::Address place = server.address().value();
    if (!place.path.empty()) return {.path = place.path};
    return {.port = place.port, .host = "127.0.0.1"};
  }

  // Where nobody listens.
  net::ConnectOptions nowhere(Tcp) { return optionsTo(nobody.port()); }
  net::ConnectOptions nowhere(Unix) { return {.path = temp_.freshPath()}; }

  // Connects a socket to one of ours, which is returned.
  template <class V>
  net::Socket connectPair(const net::Socket& client, V venue,
                          const net::ServerOptions& serverOptions = {}) {
    std::optional<net::Socket> served;
    auto server = serve(
        venue, [&](net::Socket socket) { served = socket; }, serverOptions);
    client.connect(placeOf(server));
    runUntil([&] { return !client.connecting() && served; });
    server.removeAllListeners().close();
    return *served;
  }

  // Connects a socket to a raw one, which is returned.
  template <class V>
  RawSocket connectRaw(const net::Socket& socket, V venue) {
    const RawListener listener = rawListener(venue);
    socket.connect(optionsTo(listener.place));
    return acceptPeer(listener, socket);
  }

  // The other end of a socket that connects to a raw listener, once it is there.
  RawSocket acceptPeer(const RawListener& listener, const net::Socket& socket) {
    runUntil([&] { return !socket.connecting(); });
    return listener.socket.accept();
  }

  // A socket that a server of ours accepted, and the raw client.
  struct RawPair {
    net::Socket socket;
    RawSocket peer;
  };
  template <class V>
  RawPair acceptRaw(V venue, const net::ServerOptions& options = {}) {
    std::optional<net::Socket> served;
    auto server = serve(
        venue, [&](net::Socket socket) { served = socket; }, options);
    RawSocket client = rawClientOf(server);
    runUntil([&] { return served.has_value(); });
    server.removeAllListeners().close();
    return {*served, std::move(client)};
  }
  static RawSocket rawClientOf(const net::Server& server) {
    const net::Address place = server.address().value();
    return place.path.empty() ? RawSocket::connect(place.port) : RawSocket::connect(place.path);
  }

  // Turns of the loop until the predicate holds. It may look at raw peers, which wake no loop.
  template <class F>
  void runUntil(F predicate) {
    const auto giveUp = std::chrono::steady_clock::now() + kPatience;
    while (!predicate()) {
      loop().runOnce(std::chrono::milliseconds(1));
      if (std::chrono::steady_clock::now() > giveUp) throw Hang();
    }
  }

  // Turns enough for everything that is on its way on this machine, where it is there at once.
  void settle() {
    for (int i = 0; i < 20; ++i) loop().runOnce(platform::Duration::zero());
  }

  // What the peer got, once it is so much or the stream has ended.
  const std::string& receiveAll(RawSocket& peer, std::size_t count) {
    runUntil([&] { return peer.receive().size() >= count || peer.isGone(); });
    return peer.receive();
  }
  const std::string& receiveToEnd(RawSocket& peer) {
    runUntil([&] { return peer.isGone(); });
    return peer.receive();
  }

  // Writes more than the kernel takes from a socket whose peer does not read, whatever else happens
  // there; how many bytes that is.
  static std::size_t fill(const net::Socket& socket) {
    static const std::string much = pattern(16'000'000);
    socket.write(much);
    return much.size();
  }

  TempDirectory& temp() { return temp_; }

 private:
  static constexpr std::chrono::seconds kPatience{20};

  TempDirectory temp_;
};

}  // namespace sprocket::tests
