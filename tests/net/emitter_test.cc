// Listeners: what may listen, in which order they are called, and what an emission sees of those
// that come and go meanwhile. [2]

#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/allocation_count.h"

namespace {

using namespace sprocket;
using boost::unit_test::label;
using net::Event;
using net::EventList;
using net::Listener;

class Emitter;

using Events = EventList<Event<"none", void()>, Event<"number", void(int)>,
                         Event<"texts", void(const std::string&, const std::string&)>,
                         Event<"owned", void(std::string)>>;

// An emitter that is nothing else. As all handles it is a value; its copies are the same emitter.
class Emitter : public net::EventEmitter<Emitter, Events> {
 public:
  template <net::EventName Name, class... Args>
  bool emit(const Args&... args) const {
    using Signature = Events::Signature<Name>;
    const Emitter keep = *this;
    return table_->emit<Emitter, Signature>(Events::index<Name>, *this, args...);
  }

  friend bool operator==(const Emitter& a, const Emitter& b) { return a.table_ == b.table_; }

 private:
  friend class net::EventEmitter<Emitter, Events>;

  net::ListenerTable& listeners() const { return *table_; }
  void onNewListener(std::uint8_t) const {}
  void onListenersRemoved() const {}

  std::shared_ptr<net::ListenerTable> table_ = std::make_shared<net::ListenerTable>();
};

struct EmitterFixture {
  auto says(char letter) {
    return [this, letter] { log += letter; };
  }

