#include "sprocket/net/connecting.h"

#include <string_view>
#include <utility>

#include "sprocket/dns/lookup_error.h"
#include "sprocket/net/auto_select_family.h"
#include "sprocket/net/errors.h"
#include "sprocket/net/socket_state.h"
#include "sprocket/platform/host_lookup.h"

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

LookupAnswer::LookupAnswer(Connecting& connecting) noexcept : connecting_(&connecting) {}
LookupAnswer::LookupAnswer(const LookupAnswer&) noexcept = default;
LookupAnswer& LookupAnswer::operator=(const LookupAnswer&) noexcept = default;
LookupAnswer::~LookupAnswer() = default;

void LookupAnswer::operator()(const Error& error) const { connecting_->answer(error, {}); }
void LookupAnswer::operator()(std::string_view address, int family) const {
  connecting_->answer({}, {{.address = std::string(address), .family = family}});
}
void LookupAnswer::operator()(std::vector<dns::Address> addresses) const {
  (*this)({}, std::move(addresses));
}
void LookupAnswer::operator()(const Error& error, std::vector<dns::Address> addresses) const {
  connecting_->answer(error, std::move(addresses));
}

Connecting::Connecting(SocketState& socket, const ConnectOptions& options) : socket_(&socket) {
  if (!options.path.empty()) {
    remote_ = LocalPath{options.path};
    strictPath_ = options.strictPath;
  } else if (options.port) {
    useHost(options);
  } else {
    throwNoTarget("connect()", "a port or a path");
  }
}

void Connecting::useHost(const ConnectOptions& options) {
  port_ = checkedPort("port", *options.port);
  host_ = options.host.empty() ? "localhost" : options.host;
  if (options.family != 0 && options.family != 4 && options.family != 6) {
    throwBadFamily(options.family);
  }
  family_ = options.family;
  if (!options.hints.areKnown()) throwBadHints(options.hints.bits());
  hints_ = family_ == 0 && options.hints.empty() ? platform::impliedHints() : options.hints;
  const double slice = checkedAttemptTimeout(
      options.autoSelectFamilyAttemptTimeout.value_or(getDefaultAutoSelectFamilyAttemptTimeout()));
  if (family_ == 0 && options.autoSelectFamily.value_or(getDefaultAutoSelectFamily())) {
    slice_ = slice;
  }
  localPort_ = options.localPort ? checkedPort("localPort", *options.localPort) : 0;
  if (!options.localAddress.empty()) {
    const auto address = IpAddress::parse(options.localAddress);
    if (!address) throwBadAddress("localAddress", options.localAddress);
    local_ = IpEndpoint{*address, localPort_};
    localIsWhole_ = localPort_ != 0;
  }
  ask_ = options.lookup;
  if (const auto address = IpAddress::parse(host_)) remote_ = IpEndpoint{*address, port_};
}

// There is only one descriptor, if one is given.
bool Connecting::tellsAll() const { return slice_ > 0 && local_.empty() && !socket_->given_; }

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

// What of it is a user's goes last: that may come back here.
void Connecting::drop() {
  socket_ = nullptr;
  if (race_) race_->end();
  if (lookup_) lookup_->cancel();
  const LookupFunction released = std::exchange(ask_, {});
}

void Connecting::start() {
  if (!remote_.empty()) {
    defer([](Connecting& self) { self.connectStream(); });
  } else if (ask_.get() != nullptr) {
    defer([](Connecting& self) { self.askUser(); });
  } else {
    resolve();
  }
}

dns::LookupOptions Connecting::lookupOptions() const {
  return {.family = family_, .hints = hints_, .all = tellsAll()};
}

void Connecting::resolve() {
  lookup_ = dns::lookup(*socket_->loop(), host_, lookupOptions(),
                        [this](const Error& error, const std::vector<dns::Address>& addresses) {
                          if (!isUnderWay()) return;
                          const RefPtr<Connecting> keep = this;
                          socket_->withMemory([&] { addresses_ = addresses; });
                          if (isUnderWay()) onResolved(error);
                        });
}

void Connecting::askUser() {
  const std::shared_ptr<LookupFunction::Function> function = ask_.get();
  try {
    (*function)(host_, lookupOptions(), LookupAnswer(*this));
  } catch (...) {
    if (isUnderWay()) socket_->finishWith({});
    throw;
  }
}

