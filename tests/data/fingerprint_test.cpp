#include <akin/data/fingerprint.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin::data {
namespace {

DatasetPtr pictures(std::int64_t changed_pixel = -1, std::int64_t changed_label = -1, std::int64_t width = 4) {
  const std::int64_t n = 65, height = 12 / width;
  Array images = Array::empty({n, height, width, 1}, DType::u8), labels = Array::empty({n}, DType::i64);
  auto* pixels = images.mut<std::uint8_t>();
  for (std::int64_t i = 0; i < images.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 + (i == changed_pixel));
  auto* classes = labels.mut<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) classes[i] = i == changed_label ? 1 : 0;
  return in_memory("pictures", images, labels);
}

TEST(Fingerprint, IsTheSameForTheSamePicturesAtAnyNumberOfThreads) {
  const std::string one = fingerprint(*pictures());
  EXPECT_EQ(one.size(), 8u);
  EXPECT_EQ(fingerprint(*pictures()), one);
  const test::WithThreads two(2);
  EXPECT_EQ(fingerprint(*pictures()), one);
}

TEST(Fingerprint, NoticesOnePixelOneLabelAndAnotherShape) {
  const std::string one = fingerprint(*pictures());
  EXPECT_NE(fingerprint(*pictures(0)), one);
  EXPECT_NE(fingerprint(*pictures(779)), one);
  EXPECT_NE(fingerprint(*pictures(-1, 64)), one);
  EXPECT_NE(fingerprint(*pictures(-1, -1, 6)), one);
}

}  // namespace
}  // namespace akin::data
