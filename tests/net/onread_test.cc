// Receiving into the caller's memory. [10.11]

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/allocation_count.h"
#include "sprocket/tests/support/socket_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

std::string_view textOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Memory that lives on, and not a temporary.
static_assert(std::is_constructible_v<net::ReadBuffer, std::vector<char>&>);
static_assert(std::is_constructible_v<net::ReadBuffer, std::span<std::byte>>);
static_assert(!std::is_constructible_v<net::ReadBuffer, std::vector<char>>);
static_assert(!std::is_constructible_v<net::ReadBuffer, const std::vector<char>&>);

struct OnReadFixture : SocketFixture {
  // Writes each piece down.
  auto adds() {
    return [this](const Socket&, std::span<std::byte> bytes) {
      trace.add(std::string(textOf(bytes)));
      return true;
    };
  }

  std::array<std::byte, 4> memory{};
};

BOOST_FIXTURE_TEST_SUITE(onread, OnReadFixture)

BOOST_TEST_DECORATOR(*label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(fillsTheBufferAgainAndAgain, V, Venues, OnReadFixture) {
  const Socket socket({.onread = {.buffer = memory,
                                  .callback = [&](const Socket& self, std::span<std::byte> bytes) {
                                    BOOST_TEST((self == socket));
                                    BOOST_TEST(bytes.data() == memory.data());
                                    trace.add(std::string(textOf(bytes)));
                                    return true;
                                  }}});
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket).watchData("socket", socket);
  peer.send("0123456789");
  settle();
  BOOST_TEST(socket.bytesRead() == 10U);
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() == "0123, 4567, 89, socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(asksASupplierEachTime, V, Venues, OnReadFixture) {
  std::array<std::byte, 8> other{};
  bool first = false;
  const Socket socket({.onread = {.buffer =
                                      [&] {
                                        first = !first;
                                        return first ? std::span<std::byte>(memory)
                                                     : std::span<std::byte>(other);
                                      },
                                  .callback = adds()}});
  RawSocket peer = connectRaw(socket, V());
  peer.send("0123456789abcdef");
  settle();
  BOOST_TEST(trace.text() == "0123, 456789ab, cdef");
}

