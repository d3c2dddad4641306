#include "sprocket/platform/posix/sockaddr.h"

#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/posix/fd.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/temp_path.h"

namespace {

using namespace sprocket::platform;
using sprocket::tests::skipUnless;
using sprocket::tests::TempDirectory;
using namespace std::string_literals;
using boost::unit_test::label;

constexpr std::size_t pathOffset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t pathCapacity = sizeof(sockaddr_un::sun_path) - 1;

Endpoint ipEndpoint(std::string_view address, std::uint16_t port) {
  return IpEndpoint{IpAddress::parse(address).value(), port};
}

template <class Address>
Address as(const SockAddr& from) {
  Address address{};
  BOOST_REQUIRE(from.size() <= sizeof address);
  std::memcpy(&address, from.data(), from.size());
  return address;
}

// As the kernel reads it: up to the NUL.
std::string sunPath(const SockAddr& from) {
  const auto address = as<sockaddr_un>(from);
  return std::string(address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path));
}

// What the kernel would have written.
template <class Address>
SockAddr written(const Address& address, std::size_t size = sizeof(Address)) {
  SockAddr result;
  std::memcpy(result.data(), &address, sizeof address);
  *result.resetSize() = static_cast<socklen_t>(size);
  return result;
}

SockAddr writtenPath(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path);
  return written(address, pathOffset + path.size());
}

// A path in the directory, of the given length.
std::string pathOf(std::size_t length, const TempDirectory& directory) {
  const std::string shortest = directory.path("x");
  BOOST_REQUIRE(length >= shortest.size());
  return shortest + std::string(length - shortest.size(), 'x');
}

Fd openSocket(const SockAddr& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM, 0));
  BOOST_REQUIRE(fd.get() >= 0);
  return fd;
}

int tryBind(const Fd& fd, const SockAddr& address) {
  return ::bind(fd.get(), address.data(), address.size()) == 0 ? 0 : errno;
}

Fd listenAt(const Endpoint& endpoint) {
  const SockAddr address(endpoint);
  Fd fd = openSocket(address);
  BOOST_REQUIRE(tryBind(fd, address) == 0);
  BOOST_REQUIRE(::listen(fd.get(), 1) == 0);
  return fd;
}

Endpoint nameOf(const Fd& fd) {
  SockAddr name;
  BOOST_REQUIRE(::getsockname(fd.get(), name.data(), name.resetSize()) == 0);
  return name.toEndpoint();
}

struct Connection {
  Fd client;
  Fd server;
  Endpoint peer;  // the client, as accept told it
};

Connection connectTo(const Fd& listener, const Endpoint& endpoint) {
  const SockAddr address(endpoint);
  Fd client = openSocket(address);
  BOOST_REQUIRE(::connect(client.get(), address.data(), address.size()) == 0);
  SockAddr peer;
  Fd server(::accept(listener.get(), peer.data(), peer.resetSize()));
  BOOST_REQUIRE(server.get() >= 0);
  return {std::move(client), std::move(server), peer.toEndpoint()};
}

BOOST_AUTO_TEST_SUITE(sockAddr)

BOOST_AUTO_TEST_SUITE(toTheKernel)

BOOST_AUTO_TEST_CASE(v4IsASockaddrInInNetworkOrder) {
  const SockAddr address(ipEndpoint("1.2.3.4", 0x1234));
  const auto raw = as<sockaddr_in>(address);
  BOOST_TEST(address.size() == sizeof(sockaddr_in));
  BOOST_TEST(address.family() == AF_INET);
  BOOST_TEST(raw.sin_family == AF_INET);
  BOOST_TEST(raw.sin_port == htons(0x1234));
  BOOST_TEST(raw.sin_addr.s_addr == htonl(0x01020304));
}

