#include "sprocket/platform/address.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/interface_names.h"
#include "sprocket/tests/skip.h"

namespace {

using namespace sprocket;
using namespace sprocket::platform;
using namespace std::string_literals;
using namespace std::string_view_literals;
using boost::unit_test::label;

using V4Bytes = IpAddress::V4Bytes;
using V6Bytes = IpAddress::V6Bytes;

constexpr int fuzzedTexts = 200'000;
constexpr int randomAddresses = 20'000;

// Random numbers that are the same everywhere. SPROCKET_TEST_SEED chooses another history.
class Random {
 public:
  std::uint64_t seed() const { return seed_; }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  bool oneIn(std::size_t chances) { return below(chances) == 0; }
  char pick(std::string_view from) { return from[below(from.size())]; }

 private:
  static std::uint64_t chooseSeed() {
    const char* const chosen = std::getenv("SPROCKET_TEST_SEED");
    return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 20240229;
  }

  std::uint64_t seed_ = chooseSeed();
  std::mt19937_64 engine_{seed_};
};

std::string quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return result + "'";
}

// What isIP() should say, by taking texts apart in a way that shares nothing with the parser: by
// splitting at every mark, and comparing with everything that could stand there.
namespace model {

std::vector<std::string> split(const std::string& text, char mark) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == mark) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool isByte(const std::string& text) {
  static const std::set<std::string> all = [] {
    std::set<std::string> numbers;
    for (int value = 0; value < 256; ++value) numbers.insert(std::to_string(value));
    return numbers;
  }();
  return all.contains(text);
}

bool isV4(const std::string& text) {
  const auto parts = split(text, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), isByte);
}

bool isGroup(const std::string& text) {
  return text.size() >= 1 && text.size() <= 4 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

// How many 16-bit groups the text on one side of "::" holds; nothing if it is malformed.
std::optional<int> groupCount(const std::string& side, bool lastSide) {
  if (side.empty()) return 0;
  const auto parts = split(side, ':');
  int count = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (isGroup(parts[i])) {
      count += 1;
    } else if (lastSide && i + 1 == parts.size() && isV4(parts[i])) {
      count += 2;
    } else {
      return std::nullopt;
    }
  }
  return count;
}

bool isV6(const std::string& text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string::npos) return groupCount(text, true) == 8;
  const auto before = groupCount(text.substr(0, gap), false);
  const auto after = groupCount(text.substr(gap + 2), true);
  return before && after && *before + *after < 8;
}

bool isZone(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == ':';
  });
}

int isIP(const std::string& text) {
  if (isV4(text)) return 4;
  const std::size_t percent = text.find('%');
  if (percent == std::string::npos) return isV6(text) ? 6 : 0;
  return isV6(text.substr(0, percent)) && isZone(text.substr(percent + 1)) ? 6 : 0;
}

}  // namespace model

// Random values with many zeros and ones in them, where the interesting cases are.
IpAddress randomAddress(Random& random) {
  const auto randomByte = [&] { return static_cast<std::uint8_t>(random.below(256)); };
  if (random.oneIn(4)) {
    V4Bytes bytes{};
    for (auto& byte : bytes) byte = random.oneIn(3) ? std::uint8_t{0} : randomByte();
    return IpAddress(bytes);
  }
  V6Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    if (random.oneIn(2)) continue;
    if (!random.oneIn(3)) bytes[i] = randomByte();
    bytes[i + 1] = randomByte();
  }
  if (random.oneIn(8)) {
    std::fill_n(bytes.begin(), 10, std::uint8_t{0});
    std::fill_n(bytes.begin() + 10, 2, std::uint8_t{0xff});
  }
  return IpAddress(bytes);
}

