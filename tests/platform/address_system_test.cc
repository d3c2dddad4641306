#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/address.h"
#include "sprocket/platform/interface_names.h"
#include "sprocket/tests/skip.h"

namespace {

using namespace sprocket;
using namespace sprocket::platform;
using namespace std::string_literals;
using boost::unit_test::label;

using V4Bytes = IpAddress::V4Bytes;
using V6Bytes = IpAddress::V6Bytes;

constexpr int addresses = 50'000;
constexpr unsigned seed = 5952;

std::string systemPrint(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.isV4() ? AF_INET : AF_INET6;
  inet_ntop(family, address.bytes().data(), text.data(), text.size());
  return text.data();
}

std::optional<IpAddress> systemParse(const std::string& text) {
  V4Bytes v4;
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return IpAddress(v4);
  V6Bytes v6;
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return IpAddress(v6);
  return std::nullopt;
}

V4Bytes randomV4(std::mt19937& random) {
  V4Bytes bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random());
  return bytes;
}

// Half of the groups are zero, so that runs of every length and place come up.
V6Bytes randomV6(std::mt19937& random) {
  V6Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    if (random() % 2 == 0) continue;
    if (random() % 3 != 0) bytes[i] = static_cast<std::uint8_t>(random());
    bytes[i + 1] = static_cast<std::uint8_t>(random());
  }
  return bytes;
}

// The system shows ::1.2.3.4, long deprecated, with an IPv4 tail; RFC 5952 does not ask for it.
bool isV4Compatible(const V6Bytes& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 12, [](auto byte) { return byte == 0; });
}

// A spelling of the address that toString() would not choose: other case, leading zeros, "::" for
// some of the zeros or for none, and perhaps an IPv4 tail.
std::string oddSpelling(const V6Bytes& bytes, std::mt19937& random) {
  const bool tail = random() % 3 == 0;
  const std::size_t groups = tail ? 6 : 8;
  const bool upper = random() % 2 == 0;
  const auto isZero = [&](std::size_t i) { return bytes[2 * i] == 0 && bytes[2 * i + 1] == 0; };
  std::size_t gapStart = random() % groups;
  std::size_t gapEnd = gapStart;
  while (gapEnd < groups && isZero(gapEnd) && random() % 4 != 0) ++gapEnd;

  std::string text;
  for (std::size_t i = 0; i < groups; ++i) {
    if (i == gapStart && gapEnd > gapStart) {
      text += "::";
      i = gapEnd - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 8> group{};
    const unsigned value = bytes[2 * i] * 256u + bytes[2 * i + 1];
    const int width = static_cast<int>(random() % 4 + 1);
    std::snprintf(group.data(), group.size(), upper ? "%0*X" : "%0*x", width, value);
    text += group.data();
  }
  if (!tail) return text;
  if (text.back() != ':') text += ':';
  return text + IpAddress(V4Bytes{bytes[12], bytes[13], bytes[14], bytes[15]}).toString();
}

// Beside inet_pton and inet_ntop, where both mean the same.
BOOST_AUTO_TEST_SUITE(addressAndSystem)

BOOST_AUTO_TEST_CASE(v4PrintsAsTheSystemPrintsIt) {
  std::mt19937 random(seed);
  for (int i = 0; i < addresses; ++i) {
    const IpAddress address(randomV4(random));
    if (address.toString() != systemPrint(address)) BOOST_FAIL(systemPrint(address));
  }
}

BOOST_AUTO_TEST_CASE(v6PrintsAsTheSystemPrintsIt, *label("13.4")) {
  std::mt19937 random(seed);
  for (int i = 0; i < addresses; ++i) {
    const V6Bytes bytes = randomV6(random);
    if (isV4Compatible(bytes)) continue;
    const IpAddress address(bytes);
    if (address.toString() != systemPrint(address)) {
      BOOST_FAIL(address.toString() << ", system: " << systemPrint(address));
    }
  }
}

BOOST_AUTO_TEST_CASE(mappedAddressesPrintAsTheSystemPrintsThem, *label("13.4")) {
  std::mt19937 random(seed);
  for (int i = 0; i < addresses; ++i) {
    const V4Bytes v4 = randomV4(random);
    V6Bytes bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, v4[0], v4[1], v4[2], v4[3]};
    const IpAddress address(bytes);
    if (address.toString() != systemPrint(address)) BOOST_FAIL(systemPrint(address));
  }
}

BOOST_AUTO_TEST_CASE(oddSpellingsMeanWhatTheSystemTakesThemFor) {
  std::mt19937 random(seed);
  for (int i = 0; i < addresses; ++i) {
    const V6Bytes bytes = randomV6(random);
    const std::string text = oddSpelling(bytes, random);
    if (IpAddress::parse(text) != IpAddress(bytes)) BOOST_FAIL(text);
    if (systemParse(text) != IpAddress(bytes)) BOOST_FAIL("the system disagrees about " << text);
  }
}

// One direction only: some systems take more than we do, such as leading zeros.
BOOST_AUTO_TEST_CASE(theSystemTakesWhatWeTakeForTheSameAddress) {
  constexpr std::string_view strokes = "0123456789af::::....";
  std::mt19937 random(seed);
  for (int i = 0; i < 4 * addresses; ++i) {
    std::string text = random() % 2 == 0 ? IpAddress(randomV4(random)).toString()
                                         : oddSpelling(randomV6(random), random);
    for (auto changes = random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = strokes[random() % strokes.size()];
    }
    const auto ours = IpAddress::parse(text);
    if (ours && systemParse(text) != ours) BOOST_FAIL(text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(interfaceNames)

BOOST_AUTO_TEST_CASE(everyInterfaceIsFoundByNameAndByIndex) {
  const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> all(if_nameindex(),
                                                                                 if_freenameindex);
  BOOST_REQUIRE(all != nullptr);
  for (const auto* each = all.get(); each->if_index != 0; ++each) {
    BOOST_TEST(interfaceName(each->if_index) == each->if_name);
    BOOST_TEST(interfaceIndex(each->if_name) == each->if_index);
  }
}

BOOST_AUTO_TEST_CASE(noNameAndNoIndexAreNothing) {
  BOOST_TEST(interfaceIndex("") == 0u);
  BOOST_TEST(interfaceName(0) == "");
}

BOOST_AUTO_TEST_CASE(aNameIsNeverCutToOneThatExists,
                     *tests::skipUnless([] { return !interfaceName(1).empty(); },
                                        "this host has no interface 1")) {
  const std::string name = interfaceName(1);
  BOOST_TEST(interfaceIndex(name + "\0x"s) == 0u);
  BOOST_TEST(interfaceIndex(name + std::string(100, 'x')) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
