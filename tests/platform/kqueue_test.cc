// What the poller relies on of kqueue, asked of kqueue itself: under --config=kqueue that tests the
// shim, and on a BSD it tells whether the shim is like it.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/platform/posix/fd.h"

namespace sprocket::tests {
namespace {

using platform::Fd;
using Event = struct ::kevent;

Event changeOf(int ident, int filter, int flags, void* udata = nullptr, unsigned fflags = 0) {
  Event change{};
  change.ident = static_cast<decltype(change.ident)>(ident);
  change.filter = static_cast<decltype(change.filter)>(filter);
  change.flags = static_cast<decltype(change.flags)>(flags);
  change.fflags = fflags;
  change.udata = udata;
  return change;
}

struct Kqueue {
  Fd queue{::kqueue()};
  int tag = 0;
  int otherTag = 0;

  // 0, or the error in its receipt.
  int change(int ident, int filter, int flags, void* udata = nullptr) {
    const Event asked = changeOf(ident, filter, flags | EV_RECEIPT, udata);
    Event receipt{};
    BOOST_TEST(::kevent(queue.get(), &asked, 1, &receipt, 1, nullptr) == 1);
    BOOST_TEST((receipt.flags & EV_ERROR) != 0);
    BOOST_TEST(receipt.ident == asked.ident);
    return static_cast<int>(receipt.data);
  }

  int trigger() {
    const Event asked = changeOf(7, EVFILT_USER, 0, nullptr, NOTE_TRIGGER);
    return ::kevent(queue.get(), &asked, 1, nullptr, 0, nullptr) < 0 ? errno : 0;
  }