BOOST_TEST_DECORATOR(*label("10.11") * label("10.4") * label("10.5") * label("10.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(pausesWhereTheCallbackSaysFalse, V, Venues, OnReadFixture) {
  const Socket socket(
      {.onread = {.buffer = memory, .callback = [&](const Socket&, std::span<std::byte> bytes) {
                    trace.add(std::string(textOf(bytes)));
                    return false;
                  }}});
  RawSocket peer = connectRaw(socket, V());
  peer.send("0123456789");
  peer.sendFin();
  settle();
  BOOST_TEST(trace.take() == "0123");
  BOOST_TEST(socket.isPaused());
  trace.watch("socket", socket);
  socket.resume();
  settle();
  BOOST_TEST(trace.take() == "4567");
  socket.resume();
  settle();
  socket.resume();
  run();
  BOOST_TEST(trace.text() == "89, socket end, socket finish, socket close(false)");
}

// What waits is not copied again for each piece that is taken of it.
BOOST_TEST_DECORATOR(*label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(takesNoMemoryForWhatWaits, V, Venues, OnReadFixture) {
  std::string received;
  received.reserve(1000);
  const Socket socket(
      {.onread = {.buffer = memory, .callback = [&](const Socket&, std::span<std::byte> bytes) {
                    received += textOf(bytes);
                    return false;
                  }}});
  RawSocket peer = connectRaw(socket, V());
  const std::string all = pattern(1000);
  peer.send(all);
  runUntil([&] { return socket.bytesRead() == all.size(); });
  socket.resume();
  settle();
  const std::size_t before = allocationCount();
  for (std::size_t pieces = 2; pieces < 250; ++pieces) {
    socket.resume();
    settle();
  }
  BOOST_TEST(allocationCount() == before);
  BOOST_TEST(received == all);
}

BOOST_TEST_DECORATOR(*label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(readsNothingWhilePaused, V, Venues, OnReadFixture) {
  const Socket socket({.onread = {.buffer = memory, .callback = adds()}});
  socket.pause();
  RawSocket peer = connectRaw(socket, V());
  peer.send("ab");
  settle();
  BOOST_TEST(trace.text() == "");
  socket.resume();
  settle();
  BOOST_TEST(trace.text() == "ab");
}

BOOST_TEST_DECORATOR(*label("9.9") * label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(stopsWhenTheCallbackDestroysTheSocket, V, Venues, OnReadFixture) {
  const Socket socket({.onread = {.buffer = memory,
                                  .callback = [&](const Socket& self, std::span<std::byte> bytes) {
                                    trace.add(std::string(textOf(bytes)));
                                    self.destroy();
                                    return true;
                                  }}});
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  peer.send("0123456789");
  run();
  BOOST_TEST(trace.text() == "0123, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("2.6") * label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(losesNothingWhenTheCallbackThrows, V, Venues, OnReadFixture) {
  const Socket socket(
      {.onread = {.buffer = memory, .callback = [&](const Socket&, std::span<std::byte> bytes) {
                    trace.add(std::string(textOf(bytes)));
                    if (bytes[0] == std::byte{'0'}) throw std::runtime_error("thrown");
                    return true;
                  }}});
  RawSocket peer = connectRaw(socket, V());
  peer.send("0123456789");
  BOOST_CHECK_THROW(settle(), std::runtime_error);
  settle();
  BOOST_TEST(trace.text() == "0123, 4567, 89");
}

BOOST_TEST_DECORATOR(*label("10.11"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(withoutMemoryIsAnError, V, Venues, OnReadFixture) {
  const Socket socket(
      {.onread = {.buffer = [] { return std::span<std::byte>(); }, .callback = adds()}});
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket);
  peer.send("0123");
  run();
  BOOST_TEST(trace.text() ==
             "socket error(read ENOBUFS: onread.buffer gave no memory), socket close(true)");
}

// The callback is not called after that.
BOOST_TEST_DECORATOR(*label("10.11") * label("9.9") * label("10.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(stopsWhenTheSupplierPausesOrDestroysTheSocket, V, Venues,
                                 OnReadFixture) {
  void (*act)(const Socket&) = [](const Socket& self) { self.pause(); };
  std::optional<Socket> socket;
  const auto supply = [&] {
    act(*socket);
    return std::as_writable_bytes(std::span(memory));
  };
  socket.emplace(net::SocketOptions{.onread = {.buffer = supply, .callback = adds()}});
  RawSocket peer = connectRaw(*socket, V());
  peer.send("ab");
  settle();
  BOOST_TEST(socket->isPaused());
  BOOST_TEST(trace.text() == "");
  act = [](const Socket&) {};
  socket->resume();
  settle();
  BOOST_TEST(trace.take() == "ab");
  act = [](const Socket& self) { self.destroy(); };
  peer.send("cd");
  run();
  BOOST_TEST(trace.text() == "");
}

BOOST_TEST_DECORATOR(*label("1.8") * label("10.11"))
BOOST_AUTO_TEST_CASE(needsABufferAndACallback) {
  BOOST_CHECK_THROW(Socket({.onread = {.callback = adds()}}), ArgumentError);
  BOOST_CHECK_THROW(Socket({.onread = {.buffer = memory}}), ArgumentError);
}

// As an option of net::connect(), too.
BOOST_TEST_DECORATOR(*label("4.2") * label("10.11"))
BOOST_AUTO_TEST_CASE(isAnOptionOfConnect) {
  const RawListener listener = rawListener(Tcp());
  net::ConnectOptions options = optionsTo(listener.place);
  options.onread = {.buffer = memory, .callback = adds()};
  const Socket socket = net::connect(options);
  RawSocket peer = acceptPeer(listener, socket);
  peer.send("ab");
  settle();
  BOOST_TEST(trace.text() == "ab");
  socket.destroy();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
