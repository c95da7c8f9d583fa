// The central square of a picture in the size that a data set has: what every picture of a folder becomes.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "../core/array.hpp"
#include "../ops/kernels.hpp"

namespace akin::inline AKIN_ABI::data {

/// Writes the central square of image [H, W, C] u8 as side x side x C bytes: bilinear, antialiased when it shrinks. Row
/// after row, so that the largest picture takes little memory besides its own.
AKIN_LAZY void center_square(const Array& image, std::int64_t side, std::uint8_t* out) {
  const std::int64_t height = image.dim(0), width = image.dim(1), channels = image.dim(2);
  const std::int64_t box = std::min(height, width), top = (height - box) / 2, left = (width - box) / 2;
  kernels::ResizeTaps taps;
  kernels::resize_taps(taps, box, side, kernels::Filter::bilinear);
  std::vector<float> wide(static_cast<std::size_t>(box)), line(static_cast<std::size_t>(side));
  std::vector<float> narrow(static_cast<std::size_t>(channels * box * side));  // [C, box, side]
  const auto* pixels = image.data<std::uint8_t>() + (top * width + left) * channels;
  for (std::int64_t y = 0; y < box; ++y, pixels += width * channels)
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t x = 0; x < box; ++x) wide[static_cast<std::size_t>(x)] = pixels[x * channels + c];
      kernels::resize_row(taps, wide.data(), narrow.data() + (c * box + y) * side);
    }
  for (std::int64_t i = 0; i < side; ++i)
    for (std::int64_t c = 0; c < channels; ++c) {
      kernels::resize_column(taps, i, narrow.data() + c * box * side, side, line.data());
      for (std::int64_t x = 0; x < side; ++x)
        out[(i * side + x) * channels + c] =
            static_cast<std::uint8_t>(std::clamp(line[static_cast<std::size_t>(x)], 0.0f, 255.0f) + 0.5f);
    }
}

}  // namespace akin::inline AKIN_ABI::data
