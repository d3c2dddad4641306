// Text encodings: what they make of text and of bytes, and how sockets use them. What is said here
// of single bytes is what Node's StringDecoder and Buffer.from() answer. [12, 8.1, 9.1, 10.8]

#include "sprocket/net/encoding.h"

#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "sprocket/net/net.h"
#include "sprocket/tests/support/socket_fixture.h"

namespace {

using namespace sprocket;
using namespace sprocket::tests;
using boost::unit_test::label;
using net::Socket;

std::span<const std::byte> bytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string fromHex(std::string_view digits) { return encode(digits, Encoding::hex); }

std::string toHex(std::string_view bytes) {
  return Buffer::viewOf(bytesOf(bytes)).toString(Encoding::hex);
}

// The text of these bytes, which come in pieces that end at the cuts.
std::string decoded(Encoding encoding, std::string_view bytes, std::vector<std::size_t> cuts) {
  StringDecoder decoder(encoding);
  std::string text;
  std::size_t begin = 0;
  cuts.push_back(bytes.size());
  for (const std::size_t end : cuts) {
    decoder.decode(bytesOf(bytes.substr(begin, end - begin)), text);
    begin = end;
  }
  decoder.end(text);
  BOOST_TEST(!decoder.hasRest());
  return text;
}

std::string everyByte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

constexpr Encoding::Name kEncodings[] = {Encoding::utf8,  Encoding::utf16le, Encoding::latin1,
                                         Encoding::ascii, Encoding::base64,  Encoding::base64url,
                                         Encoding::hex};

BOOST_AUTO_TEST_SUITE(codec)

BOOST_TEST_DECORATOR(*label("12.1"))
BOOST_AUTO_TEST_CASE(namesAreNodesInAnyCase) {
  const struct {
    const char* name;
    Encoding::Name encoding;
  } names[] = {{"utf8", Encoding::utf8},           {"UTF-8", Encoding::utf8},
               {"ascii", Encoding::ascii},         {"latin1", Encoding::latin1},
               {"Binary", Encoding::latin1},       {"utf16le", Encoding::utf16le},
               {"UTF-16LE", Encoding::utf16le},    {"ucs2", Encoding::utf16le},
               {"UCS-2", Encoding::utf16le},       {"base64", Encoding::base64},
               {"BASE64URL", Encoding::base64url}, {"Hex", Encoding::hex}};
  for (const auto& each : names) {
    BOOST_TEST_CONTEXT(each.name) BOOST_TEST(Encoding(each.name).name() == each.encoding);
  }
}

BOOST_TEST_DECORATOR(*label("1.8") * label("12.1"))
BOOST_AUTO_TEST_CASE(anUnknownNameIsAMistakeThatIsNamed) {
  for (const char* name : {"", "utf", "utf88", "utf-7", "base64 ", "h\xc3\xa9x"}) {
    BOOST_CHECK_EXCEPTION(Encoding(std::string_view(name)), ArgumentError,
                          [&](const ArgumentError& error) {
                            return error.code() == "ERR_UNKNOWN_ENCODING" &&
                                   error.what() == std::string("Unknown encoding: ") + name;
                          });
  }
  BOOST_CHECK_THROW(Encoding(static_cast<const char*>(nullptr)), ArgumentError);
}

BOOST_TEST_DECORATOR(*label("12.2"))
BOOST_AUTO_TEST_CASE(textToBytes) {
  const struct {
    const char* encoding;
    const char* text;
    const char* bytes;
  } rows[] = {
      {"utf8", "A\u20ac", "41e282ac"},
      {"utf8",
       "\xed\xa0\x80"
       "A",
       "efbfbdefbfbdefbfbd41"},  // a lone surrogate, in bytes
      {"utf8",
       "\xff"
       "A",
       "efbfbd41"},
      {"latin1", "\u20ac\u00e9", "ace9"},
      {"ascii", "\u20ac\u00e9A", "ace941"},
      {"utf16le", "A\U0001f600", "41003dd800de"},
      {"hex", "AbCd", "abcd"},
      {"hex", "414", "41"},
      {"hex", "4g41", ""},
      {"hex", "41zz41", "41"},
      {"base64", "Zm8=", "666f"},
      {"base64", "Zm8", "666f"},
      {"base64", " Z m\n8 ", "666f"},
      {"base64", "-_-_", "fbffbf"},
      {"base64", "+/+/", "fbffbf"},
      {"base64", "Zg==Zg==", "66"},
      {"base64", "Z", ""},
      {"base64url", "Zm8=", "666f"},
      {"base64url", "+/-_", "fbffbf"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.encoding << " " << row.text) {
      BOOST_TEST(toHex(encode(row.text, row.encoding)) == row.bytes);
      BOOST_TEST(toHex(Buffer::from(row.text, row.encoding)) == row.bytes);
    }
  }
}

// Whole, cut at every place, and byte by byte.
BOOST_TEST_DECORATOR(*label("12.3") * label("12.4"))
BOOST_AUTO_TEST_CASE(bytesToTextHoweverTheyAreCut) {
  const struct {
    const char* encoding;
    const char* bytes;
    const char* text;
  } rows[] = {
      {"utf8", "41", "A"},
      {"utf8", "c3a9e282acf09f9880", "\u00e9\u20ac\U0001f600"},
      {"utf8", "c3", "\ufffd"},
      {"utf8", "e282", "\ufffd"},
      {"utf8", "f09f98", "\ufffd"},
      {"utf8", "80", "\ufffd"},
      {"utf8", "c0af", "\ufffd\ufffd"},
      {"utf8", "eda080", "\ufffd\ufffd\ufffd"},
      {"utf8", "f4908080", "\ufffd\ufffd\ufffd\ufffd"},
      {"utf8", "f0808080", "\ufffd\ufffd\ufffd\ufffd"},
      {"utf8", "e28241", "\ufffdA"},
      {"utf8", "c3c3a9", "\ufffd\u00e9"},
      {"utf8", "f09f9841", "\ufffdA"},
      {"utf8", "e0a0", "\ufffd"},
      {"utf8", "efbbbf41", "\ufeffA"},
      {"utf16le", "4100ac20", "A\u20ac"},
      {"utf16le", "3dd800de", "\U0001f600"},
      {"utf16le", "3dd8", "\ufffd"},  // a lone surrogate is none in UTF-8
      {"utf16le", "00de", "\ufffd"},
      {"utf16le", "3dd84100", "\ufffdA"},
      {"utf16le", "3dd83dd800de", "\ufffd\U0001f600"},
      {"utf16le", "410042", "A"},
      {"base64", "", ""},
      {"base64", "66", "Zg=="},
      {"base64", "666f", "Zm8="},
      {"base64", "666f6f", "Zm9v"},
      {"base64", "666f6f62", "Zm9vYg=="},
      {"base64", "fbff", "+/8="},
      {"base64url", "66", "Zg"},
      {"base64url", "fbff", "-_8"},
      {"base64url", "666f6f", "Zm9v"},
      {"hex", "00ff41", "00ff41"},
      {"ascii", "41e9ff80", "Ai\x7f"},  // and a NUL
      {"latin1", "41e9ff80", "A\u00e9\u00ff\u0080"},
  };
  for (const auto& row : rows) {
    const std::string bytes = fromHex(row.bytes);
    std::string text = row.text;
    if (row.encoding == std::string_view("ascii")) text += '\0';
    BOOST_TEST_CONTEXT(row.encoding << " " << row.bytes) {
      BOOST_TEST(Buffer::from(bytes).toString(row.encoding) == text);
      std::vector<std::size_t> all;
      for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        BOOST_TEST(decoded(row.encoding, bytes, {cut}) == text);
        all.push_back(cut);
      }
      BOOST_TEST(decoded(row.encoding, bytes, all) == text);
    }
  }
}

