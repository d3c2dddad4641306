#include "sprocket/reactor/unique_function.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace {

using sprocket::UniqueFunction;

static_assert(sizeof(UniqueFunction<void()>) == 6 * sizeof(void*));
static_assert(std::is_nothrow_move_constructible_v<UniqueFunction<void()>>);
static_assert(std::is_nothrow_move_assignable_v<UniqueFunction<void()>>);
static_assert(!std::is_copy_constructible_v<UniqueFunction<void()>>);
static_assert(!std::is_constructible_v<UniqueFunction<void()>, int>);
static_assert(!std::is_constructible_v<UniqueFunction<void(int)>, void (*)(std::string)>);
static_assert(!std::is_constructible_v<UniqueFunction<std::string()>, int (*)()>);

int addOne(int n) { return n + 1; }

struct Point {
  int x = 0;
  int distanceTo(int other) const { return other - x; }
};

// Counts how often it is put on the heap, and how many of it are alive.
template <std::size_t size>
struct Counted {
  static inline int allocations = 0;
  static inline int alive = 0;

  Counted() { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  ~Counted() { --alive; }

  static void* operator new(std::size_t bytes) {
    ++allocations;
    return ::operator new(bytes);
  }
  static void operator delete(void* memory) { ::operator delete(memory); }

  int operator()() const { return 7; }

  std::array<std::byte, size> bytes{};
};

template <std::size_t size>
int allocationsWhenUsed() {
  using Callable = Counted<size>;
  Callable::allocations = 0;
  UniqueFunction<int()> function = Callable();
  UniqueFunction<int()> moved = std::move(function);
  BOOST_TEST(moved() == 7);
  return Callable::allocations;
}

template <class Callable>
void checkDestroyedOnce() {
  {
    UniqueFunction<int()> function = Callable();
    BOOST_TEST(Callable::alive == 1);
    UniqueFunction<int()> moved = std::move(function);
    BOOST_TEST(Callable::alive == 1);
    function = std::move(moved);
    BOOST_TEST(Callable::alive == 1);
  }
  BOOST_TEST(Callable::alive == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unique_function)

BOOST_AUTO_TEST_CASE(emptyWhenMadeOfNothing) {
  BOOST_TEST(!UniqueFunction<void()>());
  BOOST_TEST(!UniqueFunction<void()>(nullptr));
}

BOOST_AUTO_TEST_CASE(emptyWhenMadeOfNullFunctionPointer) {
  int (*function)(int) = nullptr;
  BOOST_TEST(!UniqueFunction<int(int)>(function));
}

BOOST_AUTO_TEST_CASE(emptyWhenMadeOfNullMemberPointer) {
  int (Point::*function)(int) const = nullptr;
  BOOST_TEST(!(UniqueFunction<int(Point&, int)>(function)));
}

BOOST_AUTO_TEST_CASE(emptyWhenMadeOfEmptyStdFunction) {
  BOOST_TEST(!UniqueFunction<void(int)>(std::function<void(int)>()));
  BOOST_TEST(!UniqueFunction<void(int)>(std::function<int(int)>()));
}

BOOST_AUTO_TEST_CASE(emptyWhenMadeOfEmptyOneOfAnotherSignature) {
  UniqueFunction<int(int)> empty;
  BOOST_TEST(!UniqueFunction<void(int)>(std::move(empty)));
}

BOOST_AUTO_TEST_CASE(callsAFunction) {
  UniqueFunction<int(int)> byReference = addOne;
  UniqueFunction<int(int)> byPointer = &addOne;
  BOOST_TEST(byReference(1) == 2);
  BOOST_TEST(byPointer(2) == 3);
}

BOOST_AUTO_TEST_CASE(callsAMember) {
  UniqueFunction<int(Point&, int)> function = &Point::distanceTo;
  Point point{3};
  BOOST_TEST(function(point, 10) == 7);
}

BOOST_AUTO_TEST_CASE(callsAMutableLambda) {
  UniqueFunction<int()> next = [n = 0]() mutable { return ++n; };
  next();
  BOOST_TEST(next() == 2);
}

BOOST_AUTO_TEST_CASE(dropsTheResultWhenNoneIsWanted) {
  bool called = false;
  UniqueFunction<void()> function = [&called] { return called = true; };
  function();
  BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(callableMayOwnWhatCannotBeCopied) {
  UniqueFunction<int()> function = [owned = std::make_unique<int>(5)] { return *owned; };
  BOOST_TEST(function() == 5);
}

BOOST_AUTO_TEST_CASE(argumentThatCannotBeCopiedIsHandedOver) {
  UniqueFunction<int(std::unique_ptr<int>)> function = [](std::unique_ptr<int> n) { return *n; };
  BOOST_TEST(function(std::make_unique<int>(6)) == 6);
}

BOOST_AUTO_TEST_CASE(referenceArgumentIsTheCallersObject) {
  UniqueFunction<void(int&)> function = [](int& n) { ++n; };
  int number = 1;
  function(number);
  BOOST_TEST(number == 2);
}

BOOST_AUTO_TEST_CASE(referenceResultIsTheOriginal) {
  int number = 1;
  UniqueFunction<int&()> function = [&number]() -> int& { return number; };
  BOOST_TEST(&function() == &number);
}

BOOST_AUTO_TEST_CASE(exceptionPassesThrough) {
  UniqueFunction<void()> function = [] { throw std::runtime_error("no"); };
  BOOST_CHECK_THROW(function(), std::runtime_error);
  BOOST_TEST(static_cast<bool>(function));
}

BOOST_AUTO_TEST_CASE(emptyAfterItIsMovedFrom) {
  UniqueFunction<int(int)> from = addOne;
  UniqueFunction<int(int)> to = std::move(from);
  BOOST_TEST(!from);
  BOOST_TEST(to(1) == 2);
}

BOOST_AUTO_TEST_CASE(fivePointersStayInside) {
  BOOST_TEST(allocationsWhenUsed<5 * sizeof(void*)>() == 0);
}

BOOST_AUTO_TEST_CASE(moreThanFivePointersAreAllocatedOnce) {
  BOOST_TEST(allocationsWhenUsed<5 * sizeof(void*) + 1>() == 1);
}

BOOST_AUTO_TEST_CASE(callableInsideIsDestroyedOnce) { checkDestroyedOnce<Counted<8>>(); }

BOOST_AUTO_TEST_CASE(callableOnTheHeapIsDestroyedOnce) { checkDestroyedOnce<Counted<100>>(); }

// Small enough to live inside, but a UniqueFunction is not so aligned: of two neighbours at most
// one would be right by chance.
BOOST_AUTO_TEST_CASE(strictAlignmentIsKept) {
  struct alignas(32) Aligned {
    bool operator()() const { return reinterpret_cast<std::uintptr_t>(this) % 32 == 0; }
  };
  static_assert(sizeof(Aligned) <= 5 * sizeof(void*));
  std::array<UniqueFunction<bool()>, 2> functions = {Aligned(), Aligned()};
  BOOST_TEST(functions[0]());
  BOOST_TEST(functions[1]());
}

// It moves once, into its place on the heap, and never again.
BOOST_AUTO_TEST_CASE(callableWhoseMoveMayThrowIsNotMovedAgain) {
  struct Nervous {
    Nervous() = default;
    Nervous(Nervous&& other) noexcept(false) : moves(other.moves + 1) {}
    int operator()() const { return moves; }
    int moves = 0;
  };
  UniqueFunction<int()> function = Nervous();
  UniqueFunction<int()> moved = std::move(function);
  BOOST_TEST(moved() == 1);
}

BOOST_AUTO_TEST_CASE(assignmentDestroysTheOldCallable) {
  UniqueFunction<int()> function = Counted<8>();
  function = [] { return 0; };
  BOOST_TEST(Counted<8>::alive == 0);
}

BOOST_AUTO_TEST_CASE(assigningNullMakesItEmpty) {
  UniqueFunction<int()> function = Counted<8>();
  function = nullptr;
  BOOST_TEST(!function);
  BOOST_TEST(Counted<8>::alive == 0);
}

BOOST_AUTO_TEST_CASE(destructorOfTheOldCallableFindsTheNewOne) {
  struct CallsBack {
    CallsBack(UniqueFunction<int()>& f, int& r) : function(&f), result(&r) {}
    CallsBack(CallsBack&& other) noexcept
        : function(std::exchange(other.function, nullptr)), result(other.result) {}
    ~CallsBack() {
      if (function != nullptr) *result = (*function)();
    }
    int operator()() const { return 1; }
    UniqueFunction<int()>* function;
    int* result;
  };
  int result = 0;
  UniqueFunction<int()> function;
  function = CallsBack(function, result);
  function = [] { return 2; };
  BOOST_TEST(result == 2);
}

BOOST_AUTO_TEST_CASE(vectorOfThemMayGrow) {
  std::vector<UniqueFunction<int()>> functions;
  for (int i = 0; i < 100; ++i) {
    functions.push_back([owned = std::make_unique<int>(i)] { return *owned; });
  }
  int sum = 0;
  for (UniqueFunction<int()>& function : functions) sum += function();
  BOOST_TEST(sum == 4950);
}

BOOST_AUTO_TEST_SUITE_END()
