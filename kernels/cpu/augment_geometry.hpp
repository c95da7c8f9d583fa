// Flip, window, rotation and erasing on the CPU.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../include/akin/core/philox.hpp"
#include "augment_resize.hpp"

namespace akin::inline AKIN_ABI::kernels {

AKIN_LAZY void apply(Canvas& canvas, const FlipStep&) {
  const std::int64_t width = canvas.size.width, rows = canvas.size.channels * canvas.size.height;
  for (std::int64_t r = 0; r < rows; ++r)
    std::reverse(canvas.pixels.data() + r * width, canvas.pixels.data() + (r + 1) * width);
}

/// ... 2 1 | 0 1 2 ... n-1 | n-2 n-3 ..., for -n < i < 2n - 1.
inline std::int64_t reflected(std::int64_t i, std::int64_t n) {
  if (i < 0) i = -i;
  return i < n ? i : 2 * n - 2 - i;
}

/// The canvas takes what a pass wrote to its spare buffer.
AKIN_LAZY void take_spare(Canvas& canvas, const ImageSize& size) {
  canvas.size = size;
  std::swap(canvas.pixels, canvas.spare);
}

AKIN_LAZY void apply(Canvas& canvas, const WindowStep& step) {
  const ImageSize from = canvas.size, to{step.height, step.width, from.channels};
  float* out = grown(canvas.spare, to.channels * to.pixels());
  for (std::int64_t c = 0; c < to.channels; ++c)
    for (std::int64_t y = 0; y < to.height; ++y)
      for (std::int64_t x = 0; x < to.width; ++x) {
        std::int64_t row = step.top + y, column = step.left + x;
        if (step.border == Border::reflect) row = reflected(row, from.height), column = reflected(column, from.width);
        const bool inside = row >= 0 && row < from.height && column >= 0 && column < from.width;
        *out++ = inside ? canvas.plane(c)[row * from.width + column] : step.fill[c];
      }
  take_spare(canvas, to);
}

/// One value between four pixels, those outside being `fill`. (y, x) counts from the middle of the first pixel.
inline float between_pixels(const float* plane, const ImageSize& size, double y, double x, float fill) {
  const double top = std::floor(y), left = std::floor(x);
  const auto pixel = [&](double row, double column) {
    const bool inside =
        row >= 0 && row < static_cast<double>(size.height) && column >= 0 && column < static_cast<double>(size.width);
    return inside ? plane[static_cast<std::int64_t>(row) * size.width + static_cast<std::int64_t>(column)] : fill;
  };
  const auto down = static_cast<float>(y - top), right = static_cast<float>(x - left);
  return (1 - down) * ((1 - right) * pixel(top, left) + right * pixel(top, left + 1)) +
         down * ((1 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1));
}

/// Every output pixel looks up where it came from, so there are no holes.
AKIN_LAZY void apply(Canvas& canvas, const RotateStep& step) {
  const ImageSize size = canvas.size;
  const double turn = static_cast<double>(step.degrees) * (3.141592653589793 / 180);
  const double cosine = std::cos(turn), sine = std::sin(turn);
  const double middle_y = static_cast<double>(size.height - 1) / 2, middle_x = static_cast<double>(size.width - 1) / 2;
  float* out = grown(canvas.spare, size.channels * size.pixels());
  for (std::int64_t c = 0; c < size.channels; ++c)
    for (std::int64_t i = 0; i < size.height; ++i)
      for (std::int64_t j = 0; j < size.width; ++j) {
        const double down = static_cast<double>(i) - middle_y, right = static_cast<double>(j) - middle_x;
        double y = sine * right + cosine * down + middle_y, x = cosine * right - sine * down + middle_x;
        if (step.nearest) y = std::nearbyint(y), x = std::nearbyint(x);
        *out++ = between_pixels(canvas.plane(c), size, y, x, step.fill[c]);
      }
  take_spare(canvas, size);
}

/// Noise is a function of the seed and of a pixel's place in the image.
AKIN_LAZY void apply(Canvas& canvas, const EraseStep& step) {
  for (std::int64_t y = step.top; y < step.top + step.height; ++y)
    for (std::int64_t x = step.left; x < step.left + step.width; ++x) {
      const std::int64_t at = y * canvas.size.width + x;
      Draws draws(step.noise, {.index = static_cast<std::uint32_t>(at)});
      for (std::int64_t c = 0; c < canvas.size.channels; ++c)
        canvas.plane(c)[at] = step.noise ? static_cast<float>(draws.normal()) : step.value[c];
    }
}

}  // namespace akin::inline AKIN_ABI::kernels
