#include "sprocket/net/server_state.h"

#include <algorithm>
#include <new>
#include <utility>

#include "sprocket/net/errors.h"
#include "sprocket/net/format_address.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {
namespace {

using platform::Endpoint;
using platform::Family;
using platform::IpAddress;
using platform::IpEndpoint;
using platform::LocalPath;
using platform::SysError;

int backlogOf(int asked) { return asked == 0 ? 511 : asked; }

// Of a connection that is refused, once it is closed.
class Refused : public platform::StreamHandler {
  void onConnect(SysError) override {}
  void onReceive(platform::Bytes) override {}
  void onReceiveEnd() override {}
  void onSend(std::size_t) override {}
  void onError(SysError) override {}
  void onClose() override {}
};

void tellAddresses(const platform::Stream& stream, Drop& drop) {
  if (const Endpoint local = stream.localEndpoint(); local.isIp()) {
    const Address address = *formatAddress(local);
    drop.localAddress = address.address;
    drop.localPort = address.port;
    drop.localFamily = address.family;
  }
  if (const Endpoint remote = stream.remoteEndpoint(); remote.isIp()) {
    const Address address = *formatAddress(remote);
    drop.remoteAddress = address.address;
    drop.remotePort = address.port;
    drop.remoteFamily = address.family;
  }
}

}  // namespace

// One listening endpoint. A server that moves has two for a moment, the old one closing.
class ServerState::Acceptor final : public platform::ListenerHandler {
 public:
  explicit Acceptor(ServerState& server) : server_(server) {}

  platform::Listener* listener = nullptr;  // the backend's, until onClose()

 private:
  platform::StreamHandler& onAccept(platform::Stream& stream) override {
    if (server_.isFull()) return refusal_.stream = &stream, refusal_;
    SocketState& socket = SocketState::accepted(server_, stream, server_.options());
    ++server_.connections_;
    return socket.streamHandler();
  }

  // What a listener throws must leave run(), want of memory too, which onAccept() keeps to itself.
  // So it is told from onConnect().
  struct Refusal final : Refused {
    explicit Refusal(Acceptor& owner) : acceptor(owner) {}
    void onConnect(SysError) override { acceptor.refuse(*stream); }

    Acceptor& acceptor;
    platform::Stream* stream = nullptr;
  };

  // [7.17]
  void refuse(platform::Stream& stream) {
    static Refused nobody;
    stream.setHandler(nobody);  // it may be there longer than this
    Drop drop;
    if (server_.listeners().any(ServerEvents::index<"drop">)) {
      try {
        tellAddresses(stream, drop);
      } catch (const std::bad_alloc&) {
        drop = {};
      }
    }
    stream.close();
    server_.loop()->call([&] { server_.emit<"drop">(drop); });
  }

  void onDrop(std::size_t count, SysError why) override {
    server_.loop()->call(
        [&] { server_.emit<"drop">(Drop{.count = count, .why = transferError(why)}); });
  }

  void onError(SysError error) override {
    server_.loop()->call([&] { server_.emitError(transferError(error)); });
  }

  void onClose() override {
    const reactor::RefPtr<ServerState> keep = &server_;
    keep->acceptorClosed(*this);  // which deletes this
  }

  ServerState& server_;
  Refusal refusal_{*this};
};

ServerState::ServerState(reactor::Loop& loop, const ServerOptions& options)
    : EmitterState(loop), options_(options) {}

ServerState::~ServerState() = default;

void ServerState::listen(const ListenOptions& options, OnListening listener) {
  if (loop() == nullptr) return;
  if (options.port && (*options.port < 0 || *options.port > 65535)) {
    throwBadPort("port", *options.port);
  }
  if (options.fd && *options.fd < 0) throwBadDescriptor(*options.fd);
  if (!options.fd && !options.port && options.path.empty()) {
    throwNoTarget("listen()", "a port, a path or an fd");
  }
  if (options.backlog < 0) throwBadBacklog(options.backlog);

  startAnew();
  if (options.fd) {
    listenOn(*options.fd, options.backlog);
  } else if (!options.port) {
    bind(LocalPath{options.path}, options);
  } else if (const auto port = static_cast<std::uint16_t>(*options.port); options.host.empty()) {
    bindEverywhere(port, options);
  } else if (const auto address = IpAddress::parse(options.host)) {
    bind(IpEndpoint{*address, port}, options);
  } else {
    auto attempt = std::make_unique<Attempt>(Attempt{.options = options, .lookup = {}});
    attempt->lookup =
        dns::lookup(*loop(), options.host, {.all = true},
                    [this](const Error& error, const std::vector<dns::Address>& addresses) {
                      onResolved(error, addresses);
                    });
    attempt_ = std::move(attempt);
  }
  started(std::move(listener));
}

