#include "sprocket/platform/windows/winsock.h"

#include "sprocket/platform/windows/sockaddr.h"

namespace sprocket::platform::winsock {
namespace {

SysError lastError(Operation operation) { return {::WSAGetLastError(), operation}; }

// Which provider's function it is depends on the socket, but every provider of TCP that there is
// hands out the system's own.
template <class Function>
Function extension(const Socket& socket, GUID id) {
  Function function = nullptr;
  DWORD size = 0;
  ::WSAIoctl(socket.get(), SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &function,
             sizeof function, &size, nullptr, nullptr);
  return function;
}

Endpoint endpointBy(int (*ask)(SOCKET, sockaddr*, int*), const Socket& socket) {
  SockAddr name;
  if (ask(socket.get(), name.data(), name.resetSize()) != 0) return {};
  return name.toEndpoint();
}

}  // namespace

SysError start() {
  static const int result = [] {
    WSADATA data;
    return ::WSAStartup(MAKEWORD(2, 2), &data);
  }();
  return {result, result == 0 ? Operation::none : Operation::open};
}

Result<Socket> openStreamSocket(Family family, Operation blame) {
  Socket socket(syscalls::socket(family == Family::v4 ? AF_INET : AF_INET6));
  if (!socket) return lastError(blame);
  // For the plain calls; overlapped ones do not block anyway.
  u_long on = 1;
  if (::ioctlsocket(socket.get(), static_cast<long>(FIONBIO), &on) != 0) return lastError(blame);
  return socket;
}

int begun(bool succeeded) noexcept {
  if (succeeded) return 0;
  const int error = ::WSAGetLastError();
  return error == WSA_IO_PENDING ? 0 : error;
}

SysError bind(const Socket& socket, const IpEndpoint& local, Operation blame) {
  const SockAddr address(local);
  if (syscalls::bind(socket.get(), address.data(), address.size()) != 0) return lastError(blame);
  return {};
}

SysError listen(const Socket& socket, int backlog) {
  if (syscalls::listen(socket.get(), backlog) != 0) return lastError(Operation::listen);
  return {};
}

int connectEx(const Socket& socket, const IpEndpoint& remote, OVERLAPPED& overlapped) {
  static const auto function = extension<LPFN_CONNECTEX>(socket, WSAID_CONNECTEX);
  if (function == nullptr) return WSAEOPNOTSUPP;
  const SockAddr address(remote);
  return begun(syscalls::connectEx(function, socket.get(), address.data(), address.size(),
                                   &overlapped) != FALSE);
}

int acceptEx(const Socket& listener, const Socket& accepted, void* addresses, DWORD addressSize,
             OVERLAPPED& overlapped) {
  static const auto function = extension<LPFN_ACCEPTEX>(listener, WSAID_ACCEPTEX);
  if (function == nullptr) return WSAEOPNOTSUPP;
  return begun(syscalls::acceptEx(function, listener.get(), accepted.get(), addresses, addressSize,
                                  &overlapped) != FALSE);
}

SysError finishAccepting(const Socket& listener, const Socket& accepted) {
  const SOCKET context = listener.get();
  const int result = syscalls::setsockopt(accepted.get(), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                          &context, sizeof context);
  return result != 0 ? lastError(Operation::accept) : SysError{};
}

bool acceptAndClose(const Socket& listener) {
  return static_cast<bool>(Socket(syscalls::accept(listener.get())));
}

int outcomeOf(const Socket& socket, OVERLAPPED& overlapped) noexcept {
  if (overlapped.Internal == 0) return 0;
  DWORD count = 0;
  DWORD flags = 0;
  if (::WSAGetOverlappedResult(socket.get(), &overlapped, &count, FALSE, &flags)) return 0;
  return ::WSAGetLastError();
}

Endpoint localEndpoint(const Socket& socket) { return endpointBy(&syscalls::getsockname, socket); }

Endpoint remoteEndpoint(const Socket& socket) { return endpointBy(&syscalls::getpeername, socket); }

SysError setOption(const Socket& socket, int level, int name, int value, Operation blame) {
  const int result = syscalls::setsockopt(socket.get(), level, name, &value, sizeof value);
  return result != 0 ? lastError(blame) : SysError{};
}

}  // namespace sprocket::platform::winsock
