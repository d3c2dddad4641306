// The substitutes for the calls of Windows. The linker finds these first and leaves ours, all of
// which are here, in the library.
//
// Call::accept is AcceptEx, accept and ConnectNamedPipe; connect is ConnectEx and opening a pipe;
// socket makes an instance of a pipe, too. getsockopt stands for what ends a connect or accept, as
// asking for SO_ERROR does elsewhere; sendmsg for an overlapped send; watch for waiting until a
// socket is readable; shutdown for the end of a pipe, an empty message.

#include <winsock2.h>
#include <mstcpip.h>
#include <sddl.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sprocket/platform/windows/syscalls.h"
#include "sprocket/tests/support/fake_syscalls.h"

namespace sprocket::tests {

std::span<const Call> callsThatMakeABackend() { return {}; }  // but for the port, which is not ours

std::span<const int> plausibleErrors(Call call) {
  static constexpr int socket[] = {WSAEMFILE, WSAENOBUFS, WSAEAFNOSUPPORT};
  static constexpr int accept[] = {WSAECONNRESET, WSAECONNABORTED, WSAENOBUFS, WSAEINVAL};
  static constexpr int bind[] = {WSAEADDRINUSE, WSAEACCES, WSAEADDRNOTAVAIL, WSAENOBUFS};
  static constexpr int listen[] = {WSAEADDRINUSE, WSAENOBUFS};
  static constexpr int connect[] = {WSAECONNREFUSED, WSAEADDRNOTAVAIL, WSAENETUNREACH, WSAETIMEDOUT,
                                    WSAEACCES};
  static constexpr int recv[] = {WSAEWOULDBLOCK, WSAECONNRESET, WSAENOBUFS, WSAETIMEDOUT};
  static constexpr int send[] = {WSAEWOULDBLOCK, WSAECONNRESET, WSAECONNABORTED, WSAENOBUFS};
  static constexpr int other[] = {WSAENOBUFS};
  static constexpr int option[] = {WSAENOBUFS, WSAEINVAL};
  static constexpr int watch[] = {WSAECONNRESET, WSAENOBUFS};
  static constexpr int packet[] = {WSAENOBUFS, WSAEINVAL};
  switch (call) {
    case Call::socket: return socket;
    case Call::accept: return accept;
    case Call::bind: return bind;
    case Call::listen: return listen;
    case Call::connect: return connect;
    case Call::recv: return recv;
    case Call::send: return send;
    case Call::sendmsg: return std::span(send).subspan(1);
    case Call::shutdown:
    case Call::getsockname:
    case Call::getpeername:
    case Call::getsockopt: return other;
    case Call::setsockopt: return option;
    case Call::watch: return watch;
    case Call::packet: return packet;
    default: return {};
  }
}

bool isPassing(Call call, int errnum) {
  if (call == Call::accept) return errnum == WSAECONNRESET || errnum == WSAECONNABORTED;
  return errnum == WSAEWOULDBLOCK;
}

}  // namespace sprocket::tests

