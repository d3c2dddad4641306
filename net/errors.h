#pragma once

// The wording of every error of net: Node's. [3] Most are made where nobody
// could be told of a want of memory, so it is told in their place: then they are
// Error::outOfMemory().

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sprocket/platform/address.h"
#include "sprocket/platform/error.h"
#include "sprocket/platform/sys_error.h"

namespace sprocket::platform {

enum class DescriptorKind : std::uint8_t;

}

namespace sprocket::net {

// "connect ECONNREFUSED 127.0.0.1:80", with " - Local (127.0.0.1:4000)" behind it if `local` is not
// empty; and of binding the local side "bind EADDRINUSE 127.0.0.1:4000".
Error connectError(platform::SysError error, const platform::Endpoint& remote,
                   const platform::Endpoint& local) noexcept;

// Of several attempts that have failed, at least one: it has all of them in errors(), their
// messages in a row, and the code of the first.
Error aggregateError(std::vector<Error> errors) noexcept;

// "listen EADDRINUSE: address already in use 127.0.0.1:80"
Error listenError(platform::SysError error, const platform::Endpoint& local) noexcept;

// "read ECONNRESET", "write EPIPE", "accept EINVAL"
Error transferError(platform::SysError error) noexcept;

// Errors of the library's own.
Error invalidAddressError(std::string_view address) noexcept;
Error invalidFamilyError(int family, std::string_view host, int port) noexcept;
Error serverNotRunningError() noexcept;
Error socketClosedError() noexcept;
Error closedBeforeConnectionError() noexcept;
Error writeAfterEndError() noexcept;
Error endedByOtherPartyError() noexcept;
Error streamDestroyedError(std::string_view method) noexcept;
Error alreadyFinishedError() noexcept;
Error noReadBufferError() noexcept;

// Mistakes of the caller, each naming the value; thrown.
[[noreturn]] void throwNullText();
[[noreturn]] void throwBadPort(std::string_view name, long long value);
[[noreturn]] void throwBadAddress(std::string_view name, std::string_view value);
[[noreturn]] void throwBadFamily(int value);
[[noreturn]] void throwBadHints(int value);
[[noreturn]] void throwBadLookup();
[[noreturn]] void throwBadTimeout(double value);
[[noreturn]] void throwBadAttemptTimeout(double value);
[[noreturn]] void throwBadBacklog(int value);
[[noreturn]] void throwBadMaxConnections(long long value);
[[noreturn]] void throwBadDescriptor(int value);
[[noreturn]] void throwDescriptorKind(platform::DescriptorKind kind);
[[noreturn]] void throwNotBound();
[[noreturn]] void throwNoTarget(std::string_view method, std::string_view needed);
[[noreturn]] void throwCannotConnect(std::string_view state);
[[noreturn]] void throwListenersReleased();
[[noreturn]] void throwCannotReset();
[[noreturn]] void throwBadOnRead();
[[noreturn]] void throwUnknownEncoding(std::string_view name);

}  // namespace sprocket::net
