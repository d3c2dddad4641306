#include "sprocket/net/errors.h"

#include <array>
#include <charconv>
#include <new>
#include <utility>

#include "sprocket/platform/descriptor.h"

namespace sprocket::net {
namespace {

using platform::Endpoint;
using platform::SysError;

Error::Details detailsOf(SysError error) {
  return {.message = std::string(error.syscall()) + " " + std::string(error.code()),
          .code = std::string(error.code()),
          .errnum = error.errnum,
          .syscall = std::string(error.syscall())};
}

// Node's form, which has no brackets around IPv6 addresses.
std::string nameOf(const Endpoint& endpoint) {
  if (endpoint.isLocal()) return endpoint.path().text;
  if (!endpoint.isIp()) return {};
  const auto& [address, port] = endpoint.ip();
  return address.toString() + (port == 0 ? "" : ":" + std::to_string(port));
}

void setAddress(Error::Details& details, const Endpoint& endpoint) {
  if (endpoint.isLocal()) details.address = endpoint.path().text;
  if (!endpoint.isIp()) return;
  details.address = endpoint.ip().address.toString();
  details.port = endpoint.ip().port;
}

template <class Details>
Error orOutOfMemory(Details details) noexcept {
  try {
    return Error(details());
  } catch (const std::bad_alloc&) {
    return Error::outOfMemory();
  }
}

Error own(std::string_view code, std::string_view begin, std::string_view middle = {},
          std::string_view end = {}) noexcept {
  return orOutOfMemory([&]() -> Error::Details {
    return {.message = std::string(begin).append(middle).append(end), .code = std::string(code)};
  });
}

Error::Details connectDetails(SysError error, const Endpoint& remote, const Endpoint& local) {
  Error::Details details = detailsOf(error);
  if (error.operation == platform::Operation::bind) {
    details.message += " " + nameOf(local);
    setAddress(details, local);
    return details;
  }
  details.message += " " + nameOf(remote);
  setAddress(details, remote);
  if (local.isIp()) {
    details.localAddress = local.ip().address.toString();
    details.localPort = local.ip().port;
    details.message += " - Local (" + nameOf(local) + ")";
  }
  return details;
}

Error::Details listenDetails(SysError error, const Endpoint& local) {
  Error::Details details = detailsOf(error);
  details.syscall = "listen";
  details.message = "listen " + details.code + ": " + std::string(error.description());
  if (!local.empty()) details.message += " " + nameOf(local);
  setAddress(details, local);
  return details;
}

std::string textOf(double value) {
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string_view nameOf(platform::DescriptorKind kind) {
  using enum platform::DescriptorKind;
  switch (kind) {
    case unsupported: return "this system has no descriptors";
    case file: return "FILE";
    case terminal: return "TTY";
    case datagram: return "UDP";
    case listening: return "LISTENER";
    default: return "UNKNOWN";
  }
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace

Error connectError(SysError error, const Endpoint& remote, const Endpoint& local) noexcept {
  return orOutOfMemory([&] { return connectDetails(error, remote, local); });
}

Error aggregateError(std::vector<Error> errors) noexcept {
  return orOutOfMemory([&]() -> Error::Details {
    const Error& first = errors.front();
    Error::Details details{
        .code = first.code(), .errnum = first.errnum(), .syscall = first.syscall()};
    for (const Error& each : errors) {
      details.message += (details.message.empty() ? "" : ", ") + std::string(each.what());
    }
    details.errors = std::move(errors);
    return details;
  });
}

Error listenError(SysError error, const Endpoint& local) noexcept {
  return orOutOfMemory([&] { return listenDetails(error, local); });
}

Error transferError(SysError error) noexcept {
  return orOutOfMemory([&] { return detailsOf(error); });
}

Error invalidAddressError(std::string_view address) noexcept {
  return own("ERR_INVALID_IP_ADDRESS", "Invalid IP address: ", address);
}

Error invalidFamilyError(int family, std::string_view host, int port) noexcept {
  return orOutOfMemory([&]() -> Error::Details {
    const std::string name(host);
    return {.message = "Invalid address family: " + std::to_string(family) + " " + name + ":" +
                       std::to_string(port),
            .code = "ERR_INVALID_ADDRESS_FAMILY",
            .port = port,
            .hostname = name};
  });
}

Error serverNotRunningError() noexcept {
  return own("ERR_SERVER_NOT_RUNNING", "Server is not running.");
}

Error socketClosedError() noexcept { return own("ERR_SOCKET_CLOSED", "Socket is closed"); }

Error closedBeforeConnectionError() noexcept {
  return own("ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
             "Socket closed before the connection was established");
}

Error writeAfterEndError() noexcept { return own("ERR_STREAM_WRITE_AFTER_END", "write after end"); }

Error endedByOtherPartyError() noexcept {
  return own("EPIPE", "This socket has been ended by the other party");
}

Error streamDestroyedError(std::string_view method) noexcept {
  return own("ERR_STREAM_DESTROYED", "Cannot call ", method, " after a stream was destroyed");
}

Error alreadyFinishedError() noexcept {
  return own("ERR_STREAM_ALREADY_FINISHED", "Cannot call end after a stream was finished");
}

Error noReadBufferError() noexcept {
  return own("ENOBUFS", "read ENOBUFS: onread.buffer gave no memory");
}

void throwNullText() {
  throw ArgumentError("ERR_INVALID_ARG_TYPE", "a text is needed. Received a null pointer");
}

void throwBadPort(std::string_view name, long long value) {
  throw ArgumentError(
      "ERR_SOCKET_BAD_PORT",
      std::string(name) + " should be >= 0 and < 65536. Received " + std::to_string(value) + ".");
}

void throwBadAddress(std::string_view name, std::string_view value) {
  throw ArgumentError("ERR_INVALID_IP_ADDRESS",
                      std::string(name) + " is not an IP address: " + quoted(value));
}

void throwBadFamily(int value) {
  throw ArgumentError("ERR_INVALID_ARG_VALUE",
                      "family must be 0, 4 or 6. Received " + std::to_string(value) + ".");
}

void throwBadHints(int value) {
  throw ArgumentError("ERR_INVALID_ARG_VALUE",
                      "hints must be made of ADDRCONFIG, V4MAPPED and ALL. Received " +
                          std::to_string(value) + ".");
}

void throwBadLookup() {
  throw ArgumentError("ERR_INVALID_ARG_TYPE", "lookup must be a function. Received an empty one");
}

void throwBadTimeout(double value) {
  throw ArgumentError(
      "ERR_OUT_OF_RANGE",
      "timeout must be a non-negative finite number. Received " + textOf(value) + ".");
}

void throwBadAttemptTimeout(double value) {
  throw ArgumentError("ERR_OUT_OF_RANGE",
                      "autoSelectFamilyAttemptTimeout must be a positive finite number. Received " +
                          textOf(value) + ".");
}

void throwBadBacklog(int value) {
  throw ArgumentError("ERR_OUT_OF_RANGE",
                      "backlog must not be negative. Received " + std::to_string(value) + ".");
}

void throwBadMaxConnections(long long value) {
  throw ArgumentError("ERR_OUT_OF_RANGE", "maxConnections must not be negative. Received " +
                                              std::to_string(value) + ".");
}

void throwBadDescriptor(int value) {
  throw ArgumentError("ERR_OUT_OF_RANGE",
                      "The value of \"fd\" is out of range. It must be >= 0 && <= 2147483647. "
                      "Received " +
                          std::to_string(value));
}

void throwDescriptorKind(platform::DescriptorKind kind) {
  throw ArgumentError("ERR_INVALID_FD_TYPE", "Unsupported fd type: " + std::string(nameOf(kind)));
}

void throwNotBound() {
  throw ArgumentError(
      "ERR_INVALID_ARG_VALUE",
      "listen() needs a server of this loop that listens or a socket that has a descriptor");
}

void throwNoTarget(std::string_view method, std::string_view needed) {
  throw ArgumentError("ERR_MISSING_ARGS", std::string(method) + " needs " + std::string(needed) +
                                              ": none was given, or the path is ''");
}

void throwCannotConnect(std::string_view state) {
  throw ArgumentError("ERR_SOCKET_NOT_CLOSED", "connect() on a socket that is " +
                                                   std::string(state) +
                                                   ": connect again in its 'close' listener");
}

void throwListenersReleased() {
  throw ArgumentError(
      "ERR_SOCKET_LISTENERS_RELEASED",
      "connect() on a socket whose listeners were released after 'close': attach "
      "listeners again (onread cannot be), connect in the 'close' listener, or make "
      "it {.reusable = true}");
}

void throwCannotReset() {
  throw ArgumentError("ERR_INVALID_HANDLE_TYPE",
                      "resetAndDestroy() on a local connection: only TCP has a reset");
}

void throwBadOnRead() {
  throw ArgumentError("ERR_INVALID_ARG_VALUE",
                      "onread needs a buffer and a callback. One of them is missing.");
}

void throwUnknownEncoding(std::string_view name) {
  throw ArgumentError("ERR_UNKNOWN_ENCODING", "Unknown encoding: " + std::string(name));
}

}  // namespace sprocket::net
