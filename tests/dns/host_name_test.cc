#include "sprocket/dns/host_name.h"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace {

using sprocket::dns::isHostName;
using namespace std::string_literals;

// A name of the given length, in labels of no more than 63.
std::string nameOf(std::size_t size) {
  std::string name(size, 'a');
  for (std::size_t i = 49; i + 1 < size; i += 50) name[i] = '.';
  return name;
}

BOOST_AUTO_TEST_SUITE(hostName)

BOOST_AUTO_TEST_CASE(namesOfHostsAreNames) {
  for (const std::string_view name : {"localhost", "a", "example.com", "EXAMPLE.com", "a-b.c-d.e",
                                      "xn--bcher-kva.example", "3com.com", "-a", "a-"}) {
    BOOST_TEST(isHostName(name), name);
  }
}

// What they mean is not for us to say: some systems have names of this kind.
BOOST_AUTO_TEST_CASE(otherPrintableTextIsLeftToTheSystem) {
  for (const std::string_view name :
       {"_service._tcp.example", "my_host", "a b", "a/b", "*.example", "127.1", "0x7f.1",
        "017.0.0.1", "1.2.3.4.5", "300.1.1.1", "!~"}) {
    BOOST_TEST(isHostName(name), name);
  }
}

BOOST_AUTO_TEST_CASE(oneDotMayEndAName) {
  BOOST_TEST(isHostName("example.com."));
  BOOST_TEST(isHostName("localhost."));
  BOOST_TEST(!isHostName("example.com.."));
}

BOOST_AUTO_TEST_CASE(emptyTextIsNoName) { BOOST_TEST(!isHostName("")); }

BOOST_AUTO_TEST_CASE(emptyLabelIsRefusedWhereverItStands) {
  for (const std::string_view name : {".", "..", ".a", "a..b", "a.b..c", "..a", "...", ".a."}) {
    BOOST_TEST(!isHostName(name), name);
  }
}

BOOST_AUTO_TEST_CASE(labelHasAtMost63Bytes) {
  const std::string longest(63, 'a');
  const std::string tooLong(64, 'a');
  for (const std::string& name : {longest, longest + ".b", "b." + longest, longest + "."}) {
    BOOST_TEST(isHostName(name), name);
  }
  for (const std::string& name : {tooLong, tooLong + ".b", "b." + tooLong, tooLong + "."}) {
    BOOST_TEST(!isHostName(name), name);
  }
}

BOOST_AUTO_TEST_CASE(nameHasAtMost253Bytes) {
  BOOST_TEST(isHostName(nameOf(253)));
  BOOST_TEST(!isHostName(nameOf(254)));
  BOOST_TEST(!isHostName(nameOf(256)));
  BOOST_TEST(!isHostName(nameOf(100'000)));
}

// Each byte there is, at each end of a label and inside.
BOOST_AUTO_TEST_CASE(onlyPrintableAsciiIsAllowed) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == '.') continue;
    const bool printable = byte >= 0x20 && byte < 0x7f;
    for (const std::string& name :
         {""s + c, "a"s + c, c + "a"s, "a"s + c + "b", "a.b"s + c + ".c"}) {
      BOOST_TEST_CONTEXT("byte " << byte) { BOOST_TEST(isHostName(name) == printable); }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
