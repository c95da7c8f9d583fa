#include <akin/data/idx.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

/// An IDX file: type, sizes, and the values' bytes as they are.
std::string idx(int type, const std::vector<std::uint32_t>& sizes, const std::string& values) {
  std::string bytes = {0, 0, static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const auto size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  return bytes + values;
}

std::string counting(int n) {
  std::string bytes;
  for (int i = 0; i < n; ++i) bytes += static_cast<char>(i);
  return bytes;
}

const std::string images = idx(0x08, {3, 2, 4}, counting(24));

TEST(Idx, ReadsBytes) {
  const Array got = parse_idx(images);
  EXPECT_EQ(got.shape(), (Shape{3, 2, 4}));
  EXPECT_EQ(got.dtype(), DType::u8);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(at(got, i), i);
}

TEST(Idx, ReadsBigEndianValuesOfEveryType) {  // bytes written out by hand: no encoder to agree with
  using std::string_literals::operator""s;
  const auto read = [](int type, const std::string& bytes) { return parse_idx(idx(type, {2}, bytes)); };
  expect_close(read(0x08, "\xff\x01"), Array::from<std::uint8_t>({2}, {255, 1}), tol::exact);
  expect_close(read(0x09, "\xff\x7f"), Array::from<std::int32_t>({2}, {-1, 127}), tol::exact);
  expect_close(read(0x0B, "\x01\x02\xff\xfe"), Array::from<std::int32_t>({2}, {258, -2}), tol::exact);
  expect_close(read(0x0C, "\x01\x02\x03\x04\x80\0\0\0"s), Array::from<std::int32_t>({2}, {16909060, INT32_MIN}),
               tol::exact);
  expect_close(read(0x0D, "\x3f\x80\0\0\xc0\x49\x0f\xdb"s), Array::from<float>({2}, {1, -3.14159274f}), tol::exact);
  expect_close(read(0x0E, "\x3f\xf0\0\0\0\0\0\0\xbf\xb9\x99\x99\x99\x99\x99\x9a"s), Array::from<double>({2}, {1, -0.1}),
               tol::exact);
  EXPECT_EQ(read(0x0B, "\x01\x02\xff\xfe").dtype(), DType::i32);
  EXPECT_EQ(read(0x0D, counting(8)).dtype(), DType::f32);
}

TEST(Idx, ReadsOneToEightAxes) {
  EXPECT_EQ(parse_idx(idx(0x08, {5}, counting(5))).shape(), (Shape{5}));
  EXPECT_EQ(parse_idx(idx(0x08, {1, 2, 1, 2, 1, 2, 1, 2}, counting(16))).shape(), (Shape{1, 2, 1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(parse_idx(idx(0x08, {0, 28, 28}, "")).shape(), (Shape{0, 28, 28}));
}

TEST(Idx, ReadsAFile) {
  const test::Folder folder;
  io::write_file(folder / "images", images);
  expect_close(read_idx(folder / "images"), parse_idx(images), tol::exact);
  expect_error([&] { read_idx(folder / "none"); }, "No such file");
  expect_error([&] { read_idx(folder.path()); }, "not a regular file");
}

TEST(Idx, RejectsEveryTruncation) {
  for (std::size_t length = 0; length < images.size(); ++length)
    expect_error([&] { parse_idx(images.substr(0, length), "cut"); }, "idx: cut: truncated: expected");
}

TEST(Idx, RejectsTrailingBytes) {
  expect_error([] { parse_idx(images + "x", "long"); }, "idx: long: expected the end at byte 40 for sizes [3, 2, 4]");
}

TEST(Idx, SurvivesEveryChangeOfEveryByte) {  // the same shape, or an Error; a sanitizer build finds the rest
  int read = 0, refused = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      std::string bytes = images;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      try {
        ASSERT_EQ(parse_idx(bytes).shape(), (Shape{3, 2, 4})) << "byte " << i;
        ++read;
      } catch (const Error& error) {
        ASSERT_NE(std::string(error.what()).find("; "), std::string::npos) << error.what();  // says what to do
        ++refused;
      }
    }
  }
  EXPECT_EQ(read, 24 * 255 + 1);  // any value may differ, and u8 may become i8
  EXPECT_EQ(refused, 16 * 255 - 1);
}

TEST(Idx, SaysWhatIsWrongAndWhere) {
  expect_error([] { parse_idx(idx(0x0A, {1}, "x"), "f"); }, "idx: f: byte 2 is the element type");
  expect_error([] { parse_idx(idx(0x08, {}, ""), "f"); }, "byte 3 is the number of axes; expected 1 ... 8, found 0");
  expect_error([] { parse_idx(idx(0x08, {1, 1, 1, 1, 1, 1, 1, 1, 1}, "x"), "f"); }, "found 9");
  expect_error([] { parse_idx("\x01\x02\x08\x01____", "f"); }, "byte 0: expected 0 0, found 1 2");
  expect_error([] { parse_idx("\x1f\x8b\x08\x01____", "f"); }, "this is gzip data; let its name end in .gz");
}

TEST(Idx, TakesNoMemoryForSizesBeyondTheFile) {
  const auto peak = memory_stats().peak;
  const std::uint32_t most = 0xffffffff;
  expect_error([&] { parse_idx(idx(0x08, {most}, "x")); }, "expected 4294967295 bytes of values from byte 8");
  expect_error(
      [&] {
        parse_idx(idx(0x08, {most, most, most}, "x"));
      },
      "byte 8: expected sizes that can be addressed, found [4294967295, 4294967295]...");
  expect_error(
      [&] {
        parse_idx(idx(0x0E, {1u << 30, 1u << 30}, "x"));
      },
      "byte 8: expected sizes that can be addressed");
  expect_error(
      [&] {
        parse_idx(idx(0x08, {0, most, most, most}, ""));
      },
      "byte 12: expected sizes that can be addressed");
  EXPECT_EQ(memory_stats().peak, peak);
}

}  // namespace
}  // namespace akin::data
