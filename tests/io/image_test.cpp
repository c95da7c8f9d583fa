#include <akin/io/image.hpp>

#include "support/folder.hpp"
#include "support/pictures.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

using test::asset;
using test::bmp;
using test::counting;
using test::exif;
using test::png;
using test::ppm;

#if defined(AKIN_WITH_STB)
#define AKIN_NEEDS_STB
#else
#define AKIN_NEEDS_STB GTEST_SKIP() << "compiled without stb"
#endif

std::vector<int> pixels_of(const Array& image) {
  const auto* first = image.data<std::uint8_t>();
  return {first, first + image.size()};
}

/// The largest difference of two pictures of one size.
int difference(const Array& a, const Array& b) {
  EXPECT_EQ(a.shape(), b.shape());
  int largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(int{a.data<std::uint8_t>()[i]} - int{b.data<std::uint8_t>()[i]}));
  return largest;
}

/// Decoders of JPEG may round differently at each of three steps.
constexpr int jpeg_rounding = 3;

TEST(DecodeImage, ReadsEveryFormatThatLosesNothing) {
  AKIN_NEEDS_STB;
  const std::string values = counting(2 * 3 * 3, 14);
  const Array want = parse_pnm(ppm({2, 3}, values));
  EXPECT_EQ(want.shape(), (Shape{2, 3, 3}));
  expect_close(decode_image(ppm({2, 3}, values)), want, tol::exact);
  expect_close(decode_image(png({2, 3}, 8, 2, values)), want, tol::exact);
  expect_close(decode_image(bmp({2, 3}, values)), want, tol::exact);
  std::string top_first = bmp({2, 3}, values.substr(9) + values.substr(0, 9));  // the rows exchanged, and said so
  top_first.replace(22, 4, "\xfe\xff\xff\xff");                                 // a height of -2
  expect_close(decode_image(top_first), want, tol::exact);
}

TEST(DecodeImage, ReadsJpegAsOtherProgramsDo) {
  AKIN_NEEDS_STB;
  EXPECT_LE(difference(decode_image(asset("gradient.jpg")), parse_pnm(asset("gradient.ppm"))), jpeg_rounding);
  EXPECT_LE(difference(decode_image(asset("gradient_progressive.jpg")), parse_pnm(asset("gradient_progressive.ppm"))),
            2 * jpeg_rounding);  // its colours have half the resolution, and may be spread in another way
  const Array grey = decode_image(asset("gradient_grey.jpg"));
  for (std::int64_t i = 0; i < grey.size(); i += 3) EXPECT_EQ(at(grey, i), at(grey, i + 2));
}

TEST(DecodeImage, LaysTransparentPartsOnWhite) {
  AKIN_NEEDS_STB;
  const std::string values = "\x10\x20\x30\xff\x10\x20\x30" + std::string(1, '\0') + "\x10\x20\x30\x80";
  EXPECT_EQ(pixels_of(decode_image(png({1, 3}, 8, 6, values))),
            (std::vector<int>{16, 32, 48, 255, 255, 255, 135, 143, 151}));  // (16 * 128 + 255 * 127) / 255, ...
  EXPECT_EQ(pixels_of(decode_image(png({1, 2}, 8, 4, "\x10\x80\x10\xff"), {.channels = 1})),
            (std::vector<int>{135, 16}));
}

TEST(DecodeImage, TurnsGreyToColourAndColourToLuma) {
  AKIN_NEEDS_STB;
  EXPECT_EQ(pixels_of(decode_image(png({1, 2}, 8, 0, "\x05\xfa"))), (std::vector<int>{5, 5, 5, 250, 250, 250}));
  const std::string pure("\xff\0\0\0\xff\0\0\0\xff\xff\xff\xff", 12);
  EXPECT_EQ(pixels_of(decode_image(png({1, 4}, 8, 2, pure), {.channels = 1})), (std::vector<int>{76, 150, 29, 255}));
  EXPECT_EQ(pixels_of(decode_image(ppm({1, 4}, pure), {.channels = 1})), (std::vector<int>{76, 150, 29, 255}));
  EXPECT_EQ(pixels_of(decode_image("P5 2 1 255 \x05\xfa", {.channels = 3})),
            (std::vector<int>{5, 5, 5, 250, 250, 250}));
}

