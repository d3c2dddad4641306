#pragma once

// What the streams and listeners of every backend have in common: they belong to the backend, and
// they tell their handlers inside wait() what was decided outside of it.

#include "sprocket/platform/intrusive_list.h"

namespace sprocket::platform {

struct TellerTag;

// A stream or a listener, as its backend keeps it.
class Teller : public ListLink<TellerTag> {
 public:
  virtual ~Teller() = default;

  // Tells the handler what was decided outside of wait(): a failure, a close. May delete this.
  virtual void tellOutcome() = 0;

  virtual void close() = 0;
};

// All that belong to one backend.
class Tellers {
 public:
  Tellers() = default;
  Tellers(const Tellers&) = delete;
  Tellers& operator=(const Tellers&) = delete;
  ~Tellers();  // deletes them

  void add(Teller& teller) { quiet_.pushBack(teller); }
  void tellLater(Teller& teller);  // calls tellOutcome() once, in this wait() or the next
  bool somethingToTell() const { return !outcomes_.empty() || !telling_.empty(); }
  void tell();
  void closeAll();

 private:
  using List = IntrusiveList<Teller, TellerTag>;

  List quiet_;     // nothing to tell
  List outcomes_;  // to be told at the end of this wait()
  List telling_;   // those being told now; left over only if a handler threw
};

}  // namespace sprocket::platform
