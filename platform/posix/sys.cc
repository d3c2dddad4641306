#include "sprocket/platform/posix/sys.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sprocket/platform/posix/sockaddr.h"

namespace sprocket::platform::sys {
namespace {

// One send moves at most so much: enough for any socket buffer, and far from every kernel's limit.
constexpr std::size_t kSlicesPerSend = 64;
constexpr std::size_t kBytesPerSend = std::size_t{1} << 30;
static_assert(kSlicesPerSend <= IOV_MAX);

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;  // Older macOS. SO_NOSIGPIPE is set on every socket instead.
#endif

template <class Call>
auto retryInterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

template <class Call>
SysError report(Operation operation, Call call) {
  return retryInterrupted(call) < 0 ? SysError{errno, operation} : SysError{};
}

Transfer sentOf(std::size_t offered, ssize_t count) {
  // macOS says EPROTOTYPE for a while, when a send meets a connection that is being torn down.
  if (count < 0) return {.errnum = errno == EPROTOTYPE ? ECONNRESET : errno};
  return {.count = static_cast<std::size_t>(count),
          .full = static_cast<std::size_t>(count) < offered};
}

// What nearly every send is, without the price of an array of pieces.
Transfer sendOne(const Fd& fd, std::span<const std::byte> slice) {
  if (slice.empty()) return {};
  slice = slice.first(std::min(slice.size(), kBytesPerSend));
  return sentOf(slice.size(), retryInterrupted([&] {
                  return syscalls::send(fd.get(), slice.data(), slice.size(), kSendFlags);
                }));
}

// What one call is to move.
struct Pieces {
  Pieces(std::span<const std::span<const std::byte>> slices, std::size_t offset) {
    for (std::span<const std::byte> slice : slices) {
      if (count == pieces.size() || offered == kBytesPerSend) break;
      slice = slice.subspan(std::exchange(offset, 0));
      if (slice.empty()) continue;
      slice = slice.first(std::min(slice.size(), kBytesPerSend - offered));
      // The kernel only reads through iov_base.
      pieces[count++] = {const_cast<std::byte*>(slice.data()), slice.size()};
      offered += slice.size();
    }
  }

  std::array<iovec, kSlicesPerSend> pieces;  // as many as are counted
  std::size_t count = 0;
  std::size_t offered = 0;
};

// A write to a pipe that nobody reads raises SIGPIPE in this thread, and there is no flag against
// it. So it is held back for the time of the call and taken away again, unless one waited before,
// which is somebody else's. The process's signal table is left alone.
class SigPipeHeld {
 public:
  SigPipeHeld() {
    sigemptyset(&sigPipe_);
    sigaddset(&sigPipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigPipe_, &before_);
    // Where it was let through none can have waited.
    waited_ = sigismember(&before_, SIGPIPE) == 1 && isWaiting();
  }

  ~SigPipeHeld() {
    const int errnum = errno;
    int signal = 0;
    if (errnum == EPIPE && !waited_ && isWaiting()) sigwait(&sigPipe_, &signal);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = errnum;
  }

  SigPipeHeld(const SigPipeHeld&) = delete;
  SigPipeHeld& operator=(const SigPipeHeld&) = delete;

 private:
  static bool isWaiting() {
    sigset_t waiting;
    return sigpending(&waiting) == 0 && sigismember(&waiting, SIGPIPE) == 1;
  }

