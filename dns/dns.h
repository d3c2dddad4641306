#pragma once

// Host names to addresses, as Node's dns.lookup() has it: by asking the operating system, without
// blocking the loop.
//
//   dns::lookup("localhost", [](const Error& err, const std::vector<dns::Address>& addresses) {
//     if (err) throw err;
//     for (const dns::Address& each : addresses) std::puts(each.address.c_str());
//   });
//
// Always a vector, where Node gives one address and its family unless all are wanted.
//
// The system's resolver can only be waited for, and a few threads of the library's do that, started
// when they are needed: setPoolSize(). Callbacks run where everything else does, on the thread of
// the loop. A name whose lookup hangs delays nothing but itself, until there are as many of them as
// threads.
//
// Numbers in brackets are the items of net/behaviour.md.

#include "sprocket/platform/version.h"

#include <optional>
#include <string>
#include <vector>

#include "sprocket/platform/error.h"
#include "sprocket/platform/lookup_hints.h"
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

// Flags for the system's resolver, under Node's names; combined with |. [6.9]
using Hints = platform::LookupHints;
// Only addresses of the versions that this machine has itself, loopback aside.
inline constexpr Hints ADDRCONFIG = platform::kConfiguredFamilies;
// With family 6: if there is no such address, those of IPv4 as "::ffff:192.0.2.1".
inline constexpr Hints V4MAPPED = platform::kMappedV4;
// With V4MAPPED: those too, and not only in want of others.
inline constexpr Hints ALL = platform::kMappedV4Always;

struct LookupOptions {
  int family = 0;    // 4 or 6: only addresses of that version; 0: of both
  Hints hints = {};  // how the system looks it up; some systems refuse some (EAI_BADFLAGS)
  bool all = false;  // every address, not only the first one
  // In milliseconds: after so long without an answer the lookup fails with ETIMEDOUT. 0: waits
  // for as long as the system does. (The thread is not freed before the system answers.)
  double timeout = 0;
};

// Either the error is set, in Node's wording, "getaddrinfo ENOTFOUND example.invalid", or there is
// one address; of `all` at least one. They are in the order that the system prefers, and none comes
// twice.
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
// asked for what cannot be a name (host_name.h): that fails with ENOTFOUND. With 1024 names waiting
// for a thread one more fails with EAI_AGAIN. Equal queries that are under way together, hints and
// all, are one.
//
// Throws an ArgumentError for a family other than 0, 4 and 6, unknown hints, a timeout that is
// negative or not finite, and for an empty callback.
Lookup lookup(std::string host, LookupCallback callback);
Lookup lookup(std::string host, const LookupOptions& options, LookupCallback callback);

// The same on a loop that need not be the thread's latest: for objects that belong to one.
Lookup lookup(reactor::Loop& loop, std::string host, const LookupOptions& options,
              LookupCallback callback);

// How many lookups of this thread's loop may wait for the system at a time, each on a thread of its
// own: 1 to 1024, else it throws an ArgumentError; 4 if nothing is said. It may be set at any time;
// what is under way goes on. The threads end with the loop, which waits for none that hangs.
void setPoolSize(int threads);

}  // namespace sprocket::dns
