// One whole life of a server and its clients, with every event and every callback, lived again for
// each of them: there an exception is thrown, or something is destroyed.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/net_fixture.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/system_fixture.h"
#include "sprocket/tests/support/temp_path.h"

namespace sprocket::tests {
namespace {

using boost::unit_test::label;
using net::Server;
using net::Socket;

struct Disturbance {};

// The client asks for a name, writes before it is connected, hears the reply, is idle, says bye.
// The server's end of it replies and then ends as it comes. Another client is refused, and a last
// one finds no address.
class Life : public SystemFixture, public NetFixture {
 public:
  // Called at the end of each listener and callback, with its name: "client connect".
  using Disturb = std::function<void(Life&, const std::string& moment)>;

  Life(bool onPath, Disturb disturb) : disturb_(std::move(disturb)) {
    names.answer("server.test", {"127.0.0.1"});
    names.fail("nowhere.test", platform::HostLookupError::notFound());
    const auto place = onPath ? net::ListenOptions{.path = directory_.freshPath()}
                              : net::ListenOptions{.port = 0, .host = "127.0.0.1"};
    startServer(place);
    startClient(server.address().value());
    startLosers();
  }

  // To its end, through all disturbances. How many times run() was left.
  int live() {
    int thrown = 0;
    while (true) {
      try {
        run();
        if (!server.listening()) return thrown;
        server.close();  // something has kept the accepted socket from doing so
      } catch (const Disturbance&) {
        ++thrown;
      }
    }
  }

  // What each of them went through.
  std::map<std::string, Trace> traces;
  std::vector<std::string> moments;

  const Server server;
  const Socket client, refused, unresolved;
  std::optional<Socket> accepted;

 private:
  void startServer(const net::ListenOptions& place) {
    server.on<"listening">([this] { reach("server", "listening"); });
    server.on<"error">([this] { reach("server", "error"); });
    server.on<"drop">([this] { reach("server", "drop"); });
    server.on<"connection">([this](Socket peer) {
      accepted = peer;
      watch("accepted", peer);
      peer.on<"data">([this](Socket self, std::string_view bytes) {
        if (bytes == "hello") {
          self.write("reply", [this](const Error& error) { done("accepted", "written", error); });
        }
        reachData("accepted", bytes);
      });
      peer.prependListener<"end">([this] {
        server.close([this](const Error& error) { done("server", "closed", error); });
      });
      reach("server", "connection");
    });
    server.listen(place).unref();
  }

  void startClient(const net::Address& place) {
    watch("client", client);
    client.on<"data">([this](Socket self, std::string_view bytes) {
      self.setTimeout(1);
      reachData("client", bytes);
    });
    client.prependListener<"timeout">([this](Socket self) {
      BOOST_TEST(!self.destroyed());
      self.setTimeout(0);
      self.end("bye", [this](const Error& error) { done("client", "ended", error); });
    });
    client.connect({.port = place.port, .host = "server.test", .path = place.path});
    client.write("hello", [this](const Error& error) { done("client", "written", error); });
  }

  void startLosers() {
    watch("refused", refused);
    refused.connect(bound_.port(), "127.0.0.1");
    refused.end("x", [this](const Error& error) { done("refused", "ended", error); });
    watch("unresolved", unresolved);
    unresolved.connect(80, "nowhere.test");
    unresolved.write("x", [this](const Error& error) { done("unresolved", "written", error); });
  }

  void watch(const std::string& who, const Socket& socket) {
    const auto reaches = [this, who](std::string what) {
      return [this, who, what](Socket self) {
        // But what listens for 'timeout' before this may have destroyed it.
        BOOST_TEST((!self.destroyed() || what == "timeout"), who << " is destroyed, yet: " << what);
        reach(who, what);
      };
    };
    socket.on<"lookup">(reaches("lookup")).on<"connect">(reaches("connect"));
    socket.on<"ready">(reaches("ready")).on<"drain">(reaches("drain"));
    socket.on<"timeout">(reaches("timeout")).on<"end">(reaches("end"));
    socket.on<"finish">(reaches("finish"));
    socket.on<"error">([this, who](const Error& error) { done(who, "error", error); });
    socket.on<"close">(
        [this, who](bool hadError) { reach(who, hadError ? "close(true)" : "close(false)"); });
  }

  void done(const std::string& who, const std::string& what, const Error& error) {
    reach(who, error ? what + "(" + error.what() + ")" : what);
  }
  void reach(const std::string& who, const std::string& what) {
    traces[who].add(what);
    disturb(who + " " + what);
  }
  void reachData(const std::string& who, std::string_view bytes) {
    traces[who].addData("its", bytes);
    disturb(who + " data(" + std::string(bytes) + ")");
  }
  void disturb(const std::string& moment) {
    moments.push_back(moment);
    if (disturb_) disturb_(*this, moment);
  }