// A text that is an address, or was one before a few strokes of bad luck.
std::string randomText(Random& random) {
  static const std::vector<std::string> seeds = {"127.0.0.1",
                                                 "255.249.199.20",
                                                 "0.0.0.0",
                                                 "::",
                                                 "::1",
                                                 "1::",
                                                 "1:2:3:4:5:6:7:8",
                                                 "1:2:3:4:5:6:7::",
                                                 "::2:3:4:5:6:7:8",
                                                 "1:2:3::6:7:8",
                                                 "2001:DB8:0:0:8:800:200C:417A",
                                                 "::ffff:127.0.0.1",
                                                 "1:2:3:4:5:6:1.2.3.4",
                                                 "1::5:6:1.2.3.4",
                                                 "fe80::1%eth0",
                                                 "fe80::1%3",
                                                 "::%a-b.c:d",
                                                 "64:ff9b::192.0.2.33"};
  constexpr std::string_view strokes = "0123456789abcdefABCDEFg:::::...%%-/[] x\n\0"sv;
  std::string text = seeds[random.below(seeds.size())];
  for (std::size_t changes = random.below(5); changes > 0; --changes) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(4)) {
      case 0: text.insert(at, 1, random.pick(strokes)); break;
      case 1: text.erase(at, 1); break;
      case 2: text.insert(at, text.substr(random.below(text.size() + 1), random.below(6))); break;
      case 3: text.replace(at, at < text.size() ? 1 : 0, 1, random.pick(strokes)); break;
    }
  }
  return text;
}

std::string print(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->toString() : "not an address";
}

// Any interface of this machine whose name may stand in an address.
struct Interface {
  std::uint32_t index;
  std::string name;
};

std::optional<Interface> someInterface() {
  for (std::uint32_t index = 1; index < 1000; ++index) {
    const std::string name = interfaceName(index);
    if (model::isZone(name)) return Interface{index, name};
  }
  return std::nullopt;
}

const auto needsInterface = tests::skipUnless([] { return someInterface().has_value(); },
                                              "this host has no interface to name");

// An index that names no interface.
std::uint32_t unusedIndex() {
  std::uint32_t index = 4'000'000'000;
  while (!interfaceName(index).empty() || interfaceIndex(std::to_string(index)) != 0) --index;
  return index;
}

constexpr std::string_view v4Texts[] = {
    // Any byte can be any number.
    "0.0.0.0",     "127.0.0.1",       "255.255.255.255", "1.2.3.4",
    "10.20.30.40", "192.168.100.200", "8.8.8.8",         "100.99.9.0"};

constexpr std::string_view v6Texts[] = {
    // All groups written.
    "1:2:3:4:5:6:7:8", "a:b:c:d:e:f:0:1", "0001:0002:0003:0004:0005:0006:0007:0008",
    "2001:DB8:0:0:8:800:200C:417A", "FFFF:ffff:FFFF:ffff:FFFF:ffff:FFFF:ffff",
    // Some or all of them left out.
    "::", "::1", "1::", "::0", "0::", "0::0", "1::8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
    "1::3:4:5:6:7:8", "1:2:3:4:5:6::8", "1:2::7:8", "ff01::101",
    // With an IPv4 tail.
    "::ffff:127.0.0.1", "::FFFF:255.255.255.255", "::13.1.68.3", "0:0:0:0:0:0:13.1.68.3",
    "0:0:0:0:0:FFFF:129.144.52.38", "1:2:3:4:5:6:1.2.3.4", "1::6:1.2.3.4", "1:2:3:4:5::1.2.3.4",
    "::2:3:4:5:6:1.2.3.4", "1::1.2.3.4", "64:ff9b::192.0.2.33"};

constexpr std::string_view zonedTexts[] = {
    // Names and numbers, known or not.
    "fe80::1%eth0",
    "fe80::1%1",
    "::1%lo",
    "fe80::%0",
    "fe80::1%a-b.c:d",
    "fe80::1%Z",
    "::ffff:1.2.3.4%eth0",
    "1:2:3:4:5:6:7:8%.",
    "fe80::1%-",
    "fe80::1%:",
    "fe80::1%1.2.3.4",
    "fe80::1%no-such-interface-has-so-long-a-name"};