BOOST_AUTO_TEST_CASE(v6IsASockaddrIn6WithItsScope) {
  const IpAddress::V6Bytes bytes{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  const SockAddr address(IpEndpoint{IpAddress(bytes, 77), 443});
  const auto raw = as<sockaddr_in6>(address);
  BOOST_TEST(address.size() == sizeof(sockaddr_in6));
  BOOST_TEST(address.family() == AF_INET6);
  BOOST_TEST(raw.sin6_family == AF_INET6);
  BOOST_TEST(raw.sin6_port == htons(443));
  BOOST_TEST(raw.sin6_scope_id == 77u);
  BOOST_TEST(raw.sin6_flowinfo == 0u);
  BOOST_TEST(std::memcmp(&raw.sin6_addr, bytes.data(), bytes.size()) == 0);
}

BOOST_AUTO_TEST_CASE(aPathIsFollowedByOneNul) {
  const SockAddr address(LocalPath{"/tmp/x"});
  BOOST_TEST(address.family() == AF_UNIX);
  BOOST_TEST(address.size() == pathOffset + 7);
  BOOST_TEST(sunPath(address) == "/tmp/x");
}

BOOST_AUTO_TEST_CASE(aPathOfFullCapacityIsWhole) {
  const std::string path(pathCapacity, 'p');
  const SockAddr address(LocalPath{path});
  BOOST_TEST(address.size() == sizeof(sockaddr_un));
  BOOST_TEST(sunPath(address) == path);
}

BOOST_AUTO_TEST_CASE(aLongerPathIsCutToCapacity, *label("16.2")) {
  const std::string path(pathCapacity, 'p');
  for (const std::size_t surplus : {1u, 2u, 30u, 10'000u}) {
    const SockAddr address(LocalPath{path + std::string(surplus, 'q')});
    BOOST_TEST_CONTEXT(surplus) {
      BOOST_TEST(address.size() == sizeof(sockaddr_un));
      BOOST_TEST(sunPath(address) == path);
    }
  }
}

BOOST_AUTO_TEST_CASE(aPathFitsUpToCapacity, *label("16.2")) {
  BOOST_TEST(SockAddr::fits(LocalPath{std::string(pathCapacity, 'p')}));
  BOOST_TEST(!SockAddr::fits(LocalPath{std::string(pathCapacity + 1, 'p')}));
}

// An empty one would let Linux choose a name, and a NUL would end the path early.
BOOST_AUTO_TEST_CASE(whatHasNoAddressIsRefusedByBindAndConnect) {
  for (const std::string& path : {""s, "/tmp/a\0b"s, "/tmp/a\0"s}) {
    const SockAddr address(LocalPath{path});
    const Fd fd = openSocket(address);
    BOOST_TEST_CONTEXT(path.size()) {
      BOOST_TEST(address.size() == 0u);
      BOOST_TEST(tryBind(fd, address) == EINVAL);
      BOOST_TEST(::connect(fd.get(), address.data(), address.size()) == -1);
      BOOST_TEST(errno == EINVAL);
    }
  }
}

BOOST_AUTO_TEST_CASE(nothingIsOfNoFamilyAndSize) {
  const SockAddr address{Endpoint()};
  BOOST_TEST(address.family() == AF_UNSPEC);
  BOOST_TEST(address.size() == 0u);
}

BOOST_AUTO_TEST_CASE(thereIsRoomForEveryAddress) {
  BOOST_TEST(SockAddr::capacity() > sizeof(sockaddr_un));
  BOOST_TEST(SockAddr::capacity() >= sizeof(sockaddr_in6));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fromTheKernel)

BOOST_AUTO_TEST_CASE(endpointsComeBackAsTheyWent) {
  const Endpoint endpoints[] = {
      ipEndpoint("0.0.0.0", 0),
      ipEndpoint("127.0.0.1", 80),
      ipEndpoint("::", 65535),
      ipEndpoint("2001:db8::1", 1),
      ipEndpoint("::ffff:1.2.3.4", 7),
      IpEndpoint{IpAddress(IpAddress::V6Bytes{0xfe, 0x80}, 5), 9},
      LocalPath{"/tmp/x"},
      LocalPath{"relative/path"},
      LocalPath{std::string(pathCapacity, 'p')},
      Endpoint(),
  };
  for (const Endpoint& endpoint : endpoints) {
    BOOST_TEST_CONTEXT(endpoint.toString()) {
      BOOST_TEST((SockAddr(endpoint).toEndpoint() == endpoint));
    }
  }
}

BOOST_AUTO_TEST_CASE(aCutPathComesBackCut) {
  const std::string path(pathCapacity, 'p');
  BOOST_TEST((SockAddr(LocalPath{path + "qqq"}).toEndpoint() == Endpoint(LocalPath{path})));
}

BOOST_AUTO_TEST_CASE(onlyAPathNamesAFile, *label("16.5")) {
  const std::string path(pathCapacity, 'p');
  BOOST_TEST(SockAddr(LocalPath{"/tmp/x"}).file() == std::string("/tmp/x"));
  BOOST_TEST(SockAddr(LocalPath{path + "qqq"}).file() == path);
  for (const Endpoint& other : {Endpoint(), ipEndpoint("127.0.0.1", 80), Endpoint(LocalPath{""}),
                                Endpoint(LocalPath{std::string("\0abstract", 9)})}) {
    BOOST_TEST((SockAddr(other).file() == nullptr));
  }
}

BOOST_AUTO_TEST_CASE(anUnnamedUnixSocketIsNowhere) {
  sockaddr_un unnamed{};
  unnamed.sun_family = AF_UNIX;
  BOOST_TEST(written(unnamed, pathOffset).toEndpoint().empty());
}

BOOST_AUTO_TEST_CASE(anAddressThatTheKernelDidNotWriteIsNowhere) {
  BOOST_TEST(SockAddr().toEndpoint().empty());
  SockAddr address;
  *address.resetSize() = 0;
  BOOST_TEST(address.toEndpoint().empty());
}

BOOST_AUTO_TEST_CASE(anAddressThatIsTooShortIsNowhere) {
  for (const Endpoint& endpoint : {ipEndpoint("1.2.3.4", 5), ipEndpoint("::1", 5)}) {
    SockAddr address(endpoint);
    const socklen_t size = address.size();
    *address.resetSize() = size - 1;
    BOOST_TEST_CONTEXT(endpoint.toString()) { BOOST_TEST(address.toEndpoint().empty()); }
  }
}

BOOST_AUTO_TEST_CASE(aFamilyThatWeDoNotSpeakIsNowhere) {
  sockaddr_storage foreign{};
  foreign.ss_family = AF_APPLETALK;
  BOOST_TEST(written(foreign).toEndpoint().empty());
}

BOOST_AUTO_TEST_CASE(aPathEndsAtItsNulWhateverFollows) {
  BOOST_TEST((writtenPath("/tmp/x\0garbage"s).toEndpoint() == Endpoint(LocalPath{"/tmp/x"})));
}

BOOST_AUTO_TEST_CASE(aPathWithoutNulEndsWhereTheAddressDoes) {
  BOOST_TEST((writtenPath("/tmp/x").toEndpoint() == Endpoint(LocalPath{"/tmp/x"})));
}

// Other programs may fill sun_path to its last byte, which we would not.
BOOST_AUTO_TEST_CASE(aPathThatFillsTheAddressIsWhole) {
  const std::string path(pathCapacity + 1, 'p');
  BOOST_TEST((writtenPath(path).toEndpoint() == Endpoint(LocalPath{path})));
}

// Kernels tell the length that the address has, even if it was cut to the room there was.
BOOST_AUTO_TEST_CASE(aLengthBeyondTheRoomReadsNoFurther) {
  SockAddr address(LocalPath{"x"});
  const std::string path(SockAddr::capacity() - pathOffset, 'p');
  path.copy(reinterpret_cast<char*>(address.data()) + pathOffset, path.size());
  *address.resetSize() = 0x01010101;  // no byte of it is NUL, which would end the path by chance
  BOOST_TEST((address.toEndpoint() == Endpoint(LocalPath{path})));
}

BOOST_AUTO_TEST_CASE(roomIsWholeAgainForTheNextCall) {
  SockAddr address(ipEndpoint("1.2.3.4", 5));
  BOOST_TEST(*address.resetSize() == SockAddr::capacity());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(withTheKernel)

BOOST_AUTO_TEST_CASE(aListenerAtPort0LearnsItsPort) {
  const Fd listener = listenAt(ipEndpoint("127.0.0.1", 0));
  const Endpoint name = nameOf(listener);
  BOOST_REQUIRE(name.isIp());
  BOOST_TEST(name.ip().address.toString() == "127.0.0.1");
  BOOST_TEST(name.ip().port != 0);
}

BOOST_AUTO_TEST_CASE(anAcceptedClientIsWhereItSaysItIs) {
  const Fd listener = listenAt(ipEndpoint("127.0.0.1", 0));
  const Connection connection = connectTo(listener, nameOf(listener));
  BOOST_TEST((connection.peer == nameOf(connection.client)));
}

// Invalid where the system has no dual stack.
Fd bindDualStack() {
  const SockAddr any(ipEndpoint("::", 0));
  Fd fd(::socket(any.family(), SOCK_STREAM, 0));
  const int off = 0;
  const bool bound = ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0 &&
                     tryBind(fd, any) == 0;
  return bound ? std::move(fd) : Fd();
}

BOOST_AUTO_TEST_CASE(aV4ClientOfADualStackListenerStaysMapped,
                     *label("13.2") *
                         skipUnless([] { return bool(bindDualStack()); }, "no dual stack here")) {
  const Fd listener = bindDualStack();
  BOOST_REQUIRE(::listen(listener.get(), 1) == 0);
  const std::uint16_t port = nameOf(listener).ip().port;
  const Endpoint peer = connectTo(listener, ipEndpoint("127.0.0.1", port)).peer;
  BOOST_REQUIRE(peer.isIp());
  BOOST_TEST(peer.ip().address.isV6());
  BOOST_TEST(peer.ip().address.toString() == "::ffff:127.0.0.1");
}

BOOST_AUTO_TEST_CASE(aUnixListenerIsAtItsPath) {
  const TempDirectory directory;
  const Endpoint path = LocalPath{directory.path("s")};
  BOOST_TEST((nameOf(listenAt(path)) == path));
}

BOOST_AUTO_TEST_CASE(theClientOfAUnixListenerIsNowhere) {
  const TempDirectory directory;
  const Endpoint path = LocalPath{directory.path("s")};
  const Fd listener = listenAt(path);
  BOOST_TEST(connectTo(listener, path).peer.empty());
}

BOOST_AUTO_TEST_CASE(overlongPathsThatAreCutAlikeMeet, *label("16.2")) {
  const TempDirectory directory;
  const std::string path = pathOf(pathCapacity, directory);
  const Fd listener = listenAt(LocalPath{path + "one"});
  connectTo(listener, LocalPath{path + "another"});
  BOOST_TEST((nameOf(listener) == Endpoint(LocalPath{path})));
}

#ifdef __linux__

BOOST_AUTO_TEST_CASE(aPathThatAnotherProgramFilledToTheLastByteIsWhole) {
  const TempDirectory directory;
  const std::string path = pathOf(pathCapacity + 1, directory);
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  path.copy(raw.sun_path, sizeof raw.sun_path);
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  BOOST_REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&raw), sizeof raw) == 0);
  BOOST_TEST((nameOf(fd) == Endpoint(LocalPath{path})));
}

