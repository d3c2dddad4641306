#include "sprocket/platform/host_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/posix/addrinfo.h"
#include "sprocket/platform/posix/sockaddr.h"

namespace {

using namespace sprocket::platform;

// What getaddrinfo() would have answered.
class AddressList {
 public:
  // "192.0.2.1"; "" is an entry of a family that is not IP.
  explicit AddressList(const std::vector<std::string_view>& texts) {
    for (const std::string_view text : texts) add(text);
  }

  const addrinfo* first() const { return entries_.empty() ? nullptr : &entries_.front(); }

 private:
  void add(std::string_view text) {
    const Endpoint endpoint = text.empty() ? Endpoint(LocalPath{"/tmp/x"})
                                           : IpEndpoint{IpAddress::parse(text).value(), 0};
    SockAddr& address = addresses_.emplace_back(endpoint);
    addrinfo entry{};
    entry.ai_family = address.family();
    entry.ai_addr = address.data();
    entry.ai_addrlen = address.size();
    addrinfo* const before = entries_.empty() ? nullptr : &entries_.back();
    entries_.push_back(entry);
    if (before != nullptr) before->ai_next = &entries_.back();
  }

  std::deque<SockAddr> addresses_;
  std::deque<addrinfo> entries_;
};

std::string textOf(const std::vector<IpAddress>& addresses) {
  std::string text;
  for (const IpAddress& each : addresses) text += (text.empty() ? "" : " ") + each.toString();
  return text;
}

BOOST_AUTO_TEST_SUITE(hostLookup)

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(everyResultHasNodesNameAndItsOwnNumber) {
  struct Row {
    int result;
    std::string_view code;
  };
  const Row rows[] = {
      {EAI_NONAME, "ENOTFOUND"},          {EAI_AGAIN, "EAI_AGAIN"},
      {EAI_BADFLAGS, "EAI_BADFLAGS"},     {EAI_FAIL, "EAI_FAIL"},
      {EAI_FAMILY, "EAI_FAMILY"},         {EAI_MEMORY, "EAI_MEMORY"},
      {EAI_SERVICE, "EAI_SERVICE"},       {EAI_SOCKTYPE, "EAI_SOCKTYPE"},
#ifdef EAI_NODATA
      {EAI_NODATA, "ENOTFOUND"},
#endif
#ifdef EAI_ADDRFAMILY
      {EAI_ADDRFAMILY, "EAI_ADDRFAMILY"},
#endif
#ifdef EAI_CANCELED
      {EAI_CANCELED, "EAI_CANCELED"},
#endif
#ifdef EAI_OVERFLOW
      {EAI_OVERFLOW, "EAI_OVERFLOW"},
#endif
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.code) {
      const HostLookupError error = hostLookupError(row.result, ENOENT);
      BOOST_TEST(bool(error));
      BOOST_TEST(error.code == row.code);
      BOOST_TEST(error.number == row.result);
    }
  }
}

BOOST_AUTO_TEST_CASE(errorOfTheSystemIsNamedByErrno) {
  const HostLookupError error = hostLookupError(EAI_SYSTEM, EMFILE);
  BOOST_TEST(error.code == "EMFILE");
  BOOST_TEST(error.number == EMFILE);
}

BOOST_AUTO_TEST_CASE(unknownResultIsStillAnError) {
  const HostLookupError error = hostLookupError(12345, 0);
  BOOST_TEST(error.code == "UNKNOWN");
  BOOST_TEST(error.number == 12345);
}

BOOST_AUTO_TEST_CASE(ownRefusalsAreThoseOfTheSystem) {
  BOOST_TEST(HostLookupError::notFound().code == "ENOTFOUND");
  BOOST_TEST(HostLookupError::notFound().number == EAI_NONAME);
  BOOST_TEST(HostLookupError::tryAgain().code == "EAI_AGAIN");
  BOOST_TEST(HostLookupError::tryAgain().number == EAI_AGAIN);
  BOOST_TEST(HostLookupError::noMemory().code == "EAI_MEMORY");
  BOOST_TEST(HostLookupError::noMemory().number == EAI_MEMORY);
}

