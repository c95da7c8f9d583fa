#include <akin/data/center_square.hpp>

#include "support/test.hpp"

namespace akin::data {
namespace {

/// [H, W, C] of pixels without order.
Array picture(std::int64_t height, std::int64_t width, std::int64_t channels) {
  Array image = Array::empty({height, width, channels}, DType::u8);
  auto* pixels = image.mut<std::uint8_t>();
  for (std::int64_t i = 0; i < image.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * i * 31 + i * 7);
  return image;
}

/// Cuts the square out, resizes each channel by the definition, and rounds.
std::vector<int> naive(const Array& image, std::int64_t side) {
  const std::int64_t height = image.dim(0), width = image.dim(1), channels = image.dim(2),
                     box = std::min(height, width);
  std::vector<int> out(static_cast<std::size_t>(side * side * channels));
  for (std::int64_t c = 0; c < channels; ++c) {
    std::vector<float> plane, resized(static_cast<std::size_t>(side * side));
    for (std::int64_t y = 0; y < box; ++y)
      for (std::int64_t x = 0; x < box; ++x)
        plane.push_back(
            image.data<std::uint8_t>()[(((height - box) / 2 + y) * width + (width - box) / 2 + x) * channels + c]);
    kernels::resize_naive(plane.data(), box, box, resized.data(), side, side);
    for (std::size_t i = 0; i < resized.size(); ++i)
      out[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)] = static_cast<int>(resized[i] + 0.5f);
  }
  return out;
}

TEST(CenterSquare, CutsTheMiddleOutAndResizesItAsTheDefinitionSays) {
  for (const std::int64_t channels : {1, 3})
    for (const auto& [height, width] : {std::pair{7, 7}, {7, 33}, {33, 7}, {64, 48}, {1, 5}})
      for (const std::int64_t side : {1, 7, 16}) {
        const Array image = picture(height, width, channels);
        std::vector<std::uint8_t> got(static_cast<std::size_t>(side * side * channels));
        center_square(image, side, got.data());
        const std::vector<int> want = naive(image, side);
        for (std::size_t i = 0; i < got.size(); ++i)
          ASSERT_LE(std::abs(got[i] - want[i]), 1) << height << " x " << width << " to " << side;  // a tie in rounding
      }
}

TEST(CenterSquare, KeepsPixelsThatNeedNoResizing) {
  const Array image = picture(6, 4, 3);
  std::vector<std::uint8_t> got(4 * 4 * 3);
  center_square(image, 4, got.data());
  EXPECT_TRUE(std::equal(got.begin(), got.end(), image.data<std::uint8_t>() + 4 * 3));
}

}  // namespace
}  // namespace akin::data
