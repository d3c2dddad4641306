#pragma once

// The system calls that Sprocket makes on POSIX systems, one line each and nothing else, so that
// there is one place to count them, fail them or shorten them. The definitions are weak: a test
// that defines one of these itself gets its own in place of ours when it is linked
// (tests/support/fake_syscalls.h). Everything else calls sys.h, which adds the house rules.

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

namespace sprocket::platform::syscalls {

// What these two make is non-blocking and close-on-exec, and raises no SIGPIPE where that can be
// asked of a socket; how, depends on the system, and so they are defined in its own folder.
int socket(int domain, int type, int protocol);
int accept(int fd, sockaddr* address, socklen_t* size);

int bind(int fd, const sockaddr* address, socklen_t size);
int listen(int fd, int backlog);
int connect(int fd, const sockaddr* address, socklen_t size);
ssize_t recv(int fd, void* buffer, size_t size, int flags);
ssize_t send(int fd, const void* bytes, size_t size, int flags);
ssize_t sendmsg(int fd, const msghdr* message, int flags);
ssize_t readv(int fd, const iovec* pieces, int count);
ssize_t writev(int fd, const iovec* pieces, int count);
int shutdown(int fd, int how);
int close(int fd);
int getsockname(int fd, sockaddr* address, socklen_t* size);
int getpeername(int fd, sockaddr* address, socklen_t* size);
int getsockopt(int fd, int level, int name, void* value, socklen_t* size);
int setsockopt(int fd, int level, int name, const void* value, socklen_t size);
int open(const char* path, int flags);
int fcntl(int fd, int command, int argument);
int fstat(int fd, struct stat* status);
int lstat(const char* path, struct stat* status);
int unlink(const char* path);
int chmod(const char* path, mode_t mode);
int clockGettime(clockid_t clock, timespec* time);

}  // namespace sprocket::platform::syscalls