  sigset_t sigPipe_;
  sigset_t before_;
  bool waited_;
};

Endpoint endpointBy(int (*ask)(int, sockaddr*, socklen_t*), const Fd& fd) {
  SockAddr name;
  if (ask(fd.get(), name.data(), name.resetSize()) < 0) return {};
  return name.toEndpoint();
}

}  // namespace

Result<Fd> openStreamSocket(const Endpoint& of, Operation blame) {
  const SockAddr address(of);
  Fd fd(syscalls::socket(address.family(), SOCK_STREAM, 0));
  if (!fd) return SysError{errno, blame};
  return fd;
}

SysError bind(const Fd& fd, const Endpoint& local, Operation blame) {
  const SockAddr address(local);
  return report(blame, [&] { return syscalls::bind(fd.get(), address.data(), address.size()); });
}

SysError listen(const Fd& fd, int backlog) {
  return report(Operation::listen, [&] { return syscalls::listen(fd.get(), backlog); });
}

SysError connect(const Fd& fd, const Endpoint& remote) {
  const SockAddr address(remote);
  if (syscalls::connect(fd.get(), address.data(), address.size()) == 0) return {};
  // An interrupted connect goes on like one in progress; asking again would give EALREADY.
  return {errno == EINTR ? EINPROGRESS : errno, Operation::connect};
}

Result<Fd> accept(const Fd& listener) {
  Fd fd(retryInterrupted([&] { return syscalls::accept(listener.get(), nullptr, nullptr); }));
  if (!fd) return SysError{errno, Operation::accept};
  return fd;
}

Transfer receive(const Fd& fd, std::span<std::byte> buffer) {
  const ssize_t count =
      retryInterrupted([&] { return syscalls::recv(fd.get(), buffer.data(), buffer.size(), 0); });
  if (count < 0) return {.errnum = errno};
  return {.count = static_cast<std::size_t>(count)};
}

Transfer send(const Fd& fd, std::span<const std::span<const std::byte>> slices,
              std::size_t offset) {
  if (slices.size() == 1) return sendOne(fd, slices.front().subspan(offset));
  Pieces all(slices, offset);
  if (all.offered == 0) return {};
  msghdr message{};
  message.msg_iov = all.pieces.data();
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(all.count);
  return sentOf(all.offered, retryInterrupted([&] {
                  return syscalls::sendmsg(fd.get(), &message, kSendFlags);
                }));
}

Transfer readPipe(const Fd& fd, std::span<std::byte> buffer) {
  const iovec piece{buffer.data(), buffer.size()};
  const ssize_t count = retryInterrupted([&] { return syscalls::readv(fd.get(), &piece, 1); });
  if (count < 0) return {.errnum = errno};
  return {.count = static_cast<std::size_t>(count)};
}

Transfer writePipe(const Fd& fd, std::span<const std::span<const std::byte>> slices,
                   std::size_t offset) {
  const Pieces all(slices, offset);
  if (all.offered == 0) return {};
  const SigPipeHeld held;
  return sentOf(all.offered, retryInterrupted([&] {
                  return syscalls::writev(fd.get(), all.pieces.data(), static_cast<int>(all.count));
                }));
}

int shutdownSend(const Fd& fd) { return syscalls::shutdown(fd.get(), SHUT_WR) < 0 ? errno : 0; }

SysError takeOver(int descriptor) {
  const int flags = syscalls::fcntl(descriptor, F_GETFL, 0);
  if (flags < 0 || syscalls::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ||
      syscalls::fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) {
    return {errno, Operation::open};
  }
#ifdef SO_NOSIGPIPE
  // Fails for pipes, for which writePipe() cares.
  const int on = 1;
  syscalls::setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return {};
}

bool isIp(const Fd& fd) {
  SockAddr name;
  if (syscalls::getsockname(fd.get(), name.data(), name.resetSize()) < 0) return false;
  return name.family() == AF_INET || name.family() == AF_INET6;
}

int pendingError(const Fd& fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return syscalls::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

Endpoint localEndpoint(const Fd& fd) { return endpointBy(&syscalls::getsockname, fd); }

Endpoint remoteEndpoint(const Fd& fd) { return endpointBy(&syscalls::getpeername, fd); }

SysError setOption(const Fd& fd, int level, int name, int value, Operation blame) {
  const int result = syscalls::setsockopt(fd.get(), level, name, &value, sizeof value);
  return result < 0 ? SysError{errno, blame} : SysError{};
}

Fd reserve() {
  return Fd(retryInterrupted(
      [] { return syscalls::open("/dev/null", O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
}

std::optional<FileId> fileAt(const char* path) {
  struct stat status;
  if (syscalls::lstat(path, &status) < 0) return std::nullopt;
  return FileId{static_cast<std::uint64_t>(status.st_dev),
                static_cast<std::uint64_t>(status.st_ino)};
}

SysError openToAll(const char* path, bool readable, bool writable) {
  struct stat status;
  if (syscalls::lstat(path, &status) < 0) return {errno, Operation::listen};
  mode_t mode = status.st_mode & 07777;
  if (readable) mode |= S_IRUSR | S_IRGRP | S_IROTH;
  if (writable) mode |= S_IWUSR | S_IWGRP | S_IWOTH;
  return report(Operation::listen, [&] { return syscalls::chmod(path, mode); });
}

Instant now() {
  timespec time{};
  syscalls::clockGettime(CLOCK_MONOTONIC, &time);
  return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace sprocket::platform::sys
