#include <winsock2.h>
#include <windows.h>
#include <psapi.h>

#include <array>
#include <stdexcept>
#include <system_error>

#include "sprocket/tests/skip.h"
#include "sprocket/tests/support/child_process.h"

namespace sprocket::tests {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(static_cast<int>(GetLastError()), std::system_category(), what);
}

// The end to be written to is the child's.
struct Pipe {
  Pipe() {
    SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
    if (!CreatePipe(&readEnd, &writeEnd, &inherited, 0)) fail("pipe");
    SetHandleInformation(readEnd, HANDLE_FLAG_INHERIT, 0);
  }
  HANDLE readEnd;
  HANDLE writeEnd;
};

HANDLE handle(std::intptr_t number) { return reinterpret_cast<HANDLE>(number); }
std::intptr_t number(HANDLE handle) { return reinterpret_cast<std::intptr_t>(handle); }

}  // namespace

const int ChildProcess::kAborted = 3;

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  const Pipe out;
  const Pipe err;
  STARTUPINFOA start{};
  start.cb = sizeof start;
  start.dwFlags = STARTF_USESTDHANDLES;
  start.hStdInput = INVALID_HANDLE_VALUE;
  start.hStdOutput = out.writeEnd;
  start.hStdError = err.writeEnd;
  std::string line;
  for (const std::string& word : command) line += (line.empty() ? "\"" : " \"") + word + '"';
  PROCESS_INFORMATION made{};
  const bool started = CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr,
                                      nullptr, &start, &made) != FALSE;
  CloseHandle(out.writeEnd);
  CloseHandle(err.writeEnd);
  if (!started) fail(command.front().c_str());
  CloseHandle(made.hThread);
  process_ = number(made.hProcess);
  reader_ = std::thread([this, out, err] { readAll(number(out.readEnd), number(err.readEnd)); });
}

ChildProcess::~ChildProcess() {
  if (!waited_) {
    TerminateProcess(handle(process_), 1);
    wait();
  }
  CloseHandle(handle(process_));
}

// The C library writes a line's end as two characters.
void ChildProcess::readAll(std::intptr_t out, std::intptr_t err) {
  const auto readOne = [this](HANDLE pipe, std::string& text) {
    std::array<char, 4096> buffer;
    DWORD count = 0;
    while (ReadFile(pipe, buffer.data(), buffer.size(), &count, nullptr) && count > 0) {
      const std::lock_guard lock(mutex_);
      text.append(buffer.data(), count);
      for (std::size_t at = 0; (at = text.find("\r\n", at)) != text.npos; ++at) text.erase(at, 1);
      changed_.notify_all();
    }
    CloseHandle(pipe);
  };
  std::thread errors([&] { readOne(handle(err), errors_); });
  readOne(handle(out), output_);
  errors.join();
  const std::lock_guard lock(mutex_);
  outputEnded_ = true;
  changed_.notify_all();
}

void ChildProcess::signal(int) { skipHere("Windows sends no signals to another process"); }

void ChildProcess::kill() { TerminateProcess(handle(process_), 1); }

int ChildProcess::wait() {
  if (waited_) return status_;
  {
    // Its end is the end of its output.
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return outputEnded_; })) {
      TerminateProcess(handle(process_), 1);
    }
  }
  WaitForSingleObject(handle(process_), INFINITE);
  DWORD status = 0;
  GetExitCodeProcess(handle(process_), &status);
  waited_ = true;
  reader_.join();
  status_ = static_cast<int>(status);
  return status_;
}

void ChildProcess::limitDescriptors(std::size_t) { skipHere("Windows has no such limit"); }

std::size_t ChildProcess::memoryOf(std::string_view what) const {
  PROCESS_MEMORY_COUNTERS counters{};
  if (!K32GetProcessMemoryInfo(handle(process_), &counters, sizeof counters)) fail("memory");
  return what == "VmHWM:" ? counters.PeakWorkingSetSize : counters.WorkingSetSize;
}

}  // namespace sprocket::tests
