// Buffer: who owns the bytes.

#include "sprocket/net/buffer.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/support/allocation_count.h"

namespace {

using namespace sprocket;
using boost::unit_test::label;

const std::string kLong = "a text that is too long for a string to hold without memory of its own";

std::span<const std::byte> bytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

const void* whereIs(const Buffer& buffer) { return buffer.data(); }
const void* whereIs(const std::string& text) { return text.data(); }

BOOST_AUTO_TEST_SUITE(buffer)

BOOST_AUTO_TEST_CASE(isEmptyAtFirst) {
  const Buffer empty;
  BOOST_TEST(empty.empty());
  BOOST_TEST(empty.size() == 0U);
  BOOST_TEST(empty.text() == "");
  BOOST_TEST((empty == Buffer::from(std::string())));
  BOOST_TEST((empty == Buffer::viewOf({})));
}

BOOST_AUTO_TEST_CASE(viewLooksAtTheBytesOfAnother, *label("10.1")) {
  std::string theirs = kLong;
  const std::size_t before = tests::allocationCount();
  const Buffer view = Buffer::viewOf(bytesOf(theirs));
  BOOST_TEST(tests::allocationCount() == before);
  BOOST_TEST(whereIs(view) == whereIs(theirs));
  BOOST_TEST(view.text() == kLong);
}

BOOST_AUTO_TEST_CASE(copyOfAViewOwnsItsBytes, *label("10.1")) {
  std::string theirs = kLong;
  const Buffer view = Buffer::viewOf(bytesOf(theirs));
  const Buffer copy = view;
  theirs.assign(theirs.size(), '?');
  BOOST_TEST(copy.text() == kLong);
}

BOOST_AUTO_TEST_CASE(assignedFromAViewOwnsItsBytes) {
  std::string theirs = kLong;
  Buffer kept = Buffer::from(std::string("old"));
  const Buffer view = Buffer::viewOf(bytesOf(theirs));
  kept = view;
  theirs.assign(theirs.size(), '?');
  BOOST_TEST(kept.text() == kLong);
}

BOOST_AUTO_TEST_CASE(copiesOfAnOwnerShareItsBytes) {
  const Buffer owner = Buffer::from(kLong);
  const std::size_t before = tests::allocationCount();
  const Buffer copy = owner;
  Buffer assigned;
  assigned = copy;
  BOOST_TEST(tests::allocationCount() == before);
  BOOST_TEST(whereIs(copy) == whereIs(owner));
  BOOST_TEST(whereIs(assigned) == whereIs(owner));
}

BOOST_AUTO_TEST_CASE(sharedBytesLiveAsLongAsAnyCopy) {
  Buffer last;
  {
    const Buffer first = Buffer::from(kLong);
    const Buffer second = first;
    last = second;
  }
  BOOST_TEST(last.text() == kLong);
}

BOOST_AUTO_TEST_CASE(takesAStringOver, *label("8.6")) {
  std::string text = kLong;
  const void* const where = whereIs(text);
  const Buffer buffer = Buffer::from(std::move(text));
  BOOST_TEST(whereIs(buffer) == where);
}

BOOST_AUTO_TEST_CASE(fromBytesCopiesThem) {
  const Buffer buffer = Buffer::from(bytesOf(kLong));
  BOOST_TEST(whereIs(buffer) != whereIs(kLong));
  BOOST_TEST(buffer.text() == kLong);
}

BOOST_AUTO_TEST_CASE(isEmptyOnceMovedFrom) {
  Buffer from = Buffer::from(kLong);
  const void* const where = whereIs(from);
  Buffer to = std::move(from);
  BOOST_TEST(whereIs(to) == where);
  BOOST_TEST(from.empty());
  from = std::move(to);
  BOOST_TEST(whereIs(from) == where);
  static_assert(std::is_nothrow_move_constructible_v<Buffer>);
  static_assert(std::is_nothrow_move_assignable_v<Buffer>);
}

// Moving keeps what it is: only a copy may cost memory.
BOOST_AUTO_TEST_CASE(movedViewIsStillAView) {
  Buffer view = Buffer::viewOf(bytesOf(kLong));
  const std::size_t before = tests::allocationCount();
  const Buffer moved = std::move(view);
  BOOST_TEST(tests::allocationCount() == before);
  BOOST_TEST(whereIs(moved) == whereIs(kLong));
}

BOOST_AUTO_TEST_CASE(canBeAssignedToItself) {
  Buffer owner = Buffer::from(kLong);
  owner = *&owner;
  BOOST_TEST(owner.text() == kLong);
  const Buffer part = owner.tail(2);
  owner = part;
  BOOST_TEST(owner.text() == kLong.substr(2));
}

BOOST_AUTO_TEST_CASE(tailOfAnOwnerSharesItsBytes) {
  const Buffer owner = Buffer::from(kLong);
  const std::size_t before = tests::allocationCount();
  const Buffer tail = owner.tail(7);
  BOOST_TEST(tests::allocationCount() == before);
  BOOST_TEST(tail.data() == owner.data() + 7);
  BOOST_TEST(tail.text() == kLong.substr(7));
  BOOST_TEST(owner.tail(kLong.size()).empty());
}

BOOST_AUTO_TEST_CASE(tailOutlivesItsOwner) {
  Buffer owner = Buffer::from(kLong);
  const Buffer tail = owner.tail(7);
  owner = Buffer();
  BOOST_TEST(tail.text() == kLong.substr(7));
}

// As every copy does: what a call returns is not copied again when it is kept.
BOOST_AUTO_TEST_CASE(tailOfAViewOwnsItsBytes, *label("10.1")) {
  std::string theirs = kLong;
  const Buffer view = Buffer::viewOf(bytesOf(theirs));
  const Buffer tail = view.tail(7);
  Buffer assigned;
  assigned = view.tail(7);
  theirs.assign(theirs.size(), '?');
  BOOST_TEST(tail.text() == kLong.substr(7));
  BOOST_TEST(assigned.text() == kLong.substr(7));
}

BOOST_AUTO_TEST_CASE(readsAsTextAndAsBytes) {
  const Buffer buffer = Buffer::from(std::string("h\0\xff", 3));
  const std::string_view view = buffer;
  const std::string text = buffer;
  const std::span<const std::byte> bytes = buffer;
  BOOST_TEST(view == std::string("h\0\xff", 3));
  BOOST_TEST(text == view);
  BOOST_TEST(bytes.size() == 3U);
  BOOST_TEST(bytes.data() == buffer.data());
  BOOST_TEST((buffer[0] == std::byte{'h'}));
  BOOST_TEST((buffer[2] == std::byte{0xff}));
  std::vector<std::byte> collected(buffer.begin(), buffer.end());
  BOOST_TEST((collected == std::vector{std::byte{'h'}, std::byte{0}, std::byte{0xff}}));
}

BOOST_AUTO_TEST_CASE(equalityIsOfTheBytes) {
  const Buffer owner = Buffer::from(kLong);
  BOOST_TEST((owner == Buffer::viewOf(bytesOf(kLong))));
  BOOST_TEST(!(owner == owner.tail(1)));
  BOOST_TEST(!(Buffer::from(std::string("a")) == Buffer::from(std::string("b"))));
}

BOOST_AUTO_TEST_CASE(copyOfAnEmptyOneAllocatesNothing) {
  const Buffer empty = Buffer::viewOf({});
  const std::size_t before = tests::allocationCount();
  const Buffer copy = empty;
  BOOST_TEST(copy.empty());
  BOOST_TEST(tests::allocationCount() == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
