#pragma once

// A stand-in for the BSDs' <sys/event.h>, so that the kqueue backend can be built and run on Linux
// (--config=kqueue). Of kqueue it has what platform/bsd asks for, over epoll: EVFILT_READ and
// EVFILT_WRITE of sockets and pipes, level-triggered; one EVFILT_USER event with EV_CLEAR; EV_ADD,
// EV_DELETE, EV_RECEIPT, EV_EOF, EV_ERROR; a timeout in nanoseconds; no inheritance over fork().
// Anything else it refuses with EINVAL. What no Linux kernel says a test has to put in its mouth:
// kqueue_shim.h.
//
// It is not faithful in: fflags (always 0, since reading SO_ERROR would clear it), data (exact for
// bytes to read, else 1), regular files (refused), the order of events, duplicates of a closed
// descriptor (they keep its registration), and the quirks of each kernel.

#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

// macOS has no flags for a socket's modes, so that what is done without them runs here too.
#undef SOCK_CLOEXEC
#undef SOCK_NONBLOCK

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_USER (-10)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_TRIGGER 0x01000000

struct kevent {
  uintptr_t ident;
  short filter;
  unsigned short flags;
  unsigned int fflags;
  intptr_t data;
  void* udata;
};

// One thread uses a kqueue; only NOTE_TRIGGER may come from others, and from a signal handler.
extern "C" {
int kqueue();
int kevent(int kq, const struct kevent* changes, int changeCount, struct kevent* events,
           int capacity, const timespec* timeout);
}
