#pragma once

// Resident: the part of every object that belongs to a Loop but may outlive it, because a user has
// a handle to it: a socket, a server, a timeout. It knows its loop, or that it has none any more,
// and it says whether it keeps that loop running.

#include <cassert>

#include "sprocket/platform/intrusive_list.h"

namespace sprocket::reactor {

class Loop;

class Resident : public platform::ListLink<Resident> {
 public:
  // Null once the loop has been destroyed. What is done on another thread than the loop's ends
  // here, in builds with assertions.
  Loop* loop() const {
    assert(isOnItsThread());
    return loop_;
  }

  // The loop is being destroyed: let go of everything that user code put in. loop() is null by now.
  virtual void onLoopGone() = 0;

 protected:
  explicit Resident(Loop& loop);
  virtual ~Resident();

  // Whether the loop's run() goes on for this object's sake.
  void keepRunning(bool keep);

  bool isOnItsThread() const;

 private:
  friend class Loop;

  Loop* loop_;
  bool keeps_ = false;
};

}  // namespace sprocket::reactor
