#include <akin/io/json.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

#include "support/test.hpp"

namespace akin::io {
namespace {

TEST(Json, WritesCompactTextInTheOrderGiven) {
  const Json value = Json::Object{{"b", 1}, {"a", Json::List{true, nullptr, "x"}}, {"empty", Json::Object{}}};
  EXPECT_EQ(to_json(value), R"({"b":1,"a":[true,null,"x"],"empty":{}})");
}

TEST(Json, IndentsMembersAndKeepsListsOnOneLine) {
  const Json value =
      Json::Object{{"lr", 0.1}, {"betas", Json::List{0.9, 0.999}}, {"model", Json::Object{{"dim", 128}}}};
  EXPECT_EQ(to_json(value, 2),
            "{\n  \"lr\": 0.1,\n  \"betas\": [0.9, 0.999],\n  \"model\": {\n    \"dim\": 128\n  }\n}");
}

TEST(Json, EscapesWhatStringsMayNotHold) {
  EXPECT_EQ(to_json(Json(std::string("a\"b\\c\n\t\r\b\f\x01\x1f") + '\0')), R"("a\"b\\c\n\t\r\b\f\u0001\u001f\u0000")");
  EXPECT_EQ(to_json("grün €"), "\"grün €\"");
}

TEST(Json, RefusesToWriteTextThatIsNotUtf8) {
  expect_error([] { to_json("ab\xff"); }, "not UTF-8 at byte 2 of 3");
  expect_error([] { to_json(Json::Object{{"\xc3", 1}}); }, "not UTF-8 at byte 0");
}

TEST(Json, WritesNonFiniteNumbersAsNull) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_json(Json::List{infinity, -infinity, std::nan("")}), "[null,null,null]");
}

TEST(Json, KeepsFloatingPointNumbersApartFromIntegers) {
  EXPECT_EQ(to_json(Json::List{1, 1.0, -0.0, 1e300, 0.1, 5e-324}), "[1,1.0,-0.0,1e+300,0.1,5e-324]");
}

TEST(Json, HoldsIntegersExactlyTo64Bits) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(to_json(Json::List{lowest, highest}), "[-9223372036854775808,18446744073709551615]");
  EXPECT_EQ(Json(lowest).integer(), lowest);
  EXPECT_EQ(Json(highest).natural(), highest);
  EXPECT_EQ(Json(7u), Json(std::int64_t{7}));
}

TEST(Json, AccessorsSayWhatTheyFoundInstead) {
  expect_error([] { Json("x").integer(); }, "expected an integer below 2^63, got a string");
  expect_error([] { Json(1.5).natural(); }, "expected an integer >= 0, got a number");
  expect_error([] { Json(-1).natural(); }, "expected an integer >= 0, got -1");
  expect_error([] { Json(std::uint64_t{1} << 63).integer(); }, "above 2^63 - 1");
  expect_error([] { Json(Json::List{}).find("a"); }, "expected an object, got a list");
  expect_error([] { Json(Json::Object{{"a", 1}}).at("b"); }, "no member 'b'");
  expect_error([] { Json(nullptr).number(); }, "expected a number, got null");
}

TEST(ValidUtf8, AcceptsTheEdgesOfEveryLengthAndStopsAtTheFirstBadByte) {
  for (const std::string good : {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                 "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(valid_utf8("a" + good), good.size() + 1) << good;
  for (const std::string bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xed\xa0\x80",
                                "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    EXPECT_EQ(valid_utf8("a" + bad + "b"), 1u) << bad;
}

}  // namespace
}  // namespace akin::io
