#include <algorithm>
#include <cerrno>
#include <iterator>

#include "sprocket/platform/error_names.h"

// The names and texts are our own and not strerror()'s, whose answer depends on the locale and on
// the system, and which is not safe to call from several threads everywhere.

namespace sprocket::platform {
namespace {

// In alphabetical order, one row per number. EAGAIN stands for EWOULDBLOCK too and ENOTSUP for
// EOPNOTSUPP, which only some systems tell apart, so that a failure has one name on all of them.
// The guarded names are those that one of Linux, FreeBSD and macOS lacks.
constexpr ErrorRow table[] = {
    {E2BIG, "E2BIG", "argument list too long"},
    {EACCES, "EACCES", "permission denied"},
    {EADDRINUSE, "EADDRINUSE", "address already in use"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "address not available"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"},
    {EAGAIN, "EAGAIN", "resource temporarily unavailable"},
    {EALREADY, "EALREADY", "operation already in progress"},
#ifdef EAUTH
    {EAUTH, "EAUTH", "authentication error"},
#endif
    {EBADF, "EBADF", "bad file descriptor"},
    {EBADMSG, "EBADMSG", "bad message"},
    {EBUSY, "EBUSY", "resource busy or locked"},
    {ECANCELED, "ECANCELED", "operation canceled"},
#ifdef ECAPMODE
    {ECAPMODE, "ECAPMODE", "not permitted in capability mode"},
#endif
    {ECHILD, "ECHILD", "no child processes"},
    {ECONNABORTED, "ECONNABORTED", "software caused connection abort"},
    {ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {ECONNRESET, "ECONNRESET", "connection reset by peer"},
    {EDEADLK, "EDEADLK", "resource deadlock avoided"},
    {EDESTADDRREQ, "EDESTADDRREQ", "destination address required"},
    {EDOM, "EDOM", "argument out of domain of function"},
    {EDQUOT, "EDQUOT", "disk quota exceeded"},
    {EEXIST, "EEXIST", "file already exists"},
    {EFAULT, "EFAULT", "bad address in system call argument"},
    {EFBIG, "EFBIG", "file too large"},
#ifdef EFTYPE
    {EFTYPE, "EFTYPE", "inappropriate file type or format"},
#endif
    {EHOSTDOWN, "EHOSTDOWN", "host is down"},
    {EHOSTUNREACH, "EHOSTUNREACH", "host is unreachable"},
    {EIDRM, "EIDRM", "identifier removed"},
    {EILSEQ, "EILSEQ", "illegal byte sequence"},
    {EINPROGRESS, "EINPROGRESS", "operation now in progress"},
    {EINTR, "EINTR", "interrupted system call"},
    {EINVAL, "EINVAL", "invalid argument"},
    {EIO, "EIO", "i/o error"},
    {EISCONN, "EISCONN", "socket is already connected"},
    {EISDIR, "EISDIR", "illegal operation on a directory"},
    {ELOOP, "ELOOP", "too many symbolic links encountered"},
    {EMFILE, "EMFILE", "too many open files"},
    {EMLINK, "EMLINK", "too many links"},
    {EMSGSIZE, "EMSGSIZE", "message too long"},
    {EMULTIHOP, "EMULTIHOP", "multihop attempted"},
    {ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
#ifdef ENEEDAUTH
    {ENEEDAUTH, "ENEEDAUTH", "need authenticator"},
#endif
    {ENETDOWN, "ENETDOWN", "network is down"},
    {ENETRESET, "ENETRESET", "network dropped connection on reset"},
    {ENETUNREACH, "ENETUNREACH", "network is unreachable"},
    {ENFILE, "ENFILE", "file table overflow"},
    {ENOBUFS, "ENOBUFS", "no buffer space available"},
#ifdef ENODATA
    {ENODATA, "ENODATA", "no data available"},
#endif
    {ENODEV, "ENODEV", "no such device"},
    {ENOENT, "ENOENT", "no such file or directory"},
    {ENOEXEC, "ENOEXEC", "exec format error"},
    {ENOLCK, "ENOLCK", "no locks available"},
    {ENOLINK, "ENOLINK", "link has been severed"},
    {ENOMEM, "ENOMEM", "not enough memory"},
    {ENOMSG, "ENOMSG", "no message of the desired type"},
#ifdef ENONET
    {ENONET, "ENONET", "machine is not on the network"},
#endif
    {ENOPROTOOPT, "ENOPROTOOPT", "protocol not available"},
    {ENOSPC, "ENOSPC", "no space left on device"},
#ifdef ENOSR
    {ENOSR, "ENOSR", "out of streams resources"},
#endif
#ifdef ENOSTR
    {ENOSTR, "ENOSTR", "device is not a stream"},
#endif
    {ENOSYS, "ENOSYS", "function not implemented"},
    {ENOTBLK, "ENOTBLK", "block device required"},
#ifdef ENOTCAPABLE
    {ENOTCAPABLE, "ENOTCAPABLE", "capabilities insufficient"},
#endif
    {ENOTCONN, "ENOTCONN", "socket is not connected"},
    {ENOTDIR, "ENOTDIR", "not a directory"},
    {ENOTEMPTY, "ENOTEMPTY", "directory not empty"},
    {ENOTRECOVERABLE, "ENOTRECOVERABLE", "state not recoverable"},
    {ENOTSOCK, "ENOTSOCK", "socket operation on non-socket"},
    {ENOTSUP, "ENOTSUP", "operation not supported"},
#if EOPNOTSUPP != ENOTSUP
    {EOPNOTSUPP, "ENOTSUP", "operation not supported"},
#endif
    {ENOTTY, "ENOTTY", "inappropriate ioctl for device"},
    {ENXIO, "ENXIO", "no such device or address"},
    {EOVERFLOW, "EOVERFLOW", "value too large for defined data type"},
    {EOWNERDEAD, "EOWNERDEAD", "owner died"},
    {EPERM, "EPERM", "operation not permitted"},
    {EPFNOSUPPORT, "EPFNOSUPPORT", "protocol family not supported"},
    {EPIPE, "EPIPE", "broken pipe"},
#ifdef EPROCLIM
    {EPROCLIM, "EPROCLIM", "too many processes"},
#endif
    {EPROTO, "EPROTO", "protocol error"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"},
    {EPROTOTYPE, "EPROTOTYPE", "protocol wrong type for socket"},
#ifdef EQFULL
    {EQFULL, "EQFULL", "interface output queue is full"},
#endif
    {ERANGE, "ERANGE", "result too large"},
    {EREMOTE, "EREMOTE", "object is remote"},
#ifdef EREMOTEIO
    {EREMOTEIO, "EREMOTEIO", "remote i/o error"},
#endif
    {EROFS, "EROFS", "read-only file system"},
    {ESHUTDOWN, "ESHUTDOWN", "cannot send after socket shutdown"},
    {ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "socket type not supported"},
    {ESPIPE, "ESPIPE", "invalid seek"},
    {ESRCH, "ESRCH", "no such process"},
    {ESTALE, "ESTALE", "stale file handle"},
#ifdef ETIME
    {ETIME, "ETIME", "timer expired"},
#endif
    {ETIMEDOUT, "ETIMEDOUT", "connection timed out"},
    {ETOOMANYREFS, "ETOOMANYREFS", "too many references: cannot splice"},
    {ETXTBSY, "ETXTBSY", "text file is busy"},
#ifdef EUNATCH
    {EUNATCH, "EUNATCH", "protocol driver not attached"},
#endif
    {EUSERS, "EUSERS", "too many users"},
    {EXDEV, "EXDEV", "cross-device link not permitted"},
};

constexpr bool isOrdered() {
  return std::is_sorted(std::begin(table), std::end(table),
                        [](const ErrorRow& a, const ErrorRow& b) { return a.name < b.name; });
}
static_assert(isOrdered());

}  // namespace

std::span<const ErrorRow> errorTable() noexcept { return table; }

}  // namespace sprocket::platform
