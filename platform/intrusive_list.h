#pragma once

// A doubly linked list threaded through its elements: linking and unlinking are O(1), allocate
// nothing, and an element leaves its list, knowing nothing of it, when it is told to or destroyed.
//
//   class Task : public ListLink<> { ... };
//   IntrusiveList<Task> tasks;
//   tasks.pushBack(task);
//   while (Task* next = tasks.popFront()) next->run();    // run() may unlink or add any task
//
// It owns nothing. An element is in one list at a time; to be in two, derive from ListLink twice,
// with different tags.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

namespace sprocket::platform {

template <class T, class Tag = void>
class IntrusiveList;

// A list is one pointer, to its last element, so that an array of seven hundred mostly empty lists
// (the timer wheel) is small, and an empty list is all zeros. The elements are a ring going
// forward. Going back, the first element points to the list instead of the last element: that is
// how an element that is unlinked finds a list that has to know.
//
//       list <────────────┐
//        │              back
//        │                │
//        │     ┌──────> first ──next──> second ──next──> last ──next──┐
//        │     │                <──back──       <──back── ▲           │
//        │     └──────────────────────────────────────────│───────────┘
//        └────────────────────────────────────────────────┘
template <class Tag = void>
class ListLink {
 public:
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;

  bool isLinked() const { return next_ != nullptr; }

  // Does nothing if this is in no list.
  void unlink() {
    if (!isLinked()) return;
    if (next_ == this) {
      lastOfList() = nullptr;
    } else if (isFirst()) {
      next_->back_ = back_;
      lastOfList()->next_ = next_;
    } else {
      before()->next_ = next_;
      if (next_->isFirst()) {
        next_->lastOfList() = before();
      } else {
        next_->back_ = back_;
      }
    }
    next_ = nullptr;
  }

 protected:
  ListLink() = default;
  ~ListLink() { unlink(); }

 private:
  template <class T, class U>
  friend class IntrusiveList;

  // Pointers are even, so the lowest bit of `back_` is free to tell a list from an element.
  static constexpr std::uintptr_t listBit = 1;

  bool isFirst() const { return (back_ & listBit) != 0; }

  ListLink* before() const {
    assert(!isFirst());
    return reinterpret_cast<ListLink*>(back_);
  }

  // The pointer that is the list.
  ListLink*& lastOfList() const {
    assert(isFirst());
    return *reinterpret_cast<ListLink**>(back_ ^ listBit);
  }

  void setBefore(ListLink* link) { back_ = reinterpret_cast<std::uintptr_t>(link); }
  void setList(ListLink** last) { back_ = reinterpret_cast<std::uintptr_t>(last) | listBit; }

  ListLink* next_ = nullptr;  // null when in no list
  std::uintptr_t back_ = 0;
};

template <class T, class Tag>
class IntrusiveList {
  using Link = ListLink<Tag>;

 public:
  // Elements may be added anywhere and any but the current one unlinked while iterating. To take
  // elements out as you go, use popFront().
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;
    using iterator_category = std::forward_iterator_tag;

    Iterator() = default;
    explicit Iterator(Link* link) : link_(link) {}

    T& operator*() const { return static_cast<T&>(*link_); }
    T* operator->() const { return static_cast<T*>(link_); }

    Iterator& operator++() {
      assert(link_->isLinked());
      link_ = link_->next_->isFirst() ? nullptr : link_->next_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }

    bool operator==(const Iterator&) const = default;

   private:
    Link* link_ = nullptr;
  };

  IntrusiveList() = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  // Unlinks every element, which is O(n): their links must not point at a list that is gone.
  ~IntrusiveList() { clear(); }

  bool empty() const { return last_ == nullptr; }

  // Null when empty, all three.
  T* front() const { return empty() ? nullptr : static_cast<T*>(last_->next_); }
  T* back() const { return empty() ? nullptr : static_cast<T*>(last_); }
  T* popFront() {
    T* element = front();
    if (element != nullptr) static_cast<Link*>(element)->unlink();
    return element;
  }

  // The element must be in no list.
  void pushBack(T& element) {
    Link& link = element;
    assert(!link.isLinked());
    if (empty()) {
      linkOnly(link);
    } else {
      link.next_ = last_->next_;
      link.setBefore(last_);
      last_->next_ = &link;
      last_ = &link;
    }
  }

  void pushFront(T& element) {
    Link& link = element;
    assert(!link.isLinked());
    if (empty()) {
      linkOnly(link);
    } else {
      link.next_ = last_->next_;
      link.setList(&last_);
      link.next_->setBefore(&link);
      last_->next_ = &link;
    }
  }

  // Moves all of `other`, in its order, behind what is here. O(1).
  void spliceBack(IntrusiveList& other) {
    assert(&other != this);
    if (other.empty()) return;
    Link* first = other.last_->next_;
    if (empty()) {
      first->setList(&last_);
    } else {
      first->setBefore(last_);
      other.last_->next_ = last_->next_;
      last_->next_ = first;
    }
    last_ = other.last_;
    other.last_ = nullptr;
  }

  // O(1).
  void swap(IntrusiveList& other) {
    std::swap(last_, other.last_);
    if (!empty()) last_->next_->setList(&last_);
    if (!other.empty()) other.last_->next_->setList(&other.last_);
  }

  // Unlinks every element.
  void clear() {
    while (popFront() != nullptr) {
    }
  }

  // The elements are not the list's, so a const list gives them as they are.
  Iterator begin() const { return Iterator(empty() ? nullptr : last_->next_); }
  Iterator end() const { return Iterator(); }

 private:
  void linkOnly(Link& link) {
    link.next_ = &link;
    link.setList(&last_);
    last_ = &link;
  }

  Link* last_ = nullptr;
};

}  // namespace sprocket::platform
