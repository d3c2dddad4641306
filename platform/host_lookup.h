#pragma once

// The one call of the resolver that blocks: from a host's name to its addresses, as the system
// knows them (its hosts file, DNS, whatever it is set up to ask). It can take minutes, so it is
// made on a thread that nobody waits for. One .cc per OS.
//
// A test that defines lookupHost() itself gets its own in place of ours when it is linked, and so
// can have lookups that hang or answer at will. (On POSIX systems ours is weak; with MinGW, where
// that does not work, it is alone in its object file, which then stays in the archive.)

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sprocket/platform/address.h"
#include "sprocket/platform/lookup_hints.h"

namespace sprocket::platform {

// Why a lookup failed.
struct HostLookupError {
  // As Node has it: "ENOTFOUND" if there is no such name or it has no such address, else the name
  // of the resolver's own code ("EAI_AGAIN"), or of an ordinary error if it was one ("EMFILE").
  // Empty: all went well. The text is static.
  std::string_view code;
  int number = 0;  // this system's, for it

  explicit operator bool() const noexcept { return !code.empty(); }

  // What fails before the system is asked looks as if it had been.
  static HostLookupError notFound() noexcept;
  static HostLookupError tryAgain() noexcept;
  static HostLookupError timedOut() noexcept;
  static HostLookupError noMemory() noexcept;
};

// An error or, in the order that the system prefers, at least one address, each once. Those of IPv6
// keep their scope ids.
struct HostLookup {
  HostLookupError error = {};
  std::vector<IpAddress> addresses = {};
};

// From any thread. There may be no NUL in `host`. Without a family it finds addresses of both.
HostLookup lookupHost(const std::string& host, std::optional<Family> family, LookupHints hints);

// The hints that go with a host to connect to, if either family will do and none were given: only
// configured families, where that is of use [6.9]. Windows without a network would not even find
// localhost then.
LookupHints impliedHints() noexcept;

}  // namespace sprocket::platform
