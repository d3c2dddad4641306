#include "sprocket/platform/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sprocket/platform/posix/sockaddr.h"
#include "sprocket/platform/posix/sys.h"

namespace sprocket::platform {
namespace {

int socketOption(int descriptor, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return syscalls::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

// Whether it is connected, or was and is over: then it has no peer any more, but something to be
// read, data, an end or an error (which asking for SO_ERROR would take away). One that was never
// connected has neither.
bool isConnected(int descriptor) {
  SockAddr peer;
  if (syscalls::getpeername(descriptor, peer.data(), peer.resetSize()) == 0) return true;
  pollfd readable{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&readable, 1, 0) > 0 && (readable.revents & POLLIN) != 0;
}

DescriptorKind kindOfSocket(int descriptor) {
  SockAddr address;
  if (syscalls::getsockname(descriptor, address.data(), address.resetSize()) < 0) {
    return DescriptorKind::unknown;
  }
  const bool isIp = address.family() == AF_INET || address.family() == AF_INET6;
  if (!isIp && address.family() != AF_UNIX) return DescriptorKind::unknown;
  const int type = socketOption(descriptor, SO_TYPE);
  if (type == SOCK_DGRAM && isIp) return DescriptorKind::datagram;
  if (type != SOCK_STREAM) return DescriptorKind::unknown;
  if (socketOption(descriptor, SO_ACCEPTCONN) > 0) return DescriptorKind::listening;
  return isConnected(descriptor) ? DescriptorKind::connected : DescriptorKind::unconnected;
}

DescriptorKind kindOfPipe(int descriptor) {
  const int flags = syscalls::fcntl(descriptor, F_GETFL, 0);
  if (flags < 0) return DescriptorKind::unknown;
  switch (flags & O_ACCMODE) {
    case O_RDONLY: return DescriptorKind::pipeReader;
    case O_WRONLY: return DescriptorKind::pipeWriter;
    default: return DescriptorKind::pipe;
  }
}

}  // namespace

DescriptorKind kindOf(int descriptor) noexcept {
  struct stat status;
  if (syscalls::fstat(descriptor, &status) < 0) return DescriptorKind::unknown;
  if (S_ISSOCK(status.st_mode)) return kindOfSocket(descriptor);
  if (S_ISFIFO(status.st_mode)) return kindOfPipe(descriptor);
  if (S_ISCHR(status.st_mode) && ::isatty(descriptor)) return DescriptorKind::terminal;
  if (S_ISCHR(status.st_mode) || S_ISREG(status.st_mode)) return DescriptorKind::file;
  return DescriptorKind::unknown;
}

Result<Descriptor> Descriptor::takeOver(int number) noexcept {
  if (SysError error = sys::takeOver(number)) return error;
  return Descriptor(number);
}

Descriptor::~Descriptor() { Fd(release()).reset(); }

Result<Descriptor> Descriptor::duplicateOf(int number) noexcept {
  const int copy = syscalls::fcntl(number, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return SysError{errno, Operation::open};
  return Descriptor(copy);
}

}  // namespace sprocket::platform
