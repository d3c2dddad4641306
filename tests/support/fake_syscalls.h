#pragma once

// A substitute for the system calls of platform/posix/syscalls.h and for those of the system's
// poller, in platform/linux/ or platform/bsd/; or for those of platform/windows/syscalls.h. A
// program that links it gets these in place of ours. They go on to the system, unless a
// FakeSyscalls exists and wants otherwise.
//
//   FakeSyscalls fake;
//   fake.fail(Call::accept, EMFILE);             // the next one
//   fake.fail(Call::recv, ECONNRESET, 3, 2);     // after three more the two following
//   fake.limitTransfers(1);                      // bytes that one call moves
//
// For a sweep all calls are numbered together: the scenario is run with failAt(0, 0), failAt(0, 1),
// ... failAt(1, 0), ..., until nothing was struck. See posix_faults_test.cc.
//
// On Windows the calls have the names of their like, pipes' too (fake_syscalls_windows.cc says
// which), and an error is Winsock's: platform::errorNumber("EMFILE") is right everywhere. A call
// that began well may fail by its packet.
//
// One thread only: what others call, a resolver's to wake its loop for one, goes to the system.

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sprocket/platform/time.h"

namespace sprocket::tests {

enum class Call {
  socket,
  accept,
  bind,
  listen,
  connect,
  recv,
  send,
  sendmsg,
  readv,
  writev,
  shutdown,
  close,
  getsockname,
  getpeername,
  getsockopt,
  setsockopt,
  open,
  fcntl,
  duplicate,  // fcntl too
  fstat,
  lstat,
  unlink,
  chmod,
  clockGettime,
  // Of the poller, by what they are for: epoll has its own calls for that and kqueue has others.
  makePoller,        // epoll_create, kqueue
  watch,             // epoll_ctl, kevent with changes
  poll,              // epoll_pwait2, kevent for events
  pollMilliseconds,  // epoll_wait, where there is no epoll_pwait2
  makeWakeup,        // eventfd, EVFILT_USER
  takeWake,          // read of the eventfd; done by kevent itself
  wake,              // write to the eventfd, NOTE_TRIGGER
  // Of Windows.
  packet,  // the end of a call that takes its time; of a read of a pipe it is recv
};
constexpr std::size_t kCallKinds = static_cast<std::size_t>(Call::packet) + 1;

std::string_view callName(Call call);

// Those without which there is no backend.
std::span<const Call> callsThatMakeABackend();

// What the manuals say that a call can meet without a mistake of its caller. What concerns the one
// moment only (EINTR, EAGAIN) is first.
std::span<const int> plausibleErrors(Call call);

// Whether nobody need hear of this failure, because trying again, or going on, is the answer.
bool isPassing(Call call, int errnum);

class FakeSyscalls {
 public:
  static constexpr std::size_t kForEver = static_cast<std::size_t>(-1);

  FakeSyscalls();
  ~FakeSyscalls();
  FakeSyscalls(const FakeSyscalls&) = delete;
  FakeSyscalls& operator=(const FakeSyscalls&) = delete;

  // Failures of one kind of call: after so many that go well, so many times. One plan per kind.
  void fail(Call call, int errnum, std::size_t after = 0, std::size_t times = 1);
  // Every call of the kind fails once before it is let through.
  void failEachOnce(Call call, int errnum);
  void letThrough(Call call);

  // The call of that number, counted from now, fails with the given one of plausibleErrors(), if it
  // has so many. With a width the calls right after it fail too, each with one of its own.
  void failAt(std::size_t index, std::size_t variant, std::size_t width = 1);

  struct Struck {
    Call call;
    int errnum;
  };
  const std::vector<Struck>& struck() const { return struck_; }  // by failAt()

  void limitTransfers(std::size_t bytes);

  // Calls that make descriptors fail with the error while so many are open.
  void limitDescriptors(std::size_t count, int errnum);

  // Run before each call of the kind is made: what another thread does just then.
  void before(Call call, std::function<void()> hook);

  // What the next getsockopt(SO_ERROR) tells.
  void setPendingError(int errnum) { pendingError_ = errnum; }

  // From here on time moves only when a poll finds nothing to do, and then at once to the end of
  // its timeout.
  void useVirtualTime();

  std::size_t count(Call call) const;
  std::size_t total() const { return total_; }  // of those that can fail
  // When calls of this kind were made, in virtual time; each moment once.
  std::vector<platform::Instant> timesOf(Call call) const;

  // What each listen() was told.
  const std::vector<int>& backlogs() const { return backlogs_; }

  // Who may open the latest pipe of Windows, as it was asked for: in the language of the system's
  // security descriptors, users' rights in parentheses.
  const std::string& pipeRights() const { return pipeRights_; }

  // Made by calls since this object exists, and not closed. Closing another descriptor, and calling
  // with one that is not open, are mistakes.
  const std::set<int>& openDescriptors() const { return open_; }
  std::size_t mistakes() const { return mistakes_; }

  // A descriptor of the test's own, for the library to take over.
  void handOver(int fd) { open_.insert(fd); }

  // For the substitutes (substitute.h). The one that exists, on this thread.
  static FakeSyscalls* active();
  // The error with which this call fails, 0 if it goes on to the system.
  int errorOf(Call call, bool canFail = true);
  int openedOrNot(int fd);
  void expectOpen(int fd);
  bool forget(int fd);
  std::size_t limited(std::size_t size) const {
    return size < transferLimit_ ? size : transferLimit_;
  }
  std::optional<int> takePendingError();
  void noteBacklog(int backlog) { backlogs_.push_back(backlog); }
  void notePipeRights(std::string rights) { pipeRights_ = std::move(rights); }
  platform::Instant* virtualTime() { return virtualTime_ ? &*virtualTime_ : nullptr; }

 private:
  struct Plan {
    int errnum = 0;
    std::size_t after = 0;
    std::size_t times = 0;
    bool alternating = false;
  };

  int sweptErrorOf(Call call, std::size_t index);
  bool makesDescriptor(Call call) const;

  std::array<Plan, kCallKinds> plans_;
  std::array<std::function<void()>, kCallKinds> hooks_;
  std::array<std::size_t, kCallKinds> counts_{};
  std::array<std::set<platform::Instant>, kCallKinds> times_;
  std::size_t total_ = 0;
  std::optional<std::size_t> sweepIndex_;
  std::size_t sweepVariant_ = 0;
  std::size_t sweepWidth_ = 0;
  std::vector<Struck> struck_;
  std::size_t transferLimit_ = static_cast<std::size_t>(-1);
  std::size_t descriptorLimit_ = static_cast<std::size_t>(-1);
  int descriptorError_ = 0;
  std::optional<int> pendingError_;
  std::optional<platform::Instant> virtualTime_;
  std::vector<int> backlogs_;
  std::string pipeRights_;
  std::set<int> open_;
  std::size_t mistakes_ = 0;
};

}  // namespace sprocket::tests
