#pragma once

// What listens on Windows: calls under way that accept, and the listeners that take turns with what
// these bring. It belongs to the backend and goes with the last of its listeners. Elsewhere each
// listener has a descriptor of its own for such a queue; here a handle tells one port and one
// channel, so that those who share it stand in a row.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "sprocket/platform/backend.h"
#include "sprocket/platform/intrusive_list.h"
#include "sprocket/platform/retries.h"
#include "sprocket/platform/windows/channel.h"

namespace sprocket::platform {

class ConnectionQueue;
struct TurnTag;

class IocpListener final : public Listener, private Teller, public ListLink<TurnTag> {
 public:
  IocpListener(ConnectionQueue& queue, ListenerHandler& handler);

  void startAccepting() override;
  void stopAccepting() override { accepting_ = false; }
  void close() override;
  Endpoint localEndpoint() const override;
  Result<Listener*> share(int backlog, ListenerHandler& handler) const override;

  // From the queue.
  bool isAccepting() const { return accepting_; }
  ListenerHandler& handler() { return handler_; }
  void failLater(SysError error);
  void closed();  // has the close told

 private:
  void tellOutcome() override;

  IocpBackend& backend_;
  ConnectionQueue* queue_;  // null after close()
  ListenerHandler& handler_;
  SysError outcome_;
  bool accepting_ = false;
  bool closed_ = false;
};

class ConnectionQueue : public Channel, private Retry {
 public:
  virtual Endpoint localEndpoint() const = 0;

  // From its listeners.
  IocpBackend& backend() const { return backend_; }
  void enter(IocpListener& listener) { listeners_.pushBack(listener); }
  void leave(IocpListener& listener);
  void acceptingStarted();

 protected:
  // A call that accepts one connection, and what that will be made of.
  struct Acceptor : OverlappedCall {
    using OverlappedCall::OverlappedCall;
    virtual ~Acceptor() = default;

    bool isWaiting = false;  // connected, and not handed on yet
  };

  using Channel::Channel;

  void add(std::unique_ptr<Acceptor> acceptor) { acceptors_.push_back(std::move(acceptor)); }
  const std::vector<std::unique_ptr<Acceptor>>& acceptors() const { return acceptors_; }
  void acceptMore();

  // Starts the call. If it is connected at once and no packet will come, sets isWaiting.
  virtual SysError begin(Acceptor& acceptor) = 0;
  // Its packet came: sets isWaiting, unless the connection is gone already. A failure has cost one.
  virtual SysError finish(Acceptor& acceptor) = 0;
  // Takes the connection out, calls acceptMore() and tells the handler.
  virtual void handOn(Acceptor& acceptor, ListenerHandler& handler) = 0;
  // If this is want of descriptors or memory: cuts off those who wait, and says how many; of 0
  // nothing is told. Empty if this is to be told as an error.
  virtual std::optional<std::size_t> shed(SysError why) = 0;
  // Cancels and closes everything.
  virtual void closeHandles() = 0;

 private:
  void onPacket(OverlappedCall& call, std::size_t count) final;
  void tell() final;
  void retry() final { acceptMore(); }
  void close() final {}  // its listeners do that

  IocpListener* nextInTurn();
  void deliver(Acceptor& acceptor, IocpListener& listener);
  void refused(SysError error);
  void tellRefusal();

  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  IntrusiveList<IocpListener, TurnTag> listeners_;
  IocpListener* last_ = nullptr;  // that is closing, as the queue is
  SysError refusal_;
  std::size_t lost_ = 0;  // connections that it has cost
};

}  // namespace sprocket::platform
