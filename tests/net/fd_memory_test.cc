// What is handed over where memory runs out: a call that throws has left it alone, so that the same
// call may be made again; and in the end it is closed, once.

#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/dns/failing_memory.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/given_descriptors.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/socket_fixture.h"

namespace sprocket::tests {
namespace {

using net::Server;
using net::Socket;

class Attempt : public SocketFixture {
 public:
  // With failing memory, and if that throws again without. `given` is as it was in between.
  template <class F>
  auto call(int given, F ask) {
    try {
      spareAllocations(false);
      auto result = ask();
      spareAllocations(true);
      return result;
    } catch (const std::bad_alloc&) {
      spareAllocations(true);
      BOOST_TEST(isOpen(given));
      BOOST_TEST(!isNonBlocking(given));
      BOOST_TEST(!isCloseOnExec(given));
    }
    return ask();
  }
};

// With the first allocation failing, then with the second, until none is left to fail.
void sweep(const std::function<void(Attempt&)>& scenario) {
  int point = 0;
  for (bool struck = true; struck; ++point) {
    BOOST_TEST_CONTEXT("allocation " << point) {
      const std::size_t before = countOpenDescriptors();
      const int failedBefore = failedAllocationCount();
      {
        spareAllocations(true);
        Attempt attempt;
        failAllocationAfter(point, 1);
        scenario(attempt);
        failAllocationAfter(-1);
        attempt.run();
      }
      BOOST_TEST(countOpenDescriptors() == before);
      struck = failedAllocationCount() > failedBefore;
    }
  }
  BOOST_TEST(point > 1);
}

const auto ifMemoryCanFail = skipUnless(&canFailAllocations, "this sanitizer keeps operator new");

BOOST_AUTO_TEST_SUITE(fdMemory, *ifMemoryCanFail)

BOOST_AUTO_TEST_CASE(aConnectedSocket) {
  sweep([](Attempt& attempt) {
    GivenPair pair = givenUnixPair();
    const int fd = pair.first.release();
    const Socket socket = attempt.call(fd, [=] {
      return Socket({.fd = fd, .readable = true, .writable = true, .noDelay = true});
    });
    pair.second.write("hello");
    pair.second.close();
    attempt.trace.watch("socket", socket).watchData("socket", socket);
    attempt.run();
    BOOST_TEST(attempt.trace.text() ==
               "socket data(hello), socket end, socket finish, socket close(false)");
  });
}

BOOST_AUTO_TEST_CASE(aBoundSocket) {
  sweep([](Attempt& attempt) {
    const int fd = givenBoundPort().release();
    const Socket socket = attempt.call(fd, [=] { return Socket({.fd = fd}); });
    attempt.trace.watch("socket", socket);
    socket.connect(attempt.nowhere(Tcp()));
    attempt.run();
    BOOST_TEST(attempt.trace.text().starts_with("socket error(connect ECONNREFUSED "));
  });
}

BOOST_AUTO_TEST_CASE(aBoundSocketThatConnects) {
  sweep([](Attempt& attempt) {
    const int fd = givenBoundPort().release();
    net::ConnectOptions options = attempt.nowhere(Tcp());
    options.fd = fd;
    const Socket socket = attempt.call(fd, [&] { return net::connect(options); });
    attempt.trace.watch("socket", socket);
    attempt.run();
    BOOST_TEST(attempt.trace.text().starts_with("socket error("));
  });
}

BOOST_AUTO_TEST_CASE(aServerOnADescriptor) {
  sweep([](Attempt& attempt) {
    GivenDescriptor given = givenBoundPort();
    const int port = portOf(given);
    const int fd = given.release();
    const Server server;
    server.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
    attempt.trace.watch("server", server);
    attempt.call(fd, [&] { return server.listen({.fd = fd}); });
    const RawSocket client = RawSocket::connect(port);
    attempt.run();
    BOOST_TEST(attempt.trace.text() == "server listening, server connection, server close");
  });
}

BOOST_AUTO_TEST_CASE(aServerThatShares) {
  sweep([](Attempt& attempt) {
    GivenDescriptor unrelated = givenBoundPort();
    const Server first = Server().listen(0, "127.0.0.1").unref();
    const Server second;
    second.on<"connection">([](Server self, Socket peer) { peer.destroy(), self.close(); });
    attempt.trace.watch("second", second);
    attempt.call(unrelated.get(), [&] { return second.listen(first); });
    const int port = second.address()->port;
    first.close();
    const RawSocket client = RawSocket::connect(port);
    attempt.run();
    BOOST_TEST(attempt.trace.text() == "second listening, second connection, second close");
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sprocket::tests
