#include "sprocket/dns/lookup_pool.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <new>
#include <thread>

#include "sprocket/platform/host_lookup.h"
#include "sprocket/platform/worker_thread.h"

namespace sprocket::dns {
namespace {

constexpr auto memoryPause = std::chrono::milliseconds(10);

Answer askSystem(const Query& query) {
  try {
    const platform::HostLookup found = platform::lookupHost(query.host, query.family, query.hints);
    Answer answer{.error = found.error};
    for (const platform::IpAddress& address : found.addresses) {
      answer.addresses.push_back(toAddress(address));
    }
    return answer;
  } catch (const std::bad_alloc&) {
    return {.error = platform::HostLookupError::noMemory()};
  }
}

}  // namespace

struct LookupPool::Shared {
  struct Worker {
    std::thread thread;
    bool inLookup = false;
  };

  Shared(reactor::Remote loop, Handler& onLoop) : remote(std::move(loop)), handler(onLoop) {}

  void work(Worker& worker);
  void post(const std::shared_ptr<LookupJob>& job);

  bool hasWork() const { return !waiting.empty() && inLookupCount < size; }

  // Those that wait for a job, or will in a moment.
  std::size_t freeCount() const { return workers.size() - inLookupCount; }

  const reactor::Remote remote;
  Handler& handler;  // only for tasks that the loop runs, while both are there

  std::mutex mutex;  // guards the rest
  std::condition_variable changed;
  std::deque<std::shared_ptr<LookupJob>> waiting;
  bool stopping = false;
  std::size_t size = defaultThreads;
  std::list<Worker> workers;
  std::size_t inLookupCount = 0;
};

void LookupPool::Shared::work(Worker& worker) {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || hasWork(); });
    if (stopping) return;
    const std::shared_ptr<LookupJob> job = std::move(waiting.front());
    waiting.pop_front();
    worker.inLookup = true;
    ++inLookupCount;
    lock.unlock();

    job->answer = askSystem(job->query);

    lock.lock();
    // Before the loop can know of the answer: if it ends then, this thread is joined.
    worker.inLookup = false;
    --inLookupCount;
    if (stopping) return;
    lock.unlock();
    post(job);
    lock.lock();
  }
}

// Nobody else could report that there is no memory even for this, so it is tried until there is, or
// until the loop is gone, which refuses without needing any.
void LookupPool::Shared::post(const std::shared_ptr<LookupJob>& job) {
  for (;;) {
    try {
      remote.post([&target = handler, job] { target.onAnswer(job); });
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(memoryPause);
    }
  }
}

LookupPool::LookupPool(reactor::Remote remote, Handler& handler)
    : shared_(std::make_shared<Shared>(std::move(remote), handler)) {}

LookupPool::~LookupPool() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->waiting.clear();  // in place: even an empty deque takes memory to make
    for (Shared::Worker& worker : shared_->workers) {
      if (worker.inLookup) worker.thread.detach();
    }
  }
  shared_->changed.notify_all();
  for (Shared::Worker& worker : shared_->workers) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

bool LookupPool::submit(std::shared_ptr<LookupJob> job) {
  Shared& shared = *shared_;
  const std::lock_guard lock(shared.mutex);
  if (shared.waiting.size() >= maxWaiting) return false;
  if (shared.freeCount() <= shared.waiting.size()) startWorker();
  if (shared.workers.empty()) return false;
  shared.waiting.push_back(std::move(job));
  shared.changed.notify_one();
  return true;
}

// Under the mutex. False if there are enough, or none can be had.
bool LookupPool::startWorker() {
  Shared& shared = *shared_;
  if (shared.workers.size() >= shared.size) return false;
  std::list<Shared::Worker> made(1);
  Shared::Worker& worker = made.front();
  auto thread = platform::startWorkerThread([all = shared_, &worker] { all->work(worker); });
  if (!thread) return false;
  worker.thread = std::move(*thread);
  shared.workers.splice(shared.workers.end(), made);
  return true;
}

void LookupPool::setSize(std::size_t threads) {
  Shared& shared = *shared_;
  const std::lock_guard lock(shared.mutex);
  shared.size = threads;
  shared.changed.notify_all();  // first, as there may be no memory for another thread
  while (shared.freeCount() < shared.waiting.size() && startWorker()) continue;
}

bool LookupPool::withdraw(const LookupJob& job) {
  const std::lock_guard lock(shared_->mutex);
  return std::erase_if(shared_->waiting, [&](const auto& each) { return each.get() == &job; }) > 0;
}

}  // namespace sprocket::dns
