#pragma once

// LookupPool: the threads on which a loop's lookups wait for the system.
//
//   loop's thread                                     a few threads, started when needed
//
//   submit(job) ───> at most 1024 wait ───> lookupHost() ──┐
//   onAnswer(job) <──────────── Remote::post() ────────────┘
//
// lookupHost() cannot be interrupted and may not return for minutes. So the end of the pool joins
// the threads that are not in it, and leaves those that are to end by themselves. What a thread
// touches after lookupHost() belongs to threads and pool together.

#include <cstddef>
#include <memory>
#include <utility>

#include "sprocket/dns/query.h"
#include "sprocket/reactor/post_queue.h"

namespace sprocket::dns {

// One query on its way to a thread and, with the answer, back. It has one user at a time.
struct LookupJob {
  explicit LookupJob(Query asked) : query(std::move(asked)) {}

  const Query query;
  Answer answer;
};

class LookupPool {
 public:
  static constexpr std::size_t defaultThreads = 4;
  static constexpr std::size_t maxThreads = 1024;
  static constexpr std::size_t maxWaiting = 1024;

  class Handler {
   public:
    // On the loop's thread, in its phase of I/O.
    virtual void onAnswer(const std::shared_ptr<LookupJob>& job) = 0;

   protected:
    ~Handler() = default;
  };

  // The handler, and the pool, live until their loop is destroyed.
  LookupPool(reactor::Remote remote, Handler& handler);
  ~LookupPool();
  LookupPool(const LookupPool&) = delete;
  LookupPool& operator=(const LookupPool&) = delete;

  // How many lookups at most wait for the system at a time. Threads in excess rest.
  void setSize(std::size_t threads);

  // False if too many are waiting, or there is no thread and none can be had.
  bool submit(std::shared_ptr<LookupJob> job);

  // False if a thread has begun with it; else it is forgotten.
  bool withdraw(const LookupJob& job);

 private:
  struct Shared;

  bool startWorker();

  const std::shared_ptr<Shared> shared_;
};

}  // namespace sprocket::dns
