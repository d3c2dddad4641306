#include "sprocket/platform/intrusive_list.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace {

using sprocket::platform::IntrusiveList;
using sprocket::platform::ListLink;

struct Element : ListLink<> {
  explicit Element(int n) : number(n) {}
  int number;
};

using List = IntrusiveList<Element>;

static_assert(sizeof(List) == sizeof(void*));
static_assert(sizeof(ListLink<>) == 2 * sizeof(void*));

std::vector<int> numbersIn(const List& list) {
  std::vector<int> numbers;
  for (const Element& element : list) numbers.push_back(element.number);
  return numbers;
}

// Taking every element out from the front follows the links that iterating does not.
std::vector<int> popAll(List& list) {
  std::vector<int> numbers;
  while (Element* element = list.popFront()) numbers.push_back(element->number);
  return numbers;
}

void checkEqual(const std::vector<int>& found, const std::vector<int>& expected) {
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

struct ThreeElements {
  ThreeElements() {
    list.pushBack(one);
    list.pushBack(two);
    list.pushBack(three);
  }
  Element one{1};
  Element two{2};
  Element three{3};
  List list;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(intrusive_list)

BOOST_AUTO_TEST_CASE(emptyListHasNoFrontAndNoBack) {
  List list;
  BOOST_TEST(list.empty());
  BOOST_TEST(list.front() == nullptr);
  BOOST_TEST(list.back() == nullptr);
  BOOST_TEST(list.popFront() == nullptr);
  BOOST_TEST((list.begin() == list.end()));
}

BOOST_FIXTURE_TEST_CASE(pushBackKeepsTheOrder, ThreeElements) {
  checkEqual(numbersIn(list), {1, 2, 3});
  BOOST_TEST(list.front() == &one);
  BOOST_TEST(list.back() == &three);
}

BOOST_AUTO_TEST_CASE(pushFrontReversesTheOrder) {
  Element one(1), two(2), three(3);
  List list;
  list.pushFront(one);
  list.pushFront(two);
  list.pushFront(three);
  checkEqual(numbersIn(list), {3, 2, 1});
  BOOST_TEST(list.back() == &one);
}

BOOST_FIXTURE_TEST_CASE(firstElementUnlinksItself, ThreeElements) {
  one.unlink();
  BOOST_TEST(list.front() == &two);
  checkEqual(popAll(list), {2, 3});
}

BOOST_FIXTURE_TEST_CASE(middleElementUnlinksItself, ThreeElements) {
  two.unlink();
  checkEqual(popAll(list), {1, 3});
}

BOOST_FIXTURE_TEST_CASE(lastElementUnlinksItself, ThreeElements) {
  three.unlink();
  BOOST_TEST(list.back() == &two);
  checkEqual(popAll(list), {1, 2});
}

BOOST_AUTO_TEST_CASE(onlyElementUnlinksItself) {
  Element one(1);
  List list;
  list.pushBack(one);
  one.unlink();
  BOOST_TEST(list.empty());
  BOOST_TEST(!one.isLinked());
}

BOOST_FIXTURE_TEST_CASE(unlinkedElementMayJoinAgain, ThreeElements) {
  one.unlink();
  list.pushBack(one);
  checkEqual(numbersIn(list), {2, 3, 1});
}

BOOST_AUTO_TEST_CASE(unlinkingAnElementInNoListDoesNothing) {
  Element one(1);
  one.unlink();
  BOOST_TEST(!one.isLinked());
}

BOOST_FIXTURE_TEST_CASE(poppedElementIsInNoList, ThreeElements) {
  BOOST_TEST(list.popFront() == &one);
  BOOST_TEST(!one.isLinked());
  BOOST_TEST(two.isLinked());
}

BOOST_FIXTURE_TEST_CASE(destroyedElementLeavesItsList, ThreeElements) {
  {
    Element four(4);
    list.pushBack(four);
  }
  checkEqual(popAll(list), {1, 2, 3});
}

BOOST_AUTO_TEST_CASE(destroyedListUnlinksItsElements) {
  Element one(1), two(2);
  {
    List list;
    list.pushBack(one);
    list.pushBack(two);
  }
  BOOST_TEST(!one.isLinked());
  BOOST_TEST(!two.isLinked());
}

BOOST_FIXTURE_TEST_CASE(spliceBackMovesAllOfTheOtherList, ThreeElements) {
  Element four(4), five(5);
  List other;
  other.pushBack(four);
  other.pushBack(five);
  list.spliceBack(other);
  BOOST_TEST(other.empty());
  BOOST_TEST(list.back() == &five);
  checkEqual(popAll(list), {1, 2, 3, 4, 5});
}

BOOST_FIXTURE_TEST_CASE(spliceBackIntoAnEmptyList, ThreeElements) {
  List other;
  other.spliceBack(list);
  BOOST_TEST(list.empty());
  checkEqual(popAll(other), {1, 2, 3});
}

BOOST_FIXTURE_TEST_CASE(spliceBackOfAnEmptyList, ThreeElements) {
  List other;
  list.spliceBack(other);
  checkEqual(popAll(list), {1, 2, 3});
}

BOOST_FIXTURE_TEST_CASE(swappedListsKeepTheirElements, ThreeElements) {
  Element four(4);
  List other;
  other.pushBack(four);
  list.swap(other);
  checkEqual(popAll(list), {4});
  checkEqual(popAll(other), {1, 2, 3});
}

BOOST_FIXTURE_TEST_CASE(swapWithAnEmptyList, ThreeElements) {
  List other;
  list.swap(other);
  BOOST_TEST(list.empty());
  checkEqual(popAll(other), {1, 2, 3});
}

BOOST_FIXTURE_TEST_CASE(elementsAddedWhileIteratingAreSeen, ThreeElements) {
  Element four(4);
  std::vector<int> seen;
  for (Element& element : list) {
    seen.push_back(element.number);
    if (element.number == 3) list.pushBack(four);
  }
  checkEqual(seen, {1, 2, 3, 4});
}

BOOST_FIXTURE_TEST_CASE(neighboursMayLeaveWhileIterating, ThreeElements) {
  std::vector<int> seen;
  for (Element& element : list) {
    seen.push_back(element.number);
    if (element.number == 2) {
      one.unlink();
      three.unlink();
    }
  }
  checkEqual(seen, {1, 2});
}

BOOST_AUTO_TEST_CASE(oneElementInTwoListsByTwoTags) {
  struct Left;
  struct Right;
  struct Both : ListLink<Left>, ListLink<Right> {};
  Both both;
  IntrusiveList<Both, Left> left;
  IntrusiveList<Both, Right> right;
  left.pushBack(both);
  right.pushBack(both);
  BOOST_TEST(left.popFront() == &both);
  BOOST_TEST(right.front() == &both);
}

// Three lists and the same three as std::list of numbers, under random operations.
BOOST_AUTO_TEST_CASE(behavesAsStdListUnderRandomOperations) {
  constexpr int elementCount = 12;
  std::mt19937_64 random(20240611);
  std::vector<std::unique_ptr<Element>> elements;
  for (int i = 0; i < elementCount; ++i) elements.push_back(std::make_unique<Element>(i));
  std::array<List, 3> lists;
  std::array<std::list<int>, 3> models;

  for (int step = 0; step < 200'000; ++step) {
    const std::size_t index = random() % elementCount;
    const int number = static_cast<int>(index);
    const std::size_t here = random() % lists.size();
    const std::size_t there = (here + 1 + random() % (lists.size() - 1)) % lists.size();
    const auto forget = [&] {
      for (std::list<int>& model : models) model.remove(number);
    };
    switch (random() % 16) {
      case 0:
        lists[here].spliceBack(lists[there]);
        models[here].splice(models[here].end(), models[there]);
        break;
      case 1:
        lists[here].swap(lists[there]);
        models[here].swap(models[there]);
        break;
      case 2:
        elements[index] = std::make_unique<Element>(number);
        forget();
        break;
      case 3:
      case 4:
        if (Element* popped = lists[here].popFront()) {
          BOOST_REQUIRE_EQUAL(popped->number, models[here].front());
          models[here].pop_front();
        }
        break;
      case 5:
      case 6:
      case 7:
        elements[index]->unlink();
        forget();
        break;
      default:
        elements[index]->unlink();
        forget();
        if (random() % 2 == 0) {
          lists[here].pushBack(*elements[index]);
          models[here].push_back(number);
        } else {
          lists[here].pushFront(*elements[index]);
          models[here].push_front(number);
        }
    }
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const std::list<int>& model = models[i];
      const bool same = std::equal(lists[i].begin(), lists[i].end(), model.begin(), model.end(),
                                   [](const Element& e, int n) { return e.number == n; });
      if (!same) BOOST_FAIL("list " << i << " differs after step " << step);
      if (model.empty() ? lists[i].back() != nullptr : lists[i].back()->number != model.back()) {
        BOOST_FAIL("the end of list " << i << " differs after step " << step);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
