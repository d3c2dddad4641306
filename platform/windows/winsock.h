#pragma once

// Winsock with the house rules added: every socket is overlapped, non-blocking and not inherited,
// errors are values.

#include <winsock2.h>
#include <mswsock.h>
#include <ws2tcpip.h>

#include "sprocket/platform/address.h"
#include "sprocket/platform/result.h"
#include "sprocket/platform/windows/handle.h"

namespace sprocket::platform::winsock {

// Once per process, before anything else; again does nothing.
SysError start();

Result<Socket> openStreamSocket(Family family, Operation blame);

// How overlapped calls of sockets began: 0, also if a packet will tell; or the error.
int begun(bool succeeded) noexcept;

SysError bind(const Socket& socket, const IpEndpoint& local, Operation blame);
SysError listen(const Socket& socket, int backlog);

// The functions that have to be asked for: ConnectEx, AcceptEx.
int connectEx(const Socket& socket, const IpEndpoint& remote, OVERLAPPED& overlapped);
int acceptEx(const Socket& listener, const Socket& accepted, void* addresses, DWORD addressSize,
             OVERLAPPED& overlapped);

// Of a socket that AcceptEx has connected. Before, Windows does not know its addresses, nor how to
// shut it down.
SysError finishAccepting(const Socket& listener, const Socket& accepted);

// Takes a connection that waits and closes it. False if none does, or none can be had.
bool acceptAndClose(const Socket& listener);

// What the packet of an overlapped call means: 0 or an error of Winsock.
int outcomeOf(const Socket& socket, OVERLAPPED& overlapped) noexcept;

Endpoint localEndpoint(const Socket& socket);
Endpoint remoteEndpoint(const Socket& socket);

SysError setOption(const Socket& socket, int level, int name, int value,
                   Operation blame = Operation::open);

}  // namespace sprocket::platform::winsock