constexpr std::string_view badV4Texts[] = {
    // Not an address at all.
    "", " ", ".", ":", "%", "a", "g", "localhost", "127", "2130706433", "::g",
    // Too few or too many numbers, or too large ones.
    "1", "1.2", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", ".1.2.3.4", "1.2.3.4.5",
    "256.1.1.1", "1.256.1.1", "1.1.1.256", "1.1.1.1000", "1.1.1.4294967297", "999.1.1.1",
    // Other notations.
    "01.2.3.4", "1.2.3.04", "00.0.0.0", "000.0.0.0", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1",
    "1.2.3.a", "-1.2.3.4", "+1.2.3.4", "1.2.3.4/24", "1.2.3.4:80", "1.2.3.4%eth0", "[1.2.3.4]",
    " 1.2.3.4", "1.2.3.4 ", "1. 2.3.4", "1.2.3.4\n", "\t1.2.3.4", "1.2.3.4\0"sv, "1.2.3\0.4"sv,
    "1,2,3,4", "1.2.3:4"};

constexpr std::string_view badV6Texts[] = {
    // Single colons at the ends, too few or too many groups, more than one "::".
    ":1", "1:", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", ":::", "1:::8", ":::1",
    "1:::", "::::", "::1::", "1::2::3", "::1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::", "1:2:3:4::5:6:7:8", "::1:",
    // Groups that are none.
    "12345::", "::12345", "00000::", "::00001", "1:2:3:4:5:6:7:00008", "::-1", "::+1", "::0x1",
    ":: 1", ":: ", " ::", "::1\n", "::1\0"sv, "1:2:3:4:5:6:7:g", "::fffff",
    // An IPv4 tail elsewhere than in the last 32 bits, or itself malformed.
    "1.2.3.4::", "::1.2.3.4:5", "1.2.3.4:5:6:7:8:9:a", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4", "::1:2:3:4:5:6:1.2.3.4", "::1.2.3", "::1.2.3.256", "::1.2.3.04",
    "::1.2.3.4.5", "::1.2.3.4:", "::.1.2.3.4", "::1.2.3.4.", "::ffff:1.2.3.4/96",
    // Brackets, masks, ports, and zones that are none.
    "[::1]", "[::1", "::1]", "[::1]:80", "::1/128", "::1%", "%eth0", "fe80::1%eth 0",
    "fe80::1%eth_0", "fe80::1%eth0%eth1", "fe80::1%%", "fe80::1%eth0\0"sv, "fe80::1%/", "fe80%1::1",
    "fe80::1%\xc3\xa9"};

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_SUITE(isIp)

BOOST_AUTO_TEST_CASE(fourDecimalNumbersAre4, *label("4.4")) {
  for (const auto text : v4Texts) {
    BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(isIP(text) == 4); }
  }
}

BOOST_AUTO_TEST_CASE(everyFormOfRfc4291Is6, *label("4.4")) {
  for (const auto text : v6Texts) {
    BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(isIP(text) == 6); }
  }
}

BOOST_AUTO_TEST_CASE(aZoneOfAllowedCharactersIs6WhetherKnownOrNot, *label("4.4")) {
  for (const auto text : zonedTexts) {
    BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(isIP(text) == 6); }
  }
}

BOOST_AUTO_TEST_CASE(whatIsNotQuiteV4Is0, *label("4.4")) {
  for (const auto text : badV4Texts) {
    BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(isIP(text) == 0); }
  }
}

BOOST_AUTO_TEST_CASE(whatIsNotQuiteV6Is0, *label("4.4")) {
  for (const auto text : badV6Texts) {
    BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(isIP(text) == 0); }
  }
}

BOOST_AUTO_TEST_CASE(aNullViewIs0) { BOOST_TEST(isIP(std::string_view()) == 0); }

