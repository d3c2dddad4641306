#pragma once

// ServerState: the object that Server handles name.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/net/emitter_state.h"
#include "sprocket/net/server.h"
#include "sprocket/platform/backend.h"
#include "sprocket/reactor/loop.h"

namespace sprocket::net {

class ServerState final : public EmitterState<ServerState, Server, ServerEvents>,
                          private reactor::PhaseTask {
 public:
  ServerState(reactor::Loop& loop, const ServerOptions& options);
  ~ServerState();

  void listen(const ListenOptions& options, OnListening listener);
  void share(const ServerState& other, int backlog, OnListening listener);
  void listenAt(platform::Result<platform::Descriptor> place, int backlog, OnListening listener);
  void close(OnClosed callback);
  void setReferenced(bool referenced);
  void setMaxConnections(std::optional<long long> most);
  std::optional<std::size_t> maxConnections() const { return maxConnections_; }
  void getConnections(OnCounted callback);
  std::size_t connections() const { return connections_; }
  bool isListening() const { return acceptor_ != nullptr; }
  platform::Endpoint localEndpoint() const;
  const ServerOptions& options() const { return options_; }

  // From the connections.
  void emitConnection(SocketState& socket);
  void connectionDestroyed();

 private:
  friend class EmitterState<ServerState, Server, ServerEvents>;
  class Acceptor;

  struct Attempt {
    ListenOptions options;
    std::optional<dns::Lookup> lookup;
  };

  void onPhase() override;  // 'close'
  void onLoopGone() override;

  bool isFull() const { return maxConnections_ && connections_ >= *maxConnections_; }
  bool isOpen() const { return isListening() || attempt_ != nullptr; }
  void onResolved(const Error& error, const std::vector<dns::Address>& addresses);
  void bindResolved(const Error& error, const std::vector<dns::Address>& addresses);
  void bind(const platform::Endpoint& local, const ListenOptions& options);
  void bindEverywhere(std::uint16_t port, const ListenOptions& options);
  bool tryBind(const platform::Endpoint& local, const ListenOptions& options,
               platform::SysError& error);
  bool listenOn(int descriptor, int backlog);
  template <class Open>
  bool tryOpen(Open open, platform::SysError& error);
  void deferListening();
  void startAnew();
  void started(OnListening listener);
  void fail(const Error& error);
  void stopListening();
  void acceptorClosed(Acceptor& acceptor);
  bool isAcceptorClosing() const { return acceptors_.size() > (acceptor_ == nullptr ? 0u : 1u); }
  void closeIfDrained();
  void queueClose();
  void updateClaim();

  const ServerOptions options_;
  reactor::RefPtr<ServerState> self_;                 // held while anything is under way
  std::unique_ptr<Attempt> attempt_;                  // while the host name is resolved
  Acceptor* acceptor_ = nullptr;                      // the one that listens
  std::vector<std::unique_ptr<Acceptor>> acceptors_;  // and those that are closing
  std::optional<std::size_t> maxConnections_;
  std::size_t connections_ = 0;
  std::uint32_t listens_ = 0;  // counts listen(), close(): a 'listening' for an old one is not told
  bool referenced_ = true;
  bool closeAsked_ = false;  // close() was called, and connections may be left
  bool closeDue_ = false;    // and none was, so 'close' comes even if it listens again
  bool listeningDue_ = false;
};

}  // namespace sprocket::net
