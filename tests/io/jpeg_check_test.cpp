#include <akin/io/jpeg_check.hpp>

#include "support/pictures.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

using test::asset;
using test::big_endian;

/// A segment behind the first two bytes of a whole JPEG.
std::string with_segment(const std::string& segment) {
  const std::string plain = asset("gradient.jpg");
  return plain.substr(0, 2) + segment + plain.substr(2);
}
std::string huffman(char kind, const std::string& counts, const std::string& symbols) {
  const std::string body = kind + counts + symbols;
  return "\xff\xc4" + big_endian(body.size() + 2, 2) + body;
}

TEST(CheckJpeg, TellsWhatAPictureIs) {
  const JpegFacts plain = check_jpeg(asset("gradient.jpg")),
                  progressive = check_jpeg(asset("gradient_progressive.jpg"));
  EXPECT_EQ(plain.scans, 1);
  EXPECT_FALSE(plain.progressive);
  EXPECT_EQ(plain.orientation, 1);
  EXPECT_GT(progressive.scans, 1);
  EXPECT_TRUE(progressive.progressive);
}

TEST(CheckJpeg, ReadsTheOrientationInBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool little : {false, true})
      EXPECT_EQ(check_jpeg(with_segment(test::exif(orientation, little))).orientation, orientation);
}

TEST(CheckJpeg, TakesDamagedExifForNone) {
  const std::string whole = test::exif(6);
  const std::string body = whole.substr(4);
  for (std::size_t length = 0; length < body.size(); ++length)
    EXPECT_LE(check_jpeg(with_segment("\xff\xe1" + big_endian(length + 2, 2) + body.substr(0, length))).orientation, 6);
  for (std::size_t i = 0; i < body.size(); ++i) {
    std::string changed = body;
    changed[i] = static_cast<char>(~changed[i]);
    const int got = check_jpeg(with_segment("\xff\xe1" + big_endian(body.size() + 2, 2) + changed)).orientation;
    EXPECT_TRUE(1 <= got && got <= 8) << got;
  }
}

TEST(CheckJpeg, RefusesHuffmanTablesThatLeadDecodersOutOfBounds) {
  const std::string full(16, '\xff');  // 4080 symbols
  expect_error([&] { check_jpeg(with_segment(huffman(0, full, std::string(4080, '\0')))); },
               "a Huffman table of more than 256 symbols");
  std::string counts(16, '\0');
  counts[15] = 100;
  expect_error([&] { check_jpeg(with_segment(huffman(0, counts, std::string(99, '\0')))); },
               "a Huffman table longer than its segment");
  check_jpeg(with_segment(huffman(0, counts, std::string(100, '\0'))));
  expect_error([&] { check_jpeg(with_segment(huffman(0x24, counts, std::string(100, '\0')))); }, "that cannot be");
  expect_error([&] { check_jpeg(with_segment(huffman(0, counts, std::string(100, '\x0c')))); }, "more than 11 bits");
  check_jpeg(with_segment(huffman(0x10, counts, std::string(100, '\x0c'))));  // of the AC coefficients: runs
}

TEST(CheckJpeg, RefusesTablesThatNobodyDefined) {
  std::string bytes = asset("gradient.jpg");
  bytes[bytes.find("\xff\xda") + 6] = '\x33';
  expect_error([&] { check_jpeg(bytes); }, "a scan uses a Huffman table that is not defined");
}

TEST(CheckJpeg, RefusesThousandsOfScans) {
  const std::string bytes = asset("gradient_progressive.jpg");
  const std::size_t first = bytes.find("\xff\xda"), second = bytes.find("\xff\xc4", first);
  const std::string scan = bytes.substr(first, second - first);
  const int scans = check_jpeg(bytes).scans;
  const auto repeated = [&](int times) {
    std::string more = bytes.substr(0, second);
    for (int i = 0; i < times; ++i) more += scan;
    return more + bytes.substr(second);
  };
  EXPECT_EQ(check_jpeg(repeated(100 - scans)).scans, 100);
  expect_error([&] { check_jpeg(repeated(101 - scans)); }, "more than 100 scans");
}

TEST(CheckJpeg, NamesTheKindsThatDecodersDoNotRead) {
  for (const char kind : {'\xc3', '\xc9', '\xcd'}) {
    std::string bytes = asset("gradient.jpg");
    bytes[bytes.find("\xff\xc0") + 1] = kind;
    expect_error([&] { check_jpeg(bytes); }, "lossless, hierarchical or arithmetically coded");
  }
  std::string bytes = asset("gradient.jpg");
  bytes[bytes.find("\xff\xc0") + 4] = 12;
  expect_error([&] { check_jpeg(bytes); }, "12 bits a colour, and only 8 are supported");
}

TEST(CheckJpeg, RefusesEveryTruncationAndSurvivesEveryChange) {
  const std::string whole = asset("gradient_progressive.jpg");
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(check_jpeg(whole.substr(0, length)), Error) << length;
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int change = 1; change < 256; ++change) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      try {
        check_jpeg(bytes);
      } catch (const Error&) {
      }
    }
}

TEST(CheckJpeg, PassesBytesBehindTheEndOver) {  // phones put a second picture or a film there
  EXPECT_EQ(check_jpeg(asset("gradient.jpg") + "\xff\xd8 more").scans, 1);
}

}  // namespace
}  // namespace akin::io