  Emitter emitter;
  std::string log;
};

BOOST_FIXTURE_TEST_SUITE(emitter, EmitterFixture)

BOOST_AUTO_TEST_SUITE(order)

BOOST_AUTO_TEST_CASE(isThatOfRegistration, *label("2.2")) {
  emitter.on<"none">(says('a')).once<"none">(says('b')).on<"none">(says('c'));
  emitter.on<"number">(says('x'));
  BOOST_TEST(emitter.emit<"none">());
  BOOST_TEST(log == "abc");
}

BOOST_AUTO_TEST_CASE(thePrependedComesFirst, *label("2.2")) {
  emitter.on<"none">(says('a')).prependListener<"none">(says('b'));
  emitter.prependOnceListener<"none">(says('c')).on<"none">(says('d'));
  emitter.emit<"none">();
  emitter.emit<"none">();
  BOOST_TEST(log == "cbadbad");
}

BOOST_AUTO_TEST_CASE(theSameListenerIsCalledAsOftenAsItWasAdded, *label("2.2")) {
  const Listener twice = says('t');
  emitter.on<"none">(twice).on<"none">(says('a')).on<"none">(twice);
  emitter.emit<"none">();
  BOOST_TEST(log == "tat");
}

BOOST_AUTO_TEST_CASE(isToldWhetherAnybodyListened, *label("2.5")) {
  BOOST_TEST(!emitter.emit<"none">());
  emitter.once<"none">([] {});
  BOOST_TEST(emitter.emit<"none">());
  BOOST_TEST(!emitter.emit<"none">());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(once)

BOOST_AUTO_TEST_CASE(isCalledOnce, *label("2.2")) {
  emitter.once<"none">(says('a'));
  emitter.emit<"none">();
  emitter.emit<"none">();
  BOOST_TEST(log == "a");
}

BOOST_AUTO_TEST_CASE(isRemovedBeforeItIsCalled, *label("2.3")) {
  std::size_t countInside = 99;
  emitter.once<"none">([&](Emitter self) { countInside = self.listenerCount<"none">(); });
  emitter.emit<"none">();
  BOOST_TEST(countInside == 0U);
}

BOOST_AUTO_TEST_CASE(isCalledOnceAlsoIfItEmitsTheEventItself, *label("2.3")) {
  emitter.once<"none">([&](Emitter self) {
    log += 'a';
    self.emit<"none">();
  });
  emitter.emit<"none">();
  BOOST_TEST(log == "a");
}

// The inner emission takes it; the outer one, which has seen it too, must not call it again.
BOOST_AUTO_TEST_CASE(isCalledOnceByNestedEmissionsThatBothSawIt, *label("2.3")) {
  emitter.once<"none">([&](Emitter self) {
    log += 'a';
    self.emit<"none">();
  });
  emitter.once<"none">(says('b'));
  emitter.emit<"none">();
  BOOST_TEST(log == "ab");
}

BOOST_AUTO_TEST_CASE(isReleasedAfterItFired, *label("1.10")) {
  const auto captured = std::make_shared<int>();
  emitter.once<"none">([captured] {});
  BOOST_TEST(captured.use_count() == 2);
  emitter.emit<"none">();
  BOOST_TEST(captured.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(addedAgainByItselfIsCalledNextTime, *label("2.3")) {
  struct Again {
    std::string* log;
    void operator()(Emitter self) {
      *log += 'a';
      self.once<"none">(*this);
    }
  };
  emitter.once<"none">(Again{&log});
  emitter.emit<"none">();
  BOOST_TEST(log == "a");
  emitter.emit<"none">();
  BOOST_TEST(log == "aa");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(removal)

void freeFunction() {}
int freeCalls = 0;
void countedFunction() { ++freeCalls; }

BOOST_AUTO_TEST_CASE(takesTheListenerGiven, *label("2.2")) {
  const Listener a = says('a');
  const Listener b = says('b');
  emitter.on<"none">(a).on<"none">(b).off<"none">(a);
  emitter.emit<"none">();
  BOOST_TEST(log == "b");
}

BOOST_AUTO_TEST_CASE(takesACopyForTheListener, *label("2.2")) {
  const Listener a = says('a');
  const Listener copy = a;
  emitter.on<"none">(a).off<"none">(copy);
  BOOST_TEST(!emitter.emit<"none">());
}

BOOST_AUTO_TEST_CASE(tellsEqualListenersApart, *label("2.2")) {
  const Listener a = says('a');
  const Listener same = says('a');
  emitter.on<"none">(a).off<"none">(same);
  BOOST_TEST(emitter.listenerCount<"none">() == 1U);
}

BOOST_AUTO_TEST_CASE(takesTheLastOfSeveralPlacesAndOneAtATime, *label("2.2")) {
  const Listener a = says('a');
  emitter.on<"none">(a).on<"none">(says('b')).on<"none">(a).on<"none">(says('c'));
  emitter.off<"none">(a);
  emitter.emit<"none">();
  BOOST_TEST(std::exchange(log, "") == "abc");
  emitter.off<"none">(a).off<"none">(a);
  emitter.emit<"none">();
  BOOST_TEST(log == "bc");
}

BOOST_AUTO_TEST_CASE(takesAOneTimeListenerByItsOwnName, *label("2.2")) {
  const Listener a = says('a');
  emitter.once<"none">(a).off<"none">(a);
  BOOST_TEST(!emitter.emit<"none">());
}

BOOST_AUTO_TEST_CASE(takesAListenerThatWasMovedFrom, *label("2.2")) {
  net::Listener listener = [] {};
  const net::Socket socket;
  socket.on<"end">(std::move(listener));
  socket.off<"end">(listener);
  BOOST_TEST(socket.listenerCount<"end">() == 0U);
}

BOOST_AUTO_TEST_CASE(takesAFreeFunction, *label("2.2")) {
  freeCalls = 0;
  emitter.on<"none">(countedFunction).on<"none">(&countedFunction).off<"none">(countedFunction);
  emitter.off<"none">(freeFunction);
  emitter.emit<"none">();
  BOOST_TEST(freeCalls == 1);
}

BOOST_AUTO_TEST_CASE(isOfOneEventOnly, *label("2.2")) {
  const Listener a = says('a');
  emitter.on<"none">(a).on<"number">(a).off<"none">(a);
  BOOST_TEST(emitter.listenerCount<"none">() == 0U);
  BOOST_TEST(emitter.listenerCount<"number">() == 1U);
}

BOOST_AUTO_TEST_CASE(ofWhatDoesNotListenDoesNothing, *label("2.2")) {
  emitter.on<"none">(says('a'));
  emitter.off<"none">(Listener([] {})).off<"none">(freeFunction);
  BOOST_TEST(emitter.listenerCount<"none">() == 1U);
}

BOOST_AUTO_TEST_CASE(ofAllListenersOfAnEventLeavesTheOthers, *label("2.2")) {
  emitter.on<"none">(says('a')).on<"number">(says('b')).once<"none">(says('c'));
  emitter.removeAllListeners<"none">();
  BOOST_TEST(!emitter.emit<"none">());
  BOOST_TEST(emitter.emit<"number">(1));
  BOOST_TEST(log == "b");
}

BOOST_AUTO_TEST_CASE(ofAllListenersLeavesNone, *label("2.2")) {
  emitter.on<"none">(says('a')).on<"number">(says('b'));
  emitter.removeAllListeners();
  BOOST_TEST(!emitter.emit<"none">());
  BOOST_TEST(!emitter.emit<"number">(1));
}

BOOST_AUTO_TEST_CASE(releasesTheListener, *label("2.2")) {
  const auto captured = std::make_shared<int>();
  {
    const Listener a = [captured] {};
    emitter.on<"none">(a).on<"none">([captured] {}).off<"none">(a);
  }
  BOOST_TEST(captured.use_count() == 2);
  emitter.removeAllListeners<"none">();
  BOOST_TEST(captured.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(countFollowsEveryChange, *label("2.2")) {
  const Listener a = says('a');
  BOOST_TEST(emitter.listenerCount<"none">() == 0U);
  emitter.on<"none">(a).once<"none">(a).prependListener<"none">(a);
  BOOST_TEST(emitter.listenerCount<"none">() == 3U);
  emitter.emit<"none">();
  BOOST_TEST(emitter.listenerCount<"none">() == 2U);
  emitter.off<"none">(a);
  BOOST_TEST(emitter.listenerCount<"none">() == 1U);
  BOOST_TEST(emitter.listenerCount<"number">() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(snapshot)

BOOST_AUTO_TEST_CASE(leavesOutWhatIsAddedMeanwhile, *label("2.3")) {
  emitter.once<"none">([&](Emitter self) { self.on<"none">(says('b')); });
  emitter.on<"none">(says('a'));
  emitter.emit<"none">();
  BOOST_TEST(std::exchange(log, "") == "a");
  emitter.emit<"none">();
  BOOST_TEST(log == "ab");
}

BOOST_AUTO_TEST_CASE(leavesOutWhatIsPutInFrontMeanwhile, *label("2.3")) {
  emitter.once<"none">([&](Emitter self) { self.prependListener<"none">(says('b')); });
  emitter.on<"none">(says('a'));
  emitter.emit<"none">();
  emitter.emit<"none">();
  BOOST_TEST(log == "aba");
}

BOOST_AUTO_TEST_CASE(includesWhatIsRemovedMeanwhile, *label("2.3")) {
  const Listener later = says('l');
  emitter.on<"none">([&](Emitter self) { self.off<"none">(later); });
  emitter.on<"none">(later);
  emitter.emit<"none">();
  BOOST_TEST(log == "l");
  BOOST_TEST(emitter.listenerCount<"none">() == 1U);
  emitter.emit<"none">();
  BOOST_TEST(log == "l");
}

BOOST_AUTO_TEST_CASE(includesAOneTimeListenerThatIsRemovedBeforeItsCall, *label("2.3")) {
  const Listener later = says('l');
  emitter.once<"none">([&](Emitter self) { self.off<"none">(later); });
  emitter.once<"none">(later);
  emitter.emit<"none">();
  emitter.emit<"none">();
  BOOST_TEST(log == "l");
}

BOOST_AUTO_TEST_CASE(includesAllWhenAllAreRemovedMeanwhile, *label("2.3")) {
  emitter.on<"none">([&](Emitter self) { self.removeAllListeners(); });
  emitter.on<"none">(says('a')).once<"none">(says('b'));
  emitter.emit<"none">();
  emitter.emit<"none">();
  BOOST_TEST(log == "ab");
}

BOOST_AUTO_TEST_CASE(leavesOutWhatIsAddedAndRemovedMeanwhile, *label("2.3")) {
  const Listener brief = says('x');
  emitter.on<"none">([&](Emitter self) { self.on<"none">(brief).off<"none">(brief); });
  emitter.emit<"none">();
  BOOST_TEST(log == "");
  BOOST_TEST(emitter.listenerCount<"none">() == 1U);
}

BOOST_AUTO_TEST_CASE(ofAnInnerEmissionIsTakenAnew, *label("2.3")) {
  const Listener old = says('o');
  bool inside = false;
  emitter.on<"none">([&](Emitter self) {
    if (std::exchange(inside, true)) return;
    self.off<"none">(old).on<"none">(says('n'));
    self.emit<"none">();  // calls the new one, not the old one
    log += '|';
  });
  emitter.on<"none">(old);
  emitter.emit<"none">();  // calls the old one, not the new one
  BOOST_TEST(log == "n|o");
}

// The stamps of the outer emission must outlive the inner one's end.
BOOST_AUTO_TEST_CASE(survivesAnInnerEmissionOfAnotherEvent, *label("2.3")) {
  const Listener gone = says('g');
  emitter.on<"none">([&](Emitter self) {
    self.off<"none">(gone).on<"none">(says('n'));
    self.emit<"number">(1);
  });
  emitter.on<"none">(gone);
  emitter.on<"number">(says('i'));
  emitter.emit<"none">();
  BOOST_TEST(log == "ig");
}

BOOST_AUTO_TEST_CASE(listenerThatRemovesItselfLivesUntilItReturns, *label("1.10")) {
  auto text = std::make_shared<std::string>("still here");
  const std::weak_ptr<std::string> watch = text;
  emitter.on<"none">([this, text = std::move(text)](Emitter self) {
    self.removeAllListeners();
    log = *text;
  });
  emitter.emit<"none">();
  BOOST_TEST(log == "still here");
  BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_CASE(isEndedByAnExceptionAndTheEmitterGoesOn, *label("2.6")) {
  emitter.once<"none">([] { throw std::runtime_error("first of three"); });
  emitter.on<"none">(says('a')).once<"none">(says('b'));
  BOOST_CHECK_THROW(emitter.emit<"none">(), std::runtime_error);
  BOOST_TEST(log == "");
  BOOST_TEST(emitter.listenerCount<"none">() == 2U);
  emitter.emit<"none">();
  emitter.emit<"none">();
  BOOST_TEST(log == "aba");
}

BOOST_AUTO_TEST_CASE(changesMadeBeforeAnExceptionStay, *label("2.6")) {
  const Listener gone = says('g');
  emitter.once<"none">([&](Emitter self) {
    self.off<"none">(gone).on<"none">(says('n'));
    throw std::runtime_error("after the changes");
  });
  emitter.on<"none">(gone);
  BOOST_CHECK_THROW(emitter.emit<"none">(), std::runtime_error);
  emitter.emit<"none">();
  BOOST_TEST(log == "n");
}

BOOST_AUTO_TEST_CASE(exceptionOfAnInnerEmissionLeavesTheOuterOneToo, *label("2.6")) {
  emitter.on<"none">([](Emitter self) { self.emit<"number">(1); });
  emitter.on<"number">([] { throw std::runtime_error("inside"); });
  BOOST_CHECK_THROW(emitter.emit<"none">(), std::runtime_error);
  emitter.removeAllListeners<"number">().on<"number">(says('a'));
  emitter.emit<"none">();
  BOOST_TEST(log == "a");
}

BOOST_AUTO_TEST_CASE(destructorOfACaptureMayComeBack, *label("1.10")) {
  struct ComesBack {
    explicit ComesBack(Emitter e, std::string& l) : emitter(std::move(e)), log(l) {}
    ~ComesBack() {
      emitter.removeAllListeners<"number">();
      emitter.on<"none">([&log = log] { log += 'n'; });
      emitter.emit<"none">();
    }
    Emitter emitter;
    std::string& log;
  };
  emitter.on<"number">(says('x'));
  emitter.once<"none">([kept = std::make_unique<ComesBack>(emitter, log)] {});
  emitter.emit<"none">();
  BOOST_TEST(log == "n");
  BOOST_TEST(emitter.listenerCount<"number">() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(listeners)

BOOST_AUTO_TEST_CASE(mayTakeTheEmitterFirst, *label("2.1")) {
  int seen = 0;
  emitter.on<"number">([&](Emitter self, int number) {
    BOOST_TEST((self == emitter));
    seen = number;
  });
  emitter.on<"number">([&](const Emitter& self) { BOOST_TEST((self == emitter)); });
  emitter.on<"none">([&](const Emitter& self) { BOOST_TEST((self == emitter)); });
  emitter.emit<"number">(7);
  emitter.emit<"none">();
  BOOST_TEST(seen == 7);
}

BOOST_AUTO_TEST_CASE(mayLeaveOffTrailingParameters, *label("2.1")) {
  emitter.on<"texts">([&](const std::string& a, const std::string& b) { log += a + b + ' '; });
  emitter.on<"texts">([&](std::string_view a) { log += std::string(a) + ' '; });
  emitter.on<"texts">([&] { log += "- "; });
  emitter.on<"texts">(
      [&](Emitter, std::string a, std::string_view b) { log += a + '+' + std::string(b) + ' '; });
  emitter.on<"texts">([&](Emitter, const std::string& a) { log += a; });
  emitter.emit<"texts">(std::string("x"), std::string("y"));
  BOOST_TEST(log == "xy x - x+y x");
}

// The arguments come before the emitter, and more of them before fewer.
BOOST_AUTO_TEST_CASE(ofAnyTypeGetTheArgumentsRatherThanTheEmitter, *label("2.1")) {
  emitter.on<"number">([&](auto x) {
    static_assert(std::is_same_v<decltype(x), int>);
    log += 'a';
  });
  emitter.on<"number">([&](auto&&... all) {
    static_assert(sizeof...(all) == 1);
    log += 'b';
  });
  emitter.on<"number">([&](auto self, auto number) {
    static_assert(std::is_same_v<decltype(self), Emitter>);
    static_assert(std::is_same_v<decltype(number), int>);
    log += 'c';
  });
  emitter.on<"none">([&](auto x) {
    static_assert(std::is_same_v<decltype(x), Emitter>);
    log += 'd';
  });
  emitter.on<"none">([&](auto&&... all) {
    static_assert(sizeof...(all) == 0);
    log += 'e';
  });
  emitter.on<"texts">([&](auto a, auto b) {
    static_assert(std::is_same_v<decltype(a), std::string>);
    static_assert(std::is_same_v<decltype(b), std::string>);
    log += 'f';
  });
  emitter.on<"texts">([&](auto first) {
    static_assert(std::is_same_v<decltype(first), std::string>);
    log += 'g';
  });
  emitter.emit<"number">(7);
  emitter.emit<"none">();
  emitter.emit<"texts">(std::string(), std::string());
  BOOST_TEST(log == "abcdefg");
}

BOOST_AUTO_TEST_CASE(mayBeMoveOnly) {
  emitter.on<"none">([&, owned = std::make_unique<char>('m')] { log += *owned; });
  emitter.once<"none">([&, owned = std::make_unique<char>('o')] { log += *owned; });
  emitter.emit<"none">();
  BOOST_TEST(log == "mo");
}

BOOST_AUTO_TEST_CASE(mayChangeWhatTheyCapture) {
  emitter.on<"none">([&, letter = 'a']() mutable { log += letter++; });
  emitter.emit<"none">();
  emitter.emit<"none">();
  BOOST_TEST(log == "ab");
}

struct Counter {
  void operator()(int by) { *sum += by; }
  int* sum;
};
int lastNumber = 0;
void takeNumber(int number) { lastNumber = number; }

BOOST_AUTO_TEST_CASE(mayBeAnythingThatCanBeCalled) {
  int sum = 0;
  Counter named{&sum};
  const std::function<void(int)> wrapped = named;
  emitter.on<"number">(named)
      .on<"number">(wrapped)
      .on<"number">(takeNumber)
      .on<"number">(Listener(takeNumber));
  emitter.on<"number">([](int) noexcept { return "the result is ignored"; });
  emitter.emit<"number">(3);
  BOOST_TEST(sum == 6);
  BOOST_TEST(lastNumber == 3);
}

BOOST_AUTO_TEST_CASE(mayBeAListenerOfAnyParameters) {
  const Listener any = [&](auto&&... all) { log += std::to_string(sizeof...(all)); };
  emitter.on<"none">(any).on<"number">(any).on<"texts">(any);
  emitter.emit<"none">();
  emitter.emit<"number">(1);
  emitter.emit<"texts">(std::string(), std::string());
  BOOST_TEST(log == "012");
  emitter.off<"number">(any);
  BOOST_TEST(!emitter.emit<"number">(1));
}

// At the call that brings it, or it would crash when it is due.
BOOST_AUTO_TEST_CASE(withNothingToCallAreRefused, *label("1.8")) {
  using Function = void (*)();
  const Function null = nullptr;
  const std::function<void()> empty;
  const net::Socket socket;
  BOOST_CHECK_THROW(socket.on<"end">(null), ArgumentError);
  BOOST_CHECK_THROW(socket.once<"end">(empty), ArgumentError);
  BOOST_CHECK_THROW(socket.prependListener<"end">(UniqueFunction<void()>()), ArgumentError);
  BOOST_CHECK_THROW(net::Listener<Function>{null}, ArgumentError);
  BOOST_CHECK_THROW(socket.setTimeout(1, null), ArgumentError);
  BOOST_CHECK_THROW(socket.connect(1, empty), ArgumentError);
  BOOST_CHECK_THROW(socket.write("x", null), ArgumentError);
  BOOST_CHECK_THROW(socket.write("x", std::function<void(const Error&)>()), ArgumentError);
  BOOST_CHECK_THROW(socket.end(empty), ArgumentError);
  BOOST_CHECK_THROW(net::createServer(null), ArgumentError);
  BOOST_CHECK_THROW(net::Server().listen(0, null), ArgumentError);
  BOOST_CHECK_THROW(net::Server().close(empty), ArgumentError);
  BOOST_TEST(socket.listenerCount<"end">() == 0U);
  BOOST_TEST(!socket.connecting());
}

BOOST_AUTO_TEST_CASE(ofOneArgumentEachGetTheirOwn) {
  emitter.on<"owned">([&](std::string text) { log += std::move(text) + ' '; });
  emitter.on<"owned">([&](std::string&& text) { log += std::exchange(text, "stolen"); });
  emitter.on<"owned">([&](const std::string& text) { log += ' ' + text; });
  emitter.emit<"owned">(std::string("a text that is long enough to be stolen"));
  BOOST_TEST(log ==
             "a text that is long enough to be stolen a text that is long enough to be stolen a "
             "text that is long enough to be stolen");
}

template <class F, class... Args>
constexpr bool fits = net::Call<Emitter, Args...>::template fits<F>;

// What on() refuses with a sentence, it refuses for these.
static_assert(fits<void (*)(), int>);
static_assert(fits<void (*)(int), int>);
static_assert(fits<void (*)(long), int>);
static_assert(fits<void (*)(Emitter, int), int>);
static_assert(!fits<void (*)(std::string), int>);
static_assert(!fits<void (*)(int, int), int>);
static_assert(!fits<void (*)(int, Emitter), int>);
static_assert(!fits<void (*)(int&), int>);
static_assert(!fits<void (*)(Emitter&)>);
static_assert(!fits<int, int>);
static_assert(Events::index<"none"> == 0);
static_assert(Events::index<"owned"> == 3);
static_assert(Events::index<"nonesuch"> == Events::count);
static_assert(Events::index<"non"> == Events::count);
static_assert(net::HasIdentity<void (*)()>);
static_assert(net::HasIdentity<Listener<void (*)()>>);
static_assert(!net::HasIdentity<Counter>);

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(emissionAllocatesNothing) {
  int calls = 0;
  emitter.on<"number">([&](int) { ++calls; }).on<"number">([&](Emitter, int) { ++calls; });
  emitter.on<"texts">([&](std::string_view, const std::string&) { ++calls; });
  const std::string text = "a text that is too long for a string to hold without memory";
  const std::size_t before = tests::allocationCount();
  for (int i = 0; i < 100; ++i) {
    emitter.emit<"number">(i);
    emitter.emit<"texts">(text, text);
    emitter.emit<"none">();
  }
  BOOST_TEST(tests::allocationCount() == before);
  BOOST_TEST(calls == 300);
}

// Node's algorithm, taken literally: an emission copies the list. Listeners do random things to the
// emitter while it emits, nested too, to it and to this model alike.
class Model {
 public:
  struct Entry {
    int id;
    bool once;
    std::shared_ptr<bool> fired = std::make_shared<bool>(false);
  };

  void add(int id, bool isOnce, bool atFront) {
    entries_.insert(atFront ? entries_.begin() : entries_.end(), Entry{id, isOnce});
  }
  void off(int id) {
    for (std::size_t i = entries_.size(); i-- > 0;) {
      if (entries_[i].id != id) continue;
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }
  void removeAll() { entries_.clear(); }
  std::size_t count() const { return entries_.size(); }

  template <class F>
  void emit(F call) {
    const auto snapshot = entries_;
    for (const Entry& entry : snapshot) {
      if (entry.once) {
        if (std::exchange(*entry.fired, true)) continue;
        std::erase_if(entries_, [&](const Entry& each) { return each.fired == entry.fired; });
      }
      call(entry.id);
    }
  }

 private:
  std::vector<Entry> entries_;
};

// The script of what happens is random, but depends on nothing that either side does: each call of
// a listener takes the next steps of it.
class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {}
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

 private:
  std::mt19937 random_;
};

constexpr int kIds = 6;
constexpr int kDeepest = 4;
constexpr std::size_t kMostListeners = 12;

template <class Side>
void act(Side& side, Script& script, int depth) {
  for (unsigned steps = script.below(4); steps > 0; --steps) {
    const int id = static_cast<int>(script.below(kIds));
    switch (script.below(12)) {
      case 0:
      case 1:
      case 2: side.add(id, false, false); break;
      case 3:
      case 4: side.add(id, true, false); break;
      case 5: side.add(id, script.below(2) == 0, true); break;
      case 6:
      case 7:
      case 8: side.off(id); break;
      case 9:
        if (script.below(8) == 0) side.removeAll();
        break;
      default:
        if (depth < kDeepest) side.emit(depth + 1);
    }
  }
}

struct ModelSide {
  void add(int id, bool isOnce, bool atFront) {
    if (model.count() < kMostListeners) model.add(id, isOnce, atFront);
  }
  void off(int id) { model.off(id); }
  void removeAll() { model.removeAll(); }
  void emit(int depth) {
    log += '[';
    model.emit([&](int id) {
      log += std::to_string(id) + '/' + std::to_string(model.count()) + ' ';
      act(*this, script, depth);
    });
    log += ']';
  }

  Script script;
  Model model = {};
  std::string log = {};
};

class RealSide {
 public:
  explicit RealSide(unsigned seed) : script(seed) {
    for (int id = 0; id < kIds; ++id) {
      listeners_.emplace_back([this, id] {
        log += std::to_string(id) + '/' + std::to_string(emitter_.listenerCount<"none">()) + ' ';
        act(*this, script, depth_);
      });
    }
  }

  void add(int id, bool isOnce, bool atFront) {
    if (emitter_.listenerCount<"none">() >= kMostListeners) return;
    const auto& listener = listeners_[static_cast<std::size_t>(id)];
    if (atFront) {
      isOnce ? emitter_.prependOnceListener<"none">(listener)
             : emitter_.prependListener<"none">(listener);
    } else {
      isOnce ? emitter_.once<"none">(listener) : emitter_.on<"none">(listener);
    }
  }
  void off(int id) { emitter_.off<"none">(listeners_[static_cast<std::size_t>(id)]); }
  void removeAll() { emitter_.removeAllListeners<"none">(); }
  void emit(int depth) {
    const int outer = std::exchange(depth_, depth);
    log += '[';
    emitter_.emit<"none">();
    log += ']';
    depth_ = outer;
  }

  Script script;
  std::string log;

 private:
  Emitter emitter_;
  std::vector<Listener<std::function<void()>>> listeners_;
  int depth_ = 0;
};

BOOST_AUTO_TEST_CASE(doesAsASimpleModelWhateverListenersDo, *label("2.2") * label("2.3")) {
  std::size_t calls = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    ModelSide expected{Script(seed)};
    RealSide real(seed);
    for (int round = 0; round < 30; ++round) {
      act(expected, expected.script, 0);
      act(real, real.script, 0);
      if (real.log.size() > 20000) break;  // a chain reaction
    }
    if (real.log != expected.log) {
      BOOST_TEST(real.log == expected.log, "seed " << seed);
      return;
    }
    calls += real.log.size();
  }
  BOOST_TEST(calls > 100000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