// Any bytes at all, cut anywhere, give the text that they give whole.
BOOST_TEST_DECORATOR(*label("12.3"))
BOOST_AUTO_TEST_CASE(randomBytesCutAnywhere) {
  std::mt19937 random(1);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (int round = 0; round < 2000; ++round) {
    // Mostly such as begin and continue characters.
    static const std::string some = fromHex("4180bfc3e2eda0f09f90f4ffd8dc");
    std::string bytes;
    for (std::size_t size = below(12); bytes.size() < size;) bytes += some[below(some.size())];
    std::vector<std::size_t> cuts;
    for (std::size_t cut = below(3); cut < bytes.size(); cut += below(4)) cuts.push_back(cut);
    for (const Encoding encoding : kEncodings) {
      BOOST_TEST_REQUIRE(decoded(encoding, bytes, cuts) == Buffer::from(bytes).toString(encoding));
    }
  }
}

BOOST_TEST_DECORATOR(*label("12.4"))
BOOST_AUTO_TEST_CASE(everyByteSurvivesThereAndBack) {
  for (const Encoding encoding :
       {Encoding::latin1, Encoding::hex, Encoding::base64, Encoding::base64url}) {
    const std::string text = Buffer::from(everyByte()).toString(encoding);
    BOOST_TEST(encode(text, encoding) == everyByte());
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(encoding, SocketFixture)

BOOST_TEST_DECORATOR(*label("10.8") * label("12.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(restOfACharacterComesBeforeTheEnd, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket.setEncoding()).watchData("socket", socket);
  for (const char* piece : {"\xe2", "\x82", "\xac\xe2\x82"}) {
    peer.send(piece);
    settle();
  }
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() ==
             "socket data(\u20ac\ufffd), socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("12.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(aPacketThatCompletesNoCharacterIsNoData, V, Venues,
                                 SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.setEncoding("utf8").template on<"data">(
      [&](std::string_view text) { trace.add(std::string(text)); });
  for (const char* piece : {"\xf0", "\x9f", "\x98", "\x80", "A"}) {
    peer.send(piece);
    settle();
  }
  BOOST_TEST(trace.text() == "\U0001f600, A");
  BOOST_TEST(socket.bytesRead() == 5U);
}

BOOST_TEST_DECORATOR(*label("12.3"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(base64IsPaddedAtTheVeryEndOnly, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watch("socket", socket.setEncoding("base64")).watchData("socket", socket);
  for (const char* piece : {"f", "oo", "b"}) {
    peer.send(piece);
    settle();
  }
  BOOST_TEST(trace.text() == "socket data(Zm9v)");
  peer.sendFin();
  run();
  BOOST_TEST(trace.text() ==
             "socket data(Zm9vYg==), socket end, socket finish, socket close(false)");
}

BOOST_TEST_DECORATOR(*label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(whatIsKeptIsDecodedToo, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  peer.send("ab");
  settle();
  BOOST_TEST(socket.bytesRead() == 2U);
  trace.watchData("socket", socket.setEncoding("hex"));
  settle();
  BOOST_TEST(trace.text() == "socket data(6162)");
}

// What the one before has left incomplete goes with it, as in Node.
BOOST_TEST_DECORATOR(*label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayBeChangedInTheMiddle, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  trace.watchData("socket", socket.setEncoding("utf8"));
  peer.send("a\xe2");
  settle();
  socket.setEncoding("hex");
  peer.send("b");
  settle();
  BOOST_TEST(trace.text() == "socket data(a62)");
}

BOOST_TEST_DECORATOR(*label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(mayBeChangedByADataListener, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.setEncoding("utf8").template on<"data">([&](Socket self, std::string_view text) {
    trace.add(std::string(text));
    self.setEncoding("hex");
    BOOST_TEST(text == trace.text());  // still there
  });
  peer.send("a");
  settle();
  socket.removeAllListeners<"data">();
  trace.watchData("socket", socket);
  peer.send("b");
  settle();
  BOOST_TEST(trace.text() == "a, socket data(62)");
}

BOOST_TEST_DECORATOR(*label("6.18") * label("10.8"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(outlastsTheConnectionButNotWhatIsIncomplete, V, Venues,
                                 SocketFixture) {
  const Socket socket({.reusable = true});
  trace.watchData("socket", socket.setEncoding("utf8"));
  {
    RawSocket peer = connectRaw(socket, V());
    peer.send("\xe2");
    settle();
    socket.destroy();
    run();
  }
  RawSocket peer = connectRaw(socket, V());
  peer.send("\xc3\xa9");
  settle();
  BOOST_TEST(trace.text() == "socket data(\u00e9)");
}

// Bytes go through a pipe as the text that 'data' would tell.
BOOST_TEST_DECORATOR(*label("10.8") * label("10.9"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(isWhatAPipeWrites, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.setEncoding("hex").pipe(socket);
  peer.send("ab");
  BOOST_TEST(receiveAll(peer, 4) == "6162");
}

BOOST_TEST_DECORATOR(*label("8.1") * label("9.1") * label("12.1") * label("12.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(textIsWrittenInItsEncoding, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  BOOST_CHECK_THROW(socket.write("61", "hax"), ArgumentError);
  BOOST_CHECK_THROW(socket.end("61", "hax"), ArgumentError);
  BOOST_CHECK_THROW(socket.setEncoding("hax"), ArgumentError);
  socket.write("6162", "HEX", trace.addsOutcome("written"));
  BOOST_TEST(socket.bytesWritten() == 2U);
  socket.end("Yw", Encoding::base64, trace.addsOutcome("ended"));
  BOOST_TEST(receiveToEnd(peer) == "abc");
  settle();
  BOOST_TEST(trace.text() == "written, ended");
}

// An encoding says something about text only.
BOOST_TEST_DECORATOR(*label("1.6") * label("8.1") * label("12.2"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(bytesAreWrittenAsTheyAre, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  socket.write(bytesOf("6162"), "hex");
  socket.write(Buffer::from("63"), "hex");
  socket.write("\xff");        // text without an encoding is sent as it is,
  socket.end("\xff", "utf8");  // and with one it is mended
  BOOST_TEST(receiveToEnd(peer) == "616263\xff\ufffd");
}

BOOST_TEST_DECORATOR(*label("1.6"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(bytesAreReceivedAsTheyAre, V, Venues, SocketFixture) {
  const Socket client;
  RawSocket peer = connectRaw(client, V());
  RawPair accepted = acceptRaw(V());
  trace.watchData("client", client).watchData("accepted", accepted.socket);
  peer.sendWithFin("\xff\xc3");
  runUntil([&] { return client.destroyed(); });
  accepted.peer.sendWithFin("\xc3(");
  run();
  BOOST_TEST(trace.text() == "client data(\xff\xc3), accepted data(\xc3()");
}

BOOST_TEST_DECORATOR(*label("12.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(everyByteSurvivesAsLatin1BothWays, V, Venues, SocketFixture) {
  const Socket client;
  const Socket served = connectPair(client, V());
  std::string received;
  served.setEncoding("latin1").template on<"data">([&](Socket self, const std::string& text) {
    received += text;
    self.write(text, "latin1");
  });
  std::string echoed;
  client.setEncoding("latin1").template on<"data">(
      [&](const std::string& text) { echoed += text; });
  const std::string text = Buffer::from(everyByte()).toString("latin1");
  client.write(text, "latin1");
  runUntil([&] { return echoed.size() >= text.size(); });
  BOOST_TEST(received == text);
  BOOST_TEST(echoed == text);
}

BOOST_TEST_DECORATOR(*label("12.3") * label("12.4"))
BOOST_FIXTURE_TEST_CASE_TEMPLATE(megabytesOfUtf8SurviveEveryCut, V, Venues, SocketFixture) {
  const Socket socket;
  RawSocket peer = connectRaw(socket, V());
  std::string received;
  bool wasCut = false;
  socket.setEncoding().template on<"data">([&](std::string_view text) {
    received += text;
    // A chunk never begins in the middle of a character.
    wasCut |= (static_cast<unsigned char>(text.front()) & 0xc0) == 0x80;
  });
  std::string text;
  while (text.size() < 3'000'000) text += "a\u00e9\u20ac\U0001f600";
  std::mt19937 random(1);
  std::string_view left = text;
  while (!left.empty()) {
    left.remove_prefix(peer.send(left.substr(0, 1 + random() % 70'000)));
    loop().runOnce(platform::Duration::zero());
  }
  peer.sendFin();
  run();
  BOOST_TEST((received == text));
  BOOST_TEST(!wasCut);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
