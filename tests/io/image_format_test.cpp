#include <akin/io/image_format.hpp>

#include "support/pictures.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

TEST(ImageFormats, AreToldByTheirFirstBytes) {
  EXPECT_EQ(format_of(test::png({1, 1}, 8, 0, "a")), ImageFormat::png);
  EXPECT_EQ(format_of(test::bmp({1, 1}, "abc")), ImageFormat::bmp);
  EXPECT_EQ(format_of(test::asset("gradient.jpg")), ImageFormat::jpeg);
  EXPECT_EQ(format_of("P5 1 1 255 a"), ImageFormat::pnm);
  EXPECT_EQ(format_of("____ftypheic____"), ImageFormat::other);
  EXPECT_EQ(format_name("____ftypheic____"), "HEIC");
  for (const auto* text : {"", "P", "hello", "\x89PNG"}) EXPECT_EQ(format_of(text), ImageFormat::unknown) << text;
}

TEST(Crc32, HasItsPublishedValue) {
  EXPECT_EQ(detail::crc32("123456789"), 0xcbf43926u);
  EXPECT_EQ(detail::crc32(""), 0u);
}

TEST(CheckPng, SaysWhatIsWrong) {
  const std::string whole = test::png({2, 2}, 8, 0, "abcd");
  check_png(whole);
  check_png(whole + "more");
  expect_error([&] { check_png(whole.substr(0, whole.size() - 1)); }, "truncated: the file has");
  std::string bytes = whole;
  bytes[20] = 9;
  expect_error([&] { check_png(bytes); }, "the checksum of the part at byte 8 is wrong");
  bytes = whole;
  bytes[33] = 127;
  expect_error([&] { check_png(bytes); }, "the part at byte 33 claims 2130706");
  expect_error([&] { check_png(whole.substr(0, 8) + whole.substr(33)); }, "the header is not the first part");
  bytes = whole.substr(0, 33) + test::png_chunk("tEXt", "note") + whole.substr(33);
  check_png(bytes);
  bytes[44] = 'x';  // in a part that nobody needs
  check_png(bytes);
}

TEST(CheckBmp, CountsItsPixels) {
  const std::string whole = test::bmp({2, 3}, test::counting(18));
  check_bmp(whole);
  check_bmp(whole.substr(0, whole.size() - 3));  // the padding of the last row
  expect_error([&] { check_bmp(whole.substr(0, whole.size() - 4)); }, "truncated: 3 x 2 pixels of 24 bits");
  expect_error([&] { check_bmp(whole.substr(0, 29)); }, "too few for its header");
  std::string bytes = whole;
  bytes.replace(18, 8, std::string(8, '\x7f'));
  expect_error([&] { check_bmp(bytes); }, "do not fit into the");
  bytes.replace(18, 8, std::string(4, '\1') + std::string("\0\0\0\x80", 4));  // the height -2^31
  expect_error([&] { check_bmp(bytes); }, "do not fit into the");
}

}  // namespace
}  // namespace akin::io
