#include "sprocket/net/server.h"

#include <utility>

#include "sprocket/net/format_address.h"
#include "sprocket/net/server_state.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {

Server::Server() : Server(ServerOptions{}) {}
Server::Server(const ServerOptions& options)
    : state_(new ServerState(reactor::Loop::current(), options)) {}
Server::Server(ServerState& state) noexcept : state_(&state) {}
Server::Server(const Server& other) noexcept = default;
Server& Server::operator=(const Server& other) noexcept = default;
Server::~Server() = default;

Server Server::listen(const ListenOptions& options, OnListening listener) const {
  state_->listen(options, std::move(listener));
  return *this;
}

Server Server::listen(OnListening listener) const {
  return listen({.port = 0}, std::move(listener));
}

Server Server::listen(ListenOn target, OnListening listener) const {
  return listen(std::move(target), ListenOptions().backlog, std::move(listener));
}

Server Server::listen(ListenOn target, int backlog, OnListening listener) const {
  if (target.server() != nullptr) {
    state_->share(*target.server()->state_, backlog, std::move(listener));
    return *this;
  }
  if (target.socket() != nullptr) {
    state_->listenAt(target.socket()->state_->duplicate(), backlog, std::move(listener));
    return *this;
  }
  return listen({.port = target.checkedPort(), .path = target.path(), .backlog = backlog},
                std::move(listener));
}

Server Server::listen(Port port, const Host& host, OnListening listener) const {
  return listen({.port = port.checked(), .host = host.name()}, std::move(listener));
}

Server Server::listen(Port port, const Host& host, int backlog, OnListening listener) const {
  return listen({.port = port.checked(), .host = host.name(), .backlog = backlog},
                std::move(listener));
}

Server Server::close(OnClosed callback) const {
  state_->close(std::move(callback));
  return *this;
}

bool Server::listening() const { return state_->isListening(); }

std::optional<Address> Server::address() const { return formatAddress(state_->localEndpoint()); }

Server Server::setMaxConnections(std::optional<long long> most) const {
  state_->setMaxConnections(most);
  return *this;
}

std::optional<std::size_t> Server::maxConnections() const { return state_->maxConnections(); }

Server Server::getConnections(OnCounted callback) const {
  state_->getConnections(std::move(callback));
  return *this;
}

std::optional<std::size_t> Server::connections() const { return state_->connections(); }

Server Server::ref() const {
  state_->setReferenced(true);
  return *this;
}

Server Server::unref() const {
  state_->setReferenced(false);
  return *this;
}

ListenerTable& Server::listeners() const { return state_->listeners(); }

void Server::onNewListener(std::uint8_t) const {}
void Server::onListenersRemoved() const {}

std::optional<Server> Socket::server() const {
  ServerState* const server = state_->server();
  return server == nullptr ? std::nullopt : std::optional(server->handle());
}

}  // namespace sprocket::net
