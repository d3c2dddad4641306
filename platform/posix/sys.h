#pragma once

// System calls with the house rules added: interrupted calls are retried, no call raises SIGPIPE,
// errors are values. One level above syscalls.h, which tests replace.

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sprocket/platform/address.h"
#include "sprocket/platform/posix/fd.h"
#include "sprocket/platform/result.h"
#include "sprocket/platform/time.h"

namespace sprocket::platform::sys {

// What one transfer came to. At the end of the stream a receive gives count 0 and no error.
struct Transfer {
  std::size_t count = 0;
  int errnum = 0;
  bool full = false;  // of a send: the kernel took less than it was offered

  bool wouldBlock() const noexcept { return errnum == EAGAIN || errnum == EWOULDBLOCK; }
};

Result<Fd> openStreamSocket(const Endpoint& of, Operation blame);
SysError bind(const Fd& fd, const Endpoint& local, Operation blame);
SysError listen(const Fd& fd, int backlog);

// Starts connecting. errnum EINPROGRESS: it goes on by itself and pendingError() tells the outcome.
SysError connect(const Fd& fd, const Endpoint& remote);
Result<Fd> accept(const Fd& listener);

Transfer receive(const Fd& fd, std::span<std::byte> buffer);

// One gathered send, of at most as many slices and bytes as one call may carry. The first slice
// counts from `offset` on.
Transfer send(const Fd& fd, std::span<const std::span<const std::byte>> slices,
              std::size_t offset = 0);
int shutdownSend(const Fd& fd);

// The same for a pipe.
Transfer readPipe(const Fd& fd, std::span<std::byte> buffer);
Transfer writePipe(const Fd& fd, std::span<const std::span<const std::byte>> slices,
                   std::size_t offset = 0);

// Gives somebody else's descriptor what socket() and accept() give ours.
SysError takeOver(int descriptor);

bool isIp(const Fd& fd);

// The error that the socket holds, or that asking for it met.
int pendingError(const Fd& fd);
Endpoint localEndpoint(const Fd& fd);
Endpoint remoteEndpoint(const Fd& fd);
SysError setOption(const Fd& fd, int level, int name, int value, Operation blame = Operation::open);

// A descriptor held in reserve: nothing can be done with it but to give it up.
Fd reserve();

// Which file a path names now; none if there is none. Links are not followed.
struct FileId {
  std::uint64_t device;
  std::uint64_t inode;
  friend bool operator==(const FileId&, const FileId&) = default;
};
std::optional<FileId> fileAt(const char* path);

// Lets every user read or write the file, besides who may already.
SysError openToAll(const char* path, bool readable, bool writable);

Instant now();

}  // namespace sprocket::platform::sys
