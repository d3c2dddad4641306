#include "sprocket/net/race.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>
#include <utility>

#include "sprocket/net/connecting.h"
#include "sprocket/net/errors.h"
#include "sprocket/net/socket_state.h"

namespace sprocket::net {

using platform::IpAddress;
using platform::IpEndpoint;
using reactor::RefPtr;

std::vector<Candidate> candidatesIn(const std::vector<dns::Address>& addresses,
                                    std::uint16_t port) {
  std::array<std::vector<Candidate>, 2> queues;  // of the first one's family; of the other
  int firstFamily = 0;
  for (const dns::Address& each : addresses) {
    const auto address = IpAddress::parse(each.address);  // its zone may be gone by now
    if (!address || (each.family != 4 && each.family != 6)) continue;
    if (firstFamily == 0) firstFamily = each.family;
    std::vector<Candidate>& queue = queues[each.family == firstFamily ? 0 : 1];
    const IpEndpoint remote{*address, port};
    if (std::ranges::find(queue, remote, &Candidate::remote) != queue.end()) continue;
    queue.push_back({each.address, each.family, remote});
  }
  std::vector<Candidate> candidates;
  candidates.reserve(queues[0].size() + queues[1].size());
  for (std::size_t i = 0; i < std::max(queues[0].size(), queues[1].size()); ++i) {
    for (std::vector<Candidate>& queue : queues) {
      if (i < queue.size()) candidates.push_back(std::move(queue[i]));
    }
  }
  return candidates;
}

// One address being tried. It hears its stream until that is the socket's, or closed; when the race
// is over it stays for as long as that takes, and keeps the loop.
class Race::Attempt final : public platform::ListLink<Attempt>,
                            private platform::StreamHandler,
                            private reactor::Resident {
 public:
  // Throws if there is no memory, and then there is no stream.
  Attempt(Race& race, std::size_t number, SocketState& socket,
          const platform::ConnectOptions& options)
      : Resident(*socket.loop()),
        index(number),
        race_(race),
        stream_(loop()->backend().connect(race.candidates_[number].remote, options, *this)) {}

  void close() {
    unlink();
    keepRunning(true);
    stream_.close();
  }

  void unlink() { ListLink<Attempt>::unlink(); }

  const std::size_t index;  // of its candidate

 private:
  void onConnect(platform::SysError error) override {
    loop()->call([&] { error ? race_.onFailed(*this, error) : race_.onConnected(*this, stream_); });
  }
  // Nobody receives or sends yet; by then the stream is the socket's, or closed.
  void onReceive(platform::Bytes) override { assert(false); }
  void onReceiveEnd() override { assert(false); }
  void onSend(std::size_t) override { assert(false); }
  void onError(platform::SysError) override { assert(false); }
  void onClose() override { delete this; }
  void onLoopGone() override { delete this; }

  Race& race_;
  platform::Stream& stream_;
};

Race::Race(Connecting& owner, std::vector<Candidate> candidates, double slice)
    : owner_(owner),
      candidates_(std::move(candidates)),
      errors_(candidates_.size()),
      slice_(reactor::Delay(slice).milliseconds()) {}

Race::~Race() { assert(underWay_.empty()); }

void Race::end() {
  Timer::cancel();
  while (Attempt* attempt = underWay_.front()) attempt->close();
}

void Race::startNext() {
  if (next_ == candidates_.size()) return;
  const RefPtr<Connecting> keep = &owner_;
  SocketState& socket = owner_.socket();
  const Candidate& candidate = candidates_[next_];
  socket.withMemory([&] {
    underWay_.pushBack(*new Attempt(*this, next_, socket, owner_.streamOptions(candidate.remote)));
  });
  if (!owner_.isUnderWay()) return;
  if (++next_ < candidates_.size()) socket.loop()->startTimer(*this, slice_);
  socket.emit<"connectionAttempt">(candidate.address, int{candidate.remote.port}, candidate.family);
}

void Race::onTimeout() {
  if (!owner_.isUnderWay()) return;
  const RefPtr<Connecting> keep = &owner_;
  const Candidate& latest = candidates_[next_ - 1];
  owner_.startNextSoon();
  owner_.socket().emit<"connectionAttemptTimeout">(latest.address, int{latest.remote.port},
                                                   latest.family);
}

void Race::onConnected(Attempt& attempt, platform::Stream& stream) {
  if (!owner_.isUnderWay()) return;
  SocketState& socket = owner_.socket();
  stream.setHandler(socket.streamHandler());
  delete &attempt;
  socket.useStream(stream);
  socket.becomeOpen();
}

void Race::onFailed(Attempt& attempt, platform::SysError sysError) {
  if (!owner_.isUnderWay()) return;
  const RefPtr<Connecting> keep = &owner_;
  SocketState& socket = owner_.socket();
  const Candidate& candidate = candidates_[attempt.index];
  const Error error = owner_.errorOf(sysError, candidate.remote);
  errors_[attempt.index] = error;
  attempt.close();
  if (next_ < candidates_.size()) {
    Timer::cancel();
    owner_.startNextSoon();
  } else if (underWay_.empty()) {
    socket.finishWith(aggregateError(std::move(errors_)));
  }
  socket.emit<"connectionAttemptFailed">(candidate.address, int{candidate.remote.port},
                                         candidate.family, error);
}

}  // namespace sprocket::net