// Unique, because the name space is the whole machine's (or network name space's).
std::string abstractName(std::string_view rest) {
  return "\0sprocket-"s + std::to_string(::getpid()) + std::string(rest);
}

BOOST_AUTO_TEST_CASE(anAbstractNameIsAsLongAsGiven) {
  for (const std::string& name : {"\0x"s, "\0x\0"s, "\0a\0b"s, "\0"s}) {
    const SockAddr address(LocalPath{name});
    BOOST_TEST_CONTEXT(name.size()) {
      BOOST_TEST(address.size() == pathOffset + name.size());
      BOOST_TEST((address.toEndpoint() == Endpoint(LocalPath{name})));
    }
  }
}

BOOST_AUTO_TEST_CASE(anAbstractNameMayFillTheAddress, *label("16.2") * label("16.5")) {
  const std::string name = "\0"s + std::string(pathCapacity, 'a');
  BOOST_TEST(SockAddr::fits(LocalPath{name}));
  BOOST_TEST(!SockAddr::fits(LocalPath{name + 'a'}));
  BOOST_TEST((SockAddr(LocalPath{name}).toEndpoint() == Endpoint(LocalPath{name})));
  BOOST_TEST((SockAddr(LocalPath{name + 'a'}).toEndpoint() == Endpoint(LocalPath{name})));
}

BOOST_AUTO_TEST_CASE(aListenerWithAnAbstractNameIsReachedByIt, *label("16.5")) {
  const Endpoint name = LocalPath{abstractName("\0 with NUL"s)};
  const Fd listener = listenAt(name);
  BOOST_TEST((nameOf(listener) == name));
  BOOST_TEST(connectTo(listener, name).peer.empty());
}

BOOST_AUTO_TEST_CASE(abstractNamesThatDifferInALastNulAreTwo) {
  const Fd first = listenAt(LocalPath{abstractName("a")});
  const SockAddr longer(LocalPath{abstractName("a\0"s)});
  BOOST_TEST(tryBind(openSocket(longer), longer) == 0);
}

#endif

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
