#include "sprocket/platform/posix/posix_listener.h"

#include <netinet/in.h>

#include <memory>

#include "sprocket/platform/accepting.h"
#include "sprocket/platform/posix/posix_stream.h"
#include "sprocket/platform/posix/sockaddr.h"

namespace sprocket::platform {
namespace {

constexpr int kAcceptsPerTurn = 64;  // so that a flood cannot starve timers and other sockets

// What divides the connections among those who listen on one port. Elsewhere SO_REUSEPORT gives
// them all to one.
#if defined(SO_REUSEPORT_LB)
constexpr int kReusePort = SO_REUSEPORT_LB;
#elif defined(__linux__)
constexpr int kReusePort = SO_REUSEPORT;
#else
constexpr int kReusePort = 0;
#endif

SysError prepare(const Fd& fd, const IpEndpoint& local, const ListenOptions& options) {
  const auto blame = Operation::listen;
  // A restart is not held up by old connections in TIME_WAIT.
  if (SysError error = sys::setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, blame)) return error;
  if (options.reusePort) {
    if (kReusePort == 0) return {ENOTSUP, blame};
    if (SysError error = sys::setOption(fd, SOL_SOCKET, kReusePort, 1, blame)) return error;
  }
  if (local.address.isV4()) return {};
  // Always set: the default depends on the system and on its administrator.
  return sys::setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only, blame);
}

bool concernsOneConnection(int errnum) {
  switch (errnum) {
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EOPNOTSUPP:
    case ETIMEDOUT:
#ifdef ENONET
    case ENONET:
#endif
      return true;
    default: return false;
  }
}

bool isWant(int errnum) {
  return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

}  // namespace

Result<Listener*> PosixListener::listen(PosixBackend& backend, const Endpoint& local,
                                        const ListenOptions& options, ListenerHandler& handler) {
  if (options.strictPath && local.isLocal() && !SockAddr::fits(local.path())) {
    return SysError{ENAMETOOLONG, Operation::listen};
  }
  auto fd = sys::openStreamSocket(local, Operation::listen);
  if (!fd) return fd.error();
  if (local.isIp()) {
    if (SysError error = prepare(*fd, local.ip(), options)) return error;
  }
  // All that needs memory comes before bind makes a file.
  std::unique_ptr<PosixListener> listener(
      new PosixListener(backend, std::move(*fd), local.isIp(), handler));
  if (local.isLocal()) listener->path_ = local;
  if (SysError error = sys::bind(listener->fd_, local, Operation::listen)) return error;
  const SockAddr address(local);
  if (const char* const file = address.file()) {
    listener->file_ = sys::fileAt(file);
    // Before anybody can connect.
    if (options.readableAll || options.writableAll) {
      if (SysError error = sys::openToAll(file, options.readableAll, options.writableAll)) {
        return error;
      }
    }
  }
  if (SysError error = sys::listen(listener->fd_, options.backlog)) return error;
  return listener.release();
}

// All that needs memory comes before the descriptor is ours.
Result<Listener*> PosixListener::adopt(PosixBackend& backend, int descriptor, int backlog,
                                       ListenerHandler& handler) {
  std::unique_ptr<PosixListener> listener(new PosixListener(backend, Fd(), false, handler));
  Fd fd(descriptor);
  SysError error = sys::listen(fd, backlog);
  if (!error) error = sys::takeOver(descriptor);
  if (error) {
    fd.release();
    // A number that is nobody's is no worse than a socket that cannot listen.
    return SysError{error.errnum == EBADF ? EINVAL : error.errnum, Operation::listen};
  }
  listener->fd_ = std::move(fd);
  listener->isIp_ = sys::isIp(listener->fd_);
  return listener.release();
}

PosixListener::PosixListener(PosixBackend& backend, Fd fd, bool isIp, ListenerHandler& handler)
    : Channel(backend, std::move(fd)), handler_(handler), isIp_(isIp) {}

PosixListener::~PosixListener() { removeSocketFile(); }

void PosixListener::onReady(Ready) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (isClosed() || !accepting_) return;
    auto fd = sys::accept(fd_);
    if (fd) {
      succeeded();
      acceptOne(std::move(*fd));
    } else if (fd.error().errnum == EAGAIN || fd.error().errnum == EWOULDBLOCK) {
      return;
    } else if (!concernsOneConnection(fd.error().errnum)) {
      return refused(fd.error());
    }
  }
}

void PosixListener::acceptOne(Fd fd) {
  tellOfConnection(handler_, {ENOMEM, Operation::accept},
                   [&] { return &PosixStream::accepted(backend_, std::move(fd), isIp_); });
}

// Level-triggered: a listener that cannot accept would be reported without end, so it leaves the
// poller for a while.
void PosixListener::refused(SysError error) {
  backOff();
  if (!isWant(error.errnum)) return handler_.onError(error);
  const std::size_t count = backend_.shed(fd_);
  if (count > 0) handler_.onDrop(count, error);
}

void PosixListener::backOff() {
  backend_.backOff(*this);
  updateInterest();
}

void PosixListener::updateInterest() {
  if (isClosed()) return;
  setInterest({.read = accepting_ && !isBackingOff()});
}

void PosixListener::startAccepting() {
  accepting_ = true;
  updateInterest();
}

void PosixListener::stopAccepting() {
  accepting_ = false;
  updateInterest();
}

void PosixListener::close() {
  if (isClosed()) return;
  giveUp();
  removeSocketFile();
  closeDescriptor();
  tellLater();
}

Endpoint PosixListener::localEndpoint() const {
  if (isClosed()) return {};
  return path_.empty() ? sys::localEndpoint(fd_) : path_;
}

Result<Listener*> PosixListener::share(int backlog, ListenerHandler& handler) const {
  auto copy = Descriptor::duplicateOf(fd_.get());
  if (!copy) return copy.error();
  std::unique_ptr<PosixListener> listener(new PosixListener(backend_, Fd(), isIp_, handler));
  listener->fd_ = Fd(copy->release());
  if (SysError error = sys::listen(listener->fd_, backlog)) return error;
  listener->path_ = path_;
  return listener.release();
}

// Only the file that bind made: another may have taken its name since.
void PosixListener::removeSocketFile() {
  if (!file_) return;
  const SockAddr address(path_);  // closing needs no memory
  if (sys::fileAt(address.file()) == file_) syscalls::unlink(address.file());
  file_.reset();
}

void PosixListener::onUnwatchable(SysError error) {
  outcome_ = {error.errnum, Operation::accept};
  backOff();
  tellLater();
}

void PosixListener::tellOutcome() {
  if (!isClosed()) return handler_.onError(std::exchange(outcome_, {}));
  const std::unique_ptr<PosixListener> last(this);  // gone even if the handler throws
  handler_.onClose();
}

}  // namespace sprocket::platform
