#include <akin/io/json_parser.hpp>
#include <bit>
#include <limits>

#include "support/test.hpp"

namespace akin::io {
namespace {

void expect_no_json(std::string_view text, const std::string& why) {
  SCOPED_TRACE(text);
  expect_error([&] { parse_json(text); }, why);
}

TEST(JsonParser, ReadsEveryKindOfValue) {
  const Json value = parse_json(" {\"a\" : [1, -2, 3.5, true, false, null], \"b\":{}, \"c\":[] ,\"d\":\"x\"}\r\n\t");
  EXPECT_EQ(value, Json(Json::Object{{"a", Json::List{1, -2, 3.5, true, false, nullptr}},
                                     {"b", Json::Object{}},
                                     {"c", Json::List{}},
                                     {"d", "x"}}));
}

TEST(JsonParser, KeepsIntegersExactTo64Bits) {
  EXPECT_EQ(parse_json("18446744073709551615").natural(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_json("-9223372036854775808").integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_json("9007199254740993").integer(), 9007199254740993);
  expect_no_json("18446744073709551616", "byte 0: the number does not fit in 64 bits");
  expect_no_json("[-9223372036854775809]", "byte 1: the number does not fit");
  expect_no_json("1e999", "does not fit");
}

TEST(JsonParser, ReadsBackEveryBitOfWrittenNumbers) {
  Draws draws(3, {.stream = stream_of("test")});
  for (int i = 0; i < 500; ++i) {
    const double value = std::bit_cast<double>(std::uint64_t{draws.bits()} << 32 | draws.bits());
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(parse_json(to_json(value)).number()), std::bit_cast<std::uint64_t>(value));
  }
  EXPECT_TRUE(std::signbit(parse_json(to_json(-0.0)).number()));
  EXPECT_TRUE(std::signbit(parse_json("-0").number()));
}

TEST(JsonParser, ReadsEscapesAndSurrogatePairs) {
  EXPECT_EQ(parse_json(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\uDBFF\uDFFF")").string(),
            "\"\\/\b\f\n\r\tAé€😀\xf4\x8f\xbf\xbf");
  EXPECT_EQ(parse_json(R"("\u0000")").string(), std::string(1, '\0'));
  const std::string all = "a\"b\\c\n\x01 grün €";
  EXPECT_EQ(parse_json(to_json(all)).string(), all);
}

TEST(JsonParser, RefusesBrokenStrings) {
  expect_no_json(R"("abc)", "byte 0: the string has no end");
  expect_no_json("\"a\nb\"", "byte 2: control character");
  expect_no_json(R"("\x")", "byte 1: unknown escape");
  expect_no_json("\"\\", "byte 1: unknown escape");
  expect_no_json(R"("\u12g4")", "byte 1: \\u needs four hexadecimal digits");
  expect_no_json(R"("\u-123")", "four hexadecimal digits");
  expect_no_json(R"("\u12)", "four hexadecimal digits");
  for (const auto* lone : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")"})
    expect_no_json(lone, "byte 1: lone surrogate");
  expect_no_json("\"a\xff\"", "byte 2: not UTF-8");
}

TEST(JsonParser, RefusesWhatLooksLikeJsonButIsNot) {
  expect_no_json("", "byte 0: expected a value");
  expect_no_json("  ", "byte 2: expected a value");
  expect_no_json("{} {}", "byte 3: expected the end");
  expect_no_json(std::string_view("{}\0", 3), "byte 2: expected the end");
  expect_no_json("[1,]", "byte 3: expected a value");
  expect_no_json("[1 2]", "byte 3: expected ',' or ']'");
  expect_no_json("{\"a\":1,}", "byte 7: expected a key in quotes");
  expect_no_json("{a:1}", "byte 1: expected a key");
  expect_no_json("{\"a\" 1}", "byte 5: expected ':'");
  expect_no_json("{\"a\":1", "byte 6: expected ',' or '}'");
  for (const auto* number :
       {"01", "-", "1.", ".5", "+1", "1e", "1e+", "0x10", "NaN", "Infinity", "-01", "// 1", "nul", "tru"})
    expect_error([&] { parse_json(number); }, "json: byte ");
}

TEST(JsonParser, RefusesDuplicateKeysAtTheSecondOne) {
  expect_no_json(R"({"a":1,"b":2,"a":3})", "byte 13: duplicate key \"a\"");
  expect_no_json(R"([{"a":1,"\u0061":3}])", "byte 8: duplicate key \"a\"");
  EXPECT_NO_THROW(parse_json(R"({"a":{"a":1}})"));
}

TEST(JsonParser, LimitsDepthAndCount) {
  EXPECT_NO_THROW(parse_json("[[1]]", {.max_depth = 2}));
  expect_error([] { parse_json("[[[1]]]", {.max_depth = 2}); }, "byte 2: nested deeper than 2");
  expect_error([] { parse_json(std::string(100000, '[')); }, "nested deeper than 64");
  EXPECT_NO_THROW(parse_json("[1,2]", {.max_values = 3}));
  expect_error([] { parse_json("[1,2,3]", {.max_values = 3}); }, "byte 5: more than 3 values");
}

TEST(JsonParser, EveryTruncationIsAnErrorAndEveryByteChangeIsOneOrReadsBack) {
  const std::string text = R"({"a":[1,-2.5e1,"x\u00e9"],"b":null})";
  for (std::size_t size = 0; size < text.size(); ++size)
    expect_error([&] { parse_json(text.substr(0, size)); }, "json: byte");
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      try {
        const Json value = parse_json(changed);
        EXPECT_EQ(parse_json(to_json(value)), value) << changed;
      } catch (const Error&) {
      }
    }
}

}  // namespace
}  // namespace akin::io
