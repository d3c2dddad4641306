#include "sprocket/dns/resolver.h"

#include <cassert>

namespace sprocket::dns {

bool Resolver::ask(Request& request) {
  const auto found = slots_.find(request.query());
  if (found != slots_.end()) {
    found->second.waiting.pushBack(request);
    return true;
  }
  // All that needs memory comes first, so that nothing has changed if there is none.
  Slots made;
  Slot& slot = made[request.query()];
  slot.job = std::make_shared<LookupJob>(request.query());
  if (!pool_.submit(slot.job)) return false;
  slot.waiting.pushBack(request);
  slots_.merge(made);
  return true;
}

// A query that a thread has begun with keeps its slot without anybody waiting: whoever asks the
// same again shares it, or asking and cancelling in turns would fill all threads with one name.
void Resolver::forget(Request& request) {
  request.unlink();
  const auto found = slots_.find(request.query());
  if (found == slots_.end()) return;
  const Slot& slot = found->second;
  if (slot.waiting.empty() && pool_.withdraw(*slot.job)) slots_.erase(found);
}

void Resolver::onAnswer(const std::shared_ptr<LookupJob>& job) {
  const auto found = slots_.find(job->query);
  assert(found != slots_.end());
  assert(found->second.job == job);
  for (Request& request : found->second.waiting) request.job_ = job;
  answered_.spliceBack(found->second.waiting);
  slots_.erase(found);
  deliver();
}

void Resolver::deliver() {
  // What a callback throws leaves run(). Those behind it have their turn as an immediate, which
  // needs no memory.
  const struct Rest {
    ~Rest() {
      if (!resolver.answered_.empty() && !resolver.isLinked()) {
        resolver.loop_.queueImmediate(resolver);
      }
    }
    Resolver& resolver;
  } rest{*this};
  while (Request* request = answered_.popFront()) {
    const std::shared_ptr<const LookupJob> job = std::move(request->job_);
    loop_.call([&] { request->onAnswer(job->answer); });
  }
}

}  // namespace sprocket::dns
