#include "sprocket/platform/windows/pipe_listener.h"

#include <sddl.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "sprocket/platform/windows/iocp_backend.h"
#include "sprocket/platform/windows/pipe_name.h"
#include "sprocket/platform/windows/pipe_stream.h"

namespace sprocket::platform {
namespace {

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
  Handle pipe(::CreateNamedPipeW(
      name->c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
      PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
      PIPE_UNLIMITED_INSTANCES, kQuota, kQuota, 0, &attributes));
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

Result<Listener*> PipeListener::listen(IocpBackend& backend, const Endpoint& local,
                                       const ListenOptions& options, ListenerHandler& handler) {
  if (!local.isLocal()) return SysError{ERROR_ACCESS_DENIED, Operation::listen};
  std::unique_ptr<PipeListener> listener(new PipeListener(backend, local, options, handler));
  if (SysError error = listener->openAll()) return error;
  return listener.release();
}

PipeListener::PipeListener(IocpBackend& backend, const Endpoint& path, const ListenOptions& options,
                           ListenerHandler& handler)
    : Channel(backend), path_(path), options_(options), handler_(handler) {}

// Each can be connected to from now on, and is the backlog.
SysError PipeListener::openAll() {
  const auto count =
      std::clamp<std::size_t>(static_cast<std::size_t>(options_.backlog), 1, kInstances);
  while (instances_.size() < count) {
    auto pipe = createInstance(backend_, path_, options_, instances_.empty());
    if (!pipe) return pipe.error();
    instances_.emplace_back(static_cast<Channel&>(*this)).pipe = std::move(*pipe);
  }
  return {};
}

// If no instance can be had, that is told and tried again after a while.
void PipeListener::acceptMore() {
  if (isClosed() || !accepting_ || isBackingOff()) return;
  SysError error;
  for (Instance& instance : instances_) {
    if (instance.inFlight || instance.isWaiting) continue;
    error = begin(instance);
    if (error) break;
  }
  if (!error) return;
  backend_.retries().backOff(*this, backend_.now());
  if (isAnyOpen()) return;
  outcome_ = error;
  tellLater();
}

SysError PipeListener::begin(Instance& instance) {
  if (!instance.pipe) {
    try {
      auto pipe = createInstance(backend_, path_, options_, false);
      if (!pipe) return {pipe.error().errnum, Operation::accept};
      instance.pipe = std::move(*pipe);
    } catch (const std::bad_alloc&) {
      return {ERROR_NOT_ENOUGH_MEMORY, Operation::accept};
    }
  }
  const int error = Channel::begin(instance, [&](OVERLAPPED& call) {
    if (::ConnectNamedPipe(instance.pipe.get(), &call)) return 0;
    const DWORD why = ::GetLastError();
    return why == ERROR_IO_PENDING ? 0 : static_cast<int>(why);
  });
  // A client is there already, or was, and what it has written still is. No packet comes.
  if (error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA) {
    instance.isWaiting = true;
    tellLater();
    return {};
  }
  if (error != 0) instance.pipe.reset();
  return {error, Operation::accept};
}

bool PipeListener::isAnyOpen() const {
  return std::any_of(instances_.begin(), instances_.end(), [](const Instance& instance) {
    return instance.inFlight || instance.isWaiting;
  });
}

void PipeListener::onPacket(OverlappedCall& call, std::size_t) {
  auto& instance = static_cast<Instance&>(call);
  if (instance.Internal != 0) {
    instance.pipe.reset();
    return acceptMore();
  }
  succeeded();
  instance.isWaiting = true;
  if (accepting_) deliver(instance);
}

// The instance is replaced before the user is told, so that the pipe never lacks one.
void PipeListener::deliver(Instance& instance) {
  instance.isWaiting = false;
  Handle pipe = std::move(instance.pipe);
  acceptMore();
  PipeStream* stream = nullptr;
  try {
    stream = &PipeStream::accepted(backend_, std::move(pipe), path_);
  } catch (const std::bad_alloc&) {
    return handler_.onDrop(1, {ERROR_NOT_ENOUGH_MEMORY, Operation::accept});
  }
  try {
    stream->setHandler(handler_.onAccept(*stream));
  } catch (const std::bad_alloc&) {
    stream->close();  // nobody's: it has no handler
    return handler_.onDrop(1, {ERROR_NOT_ENOUGH_MEMORY, Operation::accept});
  } catch (...) {
    stream->close();
    throw;
  }
  stream->tellAccepted();
}

void PipeListener::startAccepting() {
  if (isClosed()) return;
  accepting_ = true;
  acceptMore();
  tellLater();  // of those who came meanwhile
}

void PipeListener::stopAccepting() { accepting_ = false; }

void PipeListener::close() {
  if (isClosed()) return;
  giveUp();
  for (Instance& instance : instances_) {
    if (instance.inFlight) ::CancelIoEx(instance.pipe.get(), nullptr);
    instance.pipe.reset();
  }
  closed();
}

Endpoint PipeListener::localEndpoint() const { return isClosed() ? Endpoint{} : path_; }

void PipeListener::tell() {
  if (isClosed()) {
    const std::unique_ptr<PipeListener> last(this);  // gone even if the handler throws
    return handler_.onClose();
  }
  if (outcome_) {
    tellLater();  // of those who wait
    return handler_.onError(std::exchange(outcome_, {}));
  }
  for (Instance& instance : instances_) {
    if (!accepting_ || !instance.isWaiting) continue;
    tellLater();  // for the others, also if a handler throws
    return deliver(instance);
  }
}

}  // namespace sprocket::platform