// Told later, since it may come in the middle of anything.
void Connecting::answer(const Error& error, std::vector<dns::Address> addresses) {
  if (answered_ || !isUnderWay()) return;
  answered_ = true;
  addresses_ = std::move(addresses);
  defer([error](Connecting& self) { self.onResolved(error); });
}

void Connecting::onResolved(const Error& error) {
  socket_->touch();
  if (error) return tellFailure(error);
  if (addresses_.empty()) {
    return tellFailure(dns::lookupError(platform::HostLookupError::notFound(), host_));
  }
  if (!tellsAll()) addresses_.erase(addresses_.begin() + 1, addresses_.end());
  tellAddress(0);
}

// Here and elsewhere, what must follow user code is deferred before it is called: it happens also
// if a listener throws.
void Connecting::tellFailure(const Error& error) {
  const RefPtr<Connecting> keep = this;
  SocketState& socket = *socket_;
  defer([error](Connecting& self) { self.socket_->finishWith(error); });
  socket.emit<"lookup">(error, std::string(), 0, host_);
}

void Connecting::tellAddress(std::size_t index) {
  const RefPtr<Connecting> keep = this;
  SocketState& socket = *socket_;
  defer([index](Connecting& self) {
    index + 1 < self.addresses_.size() ? self.tellAddress(index + 1) : self.useAddresses();
  });
  const dns::Address& each = addresses_[index];
  socket.emit<"lookup">(Error(), each.address, each.family, host_);
}

void Connecting::useAddresses() {
  if (addresses_.size() > 1) {
    socket_->withMemory([&] {
      std::vector<Candidate> candidates = candidatesIn(addresses_, port_);
      if (candidates.size() > 1) {
        race_ = std::make_unique<Race>(*this, std::move(candidates), slice_);
      } else if (candidates.size() == 1) {
        addresses_.assign(1, {candidates[0].address, candidates[0].family});
      }
    });
    if (!isUnderWay()) return;
    if (race_) return race_->startNext();
  }
  const dns::Address& first = addresses_.front();
  const auto address = IpAddress::parse(first.address);  // its zone may be gone by now
  if (!address) return socket_->finishWith(invalidAddressError(first.address));
  if (first.family != 4 && first.family != 6) {
    return socket_->finishWith(invalidFamilyError(first.family, host_, port_));
  }
  remote_ = IpEndpoint{*address, port_};
  connectStream();
}

void Connecting::startNextSoon() {
  defer([](Connecting& self) { self.race_->startNext(); });
}

platform::ConnectOptions Connecting::streamOptions(const Endpoint& remote) const {
  platform::ConnectOptions options{.local = local_, .strictPath = strictPath_};
  if (local_.empty() && localPort_ != 0) {
    options.local = IpEndpoint{IpAddress::any(remote.ip().address.family()), localPort_};
  }
  return options;
}

void Connecting::connectStream() {
  const RefPtr<Connecting> keep = this;
  SocketState& socket = *socket_;
  platform::ConnectOptions options = streamOptions(remote_);
  options.descriptor = socket.given_.number();
  socket.withMemory([&] {
    platform::Stream& stream =
        socket.loop()->backend().connect(remote_, options, socket.streamHandler());
    socket.given_.release();  // it is the stream's
    socket.useStream(stream);
  });
  if (!isUnderWay() || isLocal()) return;
  socket.emit<"connectionAttempt">(address(), int{port_}, remote_.ip().address.isV4() ? 4 : 6);
}

void Connecting::streamFailed(platform::SysError sysError) {
  const RefPtr<Connecting> keep = this;
  SocketState& socket = *socket_;
  const Error error = errorOf(sysError, remote_);
  socket.finishWith(error);
  if (isLocal()) return;
  socket.emit<"connectionAttemptFailed">(address(), int{port_}, remote_.ip().address.isV4() ? 4 : 6,
                                         error);
}

Error Connecting::errorOf(platform::SysError error, const Endpoint& remote) const {
  const bool tellLocal = localIsWhole_ || error.operation == platform::Operation::bind;
  return connectError(error, remote, tellLocal ? streamOptions(remote).local : Endpoint());
}

// As it was told: by the caller, or by the resolver.
const std::string& Connecting::address() const {
  return addresses_.empty() ? host_ : addresses_.front().address;
}

}  // namespace sprocket::net