  const Disturb disturb_;
  RawSocket bound_ = RawSocket::bind();  // where nobody listens
  TempDirectory directory_;
};

// The port is another one each time.
std::map<std::string, std::string> textOf(std::map<std::string, Trace>& traces) {
  std::map<std::string, std::string> texts;
  for (auto& [who, trace] : traces) {
    std::string text = trace.text();
    for (std::size_t at = text.find(':'); at != text.npos; at = text.find(':', at + 1)) {
      text.erase(at + 1, text.find_first_not_of("0123456789", at + 1) - at - 1);
    }
    texts[who] = text;
  }
  return texts;
}

struct Record {
  std::vector<std::string> moments;
  std::map<std::string, std::string> texts;
};

Record undisturbedLife(bool onPath) {
  Life life(onPath, nullptr);
  BOOST_TEST(life.live() == 0);
  return {life.moments, textOf(life.traces)};
}

// The same moment in another life: ports differ.
bool isSame(const std::string& a, const std::string& b) {
  return a.substr(0, a.find('(')) == b.substr(0, b.find('('));
}

template <class Test>
void onPortAndPath(Test test) {
  BOOST_TEST_CONTEXT("on a port") { test(false); }
  BOOST_TEST_CONTEXT("on a path") { test(true); }
}

BOOST_AUTO_TEST_CASE(undisturbed, *label("18.1") * label("18.4") * label("18.5")) {
  onPortAndPath([](bool onPath) {
    auto texts = undisturbedLife(onPath).texts;
    BOOST_TEST(texts["server"] == "listening, connection, closed");
    BOOST_TEST(texts["client"] ==
               (onPath ? "" : std::string("lookup, ")) +
                   "connect, ready, drain, written, its data(reply), timeout, ended, finish, end, "
                   "close(false)");
    BOOST_TEST(texts["accepted"] ==
               "its data(hello), written, its data(bye), end, finish, close(false)");
    BOOST_TEST(texts["refused"] ==
               "ended(connect ECONNREFUSED 127.0.0.1:), error(connect ECONNREFUSED 127.0.0.1:), "
               "close(true)");
    BOOST_TEST(texts["unresolved"] ==
               "lookup, written(getaddrinfo ENOTFOUND nowhere.test), error(getaddrinfo ENOTFOUND "
               "nowhere.test), close(true)");
  });
}

BOOST_AUTO_TEST_CASE(anExceptionAtAnyMomentChangesNothing, *label("2.6")) {
  onPortAndPath([](bool onPath) {
    const Record undisturbed = undisturbedLife(onPath);
    for (const std::string& moment : undisturbed.moments) {
      BOOST_TEST_CONTEXT("at " << moment) {
        bool armed = true;
        Life life(onPath, [&](Life&, const std::string& now) {
          if (isSame(now, moment) && std::exchange(armed, false)) throw Disturbance();
        });
        BOOST_TEST(life.live() == 1);
        BOOST_TEST((textOf(life.traces) == undisturbed.texts));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(exceptionsAtEveryMomentChangeNothing, *label("2.6")) {
  onPortAndPath([](bool onPath) {
    const Record undisturbed = undisturbedLife(onPath);
    Life life(onPath, [](Life&, const std::string&) { throw Disturbance(); });
    BOOST_TEST(life.live() == static_cast<int>(undisturbed.moments.size()));
    BOOST_TEST((textOf(life.traces) == undisturbed.texts));
  });
}

// Whoever is destroyed, closed or both, by whomever: each has one 'close', and nothing after it.
BOOST_AUTO_TEST_CASE(anythingMayBeDestroyedAtAnyMoment,
                     *label("9.9") * label("9.11") * label("2.7")) {
  const std::vector<std::pair<const char*, std::function<void(Life&)>>> disturbances{
      {"client.destroy()", [](Life& life) { life.client.destroy(); }},
      {"client.destroy(error)",
       [](Life& life) { life.client.destroy(Error({.message = "given"})); }},
      {"client.end()", [](Life& life) { life.client.end(); }},
      {"accepted.destroy()",
       [](Life& life) {
         if (life.accepted) life.accepted->destroy();
       }},
      {"accepted.destroy(error)",
       [](Life& life) {
         if (life.accepted) life.accepted->destroy(Error({.message = "given"}));
       }},
      {"accepted.end()",
       [](Life& life) {
         if (life.accepted) life.accepted->end();
       }},
      {"server.close()", [](Life& life) { life.server.close(); }},
      {"refused.destroy()", [](Life& life) { life.refused.destroy(); }},
      {"unresolved.destroy()", [](Life& life) { life.unresolved.destroy(); }},
      {"everything",
       [](Life& life) {
         life.server.close();
         for (const Socket& socket : {life.client, life.refused, life.unresolved}) socket.destroy();
         if (life.accepted) life.accepted->destroy();
       }},
  };
  const auto count = [](const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  int lives = 0;
  onPortAndPath([&](bool onPath) {
    for (const std::string& moment : undisturbedLife(onPath).moments) {
      for (const auto& [name, disturb] : disturbances) {
        BOOST_TEST_CONTEXT(name << " at " << moment) {
          bool armed = true;
          Life life(onPath, [&, &act = disturb](Life& self, const std::string& now) {
            if (isSame(now, moment) && std::exchange(armed, false)) act(self);
          });
          life.live();
          ++lives;
          BOOST_TEST(!armed);
          for (const auto& [who, trace] : textOf(life.traces)) {
            if (who == "server") continue;
            const std::string text = ", " + trace;
            BOOST_TEST_CONTEXT(who << text) {
              BOOST_TEST(count(text, ", close(") == 1u);
              BOOST_TEST(text.rfind(", close(") == text.rfind(','));  // nothing comes after it
              BOOST_TEST(count(text, ", error(") <= 1u);
              BOOST_TEST(count(text, ", close(true)") == count(text, ", error("));
            }
          }
        }
      }
    }
  });
  BOOST_TEST_MESSAGE("lives: " << lives);
}

}  // namespace
}  // namespace sprocket::tests
