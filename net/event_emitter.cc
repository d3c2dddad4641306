#include "sprocket/net/event_emitter.h"

#include <cassert>

namespace sprocket::net {

void ListenerTable::add(ListenerNode* node, bool atFront) {
  if (!takesMore_) {
    delete node;
    return;
  }
  if (emissions_ > 0) node->addedAt_ = ++changes_;
  ListenerNode** place = &first_;
  while (!atFront && *place != nullptr) place = &(*place)->next_;
  node->next_ = *place;
  *place = node;
}

bool ListenerTable::removeLast(std::uint8_t event, const void* identity) {
  ListenerNode* last = nullptr;
  for (ListenerNode* node = first_; node != nullptr; node = node->next_) {
    const bool alive = node->removedAt_ == ListenerNode::never;
    if (alive && node->event_ == event && node->identity() == identity) last = node;
  }
  if (last != nullptr) removeIf([&](const ListenerNode& node) { return &node == last; });
  return last != nullptr;
}

void ListenerTable::removeAll(std::uint8_t event) {
  removeIf([&](const ListenerNode& node) { return node.event_ == event; });
}

void ListenerTable::clear() {
  removeIf([](const ListenerNode&) { return true; });
}

void ListenerTable::clearForGood() {
  takesMore_ = false;
  clear();
}

std::size_t ListenerTable::count(std::uint8_t event) const {
  std::size_t count = 0;
  for (const ListenerNode* node = first_; node != nullptr; node = node->next_) {
    if (node->event_ == event && node->removedAt_ == ListenerNode::never) ++count;
  }
  return count;
}

// False if an emission within this one was quicker.
bool ListenerTable::takeOnce(ListenerNode& node) {
  if (node.removedAt_ != ListenerNode::never && node.firedOnce_) return false;
  node.firedOnce_ = true;
  if (node.removedAt_ == ListenerNode::never) node.removedAt_ = ++changes_;
  return true;
}

template <class Choose>
void ListenerTable::removeIf(Choose choose) {
  for (ListenerNode* node = first_; node != nullptr; node = node->next_) {
    if (node->removedAt_ != ListenerNode::never || !choose(*node)) continue;
    node->removedAt_ = ++changes_;
  }
  if (emissions_ == 0) settle();
}

// Takes out what was removed, and only then destroys it: the destructor of a capture may come back
// here.
void ListenerTable::settle() {
  assert(emissions_ == 0);
  changes_ = 0;
  ListenerNode* gone = nullptr;
  for (ListenerNode** place = &first_; *place != nullptr;) {
    ListenerNode* node = *place;
    if (node->removedAt_ == ListenerNode::never) {
      node->addedAt_ = 0;
      place = &node->next_;
    } else {
      *place = node->next_;
      node->next_ = gone;
      gone = node;
    }
  }
  while (gone != nullptr) {
    ListenerNode* next = gone->next_;
    delete gone;
    gone = next;
  }
}

}  // namespace sprocket::net
