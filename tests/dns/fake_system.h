#pragma once

// A system whose resolver and threads do what the test says, in place of platform's: linked into a
// test, it replaces lookupHost() and startWorkerThread(). One at a time; a name that it was not
// told about has the address 192.0.2.1 or, if only IPv6 is asked for, 2001:db8::1.
//
//   FakeSystem system;
//   system.hang("slow.example");
//   dns::lookup("slow.example", callback);
//   system.awaitHanging(1);
//
// At its end it lets go of what hangs and waits until all threads have ended.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sprocket/platform/address.h"
#include "sprocket/platform/host_lookup.h"

namespace sprocket::tests {

class FakeSystem {
 public:
  struct Call {
    std::string host;
    std::optional<platform::Family> family;
    platform::LookupHints hints;
    std::thread::id thread;
  };

  FakeSystem();
  ~FakeSystem();
  FakeSystem(const FakeSystem&) = delete;
  FakeSystem& operator=(const FakeSystem&) = delete;

  void answer(const std::string& host, std::vector<std::string_view> addresses);
  void fail(const std::string& host, platform::HostLookupError error);

  // A lookup of it does not return before release().
  void hang(const std::string& host);
  void release(const std::string& host);

  // Waits until so many lookups hang.
  void awaitHanging(std::size_t count);

  std::vector<Call> calls() const;
  std::vector<std::string> hostsAsked() const;

  // Threads in excess of so many are refused with EAGAIN.
  void allowThreads(std::size_t count);
  std::size_t threadsStarted() const;
  std::size_t threadsEnded() const;
  void awaitEndOfThreads();
};

}  // namespace sprocket::tests
