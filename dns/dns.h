#pragma once

// Host names to addresses, as Node's dns.lookup() has it: by asking the operating system, without
// blocking the loop.
//
//   dns::lookup("localhost", [](const Error& err, const std::vector<dns::Address>& addresses) {
//     if (err) throw err;
//     for (const dns::Address& each : addresses) std::puts(each.address.c_str());
//   });
//
// The system's resolver can only be waited for, and a few threads of the library's do that, started
// when they are needed. Callbacks run where everything else does, on the thread of the loop. A name
// whose lookup hangs delays nothing but itself, until there are as many of them as threads.

#include "sprocket/platform/version.h"

#include <string>
#include <vector>

#include "sprocket/platform/error.h"
#include "sprocket/reactor/ref_counted.h"
#include "sprocket/reactor/unique_function.h"

namespace sprocket::reactor {
class Loop;
}

namespace sprocket::dns {

class LookupState;

struct Address {
  std::string address;  // "127.0.0.1", "::1", "fe80::1%eth0"
  int family = 0;       // 4 or 6

  friend bool operator==(const Address&, const Address&) = default;
};

struct LookupOptions {
  int family = 0;  // 4 or 6: only addresses of that version; 0: of both
};

// Either the error is set, in Node's wording, "getaddrinfo ENOTFOUND example.invalid", or there is
// at least one address. They are in the order that the system prefers, and none comes twice.
using LookupCallback = UniqueFunction<void(const Error&, const std::vector<Address>&)>;

// What lookup() returns. Copies are handles to the same lookup, which goes on if none is kept.
class Lookup {
 public:
  // The callback is released and never called, and the loop does not run on for it. Nothing happens
  // if it was called already, or is being called.
  void cancel() const;

  Lookup(const Lookup&) noexcept;
  Lookup& operator=(const Lookup&) noexcept;
  ~Lookup();

 private:
  friend class LookupState;

  explicit Lookup(reactor::RefPtr<LookupState> state);

  reactor::RefPtr<LookupState> state_;
};

// Calls `callback` once, later. The loop runs on until then.
//
// An address is its own answer, whatever the family, and the system is not asked. Neither is it
// asked for what cannot be a name (host_name.h): that fails with ENOTFOUND. With too many names
// waiting a lookup fails with EAI_AGAIN.
//
// Throws an ArgumentError for a family other than 0, 4 and 6, and for an empty callback.
Lookup lookup(std::string host, LookupCallback callback);
Lookup lookup(std::string host, const LookupOptions& options, LookupCallback callback);

// The same on a loop that need not be the thread's latest: for objects that belong to one.
Lookup lookup(reactor::Loop& loop, std::string host, const LookupOptions& options,
              LookupCallback callback);

}  // namespace sprocket::dns
