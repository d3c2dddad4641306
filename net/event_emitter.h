#pragma once

// on, once, off and kin, as Node's emitters have them, for handles such as Socket and Server.
//
// A listener is any callable, move-only and generic ones included. It may take the emitter as its
// first parameter (Node's `this`) and leave off trailing parameters that it does not use. An
// emission calls those that listened when it began, also one that was removed meanwhile; it
// allocates nothing. [2]

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "sprocket/net/event_list.h"
#include "sprocket/net/listener.h"
#include "sprocket/reactor/task.h"

namespace sprocket::net {

// One listener in a table.
class ListenerNode {
 public:
  ListenerNode(std::uint8_t event, bool once) : event_(event), once_(once) {}
  virtual ~ListenerNode() = default;

  virtual const void* identity() const = 0;

 private:
  friend class ListenerTable;

  static constexpr std::uint32_t never = UINT32_MAX;

  ListenerNode* next_ = nullptr;
  std::uint32_t addedAt_ = 0;
  std::uint32_t removedAt_ = never;
  std::uint8_t event_;
  bool once_;
  bool firedOnce_ = false;
};

// The same, knowing what it is called with.
template <class Emitter, class Signature>
class TypedNode;

template <class Emitter, class... Args>
class TypedNode<Emitter, void(Args...)> : public ListenerNode {
 public:
  using ListenerNode::ListenerNode;
  virtual void call(const Emitter& emitter, Args... args) = 0;
};

// Whether a callable may listen for an event; only then can there be a node of it.
template <class F, class Emitter, class Signature>
constexpr bool fitsEvent = false;
template <class F, class Emitter, class... Args>
constexpr bool fitsEvent<F, Emitter, void(Args...)> = Call<Emitter, Args...>::template fits<F>;

template <class Emitter, class Signature, class F>
class CallableNode;

template <class Emitter, class... Args, class F>
class CallableNode<Emitter, void(Args...), F> final : public TypedNode<Emitter, void(Args...)> {
 public:
  template <class G>
  CallableNode(std::uint8_t event, bool once, G&& callable)
      : TypedNode<Emitter, void(Args...)>(event, once), callable_(std::forward<G>(callable)) {
    reactor::requireCallback(callable_);
  }

  void call(const Emitter& emitter, Args... args) override {
    Call<Emitter, Args...>::invoke(callable_, emitter, std::forward<Args>(args)...);
  }
  const void* identity() const override { return identityOf(callable_); }

 private:
  F callable_;
};

// The listeners of one emitter, of all its events, in the order in which they are called.
//
// While an emission is under way, adding and removing only stamps a listener with a count of such
// changes, so that each emission can tell who was there when it began; what was removed goes when
// the last emission has ended. So a listener lives until it returns.
class ListenerTable {
 public:
  ListenerTable() = default;
  ListenerTable(const ListenerTable&) = delete;
  ListenerTable& operator=(const ListenerTable&) = delete;
  ~ListenerTable() { clear(); }

  void add(ListenerNode* node, bool atFront);
  bool removeLast(std::uint8_t event, const void* identity);
  void removeAll(std::uint8_t event);
  void clear();
  void clearForGood();  // what is added from now on is destroyed at once
  std::size_t count(std::uint8_t event) const;

  // False if nobody listens; true if somebody may.
  bool any(std::uint8_t event) const {
    const ListenerNode* node = first_;
    while (node != nullptr && node->event_ != event) node = node->next_;
    return node != nullptr;
  }

  // Calls those that listen for the event now; false if nobody does. The caller keeps the emitter,
  // and with it this table, alive until it returns.
  template <class Emitter, class Signature, class... Args>
  bool emit(std::uint8_t event, const Emitter& emitter, const Args&... args) {
    const Emission emission(*this);
    bool called = false;
    for (ListenerNode* node = first_; node != nullptr; node = node->next_) {
      if (node->event_ != event || !emission.sees(*node)) continue;
      if (node->once_ && !takeOnce(*node)) continue;
      called = true;
      static_cast<TypedNode<Emitter, Signature>*>(node)->call(emitter, args...);
    }
    return called;
  }

