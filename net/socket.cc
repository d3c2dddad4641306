#include "sprocket/net/socket.h"

#include <algorithm>
#include <utility>

#include "sprocket/net/errors.h"
#include "sprocket/net/format_address.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {
namespace {

template <class T>
std::optional<T> memberOf(const std::optional<Address>& address, T Address::*member) {
  return address ? std::optional<T>((*address).*member) : std::nullopt;
}

// Only of IP connections. [13.3]
std::optional<Address> ipAddressOf(const platform::Endpoint& endpoint) {
  return endpoint.isIp() ? formatAddress(endpoint) : std::nullopt;
}

}  // namespace

// A mistake here, such as a negative delay, leaves the system's own value.
std::chrono::seconds Milliseconds::wholeSeconds() const {
  constexpr double most = 65535;
  const double seconds = count_ / 1000;
  return std::chrono::seconds(seconds >= 1 ? static_cast<int>(std::min(seconds, most)) : 0);
}

Socket::Socket() : Socket(SocketOptions{}) {}
Socket::Socket(const SocketOptions& options)
    : state_(new SocketState(reactor::Loop::current(), options)) {}
Socket::Socket(SocketState& state) noexcept : state_(&state) {}
Socket::Socket(const Socket& other) noexcept = default;
Socket& Socket::operator=(const Socket& other) noexcept = default;
Socket::~Socket() = default;

Socket Socket::connect(const ConnectOptions& options, OnConnect listener) const {
  state_->connect(options, std::move(listener));
  return *this;
}

Socket Socket::connect(ConnectTo target, OnConnect listener) const {
  return connect({.port = target.checkedPort(), .path = target.path()}, std::move(listener));
}

Socket Socket::connect(Port port, const Host& host, OnConnect listener) const {
  return connect({.port = port.checked(), .host = host.name()}, std::move(listener));
}

Socket connect(const ConnectOptions& options, OnConnect listener) {
  Socket socket(options.forSocket());
  socket.state_->connect(options, std::move(listener), options.fd);
  return socket;
}

bool Socket::write(const Chunk& chunk, OnWritten callback) const {
  return state_->write(chunk, std::move(callback));
}

bool Socket::write(const Chunk& chunk, Encoding encoding, OnWritten callback) const {
  if (!chunk.isText()) return write(chunk, std::move(callback));
  return write(encode(Buffer::viewOf(chunk.bytes()).text(), encoding), std::move(callback));
}

Socket Socket::end(OnWritten callback) const {
  state_->end(nullptr, std::move(callback));
  return *this;
}

Socket Socket::end(const Chunk& chunk, OnWritten callback) const {
  state_->end(&chunk, std::move(callback));
  return *this;
}

Socket Socket::end(const Chunk& chunk, Encoding encoding, OnWritten callback) const {
  if (!chunk.isText()) return end(chunk, std::move(callback));
  return end(encode(Buffer::viewOf(chunk.bytes()).text(), encoding), std::move(callback));
}

Socket Socket::destroy(const Error& error) const {
  state_->destroy(error);
  return *this;
}

void Socket::cork() const { state_->cork(); }

void Socket::uncork() const { state_->uncork(); }

void Socket::destroySoon() const { state_->destroySoon(); }

Socket Socket::resetAndDestroy() const {
  state_->resetAndDestroy();
  return *this;
}

Socket Socket::pause() const {
  state_->pause();
  return *this;
}

Socket Socket::resume() const {
  state_->resume();
  return *this;
}

std::optional<Buffer> Socket::read() const { return state_->read(std::nullopt); }
std::optional<Buffer> Socket::read(std::size_t size) const { return state_->read(size); }

Socket Socket::setEncoding(Encoding encoding) const {
  state_->setEncoding(encoding);
  return *this;
}

Socket Socket::pipe(const Socket& destination, bool end) const {
  state_->pipe(*destination.state_, end);
  return destination;
}

Socket Socket::unpipe(const Socket& destination) const {
  state_->unpipe(destination.state_.get());
  return *this;
}

Socket Socket::unpipe() const {
  state_->unpipe(nullptr);
  return *this;
}

Socket Socket::setTimeout(Milliseconds idle, OnTimeout listener) const {
  state_->setTimeout(idle.count(), std::move(listener));
  return *this;
}

Socket Socket::setNoDelay(bool on) const {
  state_->setNoDelay(on);
  return *this;
}

Socket Socket::setKeepAlive(bool enable, Milliseconds initialDelay) const {
  state_->setKeepAlive(enable, initialDelay.wholeSeconds());
  return *this;
}

Socket Socket::ref() const {
  state_->setReferenced(true);
  return *this;
}

Socket Socket::unref() const {
  state_->setReferenced(false);
  return *this;
}

std::optional<Address> Socket::address() const { return ipAddressOf(state_->localEndpoint()); }

std::optional<std::string> Socket::localAddress() const {
  return memberOf(address(), &Address::address);
}

std::optional<int> Socket::localPort() const { return memberOf(address(), &Address::port); }
std::optional<std::string> Socket::localFamily() const {
  return memberOf(address(), &Address::family);
}

std::optional<std::string> Socket::remoteAddress() const {
  return memberOf(ipAddressOf(state_->remoteEndpoint()), &Address::address);
}

std::optional<std::string> Socket::remoteFamily() const {
  return memberOf(ipAddressOf(state_->remoteEndpoint()), &Address::family);
}

std::optional<int> Socket::remotePort() const {
  return memberOf(ipAddressOf(state_->remoteEndpoint()), &Address::port);
}

bool Socket::isPaused() const { return state_->isPaused(); }

bool Socket::pending() const { return state_->isPending(); }

bool Socket::readable() const { return state_->isReadable(); }

bool Socket::writable() const { return state_->isWritable(); }

std::string_view Socket::readyState() const {
  if (connecting()) return "opening";
  if (readable()) return writable() ? "open" : "readOnly";
  return writable() ? "writeOnly" : "closed";
}

std::size_t Socket::writableLength() const { return bufferSize(); }

bool Socket::connecting() const { return state_->isConnecting(); }

bool Socket::destroyed() const { return state_->isDestroyed(); }

std::uint64_t Socket::bytesRead() const { return state_->bytesRead(); }

std::uint64_t Socket::bytesWritten() const { return state_->bytesWritten(); }

std::size_t Socket::bufferSize() const { return state_->bufferSize(); }

std::optional<double> Socket::timeout() const { return state_->timeout(); }

ListenerTable& Socket::listeners() const { return state_->listeners(); }

void Socket::onNewListener(std::uint8_t event) const { state_->onNewListener(event); }
void Socket::onListenersRemoved() const { state_->onListenersRemoved(); }

}  // namespace sprocket::net