BOOST_AUTO_TEST_CASE(noErrorIsFalse) { BOOST_TEST(!HostLookupError()); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(addresses)

BOOST_AUTO_TEST_CASE(orderIsTheSystems) {
  const AddressList list({"2001:db8::2", "192.0.2.7", "2001:db8::1", "192.0.2.3"});
  BOOST_TEST(textOf(addressesIn(list.first())) == "2001:db8::2 192.0.2.7 2001:db8::1 192.0.2.3");
}

BOOST_AUTO_TEST_CASE(addressComesOnceAtItsFirstPlace) {
  const AddressList list({"192.0.2.1", "192.0.2.2", "192.0.2.1", "::1", "192.0.2.2", "::1"});
  BOOST_TEST(textOf(addressesIn(list.first())) == "192.0.2.1 192.0.2.2 ::1");
}

BOOST_AUTO_TEST_CASE(scopeIdsAreKeptAndTellAddressesApart) {
  const AddressList list({"fe80::1%4000000000", "fe80::1%4000000001", "fe80::1%4000000000"});
  const std::vector<IpAddress> found = addressesIn(list.first());
  BOOST_REQUIRE(found.size() == 2U);
  BOOST_TEST(found[0].scopeId() == 4000000000U);
  BOOST_TEST(found[1].scopeId() == 4000000001U);
}

BOOST_AUTO_TEST_CASE(otherFamiliesAreSkipped) {
  const AddressList list({"", "192.0.2.1", "", "::1"});
  BOOST_TEST(textOf(addressesIn(list.first())) == "192.0.2.1 ::1");
}

BOOST_AUTO_TEST_CASE(entryWithoutAWholeAddressIsSkipped) {
  sockaddr_storage storage{};
  addrinfo entry{};
  entry.ai_addr = reinterpret_cast<sockaddr*>(&storage);
  for (const socklen_t size : {socklen_t{0}, socklen_t{2}, socklen_t{sizeof storage + 1}}) {
    entry.ai_addrlen = size;
    BOOST_TEST(addressesIn(&entry).empty());
  }
}

BOOST_AUTO_TEST_CASE(emptyListHasNone) { BOOST_TEST(addressesIn(nullptr).empty()); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(withTheSystem)

BOOST_AUTO_TEST_CASE(localhostOfIpv4IsOneAddress) {
  const HostLookup found = lookupHost("localhost", Family::v4, {});
  BOOST_TEST(!found.error);
  BOOST_TEST(textOf(found.addresses) == "127.0.0.1");
}

// Text that getaddrinfo() answers itself, so that there is an answer on any machine.
BOOST_AUTO_TEST_CASE(familyIsHeeded) {
  BOOST_TEST(textOf(lookupHost("::1", Family::v6, {}).addresses) == "::1");
  BOOST_TEST(textOf(lookupHost("::1", std::nullopt, {}).addresses) == "::1");
  BOOST_TEST(textOf(lookupHost("192.0.2.1", std::nullopt, {}).addresses) == "192.0.2.1");
  BOOST_TEST(bool(lookupHost("::1", Family::v4, {}).error));
  BOOST_TEST(bool(lookupHost("192.0.2.1", Family::v6, {}).error));
}

BOOST_AUTO_TEST_CASE(hintsAreHeeded, *boost::unit_test::label("6.9")) {
  BOOST_TEST(textOf(lookupHost("192.0.2.1", Family::v6, kMappedV4).addresses) ==
             "::ffff:192.0.2.1");
  BOOST_TEST(systemFlags({}) == 0);
  BOOST_TEST(systemFlags(kConfiguredFamilies) == AI_ADDRCONFIG);
  BOOST_TEST(systemFlags(kMappedV4 | kMappedV4Always) == (AI_V4MAPPED | AI_ALL));
  BOOST_TEST((impliedHints() == kConfiguredFamilies));
}

BOOST_AUTO_TEST_CASE(nameThatCannotBeIsAnError) {
  const HostLookup found = lookupHost(std::string(300, 'a'), std::nullopt, {});
  BOOST_TEST(bool(found.error));
  BOOST_TEST(found.addresses.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