BOOST_AUTO_TEST_CASE(everyNumberIsAByteUpTo255AndNotBeyond, *label("4.4")) {
  for (int value = 0; value < 1200; ++value) {
    const std::string text = "1.2." + std::to_string(value) + ".4";
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(isIP(text) == (value < 256 ? 4 : 0)); }
  }
}

BOOST_AUTO_TEST_CASE(zonesTakeExactlyTheAllowedCharacters, *label("4.4")) {
  for (int value = 0; value < 256; ++value) {
    const std::string zone(1, static_cast<char>(value));
    BOOST_TEST_CONTEXT(quoted(zone)) {
      BOOST_TEST(isIP("fe80::1%" + zone) == (model::isZone(zone) ? 6 : 0));
    }
  }
}

BOOST_AUTO_TEST_CASE(itStopsAtTheEndOfTheView) {
  constexpr std::string_view longer = "1.2.3.45";
  BOOST_TEST(isIP(longer.substr(0, 7)) == 4);
}

// Addresses with a few random changes; the seed is in the message of a failure.
BOOST_AUTO_TEST_CASE(itAgreesWithTheModelOnMutatedAddresses, *label("4.4")) {
  Random random;
  for (int i = 0; i < fuzzedTexts; ++i) {
    const std::string text = randomText(random);
    if (isIP(text) != model::isIP(text)) {
      BOOST_FAIL("isIP(" << quoted(text) << ") is " << isIP(text) << ", the model says "
                         << model::isIP(text) << "; seed " << random.seed());
    }
  }
}

// Every string of up to six pieces, which no random walk promises to visit.
BOOST_AUTO_TEST_CASE(itAgreesWithTheModelOnAllShortSequences, *label("4.4")) {
  constexpr std::string_view pieces[] = {":", "::", "1", "2:3", "1.2.3.4", "4:5:6:7", "."};
  std::vector<std::string> texts = {""};
  for (int size = 0; size < 6; ++size) {
    std::vector<std::string> longer;
    for (const std::string& text : texts) {
      if (isIP(text) != model::isIP(text)) BOOST_FAIL("differs on " << quoted(text));
      for (const auto piece : pieces) longer.push_back(text + std::string(piece));
    }
    texts = std::move(longer);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse)

BOOST_AUTO_TEST_CASE(v4BytesStandInNetworkOrder) {
  BOOST_TEST((IpAddress::parse("1.2.3.254") == IpAddress(V4Bytes{1, 2, 3, 254})));
}

BOOST_AUTO_TEST_CASE(v6BytesStandInNetworkOrder) {
  const V6Bytes bytes{0x20, 0x01, 0x0d, 0xb8, 0, 0xa, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0xfe};
  BOOST_TEST((IpAddress::parse("2001:db8:a::12fe") == IpAddress(bytes)));
}

BOOST_AUTO_TEST_CASE(allSpellingsOfAnAddressAreEqual) {
  const auto expected = IpAddress::parse("1:0:0:0:0:0:102:304");
  BOOST_REQUIRE(expected.has_value());
  for (const auto text : {"1::102:304", "1::0:102:304", "1:0::102:304", "1::1.2.3.4",
                          "0001:0000:0:0:0:0:1.2.3.4", "1:0:0:0:0::102:304", "1::0:0102:0304"}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST((IpAddress::parse(text) == expected)); }
  }
}

BOOST_AUTO_TEST_CASE(hexDigitsAreTakenInEitherCase) {
  BOOST_TEST((IpAddress::parse("ABCD:EF::") == IpAddress::parse("abcd:ef::")));
}

BOOST_AUTO_TEST_CASE(addressesWithoutZoneAreTakenExactlyWhenIsIPTakesThem) {
  Random random;
  for (int i = 0; i < fuzzedTexts; ++i) {
    const std::string text = randomText(random);
    if (text.find('%') != std::string::npos) continue;
    const auto address = IpAddress::parse(text);
    const int version = address ? static_cast<int>(address->family()) : 0;
    if (version != isIP(text)) BOOST_FAIL(quoted(text) << ", seed " << random.seed());
  }
}

