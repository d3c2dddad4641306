#pragma once

// Pipe: what pipe() makes. It carries one socket's data to another, or to itself, and holds the
// source up while the destination is full. [10.9]

#include "sprocket/net/buffer.h"
#include "sprocket/platform/intrusive_list.h"

namespace sprocket::net {

class SocketState;

struct FromTag;
struct IntoTag;

// Linked into both of its sockets, each of which ends it when it goes.
class Pipe : public platform::ListLink<FromTag>, public platform::ListLink<IntoTag> {
 public:
  static void connect(SocketState& source, SocketState& destination, bool end);

  SocketState& destination() const { return destination_; }
  bool leadsTo(const SocketState& destination) const { return &destination_ == &destination; }

  // Whether the destination has asked to wait.
  bool isBlocked() const { return blocked_; }

  // Whether the destination takes no more data.
  bool isBroken() const;

  // Writes the chunk to the destination; false if that takes no more.
  bool forward(const Buffer& chunk);

  void destinationDrained();

  // All of these end it and delete this. But for the first the destination is told, by 'unpipe',
  // later.

  // The source is left as it is, and flows no more if that was its last pipe.
  void disconnect();

  // Of a broken one, as writing to its destination would: with an error there.
  void fail(const Buffer& chunk);

  // Ends the destination too if pipe() was told so.
  void sourceEnded();

  void destinationEnded();

 private:
  void tell();

  Pipe(SocketState& source, SocketState& destination, bool end)
      : source_(source), destination_(destination), end_(end) {}

  SocketState& source_;
  SocketState& destination_;
  bool end_;
  bool blocked_ = false;
};

using PipesFrom = platform::IntrusiveList<Pipe, FromTag>;
using PipesInto = platform::IntrusiveList<Pipe, IntoTag>;

}  // namespace sprocket::net
