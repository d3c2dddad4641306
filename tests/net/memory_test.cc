// SQLite's way: a scenario is run with its first allocation failing, then with its second, and so
// on until none is left to fail; and again with every allocation from that one on. Only what the
// library allocates fails, on the loop's thread. A call that throws is made again, and goes well
// if nothing has changed. Every run must come to its end with the work done or ENOMEM told, by one
// 'error' or 'drop' if one allocation failed; each socket with one 'close'; each callback called
// once; all bytes in order; no descriptor and no file left behind.

#include <algorithm>
#include <climits>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <iostream>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/dns/dns.h"
#include "sprocket/net/net.h"
#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"
#include "sprocket/tests/dns/failing_memory.h"
#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/open_descriptors.h"
#include "sprocket/tests/support/raw_socket.h"
#include "sprocket/tests/support/socket_fixture.h"
#include "sprocket/tests/support/wine.h"

namespace sprocket::platform {

// In place of the weak one.
HostLookup lookupHost(const std::string& host, std::optional<Family>, LookupHints) {
  if (host == "nowhere.test") return {.error = HostLookupError::notFound()};
  return {.addresses = {IpAddress::loopback(Family::v4)}};
}

}  // namespace sprocket::platform

namespace sprocket::tests {
namespace {

using net::Server;
using net::Socket;

// Whether allocations may fail, in a scope.
class Memory {
 public:
  static Memory spared() { return Memory(true); }
  static Memory failing() { return Memory(false); }
  ~Memory() { spareAllocations(before_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

 private:
  explicit Memory(bool spared) : before_(spareAllocations(spared)) {}

  const bool before_;
};

// What became of a socket.
struct Story {
  std::string got;
  std::string error;  // its code
  int errors = 0;
  int closes = 0;
  bool hadError = false;
  bool ended = false;
  int callbacksDue = 0;
  int callbacks = 0;
  int callbacksFailed = 0;

  bool isWell() const {
    return errors == 0 && closes == 1 && ended && callbacks == callbacksDue && callbacksFailed == 0;
  }
};

class Run : public SocketFixture {
 public:
  // All that the library is asked for. What throws has changed nothing.
  template <class F>
  void call(F ask) {
    try {
      const auto memory = Memory::failing();
      return ask();
    } catch (const std::bad_alloc&) {
    }
    ask();
  }

  Story& watch(const Socket& socket) {
    Story& story = stories_.emplace_back();
    socket.on<"error">([&](const Error& error) {
      const auto memory = Memory::spared();
      ++story.errors;
      story.error = error.code();
      note(error);
    });
    socket.on<"end">([&] { story.ended = true; });
    socket.on<"close">([&](bool hadError) {
      ++story.closes;
      story.hadError = hadError;
    });
    return story;
  }
  void watch(const Server& server) {
    server.on<"error">([&](const Error& error) { note(error); });
    server.on<"drop">([&](const net::Drop& drop) { note(drop.why); });
    server.on<"close">([&] { ++serverCloses_; });
  }

  Story& collect(const Socket& socket, Story& story) {
    call([&] {
      socket.on<"data">([&](std::string_view bytes) {
        const auto memory = Memory::spared();
        story.got += bytes;
      });
    });
    return story;
  }

  void write(const Socket& socket, Story& story, std::string_view text) {
    ++story.callbacksDue;
    call([&] { socket.write(text, onWritten(story)); });
  }
  void end(const Socket& socket, Story& story, std::string_view text) {
    ++story.callbacksDue;
    call([&] { socket.end(text, onWritten(story)); });
  }

  void close(const Server& server) {
    ++serverClosesDue_;
    call([&] { server.close(); });
  }

  template <class V>
  Server listen(V venue, const std::function<void(Socket, Story&)>& onConnection) {
    const Server server;
    watch(server);
    server.on<"connection">([this, onConnection](Socket socket) {
      const auto memory = Memory::spared();
      onConnection(socket, watch(socket));
    });
    call([&] { listenAt(venue, server); });
    return server;
  }

  // A client, at whose end the server is closed.
  Story& connect(const Socket& client, const Server& server,
                 net::ConnectOptions options = {.host = "127.0.0.1"}) {
    Story& story = watch(client);
    client.on<"close">([this, server] {
      const auto memory = Memory::spared();
      if (server.listening()) close(server);
    });
    const net::ConnectOptions place = placeOf(server);
    options.port = place.port;
    options.path = place.path;
    call([&] { client.connect(options); });
    return story;
  }

  void finish() {
    try {
      const auto memory = Memory::failing();
      run();
    } catch (const std::bad_alloc&) {
      BOOST_FAIL("bad_alloc left run()");
    }
    for (const Story& story : stories_) {
      BOOST_TEST(story.closes == 1);
      BOOST_TEST(story.errors == (story.hadError ? 1 : 0));
      BOOST_TEST(story.callbacks == story.callbacksDue);
    }
    BOOST_TEST(serverCloses_ == serverClosesDue_);
    BOOST_TEST(countOpenDescriptors() == descriptorsOfLoop_);
    if constexpr (TempDirectory::kHasFiles) {
      BOOST_TEST(std::filesystem::is_empty(temp().path("")));
    }
    abandon();
  }
  void abandon() {
    const auto memory = Memory::failing();
    destroyLoop();
  }

  void note(const Error& error) {
    if (error.code() == "ENOMEM") ++timesTold_;
  }
  int timesTold() const { return timesTold_; }

 private:
  net::OnWritten onWritten(Story& story) {
    return [&](const Error& error) {
      ++story.callbacks;
      if (error) ++story.callbacksFailed;
    };
  }

  std::deque<Story> stories_;
  int timesTold_ = 0;
  int serverCloses_ = 0;
  int serverClosesDue_ = 0;
  const std::size_t descriptorsOfLoop_ = countOpenDescriptors();
};

// Arranges what ends by itself whatever happens, runs it, and says whether the work was done.
using Scenario = bool (*)(Run&);

template <class V>
bool echo(Run& run) {
  const Server server =
      run.listen(V(), [&](Socket served, Story&) { run.call([&] { served.pipe(served); }); });
  const Socket client;
  Story& story = run.connect(client, server, {.host = "127.0.0.1", .timeout = 60'000});
  run.collect(client, story);
  bool hasEnded = false;
  client.on<"data">([&](Socket self) {
    const auto memory = Memory::spared();
    if (story.got != "hello world" || std::exchange(hasEnded, true)) return;
    run.end(self, story, "!");
  });
  run.write(client, story, "hello ");
  run.write(client, story, "world");
  run.finish();
  return story.isWell() && story.got == "hello world!";
}

// Pieces large and small, to a peer that listens late and so keeps at first.
template <class V>
bool queue(Run& run) {
  static const std::string big = pattern(5'000'000);
  Story* sink = nullptr;
  const Server server = run.listen(V(), [&](Socket served, Story& story) {
    sink = &story;
    const auto listenLate = [&, served] {
      const auto memory = Memory::spared();
      run.collect(served, story);
    };
    run.call([&] { setTimeout(listenLate, 2); });
  });
  const Socket client;
  Story& story = run.connect(client, server);
  run.call([&] { client.resume(); });
  std::string sent;
  const auto write = [&](const std::string& text) {
    sent += text;
    run.write(client, story, text);
  };
  write("early");
  client.on<"connect">([&] {
    const auto memory = Memory::spared();
    write(big);
    for (int i = 0; i < 40; ++i) write("small " + std::to_string(i));
    write(pattern(100'000, 2));
    for (int i = 0; i < 30; ++i) write(pattern(4'000, 3));
    sent += "tail";
    run.end(client, story, "tail");
  });
  run.finish();
  if (sink == nullptr) return false;
  BOOST_TEST(sent.starts_with(sink->got));
  return story.isWell() && sink->isWell() && sink->got == sent;
}

// What one client sends goes through pipes to two others, which hold it up.
template <class V>
bool pipes(Run& run) {
  static const std::string big = pattern(2'000'000);
  std::vector<Story*> sinks;
  const Server far = run.listen(
      V(), [&](Socket served, Story& story) { sinks.push_back(&run.collect(served, story)); });
  std::vector<Story*> relays;
  const Server near = run.listen(V(), [&](Socket served, Story&) {
    for (int i = 0; i < 2; ++i) {
      const Socket relay;
      relays.push_back(&run.connect(relay, far));
      run.call([&] { relay.resume(); });
      run.call([&] { served.pipe(relay); });
      // Nobody reads what is not piped any more, and nobody ends what nothing is piped into.
      relay.on<"close">([=] { served.destroy(); });
      served.on<"close">([=] { relay.destroy(); });
    }
  });
  const Socket client;
  Story& story = run.connect(client, near);
  client.on<"close">([&] {
    const auto memory = Memory::spared();
    if (relays.empty()) run.close(far);
  });
  run.call([&] { client.resume(); });
  run.write(client, story, "early");
  run.end(client, story, big);
  run.finish();
  for (const Story* sink : sinks) BOOST_TEST(("early" + big).starts_with(sink->got));
  return story.isWell() && sinks.size() == 2 && sinks[0]->got == "early" + big &&
         sinks[1]->got == sinks[0]->got;
}

// The server reads a word by asking for it and has the rest told; the client asks for it all.
template <class V>
bool pulls(Run& run) {
  static const std::string big = pattern(200'000);
  Story* sink = nullptr;
  const Server server = run.listen(V(), [&](Socket served, Story& story) {
    sink = &run.collect(served, story);
    run.call([&] {
      served.on<"readable">([&](Socket self) {
        const auto memory = Memory::spared();
        std::optional<Buffer> word;
        run.call([&] { word = self.read(5); });
        if (word) run.call([&] { self.removeAllListeners<"readable">(); });
      });
    });
    run.end(served, story, big);
  });
  const Socket client;
  Story& story = run.connect(client, server);
  run.call([&] { client.setEncoding(); });
  run.call([&] {
    client.on<"readable">([&](Socket self) {
      const auto memory = Memory::spared();
      std::optional<Buffer> chunk;
      do {
        run.call([&] { chunk = self.read(30'000); });
        if (chunk) story.got += chunk->text();
      } while (chunk);
    });
  });
  run.end(client, story, "early" + big);
  run.finish();
  return story.isWell() && story.got == big && sink->isWell() && sink->got == "early" + big;
}

bool names(Run& run) {
  const Server server;
  run.watch(server);
  server.on<"connection">([&](Socket served) {
    const auto memory = Memory::spared();
    run.watch(served);
    run.call([&] { served.end("hello"); });
    run.call([&] { served.resume(); });
  });
  Story* story = nullptr;
  const Socket client;
  server.on<"listening">([&] {
    const auto memory = Memory::spared();
    story = &run.connect(client, server,
                         {.host = "a-long-name-for-this-server.test", .localAddress = "127.0.0.1"});
    run.collect(client, *story);
  });
  run.call([&] { server.listen(0, "a-long-name-for-this-server.test", 7); });
  run.finish();
  return story != nullptr && story->isWell() && story->got == "hello";
}

// A resolver of the test's own that answers with these.
net::LookupFunction answering(Run& run, std::vector<std::string> addresses) {
  return [&run, addresses](const std::string&, const dns::LookupOptions&,
                           const net::LookupAnswer& answer) {
    const auto memory = Memory::spared();
    run.call([&] {
      std::vector<dns::Address> all;
      for (const std::string& each : addresses) all.push_back({each, 4});
      answer(std::move(all));
    });
  };
}

bool ownResolver(Run& run) {
  const Server server = run.listen(Tcp(), [&](Socket served, Story&) {
    run.call([&] { served.end("hello"); });
    run.call([&] { served.resume(); });
  });
  const Socket client;
  Story& story = run.connect(
      client, server,
      {.host = "a-long-name-for-this-server.test", .lookup = answering(run, {"127.0.0.1"})});
  run.collect(client, story);
  run.finish();
  return story.isWell() && story.got == "hello";
}

const UnansweringPort slow;

// The first address does not answer, the second refuses, the third is the server's.
bool race(Run& run) {
  const Server server;
  run.watch(server);
  server.on<"connection">([&](Socket served) {
    const auto memory = Memory::spared();
    run.watch(served);
    run.call([&] { served.end("hello"); });
    run.call([&] { served.resume(); });
  });
  run.call([&] { server.listen(slow.number(), "127.0.0.3"); });
  const Socket client;
  Story& story = run.connect(client, server,
                             {.host = "a-long-name-for-this-server.test",
                              .family = 0,
                              .lookup = answering(run, {"127.0.0.1", "127.0.0.2", "127.0.0.3"}),
                              .autoSelectFamilyAttemptTimeout = 10});
  run.collect(client, story);
  run.write(client, story, "hello");
  run.finish();
  return story.isWell() && story.got == "hello";
}

bool lostRace(Run& run) {
  const net::ConnectOptions place = run.nowhere(Tcp());
  const Socket client;
  Story& story = run.watch(client);
  run.call([&] {
    client.connect({.port = place.port,
                    .host = "a-long-name-for-this-server.test",
                    .family = 0,
                    .lookup = answering(run, {"127.0.0.1", "127.0.0.2", "127.0.0.3"})});
  });
  run.write(client, story, "hello");
  run.finish();
  return story.error == "ECONNREFUSED";
}

bool abandonedRace(Run& run) {
  const Socket client;
  client.on<"error">([&](const Error& error) { run.note(error); });
  client.on<"connectionAttemptFailed">([&] {
    const auto memory = Memory::spared();
    run.loop().stop();
  });
  client.on<"close">([&] { run.loop().stop(); });
  run.call([&] {
    client.connect({.port = slow.number(),
                    .host = "a-long-name-for-this-server.test",
                    .family = 0,
                    .lookup = answering(run, {"127.0.0.1", "127.0.0.2", "127.0.0.3"}),
                    .autoSelectFamilyAttemptTimeout = 10});
  });
  run.run();
  run.abandon();
  return true;
}

bool unknownNames(Run& run) {
  std::string error;
  const Server server;
  run.watch(server);
  server.on<"error">([&](const Error& each) {
    const auto memory = Memory::spared();
    error = each.code();
  });
  run.call([&] { server.listen(0, "nowhere.test"); });
  const Socket client;
  Story& story = run.watch(client);
  run.call([&] { client.connect(1, "nowhere.test"); });
  run.write(client, story, "hello");
  run.finish();
  return error == "ENOTFOUND" && story.error == "ENOTFOUND";
}

template <class V>
bool refused(Run& run) {
  const Socket client;
  Story& story = run.watch(client);
  const net::ConnectOptions place = run.nowhere(V());
  run.call([&] { client.connect(place); });
  run.write(client, story, "hello");
  run.write(client, story, "world");
  run.end(client, story, "!");
  run.finish();
  return story.error == "ECONNREFUSED" || story.error == "ENOENT";
}

template <class V>
bool inUse(Run& run) {
  std::string error;
  const Server first = run.listen(V(), {});
  const net::Address place = first.address().value();
  const Server second;
  run.watch(second);
  second.on<"error">([&](const Error& each) {
    const auto memory = Memory::spared();
    error = each.code();
    run.close(first);
  });
  run.call([&] {
    second.listen({.port = place.path.empty() ? std::optional(place.port) : std::nullopt,
                   .host = "127.0.0.1",
                   .path = place.path});
  });
  run.finish();
  return error == "EADDRINUSE";
}

// Two servers at one place. A call that throws has taken nothing away, so it need not be made
// again.
template <class V>
bool shared(Run& run) {
  const auto greet = [&](Socket served, Story&) {
    run.call([&] { served.end("hello"); });
    run.call([&] { served.resume(); });
  };
  const Server first = run.listen(V(), greet);
  int timesListening = 0;
  first.on<"listening">([&] { ++timesListening; });
  try {
    const auto memory = Memory::failing();
    first.listen(first);
  } catch (const std::bad_alloc&) {
  }
  const Server second = run.listen(V(), greet);
  run.call([&] { second.listen(first); });
  const Socket client;
  client.on<"close">([&] {
    const auto memory = Memory::spared();
    run.close(second);
  });
  Story& story = run.collect(client, run.connect(client, first));
  run.finish();
  BOOST_TEST(timesListening == 1);
  return story.isWell() && story.got == "hello";
}

// Several at once, so that one may be dropped and the others are not.
template <class V>
bool burst(Run& run) {
  std::size_t left = 4;
  std::vector<Story*> stories;
  const Server server = run.listen(V(), [&](Socket served, Story&) {
    run.call([&] { served.end("hello"); });
    run.call([&] { served.resume(); });
  });
  const net::ConnectOptions place = run.placeOf(server);
  for (std::size_t i = 0; i < 4; ++i) {
    const Socket client;
    stories.push_back(&run.watch(client));
    client.on<"close">([&] {
      const auto memory = Memory::spared();
      if (--left == 0) run.close(server);
    });
    run.collect(client, *stories.back());
    run.call([&] { client.connect(place); });
  }
  run.finish();
  return std::all_of(stories.begin(), stories.end(),
                     [](const Story* story) { return story->isWell() && story->got == "hello"; });
}

// One may come and the others are refused, and then they are counted.
template <class V>
bool limited(Run& run) {
  constexpr std::size_t count = 3;
  std::size_t refused = 0;
  std::size_t left = count;
  int told = 0;
  const Server server = run.listen(V(), [](Socket, Story&) {});
  server.setMaxConnections(1);
  server.on<"drop">([&](const net::Drop& drop) { refused += drop.why ? 0 : 1; });
  const net::ConnectOptions place = run.placeOf(server);
  std::vector<Socket> clients(count);
  for (const Socket& client : clients) {
    client.on<"error">([&](const Error& error) { run.note(error); });
    client.on<"close">([&] {
      const auto memory = Memory::spared();
      if (--left == 0) return run.close(server);
      if (left > 1) return;
      run.call([&] { server.getConnections([&] { ++told; }); });
      for (const Socket& each : clients) each.destroy();
    });
    run.call([&] { client.resume(); });
    run.call([&] { client.connect(place); });
  }
  server.on<"connection">([](Socket served) { served.resume(); });
  run.finish();
  BOOST_TEST(told == 1);
  return refused == count - 1;
}

// The peer is gone with much still to be sent.
template <class V>
bool reset(Run& run) {
  static const std::string big = pattern(8'000'000);
  const Server server = run.listen(V(), [&](Socket served, Story&) {
    run.call([&] { served.on<"data">([](Socket self) { self.destroy(); }); });
  });
  const Socket client;
  Story& story = run.connect(client, server);
  run.call([&] { client.resume(); });
  run.write(client, story, "early");
  run.write(client, story, big);
  run.end(client, story, "tail");
  run.finish();
  return (story.error == "ECONNRESET" || story.error == "EPIPE") && story.callbacksFailed > 0;
}

// What is asked for in vain is told in vain once.
template <class V>
bool mistakes(Run& run) {
  const Socket fresh;
  Story& freshStory = run.watch(fresh);
  run.write(fresh, freshStory, "hello");

  const net::ConnectOptions place = run.nowhere(V());
  const Socket given;
  Story& givenStory = run.watch(given);
  run.call([&] { given.connect(place); });
  run.write(given, givenStory, "hello");
  run.end(given, givenStory, "world");
  given.destroy();
  run.write(given, givenStory, "too late");
  run.end(given, givenStory, "too late");

  const Socket ended;
  Story& endedStory = run.watch(ended);
  run.call([&] { ended.connect(place); });
  run.end(ended, endedStory, "hello");
  run.write(ended, endedStory, "world");
  run.finish();
  return freshStory.error == "ERR_SOCKET_CLOSED" && givenStory.errors == 0 &&
         endedStory.error == "ERR_STREAM_WRITE_AFTER_END";
}

// The same socket twice.
template <class V>
bool reconnect(Run& run) {
  int rounds = 0;
  std::string got;
  const Server server = run.listen(V(), [&](Socket served, Story&) {
    run.call([&] { served.end("hello"); });
    run.call([&] { served.resume(); });
  });
  const net::ConnectOptions place = run.placeOf(server);
  const Socket client;
  client.on<"error">([&](const Error& error) { run.note(error); });
  client.on<"data">([&](std::string_view text) {
    const auto memory = Memory::spared();
    got += text;
  });
  client.on<"close">([&](Socket self) {
    const auto memory = Memory::spared();
    if (++rounds == 2) return run.close(server);
    run.call([&] { self.connect(place); });
  });
  run.call([&] { client.connect(place); });
  run.finish();
  BOOST_TEST(rounds == 2);
  return got == "hellohello";
}

// The server leaves first, and waits for the client's end.
template <class V>
bool soon(Run& run) {
  const Server server = run.listen(V(), [&](Socket served, Story&) {
    run.call([&] {
      served.write("bye");
      served.destroySoon();
    });
  });
  const Socket client;
  Story& story = run.connect(client, server);
  run.collect(client, story);
  run.finish();
  return story.isWell() && story.got == "bye";
}

// A loop that ends with everything open.
template <class V>
bool abandoned(Run& run) {
  const Server server = run.listen(V(), [&](Socket, Story&) {});
  const Socket client;
  client.on<"error">([&](const Error& error) { run.note(error); });
  const net::ConnectOptions place = run.placeOf(server);
  run.call([&] { client.connect(place); });
  run.call([&] { client.write("hello"); });
  run.abandon();
  return true;
}

// Returns how many points that were.
int sweepWith(int times, Scenario scenario) {
  for (int point = 0;; point += kSweepStep) {
    const std::size_t descriptorsBefore = countOpenDescriptors();
    BOOST_TEST_CONTEXT("allocation " << point << ", " << times << " times") {
      const auto memory = Memory::spared();
      Run run;
      const int failedBefore = failedAllocationCount();
      failAllocationAfter(point, times);
      const bool done = scenario(run);
      failAllocationAfter(-1);
      const bool struck = failedAllocationCount() > failedBefore;
      BOOST_TEST(countOpenDescriptors() == descriptorsBefore);
      BOOST_TEST((done || run.timesTold() > 0), "the failure went unreported");
      if (times == 1) BOOST_TEST(run.timesTold() <= 1);
      if (!struck) return point;
    }
  }
}

void sweep(std::string_view name, Scenario scenario) {
  const int points = sweepWith(1, scenario) + sweepWith(INT_MAX, scenario);
  BOOST_TEST(points > 0);
  std::cout << "memory/" << name << ": " << points << " points\n";
}

const auto ifMemoryCanFail = skipUnless(&canFailAllocations, "this sanitizer keeps operator new");

BOOST_AUTO_TEST_SUITE(memory, *ifMemoryCanFail)

BOOST_AUTO_TEST_CASE(echoOverTcp) { sweep("echoOverTcp", echo<Tcp>); }
BOOST_AUTO_TEST_CASE(echoOverUnix) { sweep("echoOverUnix", echo<Unix>); }
BOOST_AUTO_TEST_CASE(queueOverTcp) { sweep("queueOverTcp", queue<Tcp>); }
BOOST_AUTO_TEST_CASE(queueOverUnix) { sweep("queueOverUnix", queue<Unix>); }
BOOST_AUTO_TEST_CASE(pipesOverTcp) { sweep("pipesOverTcp", pipes<Tcp>); }
BOOST_AUTO_TEST_CASE(pipesOverUnix) { sweep("pipesOverUnix", pipes<Unix>); }
BOOST_AUTO_TEST_CASE(pullsOverTcp) { sweep("pullsOverTcp", pulls<Tcp>); }
BOOST_AUTO_TEST_CASE(pullsOverUnix) { sweep("pullsOverUnix", pulls<Unix>); }
BOOST_AUTO_TEST_CASE(namesThatAreFound) { sweep("namesThatAreFound", names); }
BOOST_AUTO_TEST_CASE(namesThatAreNot) { sweep("namesThatAreNot", unknownNames); }
BOOST_AUTO_TEST_CASE(resolverOfOnesOwn) { sweep("resolverOfOnesOwn", ownResolver); }
BOOST_AUTO_TEST_CASE(raceThatIsWon) { sweep("raceThatIsWon", race); }
BOOST_AUTO_TEST_CASE(raceThatIsLost) { sweep("raceThatIsLost", lostRace); }
BOOST_AUTO_TEST_CASE(raceThatIsAbandoned) { sweep("raceThatIsAbandoned", abandonedRace); }
BOOST_AUTO_TEST_CASE(refusedOverTcp) { sweep("refusedOverTcp", refused<Tcp>); }
BOOST_AUTO_TEST_CASE(refusedOverUnix) { sweep("refusedOverUnix", refused<Unix>); }
BOOST_AUTO_TEST_CASE(portInUse) { sweep("portInUse", inUse<Tcp>); }
BOOST_AUTO_TEST_CASE(pathInUse, *notUnderWine("Wine lets every process make instances of a pipe")) {
  sweep("pathInUse", inUse<Unix>);
}
BOOST_AUTO_TEST_CASE(sharedTcp) { sweep("sharedTcp", shared<Tcp>); }
BOOST_AUTO_TEST_CASE(sharedUnix) { sweep("sharedUnix", shared<Unix>); }
BOOST_AUTO_TEST_CASE(burstOverTcp) { sweep("burstOverTcp", burst<Tcp>); }
BOOST_AUTO_TEST_CASE(burstOverUnix) { sweep("burstOverUnix", burst<Unix>); }
BOOST_AUTO_TEST_CASE(limitedOverTcp) { sweep("limitedOverTcp", limited<Tcp>); }
BOOST_AUTO_TEST_CASE(limitedOverUnix) { sweep("limitedOverUnix", limited<Unix>); }
BOOST_AUTO_TEST_CASE(resetOverTcp) { sweep("resetOverTcp", reset<Tcp>); }
BOOST_AUTO_TEST_CASE(resetOverUnix) { sweep("resetOverUnix", reset<Unix>); }
BOOST_AUTO_TEST_CASE(mistakesOverTcp) { sweep("mistakesOverTcp", mistakes<Tcp>); }
BOOST_AUTO_TEST_CASE(mistakesOverUnix) { sweep("mistakesOverUnix", mistakes<Unix>); }
BOOST_AUTO_TEST_CASE(reconnectOverTcp) { sweep("reconnectOverTcp", reconnect<Tcp>); }
BOOST_AUTO_TEST_CASE(reconnectOverUnix) { sweep("reconnectOverUnix", reconnect<Unix>); }
BOOST_AUTO_TEST_CASE(soonOverTcp) { sweep("soonOverTcp", soon<Tcp>); }
BOOST_AUTO_TEST_CASE(soonOverUnix) { sweep("soonOverUnix", soon<Unix>); }
BOOST_AUTO_TEST_CASE(abandonedOverTcp) { sweep("abandonedOverTcp", abandoned<Tcp>); }
BOOST_AUTO_TEST_CASE(abandonedOverUnix) { sweep("abandonedOverUnix", abandoned<Unix>); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sprocket::tests
