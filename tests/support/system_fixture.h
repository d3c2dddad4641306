#pragma once

// The system beneath a loop, as far as a test can tell it what to do: its calls, its host names and
// its threads. A base before NetFixture, because it outlives the loop: at its end it waits until
// the loop's threads have ended, and sees whether each descriptor was closed, and closed once.

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/dns/fake_system.h"
#include "sprocket/tests/support/fake_syscalls.h"

namespace sprocket::tests {

struct SystemFixture {
  FakeSyscalls syscalls;
  FakeSystem names;

  ~SystemFixture() {
    BOOST_TEST(syscalls.openDescriptors().empty());
    BOOST_TEST(syscalls.mistakes() == 0u);
  }
};

}  // namespace sprocket::tests
