// The wording of errors, which is part of what net promises. [3]

#include "sprocket/net/errors.h"

#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/address.h"
#include "sprocket/platform/sys_error.h"

namespace {

using namespace sprocket;
using boost::unit_test::label;
using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;
using platform::Operation;
using platform::SysError;

SysError sysError(const char* code, Operation operation) {
  return {platform::errorNumber(code), operation};
}

Endpoint ip(const char* address, std::uint16_t port) {
  return IpEndpoint{IpAddress::parse(address).value(), port};
}

std::string_view text(const Error& error) { return error.what(); }

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(ofConnectNamesAddressAndPort, *label("3.1") * label("3.3")) {
  const Error error = net::connectError(sysError("ECONNREFUSED", Operation::connect),
                                        ip("127.0.0.1", 8124), Endpoint());
  BOOST_TEST(text(error) == "connect ECONNREFUSED 127.0.0.1:8124");
  BOOST_TEST(error.code() == "ECONNREFUSED");
  BOOST_TEST(error.errnum() == platform::errorNumber("ECONNREFUSED"));
  BOOST_TEST(error.syscall() == "connect");
  BOOST_TEST(error.address() == "127.0.0.1");
  BOOST_TEST(error.port() == 8124);
  BOOST_TEST(error.localAddress() == "");
  BOOST_TEST(error.localPort() == 0);
  BOOST_TEST(error.hostname() == "");
}

BOOST_AUTO_TEST_CASE(ofConnectOverIpv6HasNoBrackets, *label("3.3")) {
  const Error error =
      net::connectError(sysError("ETIMEDOUT", Operation::connect), ip("::1", 80), Endpoint());
  BOOST_TEST(text(error) == "connect ETIMEDOUT ::1:80");
}

BOOST_AUTO_TEST_CASE(ofConnectToAPathNamesThePath, *label("3.1") * label("3.3")) {
  const Error error = net::connectError(sysError("ENOENT", Operation::connect),
                                        LocalPath{"/tmp/no.sock"}, Endpoint());
  BOOST_TEST(text(error) == "connect ENOENT /tmp/no.sock");
  BOOST_TEST(error.address() == "/tmp/no.sock");
  BOOST_TEST(error.port() == 0);
}

BOOST_AUTO_TEST_CASE(ofConnectFromAnExplicitPlaceNamesThatToo, *label("3.1") * label("3.3")) {
  const Error error = net::connectError(sysError("ECONNREFUSED", Operation::connect),
                                        ip("127.0.0.1", 8124), ip("127.0.0.2", 4000));
  BOOST_TEST(text(error) == "connect ECONNREFUSED 127.0.0.1:8124 - Local (127.0.0.2:4000)");
  BOOST_TEST(error.localAddress() == "127.0.0.2");
  BOOST_TEST(error.localPort() == 4000);
}

BOOST_AUTO_TEST_CASE(ofBindingTheClientNamesTheLocalSide, *label("3.1") * label("3.3")) {
  const Error error = net::connectError(sysError("EADDRINUSE", Operation::bind),
                                        ip("127.0.0.1", 8124), ip("127.0.0.2", 4000));
  BOOST_TEST(text(error) == "bind EADDRINUSE 127.0.0.2:4000");
  BOOST_TEST(error.syscall() == "bind");
  BOOST_TEST(text(net::connectError(sysError("EADDRNOTAVAIL", Operation::bind),
                                    ip("127.0.0.1", 8124), ip("192.0.2.1", 0))) ==
             "bind EADDRNOTAVAIL 192.0.2.1");
}

BOOST_AUTO_TEST_CASE(ofListenDescribesTheFailure, *label("3.3")) {
  const SysError inUse = sysError("EADDRINUSE", Operation::bind);
  const Error error = net::listenError(inUse, ip("127.0.0.1", 8124));
  BOOST_TEST(text(error) == "listen EADDRINUSE: address already in use 127.0.0.1:8124");
  BOOST_TEST(error.syscall() == "listen");
  BOOST_TEST(error.code() == "EADDRINUSE");
  BOOST_TEST(error.address() == "127.0.0.1");
  BOOST_TEST(error.port() == 8124);
  BOOST_TEST(text(net::listenError(inUse, ip("::", 0))) ==
             "listen EADDRINUSE: address already in use ::");
  BOOST_TEST(text(net::listenError(inUse, LocalPath{"/tmp/x"})) ==
             "listen EADDRINUSE: address already in use /tmp/x");
}

BOOST_AUTO_TEST_CASE(ofTransfersNameOperationAndCode, *label("3.3")) {
  BOOST_TEST(text(net::transferError(sysError("ECONNRESET", Operation::read))) ==
             "read ECONNRESET");
  BOOST_TEST(text(net::transferError(sysError("EPIPE", Operation::write))) == "write EPIPE");
  BOOST_TEST(text(net::transferError(sysError("ENOBUFS", Operation::shutdown))) ==
             "shutdown ENOBUFS");
  BOOST_TEST(text(net::transferError(sysError("EINVAL", Operation::accept))) == "accept EINVAL");
}

BOOST_AUTO_TEST_CASE(ofTheLibraryCanBeToldApart, *label("3.4")) {
  const std::vector<Error> all = {
      net::serverNotRunningError(),       net::invalidAddressError("x"),
      net::socketClosedError(),           net::closedBeforeConnectionError(),
      net::writeAfterEndError(),          net::endedByOtherPartyError(),
      net::streamDestroyedError("write"), net::alreadyFinishedError()};
  std::set<std::string> codes;
  for (const Error& error : all) codes.insert(error.code());
  BOOST_TEST(codes.size() == all.size());
}

BOOST_AUTO_TEST_CASE(ofTheLibraryReadAsWritten, *label("3.4")) {
  BOOST_TEST(text(net::serverNotRunningError()) == "Server is not running.");
  BOOST_TEST(text(net::writeAfterEndError()) == "write after end");
  BOOST_TEST(text(net::socketClosedError()) == "Socket is closed");
  const Error ended = net::endedByOtherPartyError();
  BOOST_TEST(ended.code() == "EPIPE");
  BOOST_TEST(text(ended).find("ended by the other party") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(ofTheCallerNameTheValue, *label("1.8")) {
  struct Mistake {
    std::function<void()> throws;
    std::string_view named;
  };
  const std::vector<Mistake> mistakes = {
      {[] { net::throwBadPort("port", 70000); }, "70000"},
      {[] { net::throwBadPort("localPort", -1); }, "localPort"},
      {[] { net::throwBadAddress("localAddress", "1.2.3"); }, "'1.2.3'"},
      {[] { net::throwBadFamily(5); }, "5"},
      {[] { net::throwBadTimeout(-0.5); }, "-0.5"},
      {[] { net::throwBadTimeout(std::numeric_limits<double>::quiet_NaN()); }, "nan"},
      {[] { net::throwBadTimeout(std::numeric_limits<double>::infinity()); }, "inf"},
      {[] { net::throwBadTimeout(-std::numeric_limits<double>::max()); }, "-1.79"},
      {[] { net::throwBadBacklog(-3); }, "-3"},
      {[] { net::throwBadMaxConnections(-4); }, "-4"},
      {[] { net::throwNoTarget("connect()", "a port"); }, "connect() needs a port"},
      {[] { net::throwCannotConnect("connecting"); }, "connecting"}};
  for (const Mistake& mistake : mistakes) {
    BOOST_CHECK_EXCEPTION(mistake.throws(), ArgumentError, [&](const ArgumentError& error) {
      return std::string_view(error.what()).find(mistake.named) != std::string_view::npos &&
             error.code().starts_with("ERR_");
    });
  }
}

BOOST_AUTO_TEST_CASE(wantOfMemoryIsAnErrorMadeBeforehand) {
  BOOST_TEST(Error::outOfMemory().code() == "ENOMEM");
  BOOST_TEST(Error::outOfMemory().what() == "not enough memory");
  BOOST_TEST((Error::outOfMemory() == Error::outOfMemory()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
