#pragma once

// A resolver of the user's own in place of the system's, for ConnectOptions::lookup. It is called
// with the host's name and with what is asked for, and gives its answer then or later:
//
//   net::connect({.port = 80,
//                 .host = "web",
//                 .lookup = [](const std::string& host, const dns::LookupOptions& options,
//                              net::LookupAnswer answer) { answer("192.0.2.7", 4); }});
//
// To pass it on to the system's resolver, under another name for example:
//
//   dns::lookup("other", options, answer);

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sprocket/dns/dns.h"
#include "sprocket/net/errors.h"
#include "sprocket/platform/error.h"
#include "sprocket/reactor/ref_counted.h"
#include "sprocket/reactor/unique_function.h"

namespace sprocket::net {

class Connecting;

// Takes the answer, once, on the thread of the loop; after that, and when the socket has been
// destroyed, calling it does nothing. Copies answer the same question. The socket is connecting
// until it has the answer.
//
// What cannot be connected to is an 'error' of the socket: an address that is no IP address
// (ERR_INVALID_IP_ADDRESS), a family other than 4 and 6 (ERR_INVALID_ADDRESS_FAMILY), no address at
// all (ENOTFOUND). [6.8]
class LookupAnswer {
 public:
  // It failed; of an empty Error: there is no address.
  void operator()(const Error& error) const;
  void operator()(std::string_view address, int family) const;
  // In order of preference. All of them count if `all` was asked for, else the first.
  void operator()(std::vector<dns::Address> addresses) const;
  // As dns::lookup() answers.
  void operator()(const Error& error, std::vector<dns::Address> addresses) const;

  LookupAnswer(const LookupAnswer&) noexcept;
  LookupAnswer& operator=(const LookupAnswer&) noexcept;
  ~LookupAnswer();

 private:
  friend class Connecting;

  explicit LookupAnswer(Connecting& connecting) noexcept;

  reactor::RefPtr<Connecting> connecting_;
};

// The resolver. It is called as soon as the present callback has returned, never inside of
// connect(). If it throws, the exception leaves run() and the socket is closed. Copies are the same
// function. An empty one is refused with an ArgumentError where it is given. [6.6]
class LookupFunction {
 public:
  using Function = UniqueFunction<void(const std::string& host, const dns::LookupOptions& options,
                                       LookupAnswer answer)>;

  LookupFunction() = default;  // none: the system's resolver
  template <class F>
  requires std::is_constructible_v<Function, F> LookupFunction(F&& function)
      : function_(std::make_shared<Function>(std::forward<F>(function))) {
    if (!*function_) throwBadLookup();
  }

  // Null if there is none.
  const std::shared_ptr<Function>& get() const { return function_; }

 private:
  std::shared_ptr<Function> function_;
};

}  // namespace sprocket::net
