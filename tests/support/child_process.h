#pragma once

// A program under test, as a process of its own. What it prints is kept as it comes, so that it
// never waits for us.
//
//   ChildProcess server({"tools/examples/echo_server", "0"});
//   const std::string line = server.awaitLine("listening on ");
//   server.signal(SIGTERM);
//   BOOST_TEST(server.wait() == 0);

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sprocket::tests {

class ChildProcess {
 public:
  // Starts a program; a relative path counts from the working directory.
  explicit ChildProcess(const std::vector<std::string>& command);

  // Kills it, if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The first line printed that begins so, less that beginning. Throws if it does not come in time.
  std::string awaitLine(std::string_view beginning);

  void signal(int signum);
  void kill();  // at once, whatever it would like to do first

  // Waits for its end, or kills it if that does not come in time: its status, or minus the number
  // of the signal that ended it.
  int wait();

  static const int kAborted;  // what wait() tells of a program that abort() has ended

  // All that it has printed, to stdout and to stderr. Complete after wait().
  std::string output();
  std::string errors();

  // Allows it so many descriptors.
  void limitDescriptors(std::size_t count);

  // In bytes: the memory that it has now, and the most that it ever had.
  std::size_t memory() const { return memoryOf("VmRSS:"); }
  std::size_t peakMemory() const { return memoryOf("VmHWM:"); }

 private:
  static constexpr std::chrono::seconds kPatience{20};

  void readAll(std::intptr_t out, std::intptr_t err);
  std::size_t memoryOf(std::string_view what) const;

  std::intptr_t process_ = -1;  // a process id or, on Windows, a handle
  bool waited_ = false;
  int status_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool outputEnded_ = false;
  std::string output_;
  std::string errors_;
  std::thread reader_;
};

}  // namespace sprocket::tests