  std::vector<Event> wait(long nanoseconds = 0, int capacity = 16) {
    std::vector<Event> events(static_cast<std::size_t>(capacity));
    const timespec limit{.tv_sec = nanoseconds / 1'000'000'000,
                         .tv_nsec = nanoseconds % 1'000'000'000};
    const int count = ::kevent(queue.get(), nullptr, 0, events.data(), capacity, &limit);
    BOOST_REQUIRE(count >= 0);
    events.resize(static_cast<std::size_t>(count));
    return events;
  }

  std::vector<Event> awaitEvents() { return wait(10'000'000'000); }
};

struct Pair {
  Fd ours, theirs;

  Pair() {
    std::array<int, 2> ends;
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    ours = Fd(ends[0]);
    theirs = Fd(ends[1]);
  }
  int fd() const { return ours.get(); }
  void tell(std::string_view text) const {
    BOOST_TEST(::write(theirs.get(), text.data(), text.size()) == ssize_t(text.size()));
  }
  void hear() const {
    std::array<char, 100> buffer;
    BOOST_TEST(::read(fd(), buffer.data(), buffer.size()) > 0);
  }
};

bool isEof(const Event& event) { return (event.flags & EV_EOF) != 0; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kqueue_itself, Kqueue)

BOOST_AUTO_TEST_CASE(tells_what_is_to_be_read_until_it_is_read) {
  const Pair pair;
  BOOST_TEST(change(pair.fd(), EVFILT_READ, EV_ADD, &tag) == 0);
  BOOST_TEST(wait().empty());
  pair.tell("hello");
  for (int i = 0; i < 2; ++i) {
    const auto events = awaitEvents();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].ident == static_cast<std::uintptr_t>(pair.fd()));
    BOOST_TEST(events[0].filter == EVFILT_READ);
    BOOST_TEST((events[0].flags & (EV_EOF | EV_ERROR)) == 0);
    BOOST_TEST(events[0].data == 5);
    BOOST_TEST(events[0].udata == &tag);
  }
  pair.hear();
  BOOST_TEST(wait().empty());
}

BOOST_AUTO_TEST_CASE(reading_and_writing_are_two_events) {
  const Pair pair;
  pair.tell("hello");
  BOOST_TEST(change(pair.fd(), EVFILT_READ, EV_ADD, &tag) == 0);
  BOOST_TEST(change(pair.fd(), EVFILT_WRITE, EV_ADD, &otherTag) == 0);
  const auto events = awaitEvents();
  BOOST_TEST_REQUIRE(events.size() == 2u);
  BOOST_TEST(events[0].filter != events[1].filter);
  for (const Event& event : events) {
    BOOST_TEST(event.udata == (event.filter == EVFILT_READ ? &tag : &otherTag));
  }
  BOOST_TEST(change(pair.fd(), EVFILT_READ, EV_DELETE) == 0);
  BOOST_TEST_REQUIRE(wait().size() == 1u);
  BOOST_TEST(wait()[0].filter == EVFILT_WRITE);
  BOOST_TEST(change(pair.fd(), EVFILT_WRITE, EV_DELETE) == 0);
  BOOST_TEST(wait().empty());
}

BOOST_AUTO_TEST_CASE(what_finds_no_room_is_told_next) {
  const Pair pair;
  BOOST_TEST(change(pair.fd(), EVFILT_WRITE, EV_ADD) == 0);
  const Pair second;
  BOOST_TEST(change(second.fd(), EVFILT_WRITE, EV_ADD) == 0);
  BOOST_TEST(wait(0, 1).size() == 1u);
  BOOST_TEST(wait(0, 2).size() >= 1u);
  BOOST_TEST(wait(0, 4).size() == 2u);
}

BOOST_AUTO_TEST_CASE(adding_again_replaces_the_udata) {
  const Pair pair;
  pair.tell("hello");
  BOOST_TEST(change(pair.fd(), EVFILT_READ, EV_ADD, &tag) == 0);
  BOOST_TEST(change(pair.fd(), EVFILT_READ, EV_ADD, &otherTag) == 0);
  const auto events = awaitEvents();
  BOOST_TEST_REQUIRE(events.size() == 1u);
  BOOST_TEST(events[0].udata == &otherTag);
}

BOOST_AUTO_TEST_CASE(the_end_comes_with_what_is_unread) {
  const Pair pair;
  pair.tell("hello");
  ::shutdown(pair.theirs.get(), SHUT_WR);
  BOOST_TEST(change(pair.fd(), EVFILT_READ, EV_ADD) == 0);
  BOOST_TEST(change(pair.fd(), EVFILT_WRITE, EV_ADD) == 0);
  for (const Event& event : awaitEvents()) {
    // The other direction has not ended.
    BOOST_TEST(isEof(event) == (event.filter == EVFILT_READ));
    if (event.filter == EVFILT_READ) BOOST_TEST(event.data == 5);
  }
  pair.hear();
  BOOST_TEST(change(pair.fd(), EVFILT_WRITE, EV_DELETE) == 0);
  const auto events = wait();
  BOOST_TEST_REQUIRE(events.size() == 1u);
  BOOST_TEST(isEof(events[0]));
  BOOST_TEST(events[0].data == 0);
}

BOOST_AUTO_TEST_CASE(that_the_peer_is_gone_is_told_of_both) {
  Pair pair;
  BOOST_TEST(change(pair.fd(), EVFILT_READ, EV_ADD) == 0);
  BOOST_TEST(change(pair.fd(), EVFILT_WRITE, EV_ADD) == 0);
  pair.theirs.reset();
  const auto events = awaitEvents();
  BOOST_TEST_REQUIRE(events.size() == 2u);
  for (const Event& event : events) BOOST_TEST(isEof(event));
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_the_end_of_writing) {
  Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  BOOST_REQUIRE(::bind(listener.get(), general, size) == 0);
  BOOST_REQUIRE(::getsockname(listener.get(), general, &size) == 0);
  listener.reset();
  const Fd client(::socket(AF_INET, SOCK_STREAM, 0));
  ::fcntl(client.get(), F_SETFL, O_NONBLOCK);
  if (::connect(client.get(), general, size) < 0 && errno != EINPROGRESS) return;  // told at once
  BOOST_TEST(change(client.get(), EVFILT_WRITE, EV_ADD) == 0);
  const auto events = awaitEvents();
  BOOST_TEST_REQUIRE(events.size() == 1u);
  BOOST_TEST(isEof(events[0]));
  BOOST_TEST((events[0].flags & EV_ERROR) == 0);
  int error = 0;
  size = sizeof error;
  BOOST_TEST(::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0);
  BOOST_TEST(error == ECONNREFUSED);
}

// Changes.

BOOST_AUTO_TEST_CASE(a_receipt_tells_what_became_of_each_change) {
  const Pair pair;
  const std::array<Event, 3> asked = {
      changeOf(pair.fd(), EVFILT_WRITE, EV_DELETE | EV_RECEIPT),
      changeOf(pair.fd(), EVFILT_READ, EV_ADD | EV_RECEIPT, &tag),
      changeOf(10'000, EVFILT_READ, EV_ADD | EV_RECEIPT),
  };
  std::array<Event, 3> receipts{};
  BOOST_TEST(::kevent(queue.get(), asked.data(), 3, receipts.data(), 3, nullptr) == 3);
  for (const Event& receipt : receipts) BOOST_TEST((receipt.flags & EV_ERROR) != 0);
  BOOST_TEST(receipts[0].data == ENOENT);
  BOOST_TEST(receipts[1].data == 0);
  BOOST_TEST(receipts[2].data == EBADF);
  pair.tell("hello");
  BOOST_TEST(awaitEvents().size() == 1u);
}

BOOST_AUTO_TEST_CASE(without_a_receipt_an_error_takes_the_room_of_an_event_or_fails_the_call) {
  const Event asked = changeOf(10'000, EVFILT_READ, EV_ADD);
  Event answer{};
  BOOST_TEST(::kevent(queue.get(), &asked, 1, &answer, 1, nullptr) == 1);
  BOOST_TEST((answer.flags & EV_ERROR) != 0);
  BOOST_TEST(answer.data == EBADF);
  BOOST_TEST(::kevent(queue.get(), &asked, 1, nullptr, 0, nullptr) == -1);
  BOOST_TEST(errno == EBADF);
}

BOOST_AUTO_TEST_CASE(deleting_what_is_not_there_says_so) {
  Pair pair;
  const int fd = pair.fd();
  BOOST_TEST(change(fd, EVFILT_READ, EV_DELETE) == ENOENT);
  BOOST_TEST(change(fd, EVFILT_READ, EV_ADD) == 0);
  BOOST_TEST(change(fd, EVFILT_WRITE, EV_DELETE) == ENOENT);
  BOOST_TEST(change(fd, EVFILT_READ, EV_DELETE) == 0);
  BOOST_TEST(change(fd, EVFILT_READ, EV_DELETE) == ENOENT);
  pair.ours.reset();
  BOOST_TEST(change(fd, EVFILT_READ, EV_DELETE) == EBADF);
}

BOOST_AUTO_TEST_CASE(a_closed_descriptor_takes_its_filters_along) {
  Pair pair;
  const int number = pair.fd();
  pair.tell("hello");
  BOOST_TEST(change(number, EVFILT_READ, EV_ADD, &tag) == 0);
  BOOST_TEST(change(number, EVFILT_WRITE, EV_ADD, &tag) == 0);
  pair.ours.reset();
  BOOST_TEST(wait().empty());
  // And the next of that number has none of them.
  const Pair next;
  BOOST_TEST_REQUIRE(next.fd() == number);
  next.tell("hello");
  BOOST_TEST(wait().empty());
  BOOST_TEST(change(number, EVFILT_READ, EV_ADD, &otherTag) == 0);
  const auto events = awaitEvents();
  BOOST_TEST_REQUIRE(events.size() == 1u);
  BOOST_TEST(events[0].udata == &otherTag);
}

// The user's event.

BOOST_AUTO_TEST_CASE(a_triggered_event_is_told_once) {
  BOOST_TEST(trigger() == ENOENT);
  BOOST_TEST(change(7, EVFILT_USER, EV_ADD | EV_CLEAR) == 0);
  BOOST_TEST(wait().empty());
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(trigger() == 0);
    BOOST_TEST(trigger() == 0);
    const auto events = awaitEvents();
    BOOST_TEST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].filter == EVFILT_USER);
    BOOST_TEST(events[0].ident == 7u);
    BOOST_TEST(wait().empty());
  }
  BOOST_TEST(change(7, EVFILT_USER, EV_DELETE) == 0);
  BOOST_TEST(trigger() == ENOENT);
}

BOOST_AUTO_TEST_CASE(another_thread_may_trigger_during_the_wait) {
  BOOST_TEST(change(7, EVFILT_USER, EV_ADD | EV_CLEAR) == 0);
  for (int i = 0; i < 100; ++i) {
    std::thread other([this] { trigger(); });
    BOOST_TEST(awaitEvents().size() == 1u);
    other.join();
  }
}

// The wait.

BOOST_AUTO_TEST_CASE(a_timeout_is_kept_to_the_microsecond) {
  for (const long nanoseconds : {1'000L, 50'000L, 1'500'000L, 20'000'000L}) {
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(wait(nanoseconds).empty());
    const auto time = std::chrono::steady_clock::now() - begin;
    BOOST_TEST((time >= std::chrono::nanoseconds(nanoseconds)));
  }
}

BOOST_AUTO_TEST_CASE(a_timeout_that_is_no_time_is_refused) {
  for (const timespec& limit : {timespec{0, 1'000'000'000}, timespec{0, -1}, timespec{-1, 0}}) {
    Event event;
    BOOST_TEST(::kevent(queue.get(), nullptr, 0, &event, 1, &limit) == -1);
    BOOST_TEST(errno == EINVAL);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_kqueue_is_refused) {
  const Pair pair;
  const timespec none{};
  for (const int fd : {pair.fd(), -1}) {
    Event event;
    BOOST_TEST(::kevent(fd, nullptr, 0, &event, 1, &none) == -1);
    BOOST_TEST(errno == EBADF);
  }
}

BOOST_AUTO_TEST_CASE(a_child_has_no_kqueue) {
  const pid_t child = ::fork();
  if (child == 0) {
    const timespec none{};
    Event event;
    const bool refused = ::kevent(queue.get(), nullptr, 0, &event, 1, &none) == -1;
    ::_exit(refused && errno == EBADF ? 0 : 1);
  }
  int status = -1;
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sprocket::tests
