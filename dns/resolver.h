#pragma once

// Resolver: all the lookups of a loop that need the system, on the loop's side. Equal queries that
// are under way at the same time are one lookup, in one slot, so that a name that hangs holds one
// thread however often it is asked for.
//
//   slots    "a.example", v4     waiting: request, request, request      job ──> LookupPool
//            "b.example", any    waiting: (all cancelled)                job ──> LookupPool
//   answered                     request, request

#include <cstddef>
#include <map>
#include <memory>
#include <utility>

#include "sprocket/dns/lookup_pool.h"
#include "sprocket/dns/query.h"
#include "sprocket/platform/intrusive_list.h"
#include "sprocket/reactor/loop.h"

namespace sprocket::dns {

// Somebody who waits for an answer, and may unlink() to get none. The resolver has no other tie to
// it.
class Request : public platform::ListLink<Request> {
 public:
  explicit Request(Query query) : query_(std::move(query)) {}

  const Query& query() const { return query_; }

  // On the loop's thread, once, as an entry into user code.
  virtual void onAnswer(const Answer& answer) = 0;

 protected:
  ~Request() = default;

 private:
  friend class Resolver;

  const Query query_;
  std::shared_ptr<const LookupJob> job_;  // once it is answered
};

class Resolver final : private LookupPool::Handler, private reactor::PhaseTask {
 public:
  explicit Resolver(reactor::Loop& loop) : loop_(loop), pool_(loop.remote(), *this) {}

  // False if there is no room for one more query: no answer will come.
  bool ask(Request& request);

  // Unlinks it, and gives up the query if nobody else waits and no thread has begun with it.
  void forget(Request& request);

  void setPoolSize(std::size_t threads) { pool_.setSize(threads); }

 private:
  struct Slot {
    std::shared_ptr<LookupJob> job;
    platform::IntrusiveList<Request, Request> waiting;
  };
  using Slots = std::map<Query, Slot>;

  void onAnswer(const std::shared_ptr<LookupJob>& job) override;
  void onPhase() override { deliver(); }
  void deliver();

  reactor::Loop& loop_;
  Slots slots_;
  platform::IntrusiveList<Request, Request> answered_;
  LookupPool pool_;
};

}  // namespace sprocket::dns