 private:
  class Emission {
   public:
    explicit Emission(ListenerTable& table) : table_(table), began_(table.changes_) {
      ++table_.emissions_;
    }
    ~Emission() {
      if (--table_.emissions_ == 0 && table_.changes_ != 0) table_.settle();
    }
    bool sees(const ListenerNode& node) const {
      return node.addedAt_ <= began_ && node.removedAt_ > began_;
    }

   private:
    ListenerTable& table_;
    const std::uint32_t began_;
  };

  bool takeOnce(ListenerNode& node);
  template <class Choose>
  void removeIf(Choose choose);
  void settle();

  ListenerNode* first_ = nullptr;
  std::uint32_t changes_ = 0;  // since the outermost emission under way began
  std::uint16_t emissions_ = 0;
  bool takesMore_ = true;
};

// The object behind a handle, which emits (emitter_state.h).
template <class State, class Handle, class Events>
class EmitterState;

// What the handles derive from. Self has `ListenerTable& listeners() const`;
// `void onNewListener(std::uint8_t event) const`, called just before one is added, which it is not
// if that throws; and `void onListenersRemoved() const`, called when some were taken away.
template <class Self, class Events>
class EventEmitter {
 public:
  // Adds a listener behind those that are there.
  template <EventName Name, class F>
  Self on(F&& listener) const {
    return add<Name>(std::forward<F>(listener), false, false);
  }

  // Node's spelling, declared so that the compiler can say what ours is.
  template <class F>
  void on(const char*, F&&) const {
    static_assert(!std::is_same_v<F, F>, "write on<\"data\">(listener): events are known by type");
  }

  // Adds a listener that is removed just before it is called.
  template <EventName Name, class F>
  Self once(F&& listener) const {
    return add<Name>(std::forward<F>(listener), true, false);
  }

  // The same two, in front of those that are there.
  template <EventName Name, class F>
  Self prependListener(F&& listener) const {
    return add<Name>(std::forward<F>(listener), false, true);
  }
  template <EventName Name, class F>
  Self prependOnceListener(F&& listener) const {
    return add<Name>(std::forward<F>(listener), true, true);
  }

  // Removes a listener, a Listener or a free function, once: the last place where it was added.
  // Nothing happens if it does not listen.
  template <EventName Name, class F>
  Self off(const F& listener) const {
    static_assert(HasIdentity<std::decay_t<F>>,
                  "off() needs a listener with an identity: a Listener or a free function");
    self().listeners().removeLast(indexOf<Name>(), identityOf<std::decay_t<F>>(listener));
    self().onListenersRemoved();
    return self();
  }

  template <EventName Name>
  Self removeAllListeners() const {
    self().listeners().removeAll(indexOf<Name>());
    self().onListenersRemoved();
    return self();
  }
  Self removeAllListeners() const {
    self().listeners().clear();
    self().onListenersRemoved();
    return self();
  }

  template <EventName Name>
  std::size_t listenerCount() const {
    return self().listeners().count(indexOf<Name>());
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }

  template <EventName Name>
  static constexpr std::uint8_t indexOf() {
    constexpr bool isEvent = Events::template index<Name> < Events::count;
    static_assert(isEvent, "there is no event of this name: see the list of events of the class");
    return Events::template index<Name>;
  }

  template <EventName Name, class F>
  Self add(F&& listener, bool once, bool atFront) const {
    constexpr std::uint8_t event = indexOf<Name>();
    if constexpr (event < Events::count) {
      using Signature = typename Events::template Signature<Name>;
      using Node = CallableNode<Self, Signature, std::decay_t<F>>;
      constexpr bool fits = fitsEvent<std::decay_t<F>, Self, Signature>;
      static_assert(fits,
                    "this listener's parameters fit neither the event's arguments nor the emitter "
                    "and the arguments: see the list of events of the class");
      if constexpr (fits) {
        auto node = std::make_unique<Node>(event, once, std::forward<F>(listener));
        self().onNewListener(event);
        self().listeners().add(node.release(), atFront);
      }
    }
    return self();
  }
};

}  // namespace sprocket::net
