#pragma once

// Connecting: what a socket needs from connect() until it has a connection or has failed. It
// resolves the host's name and has the stream connected, and the socket hears one outcome of it: a
// stream that is connected, or an Error by finishWith().
//
// One address is tried with the socket itself as the stream's handler. Of several the Race hands
// over the winner.
//
// The socket drops it then, or when it is destroyed meanwhile. It may live on behind that, in what
// was deferred or in the hands of a resolver of the user's own, and does nothing.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/net/options.h"
#include "sprocket/net/race.h"
#include "sprocket/platform/address.h"
#include "sprocket/platform/backend.h"
#include "sprocket/platform/sys_error.h"
#include "sprocket/reactor/ref_counted.h"

namespace sprocket::net {

class SocketState;

class Connecting final : public reactor::RefCounted<Connecting> {
 public:
  // Checks everything; throws an ArgumentError, and nothing has happened.
  Connecting(SocketState& socket, const ConnectOptions& options);

  bool isLocal() const { return remote_.isLocal(); }

  void start();

  // The outcome of the stream whose handler is the socket was an error.
  void streamFailed(platform::SysError error);

  // The socket has no use for it any more.
  void drop();

  // From the resolver of the user's own. Nothing happens if it has answered already, or too late.
  void answer(const Error& error, std::vector<dns::Address> addresses);

  // For the Race. There is a socket while it is under way.
  bool isUnderWay() const;
  SocketState& socket() const { return *socket_; }
  platform::ConnectOptions streamOptions(const platform::Endpoint& remote) const;
  Error errorOf(platform::SysError error, const platform::Endpoint& remote) const;
  void startNextSoon();

 private:
  void useHost(const ConnectOptions& options);
  template <class F>
  void defer(F step);
  bool tellsAll() const;
  dns::LookupOptions lookupOptions() const;
  void resolve();
  void askUser();
  void onResolved(const Error& error);
  void tellFailure(const Error& error);
  void tellAddress(std::size_t index);
  void useAddresses();
  void connectStream();
  const std::string& address() const;

  SocketState* socket_;  // null once it is dropped
  std::string host_;
  std::uint16_t port_ = 0;
  std::uint16_t localPort_ = 0;
  int family_ = 4;
  dns::Hints hints_;
  double slice_ = 0;  // in milliseconds, of each of several addresses; 0: only one is tried
  platform::Endpoint remote_;
  platform::Endpoint local_;
  bool strictPath_ = false;
  bool localIsWhole_ = false;  // address and port were both asked for: errors tell them
  bool answered_ = false;
  LookupFunction ask_;  // none: the system's resolver
  std::optional<dns::Lookup> lookup_;
  std::vector<dns::Address> addresses_;  // of the host, if it is a name
  std::unique_ptr<Race> race_;
};

}  // namespace sprocket::net
