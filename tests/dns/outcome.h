#pragma once

// What became of a lookup.
//
//   Outcome outcome;
//   dns::lookup("a.example", outcome.record());
//   reactor::run();
//   BOOST_TEST(outcome.code() == "ENOTFOUND");

#include <string>
#include <thread>
#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/platform/error.h"

namespace sprocket::tests {

struct Outcome {
  int count = 0;  // of calls
  Error error;
  std::vector<dns::Address> addresses;
  std::thread::id thread;

  // *this must be there when the lookup ends.
  dns::LookupCallback record() {
    return [this](const Error& err, const std::vector<dns::Address>& found) {
      ++count;
      error = err;
      addresses = found;
      thread = std::this_thread::get_id();
    };
  }

  bool succeeded() const { return count == 1 && !error; }
  std::string code() const { return error.code(); }

  // "192.0.2.1 2001:db8::1"
  std::string text() const {
    std::string all;
    for (const dns::Address& each : addresses) all += (all.empty() ? "" : " ") + each.address;
    return all;
  }
};

}  // namespace sprocket::tests
