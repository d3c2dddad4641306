#include "sprocket/tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace sprocket::tests {
namespace {

struct Pipe {
  Pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    readEnd = fds[0];
    writeEnd = fds[1];
  }
  int readEnd;
  int writeEnd;
};

// False at the end of the pipe.
bool readInto(int fd, std::string& text) {
  std::array<char, 4096> buffer;
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

// Ours, save that ASan is not to hold on to freed memory, so that memory() is what the program has.
std::vector<std::string> childEnvironment() {
  std::vector<std::string> variables;
  std::string options = "ASAN_OPTIONS=quarantine_size_mb=1";
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (variable.starts_with("ASAN_OPTIONS=")) {
      options = std::string(variable) + ":quarantine_size_mb=1";
    } else {
      variables.emplace_back(variable);
    }
  }
  variables.push_back(options);
  return variables;
}

// As exec takes them.
std::vector<char*> pointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

const int ChildProcess::kAborted = -SIGABRT;

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  const Pipe out;
  const Pipe err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.writeEnd, 1);
  posix_spawn_file_actions_adddup2(&actions, err.writeEnd, 2);

  const std::vector<std::string> environment = childEnvironment();
  pid_t pid = -1;
  const int error = posix_spawn(&pid, command.front().c_str(), &actions, nullptr,
                                pointersTo(command).data(), pointersTo(environment).data());
  process_ = pid;
  posix_spawn_file_actions_destroy(&actions);
  close(out.writeEnd);
  close(err.writeEnd);
  if (error != 0) {
    close(out.readEnd);
    close(err.readEnd);
    throw std::system_error(error, std::generic_category(), command.front());
  }
  reader_ = std::thread([this, out, err] { readAll(out.readEnd, err.readEnd); });
}

ChildProcess::~ChildProcess() {
  if (!waited_) {
    ::kill(static_cast<pid_t>(process_), SIGKILL);
    wait();
  }
}

void ChildProcess::readAll(std::intptr_t out, std::intptr_t err) {
  std::array<pollfd, 2> fds{
      {{static_cast<int>(out), POLLIN, 0}, {static_cast<int>(err), POLLIN, 0}}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    poll(fds.data(), fds.size(), -1);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < fds.size(); ++i) {
      std::string& text = i == 0 ? output_ : errors_;
      if (fds[i].revents != 0 && !readInto(fds[i].fd, text)) fds[i].fd = -1;
    }
    changed_.notify_all();
  }
  close(static_cast<int>(out));
  close(static_cast<int>(err));
  const std::lock_guard lock(mutex_);
  outputEnded_ = true;
  changed_.notify_all();
}

void ChildProcess::signal(int signum) { ::kill(static_cast<pid_t>(process_), signum); }

void ChildProcess::kill() { signal(SIGKILL); }

int ChildProcess::wait() {
  if (waited_) return status_;
  {
    // Its end is the end of its output.
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return outputEnded_; }))
      ::kill(static_cast<pid_t>(process_), SIGKILL);
  }
  int status = 0;
  while (waitpid(static_cast<pid_t>(process_), &status, 0) < 0 && errno == EINTR) {
  }
  waited_ = true;
  reader_.join();
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return status_;
}

void ChildProcess::limitDescriptors(std::size_t count) {
  const rlimit limit{.rlim_cur = count, .rlim_max = count};
  if (prlimit(static_cast<pid_t>(process_), RLIMIT_NOFILE, &limit, nullptr) < 0) {
    throw std::system_error(errno, std::generic_category(), "prlimit");
  }
}

std::size_t ChildProcess::memoryOf(std::string_view what) const {
  std::ifstream file("/proc/" + std::to_string(process_) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(what)) return std::stoul(line.substr(what.size())) * 1024;
  }
  throw std::runtime_error("the system does not tell a process's memory");
}

}  // namespace sprocket::tests
