#pragma once

// Connecting: what a socket needs from connect() until it has a connection or has failed. It
// resolves the host's name and has the stream connected, and the socket hears one outcome of it: a
// stream that is connected, or an Error by finishWith().
//
// The socket drops it then, or when it is destroyed meanwhile. It may live on behind that, in what
// was deferred, and does nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/net/options.h"
#include "sprocket/platform/address.h"
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

 private:
  void useHost(const ConnectOptions& options);
  bool isUnderWay() const;
  template <class F>
  void defer(F step);
  void resolve();
  void onResolved(const Error& error, const std::vector<dns::Address>& addresses);
  void connectStream();

  SocketState* socket_;  // null once it is dropped
  std::string host_;
  std::uint16_t port_ = 0;
  std::uint16_t localPort_ = 0;
  int family_ = 4;
  platform::Endpoint remote_;
  platform::Endpoint local_;
  bool strictPath_ = false;
  bool localIsWhole_ = false;  // address and port were both asked for: errors tell them
  std::optional<dns::Lookup> lookup_;
};

}  // namespace sprocket::net
