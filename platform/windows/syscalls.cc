#include "sprocket/platform/windows/syscalls.h"

#include <mstcpip.h>

namespace sprocket::platform::syscalls {

SOCKET socket(int family) {
  return ::WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

SOCKET accept(SOCKET listener) { return ::accept(listener, nullptr, nullptr); }

int bind(SOCKET socket, const sockaddr* address, int size) { return ::bind(socket, address, size); }

int listen(SOCKET socket, int backlog) { return ::listen(socket, backlog); }

BOOL connectEx(LPFN_CONNECTEX function, SOCKET socket, const sockaddr* address, int size,
               OVERLAPPED* call) {
  return function(socket, address, size, nullptr, 0, nullptr, call);
}

BOOL acceptEx(LPFN_ACCEPTEX function, SOCKET listener, SOCKET accepted, void* addresses,
              DWORD addressSize, OVERLAPPED* call) {
  DWORD received = 0;
  return function(listener, accepted, addresses, 0, addressSize, addressSize, &received, call);
}

int awaitReadable(SOCKET socket, OVERLAPPED* call) {
  WSABUF nothing{0, nullptr};
  DWORD flags = 0;
  return ::WSARecv(socket, &nothing, 1, nullptr, &flags, call, nullptr);
}

int recv(SOCKET socket, char* buffer, int size) { return ::recv(socket, buffer, size, 0); }

int send(SOCKET socket, WSABUF* pieces, DWORD count, DWORD* sent, OVERLAPPED* call) {
  return ::WSASend(socket, pieces, count, sent, 0, call, nullptr);
}

int shutdown(SOCKET socket) { return ::shutdown(socket, SD_SEND); }

int close(SOCKET socket) { return ::closesocket(socket); }

int getsockname(SOCKET socket, sockaddr* address, int* size) {
  return ::getsockname(socket, address, size);
}

int getpeername(SOCKET socket, sockaddr* address, int* size) {
  return ::getpeername(socket, address, size);
}

int setsockopt(SOCKET socket, int level, int name, const void* value, int size) {
  return ::setsockopt(socket, level, name, static_cast<const char*>(value), size);
}

int setKeepAlive(SOCKET socket, const void* settings, DWORD size) {
  DWORD returned = 0;
  return ::WSAIoctl(socket, SIO_KEEPALIVE_VALS, const_cast<void*>(settings), size, nullptr, 0,
                    &returned, nullptr, nullptr);
}

HANDLE createPipe(const wchar_t* name, DWORD openMode, DWORD pipeMode, DWORD quota,
                  SECURITY_ATTRIBUTES* attributes) {
  return ::CreateNamedPipeW(name, openMode, pipeMode, PIPE_UNLIMITED_INSTANCES, quota, quota, 0,
                            attributes);
}

HANDLE openPipe(const wchar_t* name, DWORD flags) {
  return ::CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, flags,
                       nullptr);
}

BOOL connectPipe(HANDLE pipe, OVERLAPPED* call) { return ::ConnectNamedPipe(pipe, call); }

BOOL read(HANDLE pipe, void* buffer, DWORD size, OVERLAPPED* call) {
  return ::ReadFile(pipe, buffer, size, nullptr, call);
}

BOOL write(HANDLE pipe, const void* bytes, DWORD size, OVERLAPPED* call) {
  return ::WriteFile(pipe, bytes, size, nullptr, call);
}

BOOL close(HANDLE handle) { return ::CloseHandle(handle); }

ULONG takePackets(HANDLE port, OVERLAPPED_ENTRY* packets, ULONG capacity, DWORD milliseconds) {
  ULONG count = 0;
  return ::GetQueuedCompletionStatusEx(port, packets, capacity, &count, milliseconds, FALSE) ? count
                                                                                             : 0;
}

Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace sprocket::platform::syscalls
