// A program that is started gets nothing of ours. With the real system calls, which say so.

#include <cstddef>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/socket_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

BOOST_AUTO_TEST_CASE(childProcessesInheritNothing, *label("15.4")) {
  const std::size_t before = countInheritable();
  SocketFixture fixture;
  BOOST_TEST(countInheritable() == before);
  const net::Server server = fixture.serve(Tcp(), [](const Socket&) {});
  const net::Server local = fixture.serve(Unix(), [](const Socket&) {});
  const net::Server sharing = net::Server().listen(server).unref();
  const Socket client;
  const Socket served = fixture.connectPair(client, Tcp());
  const Socket localClient;
  const Socket localServed = fixture.connectPair(localClient, Unix());
  BOOST_TEST(countInheritable() == before);
}

}  // namespace