TEST(DecodeImage, KeepsTheHighByteOfSixteenBits) {
  AKIN_NEEDS_STB;
  EXPECT_EQ(pixels_of(decode_image(png({1, 3}, 16, 0, std::string("\x12\xff\xff\x01\0\xff", 6)), {.channels = 1})),
            (std::vector<int>{0x12, 0xff, 0}));
}

TEST(DecodeImage, TurnsAPictureUprightByItsExifOrientation) {
  AKIN_NEEDS_STB;
  const std::string plain = asset("gradient.jpg");
  const Array stored = decode_image(plain);
  const std::int64_t height = stored.dim(0), width = stored.dim(1);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Array got = decode_image("\xff\xd8" + exif(orientation, orientation % 2 == 0) + plain.substr(2));
    const bool turned = orientation >= 5;
    ASSERT_EQ(got.shape(), (turned ? Shape{width, height, 3} : Shape{height, width, 3})) << orientation;
    for (std::int64_t y = 0; y < got.dim(0); ++y)
      for (std::int64_t x = 0; x < got.dim(1); ++x) {
        std::int64_t row = turned ? x : y, column = turned ? y : x;  // orientation 5: rows and columns exchanged
        const int kind = orientation;
        if (kind == 3 || kind == 4 || kind == 6 || kind == 7) row = height - 1 - row;
        if (kind == 2 || kind == 3 || kind == 7 || kind == 8) column = width - 1 - column;
        ASSERT_EQ(at(got, (y * got.dim(1) + x) * 3), at(stored, (row * width + column) * 3))
            << orientation << " at " << y << ", " << x;
      }
  }
  for (const int unknown : {0, 9, 255})
    expect_close(decode_image("\xff\xd8" + exif(unknown) + plain.substr(2)), stored, tol::exact);
}

TEST(DecodeImage, NamesTheFormatsThatItCannotRead) {
  expect_error([] { decode_image(std::string("II*\0____", 8)); }, "image: TIFF is not supported; convert it to PNG");
  expect_error([] { decode_image("RIFF____WEBPVP8 "); }, "image: WebP is not supported");
  expect_error([] { decode_image("GIF89a__"); }, "image: GIF is not supported");
  expect_error([] { decode_image("P3 1 1 255 1 2 3"); }, "image: text PPM is not supported");
  expect_error([] { decode_image(""); }, "image: the file is empty");
  expect_error([] { decode_image("<html>"); }, "image: not a PNG, JPEG, BMP, PPM or PGM file");
  expect_error([] { decode_image("P5 1 1 255 a", {.channels = 4}); },
               "expected 1 (grey) or 3 (colour) channels, got 4");
}

TEST(DecodeImage, RefusesWhatIsTooLargeBeforeMemoryIsTaken) {
  AKIN_NEEDS_STB;
  const auto peak = memory_stats().peak;
  std::string huge = png({1, 1}, 8, 0, "a");
  huge.replace(16, 8, test::big_endian(16384, 4) + test::big_endian(16384, 4));
  huge.replace(29, 4, test::big_endian(detail::crc32(huge.substr(12, 17)), 4));
  expect_error([&] { decode_image(huge); }, "image: 16384 x 16384 pixels are more than the limit of 67108864");
  huge.replace(16, 4, test::big_endian(16385, 4));
  huge.replace(29, 4, test::big_endian(detail::crc32(huge.substr(12, 17)), 4));
  expect_error([&] { decode_image(huge); }, "image: ");
  expect_error([] { decode_image(png({3, 3}, 8, 0, counting(9)), {.max_pixels = 8}); }, "more than the limit of 8");
  expect_error([] { decode_image("P5 3 3 255 123456789", {.max_pixels = 8}); }, "more than the limit of 8");
  expect_error([] { decode_image(std::string(max_image_file + 1, 'P')); }, "more than the limit of 67108864");
  EXPECT_EQ(memory_stats().peak, peak);
}

