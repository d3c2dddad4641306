#include "sprocket/platform/windows/pipe_queue.h"

#include <sddl.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "sprocket/platform/accepting.h"
#include "sprocket/platform/windows/iocp_backend.h"
#include "sprocket/platform/windows/pipe_name.h"
#include "sprocket/platform/windows/pipe_stream.h"

namespace sprocket::platform {
namespace {

constexpr int kInstances = 64;  // at most so many wait for clients, and at most the backlog

constexpr DWORD kQuota = 64 * 1024;  // of bytes that may wait in a pipe, each way

SysError lastError() { return {pipeError(::GetLastError()), Operation::listen}; }

struct FreeLocal {
  void operator()(void* memory) const { ::LocalFree(memory); }
};

// Who may open the pipe: the user whose process this is, and others as far as the options say.
class Security {
 public:
  explicit Security(const ListenOptions& options) {
    const std::wstring user = currentUser();
    if (user.empty()) return;
    std::wstring text = L"D:P(A;;GA;;;" + user + L")";
    // What opening for reading, and for writing, ask for: FILE_GENERIC_READ and the right to change
    // the mode; FILE_GENERIC_WRITE less the right to make instances.
    if (options.readableAll) text += L"(A;;0x00120189;;;WD)";
    if (options.writableAll) text += L"(A;;0x00120192;;;WD)";
    PSECURITY_DESCRIPTOR made = nullptr;
    if (::ConvertStringSecurityDescriptorToSecurityDescriptorW(text.c_str(), SDDL_REVISION_1, &made,
                                                               nullptr)) {
      descriptor_.reset(made);
    }
  }

  explicit operator bool() const { return descriptor_ != nullptr; }

  SECURITY_ATTRIBUTES attributes() const {
    return {.nLength = sizeof(SECURITY_ATTRIBUTES),
            .lpSecurityDescriptor = descriptor_.get(),
            .bInheritHandle = FALSE};
  }

 private:
  static std::wstring currentUser() {
    HANDLE opened = nullptr;
    if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &opened)) return {};
    const Handle token(opened);
    DWORD size = 0;
    ::GetTokenInformation(token.get(), TokenUser, nullptr, 0, &size);
    std::vector<std::byte> room(size);
    if (!::GetTokenInformation(token.get(), TokenUser, room.data(), size, &size)) return {};
    wchar_t* text = nullptr;
    const auto* user = reinterpret_cast<const TOKEN_USER*>(room.data());
    if (!::ConvertSidToStringSidW(user->User.Sid, &text)) return {};
    const std::unique_ptr<wchar_t, FreeLocal> owned(text);
    return text;
  }

  std::unique_ptr<void, FreeLocal> descriptor_;
};

// Messages, so that an empty one can mark the end, and read as such: a read of bytes would go on
// past the end of one message and swallow the mark behind it.
Result<Handle> createInstance(IocpBackend& backend, const Endpoint& local,
                              const ListenOptions& options, bool isFirst) {
  const auto name = pipeName(local.path());
  if (!name) return SysError{ERROR_ACCESS_DENIED, Operation::listen};
  const Security security(options);
  if (!security) return lastError();
  SECURITY_ATTRIBUTES attributes = security.attributes();
  const DWORD first = isFirst ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0;
  Handle pipe(syscalls::createPipe(
      name->c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
      PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, kQuota,
      &attributes));
  if (!pipe) {
    const SysError error = lastError();
    // Somebody else's pipe, with that name or with other rights.
    const bool isTaken = error.errnum == ERROR_ACCESS_DENIED || error.errnum == ERROR_PIPE_BUSY;
    return isFirst && isTaken ? SysError{WSAEADDRINUSE, Operation::listen} : error;
  }
  if (SysError error = backend.associate(pipe.get(), Operation::listen)) return error;
  return pipe;
}

}  // namespace

struct PipeQueue::Instance final : Acceptor {
  using Acceptor::Acceptor;

  Handle pipe;
};

Result<Listener*> PipeQueue::listen(IocpBackend& backend, const Endpoint& local,
                                    const ListenOptions& options, ListenerHandler& handler) {
  if (!local.isLocal()) return SysError{ERROR_ACCESS_DENIED, Operation::listen};
  std::unique_ptr<PipeQueue> queue(new PipeQueue(backend, local, options));
  if (SysError error = queue->openAll()) return error;
  auto* const listener = new IocpListener(*queue, handler);
  queue.release();  // the backend's, as the listener
  return listener;
}

PipeQueue::PipeQueue(IocpBackend& backend, const Endpoint& path, const ListenOptions& options)
    : ConnectionQueue(backend), path_(path), options_(options) {}

// Each can be connected to from now on, and is the backlog.
SysError PipeQueue::openAll() {
  const int count = std::clamp(options_.backlog, 1, kInstances);
  for (int i = 0; i < count; ++i) {
    auto pipe = createInstance(backend_, path_, options_, i == 0);
    if (!pipe) return pipe.error();
    auto instance = std::make_unique<Instance>(*this);
    instance->pipe = std::move(*pipe);
    add(std::move(instance));
  }
  return {};
}

SysError PipeQueue::begin(Acceptor& acceptor) {
  Handle& pipe = static_cast<Instance&>(acceptor).pipe;
  if (!pipe) {
    try {
      auto created = createInstance(backend_, path_, options_, false);
      if (!created) return {created.error().errnum, Operation::accept};
      pipe = std::move(*created);
    } catch (const std::bad_alloc&) {
      return {ERROR_NOT_ENOUGH_MEMORY, Operation::accept};
    }
  }
  const int error = Channel::begin(acceptor, [&](OVERLAPPED& call) {
    if (syscalls::connectPipe(pipe.get(), &call)) return 0;
    const DWORD why = ::GetLastError();
    return why == ERROR_IO_PENDING ? 0 : static_cast<int>(why);
  });
  // A client is there already, or was, and what it has written still is.
  acceptor.isWaiting = error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
  if (error == 0 || acceptor.isWaiting) return {};
  pipe.reset();
  return {error, Operation::accept};
}

SysError PipeQueue::finish(Acceptor& acceptor) {
  acceptor.isWaiting = acceptor.Internal == 0;
  if (!acceptor.isWaiting) static_cast<Instance&>(acceptor).pipe.reset();
  return {};
}

// The instance is replaced before the user is told, so that the pipe never lacks one.
void PipeQueue::handOn(Acceptor& acceptor, ListenerHandler& handler) {
  Handle pipe = std::move(static_cast<Instance&>(acceptor).pipe);
  acceptMore();
  tellOfConnection(handler, {ERROR_NOT_ENOUGH_MEMORY, Operation::accept},
                   [&] { return &PipeStream::accepted(backend_, std::move(pipe), path_); });
}

void PipeQueue::closeHandles() {
  for (const auto& acceptor : acceptors()) {
    Handle& pipe = static_cast<Instance&>(*acceptor).pipe;
    if (acceptor->inFlight) ::CancelIoEx(pipe.get(), nullptr);
    pipe.reset();
  }
}

}  // namespace sprocket::platform
