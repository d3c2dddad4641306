#pragma once

// The calls of Winsock and Windows that open, connect, move bytes and close, one line each and
// nothing else, so that there is one place to count them, fail them or shorten them. A test
// replaces them all by linking its own (tests/support/fake_syscalls.h), as with lookupHost(). What
// they tell is what the system's do; the rules of the house are added by winsock.h and by the
// pipes.

#include <winsock2.h>
#include <windows.h>
#include <mswsock.h>

#include "sprocket/platform/time.h"

namespace sprocket::platform::syscalls {

// Sockets. What is opened is for overlapped calls, and not inherited by child processes.
SOCKET socket(int family);
SOCKET accept(SOCKET listener);
int bind(SOCKET socket, const sockaddr* address, int size);
int listen(SOCKET socket, int backlog);
BOOL connectEx(LPFN_CONNECTEX function, SOCKET socket, const sockaddr* address, int size,
               OVERLAPPED* call);
BOOL acceptEx(LPFN_ACCEPTEX function, SOCKET listener, SOCKET accepted, void* addresses,
              DWORD addressSize, OVERLAPPED* call);
int awaitReadable(SOCKET socket, OVERLAPPED* call);  // WSARecv() of nothing
int recv(SOCKET socket, char* buffer, int size);
int send(SOCKET socket, WSABUF* pieces, DWORD count, DWORD* sent, OVERLAPPED* call);  // WSASend()
int shutdown(SOCKET socket);
int close(SOCKET socket);
int getsockname(SOCKET socket, sockaddr* address, int* size);
int getpeername(SOCKET socket, sockaddr* address, int* size);
int setsockopt(SOCKET socket, int level, int name, const void* value, int size);
int setKeepAlive(SOCKET socket, const void* settings, DWORD size);  // SIO_KEEPALIVE_VALS

// Named pipes.
HANDLE createPipe(const wchar_t* name, DWORD openMode, DWORD pipeMode, DWORD quota,
                  SECURITY_ATTRIBUTES* attributes);
HANDLE openPipe(const wchar_t* name, DWORD flags);
BOOL connectPipe(HANDLE pipe, OVERLAPPED* call);
BOOL read(HANDLE pipe, void* buffer, DWORD size, OVERLAPPED* call);
BOOL write(HANDLE pipe, const void* bytes, DWORD size, OVERLAPPED* call);
BOOL close(HANDLE handle);

// GetQueuedCompletionStatusEx: how many packets there are, 0 if none came in time.
ULONG takePackets(HANDLE port, OVERLAPPED_ENTRY* packets, ULONG capacity, DWORD milliseconds);

// The performance counter, which is finer than a millisecond.
Instant now();

}  // namespace sprocket::platform::syscalls
