#include "sprocket/platform/windows/pipe_queue.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "sprocket/platform/accepting.h"
#include "sprocket/platform/windows/iocp_backend.h"
#include "sprocket/platform/windows/pipe_name.h"
#include "sprocket/platform/windows/pipe_stream.h"

namespace sprocket::platform {
namespace {

constexpr int kInstances = 64;  // at most so many wait for clients, and at most the backlog

constexpr DWORD kQuota = 64 * 1024;  // of bytes that may wait in a pipe, each way

// It was closed while it waited to be accepted.
bool concernsOneClient(int error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA || error == ERROR_PIPE_NOT_CONNECTED;
}

SysError lastError() { return {pipeError(::GetLastError()), Operation::listen}; }

}  // namespace

struct PipeQueue::Instance final : Acceptor {
  using Acceptor::Acceptor;

  Handle pipe;
};

Result<Listener*> PipeQueue::listen(IocpBackend& backend, const Endpoint& local,
                                    const ListenOptions& options, ListenerHandler& handler) {
  auto name = local.isLocal() ? pipeName(local.path()) : std::nullopt;
  if (!name) return SysError{ERROR_ACCESS_DENIED, Operation::listen};
  auto rights = pipeRights(options);
  if (!rights) return lastError();
  std::unique_ptr<PipeQueue> queue(
      new PipeQueue(backend, local, std::move(*name), std::move(rights)));
  if (SysError error = queue->openAll(options.backlog)) return error;
  auto* const listener = new IocpListener(*queue, handler);
  queue.release();  // the backend's, as the listener
  return listener;
}

PipeQueue::PipeQueue(IocpBackend& backend, const Endpoint& path, std::wstring name,
                     SecurityDescriptor rights)
    : ConnectionQueue(backend), path_(path), name_(std::move(name)), rights_(std::move(rights)) {}

// Each can be connected to from now on, and is the backlog.
SysError PipeQueue::openAll(int backlog) {
  const int count = std::clamp(backlog, 1, kInstances);
  for (int i = 0; i < count; ++i) {
    auto pipe = createInstance(i == 0);
    if (!pipe) return pipe.error();
    auto instance = std::make_unique<Instance>(*this);
    instance->pipe = std::move(*pipe);
    add(std::move(instance));
  }
  return {};
}

// Messages, so that an empty one can mark the end, and read as such: a read of bytes would go on
// past the end of one message and swallow the mark behind it.
Result<Handle> PipeQueue::createInstance(bool isFirst) const {
  SECURITY_ATTRIBUTES attributes{.nLength = sizeof(SECURITY_ATTRIBUTES),
                                 .lpSecurityDescriptor = rights_.get(),
                                 .bInheritHandle = FALSE};
  const DWORD first = isFirst ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0;
  Handle pipe(syscalls::createPipe(
      name_.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
      PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, kQuota,
      &attributes));
  if (!pipe) {
    const SysError error = lastError();
    // Somebody else's pipe, with that name or with other rights.
    const bool isTaken = error.errnum == ERROR_ACCESS_DENIED || error.errnum == ERROR_PIPE_BUSY;
    return isFirst && isTaken ? SysError{WSAEADDRINUSE, Operation::listen} : error;
  }
  if (SysError error = backend_.associate(pipe.get(), Operation::listen)) return error;
  return pipe;
}

SysError PipeQueue::begin(Acceptor& acceptor) {
  Handle& pipe = static_cast<Instance&>(acceptor).pipe;
  if (!pipe) {
    auto created = createInstance(false);
    if (!created) return {created.error().errnum, Operation::accept};
    pipe = std::move(*created);
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
  Handle& pipe = static_cast<Instance&>(acceptor).pipe;
  const int error = acceptor.outcomeOf(pipe.get());
  acceptor.isWaiting = error == 0;
  if (error == 0) return {};
  pipe.reset();
  if (concernsOneClient(error)) return {};
  return {error, Operation::accept};
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