BOOST_AUTO_TEST_CASE(whatIsIPRefusesIsRefused) {
  for (const auto text : badV4Texts) {
    BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(!IpAddress::parse(text).has_value()); }
  }
  for (const auto text : badV6Texts) {
    BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(!IpAddress::parse(text).has_value()); }
  }
}

BOOST_AUTO_TEST_CASE(addressesWithoutZoneHaveNoScope) {
  for (const auto text : v6Texts) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(IpAddress::parse(text)->scopeId() == 0u); }
  }
}

BOOST_AUTO_TEST_CASE(aZoneMayBeAnIndex) {
  const std::uint32_t index = unusedIndex();
  const auto address = IpAddress::parse("fe80::1%" + std::to_string(index));
  BOOST_REQUIRE(address.has_value());
  BOOST_TEST(address->scopeId() == index);
}

BOOST_AUTO_TEST_CASE(aZoneMayBeTheNameOfAnInterface, *needsInterface) {
  const auto interface = someInterface();
  BOOST_REQUIRE(interface.has_value());
  const auto address = IpAddress::parse("fe80::1%" + interface->name);
  BOOST_REQUIRE(address.has_value());
  BOOST_TEST(address->scopeId() == interface->index);
}

BOOST_AUTO_TEST_CASE(aZoneThatIsNotKnownIsRefused) {
  for (const auto zone : {"no-such-if", "0", "00", "01", "-1", "1.", "1x", "4294967296", "1:2",
                          "99999999999999999999", "no-such-interface-has-so-long-a-name"}) {
    BOOST_TEST_CONTEXT(zone) {
      BOOST_TEST(!IpAddress::parse("fe80::1%" + std::string(zone)).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(theLargestIndexIsNotCut) {
  const auto address = IpAddress::parse("fe80::1%4294967295");
  BOOST_REQUIRE(address.has_value());
  BOOST_TEST(address->scopeId() == 4294967295u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(toString)

BOOST_AUTO_TEST_CASE(v4IsFourDecimalNumbers) {
  for (const auto text : v4Texts) BOOST_TEST(print(text) == text);
}

BOOST_AUTO_TEST_CASE(v6IsShortenedAsRfc5952Says, *label("13.4")) {
  struct {
    std::string_view text;
    std::string_view printed;
  } constexpr rows[] = {
      // Section 4.1: no leading zeros.
      {"2001:0db8::0001", "2001:db8::1"},
      // 4.2.1: as short as possible.
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"1:0:0:0:0:0:0:0", "1::"},
      // 4.2.2: never for one group.
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      // 4.2.3: the longest run, the first of equals.
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"1:0:0:0:1:0:0:0", "1::1:0:0:0"},
      {"0:0:1:0:0:0:0:1", "0:0:1::1"},
      {"0:0:1:0:0:1:0:0", "::1:0:0:1:0:0"},
      {"1:0:0:2:0:0:0:0", "1:0:0:2::"},
      // 4.3: lower case.
      {"2001:DB8:AB::CDEF", "2001:db8:ab::cdef"},
      // 5: IPv4-mapped addresses show the IPv4 address, others do not.
      {"::ffff:102:304", "::ffff:1.2.3.4"},
      {"::ffff:0.0.0.0", "::ffff:0.0.0.0"},
      {"::FFFF:255.255.255.255", "::ffff:255.255.255.255"},
      {"::1.2.3.4", "::102:304"},
      {"::ffff:0:1.2.3.4", "::ffff:0:102:304"},
      {"::fffe:1.2.3.4", "::fffe:102:304"},
      {"::1:ffff:1.2.3.4", "::1:ffff:102:304"},
      {"1:0:0:0:0:ffff:1.2.3.4", "1::ffff:102:304"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) { BOOST_TEST(print(row.text) == row.printed); }
  }
}

BOOST_AUTO_TEST_CASE(parseGivesTheAddressBack) {
  Random random;
  for (int i = 0; i < randomAddresses; ++i) {
    const IpAddress address = randomAddress(random);
    const std::string text = address.toString();
    if (IpAddress::parse(text) != address) BOOST_FAIL(text << ", seed " << random.seed());
  }
}

BOOST_AUTO_TEST_CASE(aScopeIsShownByTheInterfacesName, *label("13.4") * needsInterface) {
  const auto interface = someInterface();
  BOOST_REQUIRE(interface.has_value());
  const std::string text = IpAddress(V6Bytes{0xfe, 0x80}, interface->index).toString();
  BOOST_TEST(text == "fe80::%" + interface->name);
}

BOOST_AUTO_TEST_CASE(aScopeWithoutNameIsShownByItsIndex, *label("13.4")) {
  const std::uint32_t index = unusedIndex();
  const std::string text = IpAddress(V6Bytes{0xfe, 0x80}, index).toString();
  BOOST_TEST(text == "fe80::%" + std::to_string(index));
}

BOOST_AUTO_TEST_CASE(parseGivesTheScopeBack) {
  for (std::uint32_t index = 1; index < 300; ++index) {
    const IpAddress address(V6Bytes{0xfe, 0x80}, index);
    BOOST_TEST_CONTEXT(address.toString()) {
      BOOST_TEST((IpAddress::parse(address.toString()) == address));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(value)

BOOST_AUTO_TEST_CASE(oneThatWasNotSetIsTheV4Wildcard) {
  BOOST_TEST((IpAddress() == IpAddress::any(Family::v4)));
}

BOOST_AUTO_TEST_CASE(theWildcardsAreAllZeros) {
  BOOST_TEST(IpAddress::any(Family::v4).toString() == "0.0.0.0");
  BOOST_TEST(IpAddress::any(Family::v6).toString() == "::");
}

BOOST_AUTO_TEST_CASE(theLoopbackAddressesAreTheUsualOnes) {
  BOOST_TEST(IpAddress::loopback(Family::v4).toString() == "127.0.0.1");
  BOOST_TEST(IpAddress::loopback(Family::v6).toString() == "::1");
}

BOOST_AUTO_TEST_CASE(anAddressIsOfOneFamily) {
  BOOST_TEST(IpAddress::any(Family::v4).isV4());
  BOOST_TEST(!IpAddress::any(Family::v4).isV6());
  BOOST_TEST(IpAddress::any(Family::v6).isV6());
  BOOST_TEST(!IpAddress::any(Family::v6).isV4());
}

BOOST_AUTO_TEST_CASE(thereAreAsManyBytesAsTheFamilyHas) {
  BOOST_TEST(IpAddress::any(Family::v4).bytes().size() == 4u);
  BOOST_TEST(IpAddress::any(Family::v6).bytes().size() == 16u);
}

BOOST_AUTO_TEST_CASE(wildcardsOfTwoFamiliesDiffer) {
  BOOST_TEST((IpAddress::any(Family::v4) != IpAddress::any(Family::v6)));
}

BOOST_AUTO_TEST_CASE(aMappedAddressIsNotTheV4AddressInIt) {
  BOOST_TEST((IpAddress::parse("::ffff:1.2.3.4") != IpAddress::parse("1.2.3.4")));
}

BOOST_AUTO_TEST_CASE(addressesInTwoScopesDiffer) {
  BOOST_TEST((IpAddress(V6Bytes{0xfe, 0x80}, 1) != IpAddress(V6Bytes{0xfe, 0x80}, 2)));
}

BOOST_AUTO_TEST_CASE(orderIsByFamilyThenNumberThenScope) {
  const std::vector<IpAddress> ascending = {
      *IpAddress::parse("0.0.0.0"),      *IpAddress::parse("1.0.0.255"),
      *IpAddress::parse("1.0.1.0"),      *IpAddress::parse("255.255.255.255"),
      *IpAddress::parse("::"),           *IpAddress::parse("::ff"),
      *IpAddress::parse("::100"),        IpAddress(V6Bytes{0xfe, 0x80}, 0),
      IpAddress(V6Bytes{0xfe, 0x80}, 1), IpAddress(V6Bytes{0xfe, 0x80, 1}, 0),
  };
  for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
    BOOST_TEST_CONTEXT(ascending[i].toString()) { BOOST_TEST((ascending[i] < ascending[i + 1])); }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endpoint)

Endpoint ipEndpoint(std::string_view address, std::uint16_t port) {
  return IpEndpoint{IpAddress::parse(address).value(), port};
}

BOOST_AUTO_TEST_CASE(oneThatWasNotSetIsEmpty) {
  const Endpoint nowhere;
  BOOST_TEST(nowhere.empty());
  BOOST_TEST(!nowhere.isIp());
  BOOST_TEST(!nowhere.isLocal());
}

BOOST_AUTO_TEST_CASE(itHoldsAnAddressAndPort) {
  const Endpoint endpoint = ipEndpoint("1.2.3.4", 80);
  BOOST_REQUIRE(endpoint.isIp());
  BOOST_TEST(!endpoint.empty());
  BOOST_TEST(!endpoint.isLocal());
  BOOST_TEST(endpoint.ip().address.toString() == "1.2.3.4");
  BOOST_TEST(endpoint.ip().port == 80);
}

BOOST_AUTO_TEST_CASE(itHoldsAPathAsItWasGiven) {
  const Endpoint endpoint = LocalPath{"./a/../b"};
  BOOST_REQUIRE(endpoint.isLocal());
  BOOST_TEST(!endpoint.empty());
  BOOST_TEST(!endpoint.isIp());
  BOOST_TEST(endpoint.path().text == "./a/../b");
}

BOOST_AUTO_TEST_CASE(anEmptyPathIsNotNowhere) { BOOST_TEST((Endpoint(LocalPath{}) != Endpoint())); }

BOOST_AUTO_TEST_CASE(allPartsCountForEquality) {
  const Endpoint endpoint = ipEndpoint("1.2.3.4", 80);
  BOOST_TEST((endpoint == ipEndpoint("1.2.3.4", 80)));
  BOOST_TEST((endpoint != ipEndpoint("1.2.3.4", 81)));
  BOOST_TEST((endpoint != ipEndpoint("1.2.3.5", 80)));
  BOOST_TEST((endpoint != Endpoint(LocalPath{"1.2.3.4:80"})));
  BOOST_TEST((Endpoint(LocalPath{"a"}) != Endpoint(LocalPath{"b"})));
}

BOOST_AUTO_TEST_CASE(aNameIsAbstractIfItBeginsWithNul) {
  BOOST_TEST(LocalPath{"\0x"s}.isAbstract());
  BOOST_TEST(!LocalPath{"x\0"s}.isAbstract());
  BOOST_TEST(!LocalPath{}.isAbstract());
}

BOOST_AUTO_TEST_CASE(itPrintsForPeople) {
  BOOST_TEST(Endpoint().toString() == "");
  BOOST_TEST(ipEndpoint("127.0.0.1", 80).toString() == "127.0.0.1:80");
  BOOST_TEST(ipEndpoint("::1", 65535).toString() == "[::1]:65535");
  BOOST_TEST(ipEndpoint("::", 0).toString() == "[::]:0");
  BOOST_TEST(Endpoint(LocalPath{"/tmp/x"}).toString() == "/tmp/x");
  BOOST_TEST(Endpoint(LocalPath{R"(\\.\pipe\x)"}).toString() == R"(\\.\pipe\x)");
}

BOOST_AUTO_TEST_CASE(anAbstractNamePrintsWithoutItsNul) {
  BOOST_TEST(Endpoint(LocalPath{"\0name"s}).toString() == "@name");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
