// Text encodings on sockets. (Contract, section 12, 8.1, 9.1, 10.8.)

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

BOOST_AUTO_TEST_SUITE(encoding)

BOOST_TEST_DECORATOR(*label("10.8") * label("12.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(restOfACharacterComesBeforeTheEnd, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket.setEncoding()).watchData("socket", socket);
  for (const char* piece : {"\xe2", "\x82", "\xac\xe2\x82"}) {
    peer.send(piece);
    settle();
  }
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() ==
             "socket data(\u20ac\ufffd), socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("8.1") * label("9.1") * label("12.1") * label("12.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(textIsWrittenInItsEncoding, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  BOOST_CHECK_THROW(socket.write("61", "hax"), ArgumentError);
  socket.write("6162", "HEX");
  socket.end("Yw", Encoding::base64);
  BOOST_TEST(receiveToEnd(peer) == "abc");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
