// WriteQueue: whatever is pushed comes out once and in order, and stays put while it is in flight.

#include "sprocket/net/write_queue.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/tests/support/allocation_count.h"

namespace {

using namespace sprocket;
using boost::unit_test::label;
using net::Chunk;
using net::WriteQueue;

using Slices = std::span<const std::span<const std::byte>>;

// Without so many bytes at the front, which are not there any more.
std::string textOf(Slices slices, std::size_t sent = 0) {
  std::string text;
  for (auto slice : slices) {
    const std::size_t gone = std::min(sent, slice.size());
    sent -= gone;
    text += Buffer::viewOf(slice.subspan(gone)).text();
  }
  return text;
}

std::string textOf(char letter, std::size_t size) { return std::string(size, letter); }

constexpr std::size_t kBig = 5000;  // more than is gathered

BOOST_AUTO_TEST_SUITE(writeQueue)

BOOST_AUTO_TEST_CASE(isEmptyAtFirst) {
  const WriteQueue queue;
  BOOST_TEST(queue.empty());
  BOOST_TEST(queue.size() == 0U);
  BOOST_TEST(!queue.inFlight());
}

BOOST_AUTO_TEST_CASE(takesNothingOfAChunkThatIsGone, *label("8.5")) {
  WriteQueue queue;
  queue.push("", 0);
  queue.push("abc", 3);
  BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(gathersSmallPiecesIntoOneSlice, *label("8.7")) {
  WriteQueue queue;
  for (int i = 0; i < 1000; ++i) queue.push("0123456789", 0);
  BOOST_TEST(queue.size() == 10000U);
  BOOST_TEST(queue.takeOff().size() == 1U);
}

BOOST_AUTO_TEST_CASE(givesManyBigPiecesAsSlicesOfOneSend, *label("8.7")) {
  WriteQueue queue;
  queue.push("small", 0);
  queue.push(textOf('a', kBig), 0);
  queue.push(textOf('b', kBig), 1);
  queue.push("tail", 0);
  const Slices slices = queue.takeOff();
  BOOST_TEST(slices.size() == 4U);
  BOOST_TEST(textOf(slices) == "small" + textOf('a', kBig) + textOf('b', kBig - 1) + "tail");
}

BOOST_AUTO_TEST_CASE(doesNotCopyABigStringThatIsMoved, *label("8.6")) {
  WriteQueue queue;
  std::string text = textOf('a', kBig);
  const void* const where = text.data();
  queue.push(std::move(text), 100);
  const Slices slices = queue.takeOff();
  BOOST_TEST(static_cast<const void*>(slices[0].data() - 100) == where);
}

BOOST_AUTO_TEST_CASE(doesNotCopyABigBuffer, *label("8.6")) {
  WriteQueue queue;
  const Buffer buffer = Buffer::from(textOf('a', kBig));
  queue.push(buffer, 100);
  BOOST_TEST(queue.takeOff()[0].data() == buffer.data() + 100);
}

BOOST_AUTO_TEST_CASE(whatIsInFlightStaysPutWhileMoreIsPushed, *label("8.7")) {
  WriteQueue queue;
  queue.push(textOf('a', kBig), 0);
  queue.push("tail", 0);
  const Slices slices = queue.takeOff();
  const std::vector before(slices.begin(), slices.end());
  const std::string text = textOf(slices);
  for (int i = 0; i < 100; ++i) {
    queue.push(textOf('b', kBig), 0);
    queue.push("small", 0);
  }
  BOOST_TEST(std::equal(slices.begin(), slices.end(), before.begin(), [](auto a, auto b) {
    return a.data() == b.data() && a.size() == b.size();
  }));
  BOOST_TEST(textOf(slices) == text);
}

BOOST_AUTO_TEST_CASE(sizeShrinksAsBytesAreSent, *label("8.9")) {
  WriteQueue queue;
  queue.push(textOf('a', kBig), 0);
  queue.takeOff();
  queue.push("more", 0);
  queue.sent(kBig - 1);
  BOOST_TEST(queue.size() == 5U);
  BOOST_TEST(queue.inFlight());
  queue.sent(1);
  BOOST_TEST(queue.size() == 4U);
  BOOST_TEST(!queue.inFlight());
  BOOST_TEST(textOf(queue.takeOff()) == "more");
}

BOOST_AUTO_TEST_CASE(freesEachPieceAsItIsSent, *label("8.11")) {
  WriteQueue queue;
  for (int i = 0; i < 3; ++i) queue.push(textOf('a', kBig), 0);
  queue.takeOff();
  const std::size_t before = tests::liveAllocationCount();
  queue.sent(kBig);
  const std::size_t perPiece = before - tests::liveAllocationCount();
  BOOST_TEST(perPiece > 0U);
  queue.sent(kBig - 1);
  BOOST_TEST(tests::liveAllocationCount() == before - perPiece);
  queue.sent(1);
  BOOST_TEST(tests::liveAllocationCount() == before - 2 * perPiece);
}

BOOST_AUTO_TEST_CASE(whatWasNotSentWaitsAgain) {
  WriteQueue queue;
  queue.push(textOf('a', kBig), 0);
  queue.push(textOf('b', kBig), 0);
  queue.push("tail", 0);
  queue.takeOff();
  queue.sent(kBig + 10);
  queue.putBack();
  BOOST_TEST(!queue.inFlight());
  BOOST_TEST(queue.size() == kBig - 10 + 4);
  queue.push("more", 0);
  BOOST_TEST(textOf(queue.takeOff()) == textOf('b', kBig - 10) + "tailmore");
}

BOOST_AUTO_TEST_CASE(putBackAtTheEdgeOfAPieceKeepsTheNext) {
  WriteQueue queue;
  queue.push(textOf('a', kBig), 0);
  queue.push(textOf('b', kBig), 0);
  queue.takeOff();
  queue.sent(kBig);
  queue.putBack();
  BOOST_TEST(textOf(queue.takeOff()) == textOf('b', kBig));
}

BOOST_AUTO_TEST_CASE(putBackOfNothingDoesNothing) {
  WriteQueue queue;
  queue.push("abc", 0);
  queue.putBack();
  queue.takeOff();
  queue.sent(3);
  queue.putBack();
  BOOST_TEST(queue.empty());
}

// The model is one text: what is in flight at its front, what waits behind.
class Checked {
 public:
  explicit Checked(unsigned seed) : random_(seed) {}

  bool step() {
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
      case 3: push(); break;
      case 4: takeOff(); break;
      case 5:
      case 6: sent(); break;
      default:
        if (below(4) == 0) putBack();
    }
    return isSame();
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string fresh() {
    // Either side of what is gathered, and of what it is gathered into.
    static constexpr std::size_t sizes[] = {1, 10, 100, 4095, 4096, 4097, 30000, 70000};
    std::string text(sizes[below(std::size(sizes))], '\0');
    for (char& c : text) c = static_cast<char>(next_++);
    return text;
  }

  void push() {
    std::string text = fresh();
    const std::size_t begin = below(4) == 0 ? below(text.size() + 1) : 0;
    model_ += text.substr(begin);
    switch (below(4)) {
      case 0: queue_.push(text, begin); break;
      case 1: queue_.push(std::move(text), begin); break;
      case 2: queue_.push(Buffer::from(text), begin); break;
      default: queue_.push(Buffer::viewOf(std::as_bytes(std::span(text))), begin);
    }
    std::fill(text.begin(), text.end(), '?');
  }

  void takeOff() {
    if (queue_.inFlight() || queue_.empty()) return;
    slices_ = queue_.takeOff();
    flown_ = 0;
    inFlight_ = model_.size();
  }

  void sent() {
    if (inFlight_ == 0) return;
    const std::size_t count = below(3) == 0 ? inFlight_ : below(inFlight_ + 1);
    queue_.sent(count);
    model_.erase(0, count);
    inFlight_ -= count;
    flown_ += count;
  }

  void putBack() {
    queue_.putBack();
    inFlight_ = 0;
  }

  bool isSame() {
    if (queue_.size() != model_.size() || queue_.empty() != model_.empty()) return false;
    if (queue_.inFlight() != (inFlight_ > 0)) return false;
    if (inFlight_ == 0) return true;
    return textOf(slices_, flown_) == std::string_view(model_).substr(0, inFlight_);
  }

  std::mt19937 random_;
  WriteQueue queue_;
  std::string model_;
  Slices slices_;
  std::size_t inFlight_ = 0;
  std::size_t flown_ = 0;
  unsigned next_ = 0;
};

BOOST_AUTO_TEST_CASE(doesAsASimpleModelWhateverIsAsked, *label("8.7")) {
  const unsigned first = std::random_device()();
  BOOST_TEST_MESSAGE("seeds from " << first);
  for (unsigned i = 0; i < 50; ++i) {
    Checked both(first + i);
    for (int step = 0; step < 400; ++step) {
      BOOST_REQUIRE_MESSAGE(both.step(), "seed " << first + i << ", step " << step);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