void ServerState::startAnew() {
  stopListening();
  ++listens_;
  updateClaim();
}

void ServerState::started(OnListening listener) {
  if (auto node = listener.take()) listeners_.add(node.release(), false);
  updateClaim();
}

// In the place of another server. In its own it goes on as it is. [7.27]
void ServerState::share(const ServerState& other, int backlog, OnListening listener) {
  if (loop() == nullptr) return;
  if (other.acceptor_ == nullptr || other.loop() != loop()) throwNotBound();
  if (backlog < 0) throwBadBacklog(backlog);
  if (&other == this) {
    deferListening();
    listeningDue_ = true;
    return started(std::move(listener));
  }
  startAnew();
  SysError error;
  const auto open = [&](Acceptor& acceptor) {
    return other.acceptor_->listener->share(backlogOf(backlog), acceptor);
  };
  if (!tryOpen(open, error)) fail(listenError(error, {}));
  started(std::move(listener));
}

// Where a descriptor is bound, of which this is a duplicate. [7.27]
void ServerState::listenAt(platform::Result<platform::Descriptor> place, int backlog,
                           OnListening listener) {
  if (loop() == nullptr) return;
  if (backlog < 0) throwBadBacklog(backlog);
  startAnew();
  if (!place) {
    fail(listenError(place.error(), {}));
  } else if (listenOn(place->number(), backlog)) {
    place->release();
  }
  started(std::move(listener));
}

void ServerState::onResolved(const Error& error, const std::vector<dns::Address>& addresses) {
  const reactor::RefPtr<ServerState> keep = this;
  try {
    return bindResolved(error, addresses);
  } catch (const std::bad_alloc&) {
    updateClaim();
  }
  emitError(Error::outOfMemory());  // at once, which needs none
}

void ServerState::bindResolved(const Error& error, const std::vector<dns::Address>& addresses) {
  const auto attempt = std::move(attempt_);
  if (error) return fail(error);
  // IPv4 first, which connect() asks for: so the two meet also where a name has both. [6.2]
  const auto v4 = std::ranges::find(addresses, 4, &dns::Address::family);
  const std::string& text = (v4 == addresses.end() ? addresses.front() : *v4).address;
  const auto address = IpAddress::parse(text);  // its zone may be gone by now
  if (!address) return fail(invalidAddressError(text));
  bind(IpEndpoint{*address, static_cast<std::uint16_t>(*attempt->options.port)}, attempt->options);
}

// `::` takes IPv4 clients too; where there is no IPv6 it is `0.0.0.0`. [7.4]
void ServerState::bindEverywhere(std::uint16_t port, const ListenOptions& options) {
  SysError error;
  if (tryBind(IpEndpoint{IpAddress::any(Family::v6), port}, options, error)) return;
  const bool hasNoIpv6 = error.code() == "EAFNOSUPPORT" || error.code() == "EADDRNOTAVAIL" ||
                         error.code() == "EPROTONOSUPPORT";
  if (hasNoIpv6) {
    bind(IpEndpoint{IpAddress::any(Family::v4), port}, options);
  } else {
    fail(listenError(error, IpEndpoint{IpAddress::any(Family::v6), port}));
  }
}

void ServerState::bind(const Endpoint& local, const ListenOptions& options) {
  SysError error;
  if (!tryBind(local, options, error)) fail(listenError(error, local));
}

bool ServerState::tryBind(const Endpoint& local, const ListenOptions& options, SysError& error) {
  const auto open = [&](Acceptor& acceptor) {
    return loop()->backend().listen(local,
                                    {.backlog = backlogOf(options.backlog),
                                     .ipv6Only = options.ipv6Only,
                                     .reusePort = options.reusePort,
                                     .readableAll = options.readableAll,
                                     .writableAll = options.writableAll,
                                     .strictPath = options.strictPath},
                                    acceptor);
  };
  return tryOpen(open, error);
}

bool ServerState::listenOn(int descriptor, int backlog) {
  SysError error;
  const auto open = [&](Acceptor& acceptor) {
    return loop()->backend().adopt(descriptor, backlogOf(backlog), acceptor);
  };
  if (tryOpen(open, error)) return true;
  fail(listenError(error, {}));
  return false;
}

