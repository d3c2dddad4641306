#include "sprocket/platform/windows/tcp_listener.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "sprocket/platform/windows/iocp_backend.h"
#include "sprocket/platform/windows/tcp_stream.h"
#include "sprocket/platform/windows/winsock.h"

namespace sprocket::platform {
namespace {

constexpr int kGonePerTurn = 64;

// It was reset while it waited to be accepted.
bool concernsOneConnection(int error) {
  switch (error) {
    case WSAECONNRESET:
    case WSAECONNABORTED:
    case ERROR_NETNAME_DELETED:
    case ERROR_UNEXP_NET_ERR: return true;
    default: return false;
  }
}

}  // namespace

// No SO_REUSEADDR: on Windows it takes a port away from its owner, and connections in TIME_WAIT do
// not hold up a restart.
Result<Listener*> TcpListener::listen(IocpBackend& backend, const IpEndpoint& local,
                                      const ListenOptions& options, ListenerHandler& handler) {
  const auto blame = Operation::listen;
  // Nothing here divides connections among those who listen on one port.
  if (options.reusePort) return SysError{WSAEOPNOTSUPP, blame};
  const Family family = local.address.family();
  auto socket = winsock::openStreamSocket(family, blame);
  if (!socket) return socket.error();
  if (family == Family::v6) {
    const SysError error =
        winsock::setOption(*socket, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only, blame);
    if (error) return error;
  }
  if (SysError error = winsock::bind(*socket, local, blame)) return error;
  if (SysError error = winsock::listen(*socket, options.backlog)) return error;
  if (SysError error = backend.associate(socket->handle(), blame)) return error;
  return new TcpListener(backend, std::move(*socket), family, handler);
}

TcpListener::TcpListener(IocpBackend& backend, Socket socket, Family family,
                         ListenerHandler& handler)
    : Channel(backend),
      socket_(std::move(socket)),
      family_(family),
      handler_(handler),
      acceptors_{Acceptor(*this), Acceptor(*this), Acceptor(*this), Acceptor(*this),
                 Acceptor(*this), Acceptor(*this), Acceptor(*this), Acceptor(*this)} {}

// A few AcceptEx calls are always under way, so that a burst finds some. If none can be, for want
// of sockets or memory, that is told and tried again after a while.
void TcpListener::acceptMore() {
  if (isClosed() || !accepting_ || isBackingOff()) return;
  SysError error;
  for (Acceptor& acceptor : acceptors_) {
    if (acceptor.inFlight || acceptor.isWaiting) continue;
    error = begin(acceptor);
    if (error) break;
  }
  if (error) refused(error);
}

// Told once none is under way any more.
void TcpListener::refused(SysError error) {
  backend_.retries().backOff(*this, backend_.now());
  if (isAnyInFlight()) return;
  outcome_ = error;
  tellLater();
}

SysError TcpListener::begin(Acceptor& acceptor) {
  auto socket = winsock::openStreamSocket(family_, Operation::accept);
  if (!socket) return socket.error();
  acceptor.socket = std::move(*socket);
  const auto start = [&](OVERLAPPED& call) {
    return winsock::acceptEx(socket_, acceptor.socket, acceptor.addresses.data(),
                             Acceptor::kAddressSize, call);
  };
  int error = Channel::begin(acceptor, start);
  // Those who came and were gone again.
  for (int i = 0; i < kGonePerTurn && concernsOneConnection(error); ++i) {
    error = Channel::begin(acceptor, start);
  }
  if (error != 0) acceptor.socket.reset();
  return {error, Operation::accept};
}

bool TcpListener::isAnyInFlight() const {
  return std::any_of(acceptors_.begin(), acceptors_.end(),
                     [](const Acceptor& acceptor) { return acceptor.inFlight; });
}

void TcpListener::onPacket(OverlappedCall& call, std::size_t) {
  auto& acceptor = static_cast<Acceptor&>(call);
  if (const int error = winsock::outcomeOf(socket_, acceptor)) {
    acceptor.socket.reset();
    return concernsOneConnection(error) ? acceptMore() : refused({error, Operation::accept});
  }
  succeeded();
  acceptor.isWaiting = true;
  if (accepting_) deliver(acceptor);
}

void TcpListener::deliver(Acceptor& acceptor) {
  acceptor.isWaiting = false;
  Socket socket = std::move(acceptor.socket);
  acceptMore();
  // Until then Windows does not know the socket's addresses, nor how to shut it down.
  const SOCKET listener = socket_.get();
  SysError error;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                   reinterpret_cast<const char*>(&listener), sizeof listener) != 0) {
    error = {::WSAGetLastError(), Operation::accept};
  } else {
    error = backend_.associate(socket.handle(), Operation::accept);
  }
  if (error) return handler_.onDrop(1, error);
  TcpStream* stream = nullptr;
  try {
    stream = &TcpStream::accepted(backend_, std::move(socket));
  } catch (const std::bad_alloc&) {
    return handler_.onDrop(1, {WSA_NOT_ENOUGH_MEMORY, Operation::accept});
  }
  try {
    stream->setHandler(handler_.onAccept(*stream));
  } catch (const std::bad_alloc&) {
    stream->close();  // nobody's: it has no handler
    return handler_.onDrop(1, {WSA_NOT_ENOUGH_MEMORY, Operation::accept});
  } catch (...) {
    stream->close();
    throw;
  }
  stream->tellAccepted();
}

void TcpListener::startAccepting() {
  if (isClosed()) return;
  accepting_ = true;
  acceptMore();
  tellLater();  // of those who came meanwhile
}

void TcpListener::stopAccepting() { accepting_ = false; }

void TcpListener::close() {
  if (isClosed()) return;
  giveUp();
  ::CancelIoEx(socket_.handle(), nullptr);
  socket_.reset();
  for (Acceptor& acceptor : acceptors_) {
    if (!acceptor.inFlight) acceptor.socket.reset();
  }
  closed();
}

Endpoint TcpListener::localEndpoint() const {
  return isClosed() ? Endpoint{} : winsock::localEndpoint(socket_);
}

void TcpListener::tell() {
  if (isClosed()) {
    const std::unique_ptr<TcpListener> last(this);  // gone even if the handler throws
    return handler_.onClose();
  }
  if (outcome_) {
    tellLater();  // of those who wait
    return handler_.onError(std::exchange(outcome_, {}));
  }
  for (Acceptor& acceptor : acceptors_) {
    if (isClosed() || !accepting_ || !acceptor.isWaiting) continue;
    tellLater();  // for the others, also if a handler throws
    return deliver(acceptor);
  }
}

}  // namespace sprocket::platform
