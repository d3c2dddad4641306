#pragma once

// The system calls that only Linux has, replaceable like those of posix/syscalls.h.

#include <sys/epoll.h>
#include <time.h>

namespace sprocket::platform::syscalls {

int epollCreate();
int epollControl(int epoll, int operation, int fd, epoll_event* event);
int epollWait(int epoll, epoll_event* events, int capacity, const timespec* timeout);
int epollWaitMilliseconds(int epoll, epoll_event* events, int capacity, int timeout);
int eventfd();
ssize_t read(int fd, void* buffer, size_t size);
ssize_t write(int fd, const void* bytes, size_t size);

}  // namespace sprocket::platform::syscalls
