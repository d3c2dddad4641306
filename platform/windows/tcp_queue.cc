#include "sprocket/platform/windows/tcp_queue.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <array>
#include <memory>
#include <utility>

#include "sprocket/platform/accepting.h"
#include "sprocket/platform/windows/iocp_backend.h"
#include "sprocket/platform/windows/tcp_stream.h"
#include "sprocket/platform/windows/winsock.h"

namespace sprocket::platform {
namespace {

// So many are always under way, so that a burst finds some.
constexpr int kAcceptCalls = 8;

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

bool isWant(int error) {
  switch (error) {
    case WSAEMFILE:
    case WSAENOBUFS:
    case WSA_NOT_ENOUGH_MEMORY:
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_NO_SYSTEM_RESOURCES: return true;
    default: return false;
  }
}

}  // namespace

// AcceptEx needs the socket that is to become the connection, and room for its addresses, of which
// nobody asks here.
struct TcpQueue::AcceptCall final : Acceptor {
  using Acceptor::Acceptor;

  static constexpr DWORD kAddressSize = 128 + 16;

  Socket socket;
  std::array<std::byte, 2 * kAddressSize> addresses;
};

// No SO_REUSEADDR: on Windows it takes a port away from its owner, and connections in TIME_WAIT do
// not hold up a restart.
Result<Listener*> TcpQueue::listen(IocpBackend& backend, const IpEndpoint& local,
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
  std::unique_ptr<TcpQueue> queue(new TcpQueue(backend, std::move(*socket), family));
  auto* const listener = new IocpListener(*queue, handler);
  queue.release();  // the backend's, as the listener
  return listener;
}

TcpQueue::TcpQueue(IocpBackend& backend, Socket socket, Family family)
    : ConnectionQueue(backend), socket_(std::move(socket)), family_(family) {
  for (int i = 0; i < kAcceptCalls; ++i) add(std::make_unique<AcceptCall>(*this));
}

SysError TcpQueue::begin(Acceptor& acceptor) {
  auto& accept = static_cast<AcceptCall&>(acceptor);
  auto socket = winsock::openStreamSocket(family_, Operation::accept);
  if (!socket) return socket.error();
  accept.socket = std::move(*socket);
  const auto start = [&](OVERLAPPED& call) {
    return winsock::acceptEx(socket_, accept.socket, accept.addresses.data(),
                             AcceptCall::kAddressSize, call);
  };
  int error = Channel::begin(accept, start);
  // Those who came and were gone again.
  for (int i = 0; i < kGonePerTurn && concernsOneConnection(error); ++i) {
    error = Channel::begin(accept, start);
  }
  if (error != 0) accept.socket.reset();
  return {error, Operation::accept};
}

SysError TcpQueue::finish(Acceptor& acceptor) {
  const int error = winsock::outcomeOf(socket_, acceptor);
  acceptor.isWaiting = error == 0;
  if (error == 0) return {};
  static_cast<AcceptCall&>(acceptor).socket.reset();
  if (concernsOneConnection(error)) return {};
  return {error, Operation::accept};
}

void TcpQueue::handOn(Acceptor& acceptor, ListenerHandler& handler) {
  Socket socket = std::move(static_cast<AcceptCall&>(acceptor).socket);
  acceptMore();
  if (SysError error = winsock::finishAccepting(socket_, socket)) {
    if (!concernsOneConnection(error.errnum)) handler.onDrop(1, error);
    return;
  }
  if (SysError error = backend_.associate(socket.handle(), Operation::accept)) {
    return handler.onDrop(1, error);
  }
  tellOfConnection(handler, {WSA_NOT_ENOUGH_MEMORY, Operation::accept},
                   [&] { return &TcpStream::accepted(backend_, std::move(socket)); });
}

std::optional<std::size_t> TcpQueue::shed(SysError why) {
  if (concernsOneConnection(why.errnum)) return 0;  // kGonePerTurn of them were gone
  if (!isWant(why.errnum)) return std::nullopt;
  return backend_.shed(socket_);
}

void TcpQueue::closeHandles() {
  ::CancelIoEx(socket_.handle(), nullptr);
  socket_.reset();
  for (const auto& acceptor : acceptors()) {
    if (!acceptor->inFlight) static_cast<AcceptCall&>(*acceptor).socket.reset();
  }
}

Endpoint TcpQueue::localEndpoint() const { return winsock::localEndpoint(socket_); }

}  // namespace sprocket::platform
