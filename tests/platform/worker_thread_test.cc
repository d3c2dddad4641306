#include "sprocket/platform/worker_thread.h"

#include <pthread.h>
#include <signal.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace {

using sprocket::platform::Result;
using sprocket::platform::startWorkerThread;

sigset_t maskOfThisThread() {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

void runOnWorkerThread(std::function<void()> body) {
  Result<std::thread> thread = startWorkerThread(std::move(body));
  BOOST_REQUIRE(bool(thread));
  thread->join();
}

BOOST_AUTO_TEST_SUITE(workerThread)

BOOST_AUTO_TEST_CASE(bodyRunsOnAThreadOfItsOwn) {
  std::thread::id id;
  runOnWorkerThread([&] { id = std::this_thread::get_id(); });
  BOOST_TEST((id != std::thread::id()));
  BOOST_TEST((id != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(bodyIsReleasedWhenItHasRun) {
  const auto token = std::make_shared<int>();
  runOnWorkerThread([token] {});
  BOOST_TEST(token.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(noSignalFromOutsideIsTaken) {
  sigset_t mask;
  runOnWorkerThread([&] { mask = maskOfThisThread(); });
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGCHLD, SIGUSR1,
                           SIGUSR2, SIGIO, SIGPROF, SIGWINCH}) {
    BOOST_TEST(sigismember(&mask, signal) == 1, signal);
  }
}

BOOST_AUTO_TEST_CASE(faultsOfTheThreadReachTheirHandlers) {
  sigset_t mask;
  runOnWorkerThread([&] { mask = maskOfThisThread(); });
  for (const int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
    BOOST_TEST(sigismember(&mask, signal) == 0, signal);
  }
}

BOOST_AUTO_TEST_CASE(startingThreadTakesSignalsAsBefore) {
  sigset_t before;
  sigemptyset(&before);
  sigaddset(&before, SIGUSR1);
  sigaddset(&before, SIGSEGV);
  sigset_t original;
  pthread_sigmask(SIG_SETMASK, &before, &original);
  sigset_t inside;
  runOnWorkerThread([&] { inside = maskOfThisThread(); });
  const sigset_t after = maskOfThisThread();
  pthread_sigmask(SIG_SETMASK, &original, nullptr);
  for (int signal = 1; signal < 32; ++signal) {
    BOOST_TEST(sigismember(&after, signal) == sigismember(&before, signal), signal);
  }
  BOOST_TEST(sigismember(&inside, SIGSEGV) == 1);  // what the program blocks stays blocked
}

#ifdef __GLIBC__

// No address space is large enough for a stack of this size.
BOOST_AUTO_TEST_CASE(threadThatCannotBeHadIsAnError) {
  pthread_attr_t attributes;
  pthread_getattr_default_np(&attributes);
  std::size_t usual = 0;
  pthread_attr_getstacksize(&attributes, &usual);
  pthread_attr_setstacksize(&attributes, std::size_t{1} << 50);
  BOOST_REQUIRE(pthread_setattr_default_np(&attributes) == 0);
  const sigset_t before = maskOfThisThread();
  const Result<std::thread> thread = startWorkerThread([] {});
  const sigset_t after = maskOfThisThread();
  pthread_attr_setstacksize(&attributes, usual);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
  BOOST_TEST(!thread);
  BOOST_TEST(thread.error().code() == "EAGAIN");
  BOOST_TEST(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
}

#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