namespace sprocket::platform::syscalls {
namespace {

using tests::Call;
using tests::FakeSyscalls;

FakeSyscalls* active() { return FakeSyscalls::active(); }

int number(SOCKET socket) { return static_cast<int>(socket); }
int number(HANDLE handle) { return static_cast<int>(reinterpret_cast<std::intptr_t>(handle)); }

// Fails as planned with `failure`, or else does what `real` does.
template <class Result, class Real>
Result pass(Call call, Result failure, Real real) {
  if (active() != nullptr) {
    if (const int error = active()->errorOf(call)) {
      ::WSASetLastError(error);
      return failure;
    }
  }
  return real();
}

template <class Real>
auto passOn(SOCKET socket, Call call, decltype(std::declval<Real>()()) failure, Real real) {
  if (active() != nullptr) active()->expectOpen(number(socket));
  return pass(call, failure, real);
}

bool isOfSocketsOnly(Call call, int error) {
  return error == WSAEINTR || tests::isPassing(call, error);
}

template <class Real>
BOOL passOnPipe(HANDLE pipe, Call call, Real real) {
  if (active() != nullptr) {
    active()->expectOpen(number(pipe));
    const int error = active()->errorOf(call);
    if (error != 0 && !isOfSocketsOnly(call, error)) {
      ::SetLastError(error == WSAENOTCONN ? ERROR_NO_DATA : static_cast<DWORD>(error));
      return FALSE;
    }
  }
  return real();
}

template <class Opened>
Opened opened(Opened handle) {
  if (active() != nullptr && number(handle) != -1) active()->openedOrNot(number(handle));
  return handle;
}

std::size_t limited(std::size_t size) {
  return active() != nullptr ? active()->limited(size) : size;
}

std::string textOf(PSECURITY_DESCRIPTOR descriptor) {
  char* text = nullptr;
  if (!::ConvertSecurityDescriptorToStringSecurityDescriptorA(
          descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, nullptr)) {
    return {};
  }
  std::string copy(text);
  ::LocalFree(text);
  return copy;
}

// Calls under way, and what their packets count as. A read of a pipe begins before anybody writes,
// so it fails by its packet only.
struct UnderWay {
  const OVERLAPPED* overlapped;
  Call kind;
};
thread_local std::vector<UnderWay> underWay;  // which soon allocates no more

// Right after the call, as the error is still to be asked for.
template <class Result>
Result begun(OVERLAPPED* call, Call kind, Result result) {
  const DWORD error = ::GetLastError();
  std::erase_if(underWay, [&](const UnderWay& each) { return each.overlapped == call; });
  underWay.push_back({call, kind});
  ::SetLastError(error);
  return result;
}

// Winsock knows those of the kernel only.
std::uint32_t statusOf(int error) {
  constexpr std::uint32_t kOfWindows = 0xC0070000;  // the status is an error of Windows'
  switch (error) {
    case WSAECONNRESET: return 0xC000020D;  // STATUS_CONNECTION_RESET
    case WSAENOBUFS: return 0xC000009A;     // STATUS_INSUFFICIENT_RESOURCES
    default: return kOfWindows | static_cast<std::uint32_t>(error);
  }
}

// Wine's sockets are driven by another process, so nothing to do may mean not yet.
constexpr DWORD kQuiet = 100;  // milliseconds

Instant* virtualTime() { return active() != nullptr ? active()->virtualTime() : nullptr; }

}  // namespace

SOCKET socket(int family) {
  return pass(Call::socket, INVALID_SOCKET, [&] {
    return opened(::WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                               WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
  });
}

SOCKET accept(SOCKET listener) {
  return passOn(listener, Call::accept, INVALID_SOCKET,
                [&] { return opened(::accept(listener, nullptr, nullptr)); });
}

int bind(SOCKET socket, const sockaddr* address, int size) {
  return passOn(socket, Call::bind, SOCKET_ERROR, [&] { return ::bind(socket, address, size); });
}

int listen(SOCKET socket, int backlog) {
  if (active() != nullptr) active()->noteBacklog(backlog);
  return passOn(socket, Call::listen, SOCKET_ERROR, [&] { return ::listen(socket, backlog); });
}

BOOL connectEx(LPFN_CONNECTEX function, SOCKET socket, const sockaddr* address, int size,
               OVERLAPPED* call) {
  return passOn(socket, Call::connect, FALSE, [&] {
    return begun(call, Call::packet, function(socket, address, size, nullptr, 0, nullptr, call));
  });
}

BOOL acceptEx(LPFN_ACCEPTEX function, SOCKET listener, SOCKET accepted, void* addresses,
              DWORD addressSize, OVERLAPPED* call) {
  return passOn(listener, Call::accept, FALSE, [&] {
    DWORD received = 0;
    return begun(
        call, Call::packet,
        function(listener, accepted, addresses, 0, addressSize, addressSize, &received, call));
  });
}

int awaitReadable(SOCKET socket, OVERLAPPED* call) {
  return passOn(socket, Call::watch, SOCKET_ERROR, [&] {
    WSABUF nothing{0, nullptr};
    DWORD flags = 0;
    return begun(call, Call::packet,
                 ::WSARecv(socket, &nothing, 1, nullptr, &flags, call, nullptr));
  });
}

int recv(SOCKET socket, char* buffer, int size) {
  return passOn(socket, Call::recv, SOCKET_ERROR, [&] {
    return ::recv(socket, buffer, static_cast<int>(limited(static_cast<std::size_t>(size))), 0);
  });
}

int send(SOCKET socket, WSABUF* pieces, DWORD count, DWORD* sent, OVERLAPPED* call) {
  return passOn(socket, call == nullptr ? Call::send : Call::sendmsg, SOCKET_ERROR, [&] {
    std::size_t rest = limited(std::numeric_limits<std::size_t>::max());
    for (WSABUF& piece : std::span(pieces, count)) {
      piece.len = static_cast<ULONG>(std::min<std::size_t>(piece.len, rest));
      rest -= piece.len;
    }
    const int result = ::WSASend(socket, pieces, count, sent, 0, call, nullptr);
    return call == nullptr ? result : begun(call, Call::packet, result);
  });
}

int shutdown(SOCKET socket) {
  return passOn(socket, Call::shutdown, SOCKET_ERROR, [&] { return ::shutdown(socket, SD_SEND); });
}

int close(SOCKET socket) {
  if (active() == nullptr) return ::closesocket(socket);
  active()->errorOf(Call::close, false);
  return active()->forget(number(socket)) ? ::closesocket(socket) : SOCKET_ERROR;
}

int getsockname(SOCKET socket, sockaddr* address, int* size) {
  return passOn(socket, Call::getsockname, SOCKET_ERROR,
                [&] { return ::getsockname(socket, address, size); });
}

int getpeername(SOCKET socket, sockaddr* address, int* size) {
  return passOn(socket, Call::getpeername, SOCKET_ERROR,
                [&] { return ::getpeername(socket, address, size); });
}

int setsockopt(SOCKET socket, int level, int name, const void* value, int size) {
  const bool endsACall = name == SO_UPDATE_CONNECT_CONTEXT || name == SO_UPDATE_ACCEPT_CONTEXT;
  return passOn(socket, endsACall ? Call::getsockopt : Call::setsockopt, SOCKET_ERROR, [&] {
    return ::setsockopt(socket, level, name, static_cast<const char*>(value), size);
  });
}

int setKeepAlive(SOCKET socket, const void* settings, DWORD size) {
  return passOn(socket, Call::setsockopt, SOCKET_ERROR, [&] {
    DWORD returned = 0;
    return ::WSAIoctl(socket, SIO_KEEPALIVE_VALS, const_cast<void*>(settings), size, nullptr, 0,
                      &returned, nullptr, nullptr);
  });
}

HANDLE createPipe(const wchar_t* name, DWORD openMode, DWORD pipeMode, DWORD quota,
                  SECURITY_ATTRIBUTES* attributes) {
  if (active() != nullptr) active()->notePipeRights(textOf(attributes->lpSecurityDescriptor));
  return pass(Call::socket, INVALID_HANDLE_VALUE, [&] {
    return opened(::CreateNamedPipeW(name, openMode, pipeMode, PIPE_UNLIMITED_INSTANCES, quota,
                                     quota, 0, attributes));
  });
}

HANDLE openPipe(const wchar_t* name, DWORD flags) {
  return pass(Call::connect, INVALID_HANDLE_VALUE, [&] {
    return opened(::CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                                flags, nullptr));
  });
}

BOOL connectPipe(HANDLE pipe, OVERLAPPED* call) {
  return passOnPipe(pipe, Call::accept,
                    [&] { return begun(call, Call::packet, ::ConnectNamedPipe(pipe, call)); });
}

BOOL read(HANDLE pipe, void* buffer, DWORD size, OVERLAPPED* call) {
  if (active() == nullptr) return ::ReadFile(pipe, buffer, size, nullptr, call);
  active()->expectOpen(number(pipe));
  return begun(call, Call::recv,
               ::ReadFile(pipe, buffer, static_cast<DWORD>(limited(size)), nullptr, call));
}

// Whole, as pipes are written.
BOOL write(HANDLE pipe, const void* bytes, DWORD size, OVERLAPPED* call) {
  return passOnPipe(pipe, size == 0 ? Call::shutdown : Call::send, [&] {
    return begun(call, Call::packet, ::WriteFile(pipe, bytes, size, nullptr, call));
  });
}

// Of anything: a port and a token are not counted as open.
BOOL close(HANDLE handle) {
  if (active() != nullptr && active()->openDescriptors().contains(number(handle))) {
    active()->errorOf(Call::close, false);
    active()->forget(number(handle));
  }
  return ::CloseHandle(handle);
}

ULONG takePackets(HANDLE port, OVERLAPPED_ENTRY* packets, ULONG capacity, DWORD milliseconds) {
  if (active() != nullptr) active()->errorOf(Call::poll, false);
  const bool isVirtual = virtualTime() != nullptr && milliseconds != INFINITE;
  const DWORD limit = isVirtual && milliseconds > 0 ? kQuiet : milliseconds;
  ULONG count = 0;
  if (!::GetQueuedCompletionStatusEx(port, packets, capacity, &count, limit, FALSE)) count = 0;
  if (isVirtual && count == 0) *virtualTime() += std::chrono::milliseconds(milliseconds);
  for (OVERLAPPED_ENTRY& packet : std::span(packets, count)) {
    const auto at = std::ranges::find(underWay, packet.lpOverlapped, &UnderWay::overlapped);
    if (at == underWay.end()) continue;
    const Call kind = at->kind;
    underWay.erase(at);
    if (active() == nullptr) continue;
    const int error = active()->errorOf(kind);
    if (error != 0 && !isOfSocketsOnly(kind, error)) {
      packet.lpOverlapped->Internal = statusOf(error);
    }
  }
  return count;
}

Instant now() {
  if (active() != nullptr) active()->errorOf(Call::clockGettime, false);
  return virtualTime() != nullptr ? *virtualTime() : std::chrono::steady_clock::now();
}

}  // namespace sprocket::platform::syscalls
