#include <akin/io/pnm.hpp>

#include "support/test.hpp"

namespace akin::io {
namespace {

TEST(Pnm, ReadsGreyAndColour) {
  const Array grey = parse_pnm("P5\n# a comment\n3 2\n255\nabcdef");
  EXPECT_EQ(grey.shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(at(grey, 5), 'f');
  const Array colour = parse_pnm("P6 1 2 255 abcdefmore");
  EXPECT_EQ(colour.shape(), (Shape{2, 1, 3}));
  EXPECT_EQ(at(colour, 5), 'f');
}

TEST(Pnm, ScalesToTheLargestValue) {
  using std::string_view_literals::operator""sv;
  const auto values = [](std::string_view bytes) {
    const Array a = parse_pnm(bytes);
    return std::vector<double>{at(a, 0), at(a, 1), at(a, 2)};
  };
  EXPECT_EQ(values("P5 3 1 15 \x00\x07\x0f"sv), (std::vector<double>{0, 119, 255}));
  EXPECT_EQ(values("P5 3 1 15 \x00\x10\xff"sv), (std::vector<double>{0, 255, 255}));  // more than is allowed
  EXPECT_EQ(values("P5 3 1 65535 \x00\x80\x80\x00\xff\xff"sv), (std::vector<double>{0, 128, 255}));
  EXPECT_EQ(values("P5 3 1 1 \x00\x01\x01"sv), (std::vector<double>{0, 255, 255}));
}

TEST(Pnm, SaysWhatIsWrong) {
  expect_error([] { parse_pnm("P4 1 1"); }, "expected a file that begins with P5 or P6");
  expect_error([] { parse_pnm("P5 x"); }, "byte 3: expected a number");
  expect_error([] { parse_pnm("P5 2 2 255 abc"); }, "truncated: expected 4 bytes of values, found 3");
  expect_error([] { parse_pnm("P5 0 2 255 abc"); }, "the header claims 0 x 2 pixels");
  expect_error([] { parse_pnm("P5 2 2 65536 abc"); }, "values up to 65536");
  expect_error([] { parse_pnm("P5 999999999 999999999 255 a"); }, "more than the limit of 67108864");
  expect_error([] { parse_pnm("P5 9999999999 1 255 a"); }, "");
}

TEST(Pnm, SurvivesTruncationsAndChanges) {
  const std::string whole = "P6\n#c\n3 2\n255\nabcdefghijklmnopqr";
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(parse_pnm(whole.substr(0, length)), Error) << length;
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int value = 0; value < 256; ++value) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(value);
      try {
        parse_pnm(bytes, 1000);
      } catch (const Error&) {
      }
    }
}

}  // namespace
}  // namespace akin::io
