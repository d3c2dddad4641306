#include "sprocket/net/connecting.h"

#include <string_view>
#include <utility>

#include "sprocket/net/errors.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {

using platform::Endpoint;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;
using reactor::RefPtr;

namespace {

std::uint16_t checkedPort(std::string_view name, int port) {
  if (port < 0 || port > 65535) throwBadPort(name, port);
  return static_cast<std::uint16_t>(port);
}

}  // namespace

Connecting::Connecting(SocketState& socket, const ConnectOptions& options) : socket_(&socket) {
  if (!options.path.empty()) {
    remote_ = LocalPath{options.path};
    strictPath_ = options.strictPath;
  } else if (options.port) {
    useHost(options);
  } else {
    throwNoTarget("connect()");
  }
}

void Connecting::useHost(const ConnectOptions& options) {
  port_ = checkedPort("port", *options.port);
  host_ = options.host.empty() ? "localhost" : options.host;
  if (options.family != 0 && options.family != 4 && options.family != 6) {
    throwBadFamily(options.family);
  }
  family_ = options.family;
  localPort_ = options.localPort ? checkedPort("localPort", *options.localPort) : 0;
  if (!options.localAddress.empty()) {
    const auto address = IpAddress::parse(options.localAddress);
    if (!address) throwBadAddress("localAddress", options.localAddress);
    local_ = IpEndpoint{*address, localPort_};
    localIsWhole_ = localPort_ != 0;
  }
  if (const auto address = IpAddress::parse(host_)) remote_ = IpEndpoint{*address, port_};
}

// Whether the socket still wants to hear of it.
bool Connecting::isUnderWay() const { return socket_ != nullptr && socket_->isConnecting(); }

template <class F>
void Connecting::defer(F step) {
  socket_->withMemory([&] {
    socket_->loop()->nextTick([self = RefPtr<Connecting>(this), step = std::move(step)] {
      if (self->isUnderWay()) step(*self);
    });
  });
}

void Connecting::drop() {
  socket_ = nullptr;
  if (lookup_) lookup_->cancel();
}

void Connecting::start() {
  if (remote_.empty()) return resolve();
  defer([](Connecting& self) { self.connectStream(); });
}

void Connecting::resolve() {
  lookup_ = dns::lookup(*socket_->loop(), host_, {.family = family_},
                        [this](const Error& error, const std::vector<dns::Address>& addresses) {
                          onResolved(error, addresses);
                        });
}

// Here and elsewhere, what must follow user code is deferred before it is called: it happens also
// if a listener throws.
void Connecting::onResolved(const Error& error, const std::vector<dns::Address>& addresses) {
  if (!isUnderWay()) return;
  const RefPtr<Connecting> keep = this;
  SocketState& socket = *socket_;
  socket.touch();
  if (error) {
    defer([error](Connecting& self) { self.socket_->finishWith(error); });
    socket.emit<"lookup">(error, std::string(), 0, host_);
    return;
  }
  const dns::Address& first = addresses.front();
  const auto address = IpAddress::parse(first.address);  // its zone may be gone by now
  if (!address) return socket.finishWith(invalidAddressError(first.address));
  remote_ = IpEndpoint{*address, port_};
  defer([](Connecting& self) { self.connectStream(); });
  socket.emit<"lookup">(Error(), first.address, first.family, host_);
}

void Connecting::connectStream() {
  if (local_.empty() && localPort_ != 0) {
    local_ = IpEndpoint{IpAddress::any(remote_.ip().address.family()), localPort_};
  }
  socket_->withMemory([&] {
    socket_->useStream(socket_->loop()->backend().connect(
        remote_, {.local = local_, .strictPath = strictPath_}, socket_->streamHandler()));
  });
}

void Connecting::streamFailed(platform::SysError error) {
  const bool tellLocal = localIsWhole_ || error.operation == platform::Operation::bind;
  socket_->finishWith(connectError(error, remote_, tellLocal ? local_ : Endpoint()));
}

}  // namespace sprocket::net
