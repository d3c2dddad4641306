// What listen, connect, write and end take, and what they refuse to compile. [1.8, 8.1]

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/allocation_count.h"

namespace {

using namespace sprocket;
using boost::unit_test::label;
using net::Chunk;
using net::ConnectTo;
using net::Host;
using net::Server;
using net::Socket;

const std::string kLong = "a text that is too long for a string to hold without memory of its own";

// Calls that compile, and calls that do not.

template <class... T>
concept Writable = requires(const Socket& socket, T... arguments) {
  socket.write(std::forward<T>(arguments)...);
};
template <class... T>
concept Endable = requires(const Socket& socket, T... arguments) {
  socket.end(std::forward<T>(arguments)...);
};
template <class... T>
concept Connectable = requires(const Socket& socket, T... arguments) {
  socket.connect(std::forward<T>(arguments)...);
  net::connect(std::forward<T>(arguments)...);
  net::createConnection(std::forward<T>(arguments)...);
};
template <class... T>
concept Listenable = requires(const Server& server, T... arguments) {
  server.listen(std::forward<T>(arguments)...);
};

using Bytes = std::span<const std::byte>;
struct Nothing {};
struct Packet {
  operator Bytes() const;
};

static_assert(Writable<const char*>);
static_assert(Writable<std::string_view>);
static_assert(Writable<const std::string&>);
static_assert(Writable<std::string>);
static_assert(Writable<const Buffer&>);
static_assert(Writable<Buffer>);
static_assert(Writable<Bytes>);
static_assert(Writable<std::span<std::byte>>);
static_assert(Writable<const std::vector<std::byte>&>);
static_assert(Writable<std::array<std::byte, 4>>);
static_assert(Writable<Packet>);
static_assert(Writable<std::vector<char>>);
static_assert(Writable<std::array<signed char, 4>&>);
static_assert(Writable<std::span<const char>>);
static_assert(Writable<const unsigned char (&)[4]>);
static_assert(Writable<const char*, void (*)()>);
static_assert(Writable<const char*, void (*)(const Error&)>);
static_assert(Writable<const char*, void (*)(Socket)>);
static_assert(Writable<const char*, void (*)(Socket, const Error&)>);
static_assert(!Writable<const char*, void (*)(Server)>);
static_assert(!Writable<>);
static_assert(!Writable<int>);
static_assert(!Writable<std::nullptr_t>);
static_assert(!Writable<bool>);
static_assert(!Writable<char>);
static_assert(!Writable<double>);
static_assert(!Writable<Nothing>);
static_assert(!Writable<std::vector<int>>);
static_assert(!Writable<std::vector<bool>>);
static_assert(!Writable<const char8_t (&)[4]>);
static_assert(!Writable<std::optional<std::string>>);
static_assert(!Writable<const char*, int>);
static_assert(!Writable<const char*, void (*)(int)>);
static_assert(!Writable<const char*, void (*)(Error, int)>);

static_assert(Endable<>);
static_assert(Endable<const char*>);
static_assert(Endable<void (*)()>);
static_assert(Endable<std::string, void (*)(const Error&)>);
static_assert(!Endable<int>);
static_assert(!Endable<std::nullptr_t>);
static_assert(!Endable<bool>);

static_assert(Connectable<int>);
static_assert(Connectable<std::uint16_t>);
static_assert(Connectable<long>);
static_assert(Connectable<const char*>);
static_assert(Connectable<std::string>);
static_assert(Connectable<std::string_view>);
static_assert(Connectable<int, const char*>);
static_assert(Connectable<int, std::string>);
static_assert(Connectable<net::ConnectOptions>);
static_assert(Connectable<int, void (*)()>);
static_assert(Connectable<int, void (*)(Socket)>);
static_assert(Connectable<const char*, void (*)()>);
static_assert(Connectable<int, const char*, void (*)()>);
static_assert(Connectable<net::ConnectOptions, void (*)()>);
static_assert(!Connectable<>);
static_assert(!Connectable<bool>);
static_assert(!Connectable<char>);
static_assert(!Connectable<double>);
static_assert(!Connectable<std::nullptr_t>);
static_assert(!Connectable<std::optional<int>>);
static_assert(!Connectable<int, int>);
static_assert(!Connectable<int, std::nullptr_t>);
static_assert(!Connectable<int, bool>);
static_assert(!Connectable<const char*, const char*>);
static_assert(!Connectable<int, void (*)(int)>);
static_assert(!Connectable<int, void (*)(Server)>);
static_assert(!Connectable<bool, const char*>);
static_assert(!Connectable<char, const char*>);
static_assert(!Connectable<double, const char*>);
static_assert(!Connectable<std::nullptr_t, const char*>);
static_assert(!Connectable<bool, const char*, void (*)()>);

static_assert(Listenable<>);
static_assert(Listenable<int>);
static_assert(Listenable<const char*>);
static_assert(Listenable<void (*)()>);
static_assert(Listenable<void (*)(Server)>);
static_assert(Listenable<int, int>);
static_assert(Listenable<int, const char*, int, void (*)()>);
static_assert(!Listenable<bool>);
static_assert(!Listenable<char>);
static_assert(!Listenable<double>);
static_assert(!Listenable<std::nullptr_t>);
static_assert(!Listenable<void (*)(Socket)>);
static_assert(!Listenable<bool, const char*>);
static_assert(!Listenable<char, const char*>);
static_assert(!Listenable<double, const char*>);
static_assert(!Listenable<bool, const char*, int>);
static_assert(!Listenable<double, const char*, void (*)()>);

// The literals themselves, which convert to more than their types do: 0 is a null pointer too.
template <class S>
concept WritesZero = requires(const S& socket) {
  socket.write(0);
};
template <class S>
concept WritesNull = requires(const S& socket) {
  socket.write(nullptr);
};
template <class S>
concept WritesBraces = requires(const S& socket) {
  socket.write({});
};
template <class S>
concept EndsWithZero = requires(const S& socket) {
  socket.end(0);
};
template <class S>
concept ConnectsToZero = requires(const S& socket) {
  socket.connect(0);
};
template <class S>
concept ConnectsToNull = requires(const S& socket) {
  socket.connect(nullptr);
};
template <class S>
concept ListensOnZero = requires(const S& server) {
  server.listen(0);
};
template <class S>
concept ListensOnNull = requires(const S& server) {
  server.listen(nullptr);
};

static_assert(!WritesZero<Socket>);
static_assert(!WritesNull<Socket>);
static_assert(!WritesBraces<Socket>);
static_assert(!EndsWithZero<Socket>);
static_assert(ConnectsToZero<Socket>);
static_assert(!ConnectsToNull<Socket>);
static_assert(ListensOnZero<Server>);
static_assert(!ListensOnNull<Server>);

// A handle is a value of eight bytes, and there is no null one.
static_assert(sizeof(Socket) == sizeof(void*));
static_assert(std::copyable<Socket>);
static_assert(std::default_initializable<Socket>);
static_assert(!std::constructible_from<Socket, std::nullptr_t>);
static_assert(!std::constructible_from<Socket, int>);

BOOST_AUTO_TEST_SUITE(arguments)

BOOST_AUTO_TEST_SUITE(chunk)

std::string textOf(const Chunk& chunk) { return std::string(Buffer::viewOf(chunk.bytes()).text()); }

BOOST_AUTO_TEST_CASE(looksAtTextOfAnyKindWithoutCopying, *label("8.1")) {
  const std::string lvalue = kLong;
  const std::string_view view = lvalue;
  char array[] = "array";
  const std::size_t before = tests::allocationCount();
  const Chunk fromLiteral = "literal";
  const Chunk fromString = lvalue;
  const Chunk fromView = view;
  const Chunk fromPointer = lvalue.c_str();
  const Chunk fromArray = array;
  BOOST_TEST(tests::allocationCount() == before);
  BOOST_TEST(textOf(fromLiteral) == "literal");
  BOOST_TEST(textOf(fromArray) == "array");
  BOOST_TEST(textOf(fromPointer) == kLong);
  const void* const where = lvalue.data();
  BOOST_TEST(static_cast<const void*>(fromString.bytes().data()) == where);
  BOOST_TEST(static_cast<const void*>(fromView.bytes().data()) == where);
  BOOST_TEST(fromView.size() == kLong.size());
}

BOOST_AUTO_TEST_CASE(holdsZeroBytesAndEmptyTexts, *label("8.5")) {
  BOOST_TEST(textOf(std::string_view("a\0b", 3)) == std::string("a\0b", 3));
  BOOST_TEST(Chunk("").size() == 0U);
  BOOST_TEST(Chunk(std::string()).size() == 0U);
  BOOST_TEST(Chunk(Buffer()).size() == 0U);
  BOOST_TEST(Chunk(Bytes()).size() == 0U);
}

BOOST_AUTO_TEST_CASE(looksAtBytesOfAnyKind, *label("8.1")) {
  std::vector<std::byte> vector{std::byte{1}, std::byte{2}};
  std::array<std::byte, 2> array{std::byte{1}, std::byte{2}};
  const std::byte plain[] = {std::byte{1}, std::byte{2}};
  const std::vector<char> chars{1, 2};
  const unsigned char numbers[] = {1, 2};
  for (const Chunk& chunk : {Chunk(vector), Chunk(std::as_const(vector)), Chunk(array),
                             Chunk(plain), Chunk(std::span(vector)), Chunk(Bytes(vector)),
                             Chunk(chars), Chunk(std::span(chars)), Chunk(numbers)}) {
    BOOST_TEST(textOf(chunk) == "\1\2");
  }
  BOOST_TEST(Chunk(vector).bytes().data() == vector.data());
}

BOOST_AUTO_TEST_CASE(keepsACopyOfTextAndBytes, *label("8.6")) {
  std::string text = kLong;
  const Buffer kept = Chunk(text).keepFrom(0);
  const Buffer tail = Chunk(std::string_view(text)).keepFrom(5);
  const Buffer bytes = Chunk(std::as_bytes(std::span(text))).keepFrom(5);
  text.assign(text.size(), '?');
  BOOST_TEST(kept.text() == kLong);
  BOOST_TEST(tail.text() == kLong.substr(5));
  BOOST_TEST(bytes.text() == kLong.substr(5));
}

BOOST_AUTO_TEST_CASE(takesAMovedStringOverOnlyToKeepIt, *label("8.6")) {
  std::string text = kLong;
  const void* const where = text.data();
  const Chunk chunk = std::move(text);
  BOOST_TEST(text == kLong);
  const Buffer kept = chunk.keepFrom(5);
  BOOST_TEST(static_cast<const void*>(kept.data() - 5) == where);
  BOOST_TEST(kept.text() == kLong.substr(5));
}

BOOST_AUTO_TEST_CASE(leavesAStringAloneThatWasNotMoved, *label("8.6")) {
  std::string text = kLong;
  const std::string constant = kLong;
  Chunk(text).keepFrom(0);
  Chunk(constant).keepFrom(0);
  BOOST_TEST(text == kLong);
  BOOST_TEST(constant == kLong);
}

BOOST_AUTO_TEST_CASE(sharesABufferThatOwnsItsBytes, *label("8.6")) {
  const Buffer owner = Buffer::from(kLong);
  const std::size_t before = tests::allocationCount();
  const Buffer kept = Chunk(owner).keepFrom(5);
  BOOST_TEST(tests::allocationCount() == before);
  BOOST_TEST(kept.data() == owner.data() + 5);
}

// What 'data' hands out is a view of memory that is used again for the next receive.
BOOST_AUTO_TEST_CASE(keepsACopyOfABufferThatIsAView, *label("8.6")) {
  std::string receiveBuffer = kLong;
  const Buffer view = Buffer::viewOf(std::as_bytes(std::span(receiveBuffer)));
  const Buffer whole = Chunk(view).keepFrom(0);
  const Buffer tail = Chunk(view).keepFrom(5);
  receiveBuffer.assign(receiveBuffer.size(), '?');
  BOOST_TEST(whole.text() == kLong);
  BOOST_TEST(tail.text() == kLong.substr(5));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(portOrPath)

BOOST_AUTO_TEST_CASE(takesEveryIntegerForAPort, *label("6.3")) {
  BOOST_TEST(ConnectTo(0).checkedPort().value() == 0);
  BOOST_TEST(ConnectTo(65535).checkedPort().value() == 65535);
  BOOST_TEST(ConnectTo(std::uint16_t{80}).checkedPort().value() == 80);
  BOOST_TEST(ConnectTo(std::int8_t{80}).checkedPort().value() == 80);
  BOOST_TEST(ConnectTo(80LL).checkedPort().value() == 80);
  BOOST_TEST(ConnectTo(80UL).checkedPort().value() == 80);
  BOOST_TEST(ConnectTo(80).path() == "");
}

BOOST_AUTO_TEST_CASE(takesEveryTextForAPath, *label("6.1")) {
  const std::string path = "/tmp/x";
  for (const ConnectTo& target : {ConnectTo("/tmp/x"), ConnectTo(path),
                                  ConnectTo(std::string_view(path)), ConnectTo(path.c_str())}) {
    BOOST_TEST(target.path() == path);
    BOOST_TEST(!target.checkedPort().has_value());
  }
  BOOST_TEST(ConnectTo("80").path() == "80");
}

// Also one that would be a port again if it were cut to sixteen or thirty-two bits.
BOOST_AUTO_TEST_CASE(refusesAPortOutOfRangeAndNamesIt, *label("1.8")) {
  for (const long long port : {-1LL, 65536LL, 65616LL, 4294967376LL, -4294967216LL}) {
    try {
      ConnectTo(port).checkedPort();
      BOOST_ERROR("no exception for " << port);
    } catch (const ArgumentError& error) {
      BOOST_TEST(error.code() == "ERR_SOCKET_BAD_PORT");
      BOOST_TEST(std::string_view(error.what()).find(std::to_string(port)) !=
                 std::string_view::npos);
    }
    BOOST_CHECK_THROW(Socket().connect(port, "127.0.0.1"), ArgumentError);
    BOOST_CHECK_THROW(Server().listen(port, "127.0.0.1"), ArgumentError);
    BOOST_CHECK_THROW(Server().listen(port, "127.0.0.1", 5), ArgumentError);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(noTextIsANullPointer, *label("1.8")) {
  const char* const null = nullptr;
  BOOST_CHECK_THROW(Chunk{null}, ArgumentError);
  BOOST_CHECK_THROW(ConnectTo{null}, ArgumentError);
  BOOST_CHECK_THROW(Host{null}, ArgumentError);
}

// A buffer that is full has no NUL, and what is behind it is not ours.
BOOST_AUTO_TEST_CASE(textInAnArrayEndsWithTheArray, *label("8.1")) {
  struct {
    char full[4] = {'f', 'u', 'l', 'l'};
    char behind[8] = "behind";
  } memory;
  BOOST_TEST(Chunk(memory.full).size() == 4U);
  BOOST_TEST(Chunk(memory.behind).size() == 6U);
  BOOST_TEST(Host(memory.full).name() == "full");
  BOOST_TEST(ConnectTo(memory.full).path() == "full");
}

BOOST_AUTO_TEST_CASE(hostTakesEveryText) {
  const std::string name = "localhost";
  BOOST_TEST(Host("localhost").name() == name);
  BOOST_TEST(Host(name).name() == name);
  BOOST_TEST(Host(std::string_view(name)).name() == name);
  BOOST_TEST(Host(name.c_str()).name() == name);
}

// The parser's own tests have the rest. (tests/platform/address_test.cc)
BOOST_AUTO_TEST_CASE(isIpTellsTheVersion, *label("4.4")) {
  for (const char* v4 : {"127.0.0.1", "0.0.0.0", "255.255.255.255"}) {
    BOOST_TEST(net::isIP(v4) == 4);
    BOOST_TEST((net::isIPv4(v4) && !net::isIPv6(v4)));
  }
  for (const char* v6 : {"::", "::1", "FE80::1%eth0", "::ffff:127.0.0.1", "1:2:3:4:5:6:7:8"}) {
    BOOST_TEST(net::isIP(v6) == 6);
    BOOST_TEST((net::isIPv6(v6) && !net::isIPv4(v6)));
  }
  for (const char* none : {"", "localhost", "127.1", "01.2.3.4", "1.2.3.4/8", "[::1]", " ::1",
                           "1::2::3", "::1%", "127.0.0.1\n", "256.0.0.1"}) {
    BOOST_TEST(net::isIP(none) == 0);
    BOOST_TEST((!net::isIPv4(none) && !net::isIPv6(none)));
  }
}

BOOST_AUTO_TEST_CASE(millisecondsTakeNumbersAndDurations, *label("14.2")) {
  using namespace std::chrono_literals;
  BOOST_TEST(net::Milliseconds(5).count() == 5.0);
  BOOST_TEST(net::Milliseconds(2.5).count() == 2.5);
  BOOST_TEST(net::Milliseconds(2s).count() == 2000.0);
  BOOST_TEST(net::Milliseconds(250us).count() == 0.25);
  BOOST_TEST(net::Milliseconds(1h).count() == 3600000.0);
  static_assert(!std::constructible_from<net::Milliseconds, bool>);
  static_assert(!std::constructible_from<net::Milliseconds, std::nullptr_t>);
  static_assert(!std::constructible_from<net::Milliseconds, const char*>);
}

BOOST_AUTO_TEST_CASE(wholeSecondsAreRoundedDown, *label("15.2")) {
  using std::chrono::seconds;
  BOOST_TEST((net::Milliseconds(999.9).wholeSeconds() == seconds(0)));
  BOOST_TEST((net::Milliseconds(1000).wholeSeconds() == seconds(1)));
  BOOST_TEST((net::Milliseconds(2999).wholeSeconds() == seconds(2)));
  BOOST_TEST((net::Milliseconds(1e300).wholeSeconds() == seconds(65535)));
  BOOST_TEST((net::Milliseconds(-5000).wholeSeconds() == seconds(0)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