#if defined(AKIN_WITH_STB)
TEST(StbMemory, EndsWhereItsBudgetEnds) {
  stb::Memory outer(100);
  {
    stb::Memory memory(100);
    EXPECT_EQ(stb::Memory::current(), &memory);
    void* const first = memory.take(60);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(static_cast<const char*>(first)[59], 0);
    EXPECT_EQ(memory.take(41), nullptr);
    EXPECT_TRUE(memory.exhausted());
    memory.give(first);
    void* const second = memory.take(50);  // given back, so there is room again
    ASSERT_NE(second, nullptr);
    static_cast<char*>(second)[49] = 'x';
    void* const larger = memory.resize(second, 50, 50);
    ASSERT_NE(larger, nullptr);
    EXPECT_EQ(static_cast<const char*>(larger)[49], 'x');
    EXPECT_EQ(memory.resize(larger, 50, 51), nullptr);
  }  // what was not given back is freed: a leak checker would tell
  EXPECT_EQ(stb::Memory::current(), &outer);
}
#endif

/// Decodes, or refuses with an Error; anything else is a crash that a sanitizer build shows.
bool survives(const std::string& bytes) {
  try {
    const Array image = decode_image(bytes);
    return image.rank() == 3;
  } catch (const Error&) {
    return false;
  }
}

TEST(DecodeImage, RefusesEveryTruncation) {
  AKIN_NEEDS_STB;
  const std::string values = counting(4 * 5 * 3, 4);
  for (const std::string& whole : {png({4, 5}, 8, 2, values), bmp({4, 5}, values), ppm({4, 5}, values),
                                   asset("gradient.jpg"), asset("gradient_progressive.jpg")}) {
    const std::size_t padding = whole[0] == 'B' ? 1 : 0;  // 15 bytes of pixels and one of padding in its last row
    EXPECT_TRUE(survives(whole));
    for (std::size_t length = 0; length + padding < whole.size(); ++length)
      ASSERT_FALSE(survives(whole.substr(0, length))) << whole[0] << whole[1] << " cut at " << length;
  }
}

TEST(DecodeImage, SurvivesChangesOfEveryByte) {
  AKIN_NEEDS_STB;
  const std::string values = counting(4 * 5 * 3, 4);
  int read = 0;
  for (const std::string& whole : {png({4, 5}, 8, 2, values), bmp({4, 5}, values), ppm({4, 5}, values),
                                   asset("gradient.jpg"), asset("gradient_progressive.jpg")})
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (const int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ change);
        read += survives(bytes);
      }
  EXPECT_GT(read, 1000);
}

TEST(DecodeImage, FindsAnyChangeInAPng) {
  AKIN_NEEDS_STB;
  const std::string whole = png({4, 5}, 8, 2, counting(4 * 5 * 3, 4));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
    EXPECT_FALSE(survives(bytes)) << i;
  }
}

TEST(ReadImage, NamesTheFile) {
  const test::Folder folder;
  write_file(folder / "a.ppm", ppm({1, 1}, "abc"));
  write_file(folder / "b.ppm", "P6 1 1 255 ab");
  EXPECT_EQ(pixels_of(read_image(folder / "a.ppm")), (std::vector<int>{'a', 'b', 'c'}));
  expect_error([&] { read_image(folder / "b.ppm"); }, "b.ppm': pnm: truncated: expected 3 bytes of values, found 2");
  expect_error([&] { read_image(folder / "c.ppm"); }, "No such file");
}

#if !defined(AKIN_WITH_STB)
TEST(DecodeImage, SaysHowToReadCompressedFormats) {
  expect_error(
      [] {
        decode_image(png({1, 1}, 8, 0, "a"));
      },
      "compiled without stb_image; compile it with -DAKIN_WITH_STB");
}
#endif

}  // namespace
}  // namespace akin::io
