#include "sprocket/platform/error_names.h"

#include <winsock2.h>
#include <windows.h>

// Errors of Winsock and of Windows share one space of numbers, and several of them can be one
// failure: they get the names and texts that POSIX systems have.

namespace sprocket::platform {
namespace {

// In alphabetical order of the names; the first number of a name is the one that goes with it.
constexpr ErrorRow table[] = {
    {ERROR_BAD_LENGTH, "E2BIG", "argument list too long"},
    {WSAEACCES, "EACCES", "permission denied"},
    {ERROR_ACCESS_DENIED, "EACCES", "permission denied"},
    {ERROR_NOACCESS, "EACCES", "permission denied"},
    {WSAEADDRINUSE, "EADDRINUSE", "address already in use"},
    {ERROR_ADDRESS_ALREADY_ASSOCIATED, "EADDRINUSE", "address already in use"},
    {WSAEADDRNOTAVAIL, "EADDRNOTAVAIL", "address not available"},
    {ERROR_INVALID_NETNAME, "EADDRNOTAVAIL", "address not available"},
    {WSAEAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"},
    {WSAEWOULDBLOCK, "EAGAIN", "resource temporarily unavailable"},
    {ERROR_MAX_THRDS_REACHED, "EAGAIN", "resource temporarily unavailable"},
    {WSAEALREADY, "EALREADY", "operation already in progress"},
    {WSAEBADF, "EBADF", "bad file descriptor"},
    {ERROR_INVALID_HANDLE, "EBADF", "bad file descriptor"},
    {ERROR_PIPE_BUSY, "EBUSY", "resource busy or locked"},
    {ERROR_LOCK_VIOLATION, "EBUSY", "resource busy or locked"},
    {ERROR_SHARING_VIOLATION, "EBUSY", "resource busy or locked"},
    {WSAEINTR, "ECANCELED", "operation canceled"},
    {WSA_OPERATION_ABORTED, "ECANCELED", "operation canceled"},
    {WSAECONNABORTED, "ECONNABORTED", "software caused connection abort"},
    {ERROR_CONNECTION_ABORTED, "ECONNABORTED", "software caused connection abort"},
    {WSAECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {ERROR_CONNECTION_REFUSED, "ECONNREFUSED", "connection refused"},
    {WSAECONNRESET, "ECONNRESET", "connection reset by peer"},
    {ERROR_NETNAME_DELETED, "ECONNRESET", "connection reset by peer"},
    {WSAENETRESET, "ECONNRESET", "connection reset by peer"},
    {WSAEDESTADDRREQ, "EDESTADDRREQ", "destination address required"},
    {WSAEDQUOT, "EDQUOT", "disk quota exceeded"},
    {ERROR_ALREADY_EXISTS, "EEXIST", "file already exists"},
    {ERROR_FILE_EXISTS, "EEXIST", "file already exists"},
    {WSAEFAULT, "EFAULT", "bad address in system call argument"},
    {WSAEHOSTDOWN, "EHOSTDOWN", "host is down"},
    {WSAEHOSTUNREACH, "EHOSTUNREACH", "host is unreachable"},
    {ERROR_HOST_UNREACHABLE, "EHOSTUNREACH", "host is unreachable"},
    {WSAEINPROGRESS, "EINPROGRESS", "operation now in progress"},
    {WSAEINVAL, "EINVAL", "invalid argument"},
    {ERROR_INVALID_PARAMETER, "EINVAL", "invalid argument"},
    {ERROR_INVALID_FUNCTION, "EINVAL", "invalid argument"},
    {ERROR_IO_DEVICE, "EIO", "i/o error"},
    {WSAEISCONN, "EISCONN", "socket is already connected"},
    {WSAELOOP, "ELOOP", "too many symbolic links encountered"},
    {WSAEMFILE, "EMFILE", "too many open files"},
    {ERROR_TOO_MANY_OPEN_FILES, "EMFILE", "too many open files"},
    {WSAEMSGSIZE, "EMSGSIZE", "message too long"},
    {WSAENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    {ERROR_FILENAME_EXCED_RANGE, "ENAMETOOLONG", "name too long"},
    {WSAENETDOWN, "ENETDOWN", "network is down"},
    {WSAENETUNREACH, "ENETUNREACH", "network is unreachable"},
    {ERROR_NETWORK_UNREACHABLE, "ENETUNREACH", "network is unreachable"},
    {WSAENOBUFS, "ENOBUFS", "no buffer space available"},
    {ERROR_NO_SYSTEM_RESOURCES, "ENOBUFS", "no buffer space available"},
    {ERROR_FILE_NOT_FOUND, "ENOENT", "no such file or directory"},
    {ERROR_PATH_NOT_FOUND, "ENOENT", "no such file or directory"},
    {ERROR_INVALID_NAME, "ENOENT", "no such file or directory"},
    {ERROR_NOT_ENOUGH_MEMORY, "ENOMEM", "not enough memory"},
    {ERROR_OUTOFMEMORY, "ENOMEM", "not enough memory"},
    {WSAENOPROTOOPT, "ENOPROTOOPT", "protocol not available"},
    {ERROR_DISK_FULL, "ENOSPC", "no space left on device"},
    {ERROR_CALL_NOT_IMPLEMENTED, "ENOSYS", "function not implemented"},
    {WSAENOTCONN, "ENOTCONN", "socket is not connected"},
    {WSAENOTEMPTY, "ENOTEMPTY", "directory not empty"},
    {WSAENOTSOCK, "ENOTSOCK", "socket operation on non-socket"},
    {WSAEOPNOTSUPP, "ENOTSUP", "operation not supported"},
    {ERROR_NOT_SUPPORTED, "ENOTSUP", "operation not supported"},
    {ERROR_PRIVILEGE_NOT_HELD, "EPERM", "operation not permitted"},
    {ERROR_NO_DATA, "EPIPE", "broken pipe"},
    {ERROR_BROKEN_PIPE, "EPIPE", "broken pipe"},
    {ERROR_BAD_PIPE, "EPIPE", "broken pipe"},
    {ERROR_PIPE_NOT_CONNECTED, "EPIPE", "broken pipe"},
    {WSAESHUTDOWN, "EPIPE", "broken pipe"},
    {WSAEPFNOSUPPORT, "EPFNOSUPPORT", "protocol family not supported"},
    {WSAEPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"},
    {WSAEPROTOTYPE, "EPROTOTYPE", "protocol wrong type for socket"},
    {WSAESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "socket type not supported"},
    {WSAESTALE, "ESTALE", "stale file handle"},
    {WSAETIMEDOUT, "ETIMEDOUT", "connection timed out"},
    {ERROR_SEM_TIMEOUT, "ETIMEDOUT", "connection timed out"},
    {WSAETOOMANYREFS, "ETOOMANYREFS", "too many references: cannot splice"},
    {WSAEUSERS, "EUSERS", "too many users"},
};

}  // namespace

std::span<const ErrorRow> errorTable() noexcept { return table; }

}  // namespace sprocket::platform