// All that needs memory comes before the backend has anything.
template <class Open>
bool ServerState::tryOpen(Open open, SysError& error) {
  auto acceptor = std::make_unique<Acceptor>(*this);
  acceptors_.reserve(acceptors_.size() + 1);
  deferListening();
  auto listener = open(*acceptor);
  if (!listener) {
    error = listener.error();
    return false;
  }
  acceptor->listener = *listener;
  acceptor->listener->startAccepting();
  acceptor_ = acceptor.get();
  acceptors_.push_back(std::move(acceptor));
  listeningDue_ = true;
  updateClaim();
  return true;
}

// If listeningDue_ is set then, and nothing has happened in between.
void ServerState::deferListening() {
  defer([listen = listens_](ServerState& self) {
    if (self.listens_ != listen || !std::exchange(self.listeningDue_, false)) return;
    self.emit<"listening">();
  });
}

void ServerState::fail(const Error& error) {
  defer([error, listen = listens_](ServerState& self) {
    // close() or another listen() in the meantime: nobody waits for this any more.
    if (self.listens_ != listen) return;
    self.emitError(error);
  });
  updateClaim();
}

void ServerState::stopListening() {
  if (attempt_ != nullptr && attempt_->lookup) attempt_->lookup->cancel();
  attempt_.reset();
  listeningDue_ = false;
  if (acceptor_ != nullptr) std::exchange(acceptor_, nullptr)->listener->close();
}

void ServerState::setMaxConnections(std::optional<long long> most) {
  if (most && *most < 0) throwBadMaxConnections(*most);
  maxConnections_ = most;
}

void ServerState::getConnections(OnCounted onCounted) {
  auto callback = onCounted.take(handle());
  reactor::requireCallback(callback);
  if (loop() == nullptr) return;
  loop()->nextTick([callback = std::move(callback), count = connections_]() mutable {
    callback(Error(), count);
  });
}

// Closing.

void ServerState::close(OnClosed onClose) {
  if (loop() == nullptr) return;
  const bool wasOpen = isOpen();
  if (auto callback = onClose.take(handle())) {
    OnceListener<Server, ServerEvents, "close"> listener(
        [callback = std::move(callback),
         error = wasOpen ? Error() : serverNotRunningError()]() mutable { callback(error); });
    listeners_.add(listener.take().release(), false);
  }
  ++listens_;
  stopListening();
  closeAsked_ = true;
  closeIfDrained();
  updateClaim();
}

void ServerState::acceptorClosed(Acceptor& acceptor) {
  std::erase_if(acceptors_, [&](const auto& each) { return each.get() == &acceptor; });
  queueClose();
  updateClaim();
}

void ServerState::connectionDestroyed() {
  --connections_;
  if (loop() == nullptr) return;
  closeIfDrained();
  updateClaim();
}

// A server that was opened again before it was drained waits for its next close. [7.20]
void ServerState::closeIfDrained() {
  if (!closeAsked_ || isOpen() || connections_ > 0) return;
  closeAsked_ = false;
  closeDue_ = true;
  queueClose();
}

// 'close' comes when the descriptor is closed, too.
void ServerState::queueClose() {
  if (!closeDue_ || isAcceptorClosing()) return;
  closeDue_ = false;
  if (!PhaseTask::isLinked()) loop()->queueClose(*this);
}

void ServerState::onPhase() {
  const reactor::RefPtr<ServerState> keep = this;
  updateClaim();
  emit<"close">();
}

void ServerState::emitConnection(SocketState& socket) { emit<"connection">(socket.handle()); }

void ServerState::onLoopGone() {
  const reactor::RefPtr<ServerState> keep = this;  // its own listeners may hold the last handle
  self_ = nullptr;
  PhaseTask::unlink();
  attempt_.reset();
  acceptor_ = nullptr;
  acceptors_.clear();
  listeners_.clearForGood();
}

void ServerState::setReferenced(bool referenced) {
  referenced_ = referenced;
  updateClaim();
}

Endpoint ServerState::localEndpoint() const {
  return acceptor_ == nullptr ? Endpoint() : acceptor_->listener->localEndpoint();
}

// Whatever is under way keeps the server, and most of it the loop. When nothing is, this may be the
// end of the server, unless the caller holds it.
void ServerState::updateClaim() {
  const bool isClosing = isAcceptorClosing() || PhaseTask::isLinked();
  keepRunning(isClosing || (referenced_ && isOpen()));
  self_ = isClosing || isOpen() ? this : nullptr;
}

}  // namespace sprocket::net
