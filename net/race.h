#pragma once

// Race: several addresses of one host are tried, and the first that connects is the socket's.
//
//   192.0.2.1    ├──────────────────────────────────> fails
//   2001:db8::1           ├───────────> fails
//   192.0.2.2                         ├──────> connects: the others are closed unseen
//                ├─slice──┤
//
// The next attempt begins when the time slice of the latest is over, and at once when any has
// failed; an attempt goes on when its slice is over. [6.20]

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/platform/address.h"
#include "sprocket/platform/backend.h"
#include "sprocket/platform/error.h"
#include "sprocket/platform/intrusive_list.h"
#include "sprocket/reactor/timer.h"

namespace sprocket::net {

class Connecting;

// An address of a host, as it was told and as it is used.
struct Candidate {
  std::string address;
  int family = 0;
  platform::IpEndpoint remote;
};

// Those that can be connected to, each once. Families take turns, beginning with that of the first;
// of each the order stays.
std::vector<Candidate> candidatesIn(const std::vector<dns::Address>& addresses, std::uint16_t port);

// Belongs to its Connecting, on whose behalf it speaks to the socket.
class Race final : private reactor::Timer {
 public:
  // Of two candidates or more.
  Race(Connecting& owner, std::vector<Candidate> candidates, double sliceInMilliseconds);
  ~Race() override;

  void startNext();

  // Nobody wins any more: closes what is under way.
  void end();

 private:
  class Attempt;

  void onTimeout() override;  // of the latest attempt's slice
  void onConnected(Attempt& attempt, platform::Stream& stream);
  void onFailed(Attempt& attempt, platform::SysError error);

  Connecting& owner_;
  const std::vector<Candidate> candidates_;
  std::vector<Error> errors_;  // of each
  const std::uint64_t slice_;  // in milliseconds
  std::size_t next_ = 0;
  platform::IntrusiveList<Attempt, Attempt> underWay_;
};

}  // namespace sprocket::net
