#include "sprocket/reactor/ref_counted.h"

#include <type_traits>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace {

using sprocket::reactor::RefCounted;
using sprocket::reactor::RefPtr;

struct Counted : RefCounted<Counted> {
  Counted() { ++alive; }
  ~Counted() { --alive; }
  RefPtr<Counted> self;
  static inline int alive = 0;
};

static_assert(sizeof(RefPtr<Counted>) == sizeof(void*));
static_assert(std::is_nothrow_copy_constructible_v<RefPtr<Counted>>);
static_assert(std::is_nothrow_move_constructible_v<RefPtr<Counted>>);
static_assert(std::is_nothrow_move_assignable_v<RefPtr<Counted>>);

}  // namespace

BOOST_AUTO_TEST_SUITE(ref_counted)

BOOST_AUTO_TEST_CASE(object_goes_with_its_last_pointer) {
  RefPtr<Counted> first = new Counted;
  RefPtr<Counted> second = first;
  first = nullptr;
  BOOST_TEST(Counted::alive == 1);
  second = nullptr;
  BOOST_TEST(Counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(object_may_be_held_again_from_a_plain_pointer) {
  RefPtr<Counted> first = new Counted;
  Counted* const plain = first.get();
  RefPtr<Counted> second = plain;
  first = nullptr;
  BOOST_TEST(Counted::alive == 1);
  second = nullptr;
  BOOST_TEST(Counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(moving_leaves_nothing_behind) {
  RefPtr<Counted> from = new Counted;
  const RefPtr<Counted> to = std::move(from);
  BOOST_TEST(!from);
  BOOST_TEST(static_cast<bool>(to));
  BOOST_TEST(Counted::alive == 1);
}

BOOST_AUTO_TEST_CASE(assignment_releases_what_was_held) {
  RefPtr<Counted> pointer = new Counted;
  pointer = new Counted;
  BOOST_TEST(Counted::alive == 1);
}

BOOST_AUTO_TEST_CASE(assignment_to_itself_changes_nothing) {
  RefPtr<Counted> pointer = new Counted;
  RefPtr<Counted>& same = pointer;
  pointer = same;
  BOOST_TEST(Counted::alive == 1);
  pointer = std::move(same);
  BOOST_TEST(Counted::alive == 1);
}

// As a timer does that holds itself while it runs.
BOOST_AUTO_TEST_CASE(object_that_holds_itself_goes_when_it_lets_go) {
  RefPtr<Counted> pointer = new Counted;
  pointer->self = pointer;
  Counted* const plain = pointer.get();
  pointer = nullptr;
  BOOST_TEST(Counted::alive == 1);
  { const RefPtr<Counted> last = std::move(plain->self); }
  BOOST_TEST(Counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(pointers_to_one_object_are_equal) {
  const RefPtr<Counted> one = new Counted;
  const RefPtr<Counted> same = one;
  const RefPtr<Counted> other = new Counted;
  BOOST_TEST((one == same));
  BOOST_TEST((one != other));
  BOOST_TEST((RefPtr<Counted>() == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
