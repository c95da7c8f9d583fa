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

/// Every output pixel looks up where it came from, so there are no holes.
AKIN_LAZY void apply(Canvas& canvas, const RotateStep& step) {
  const ImageSize size = canvas.size;
  const Rotation rotation(step, size);
  float* out = grown(canvas.spare, size.channels * size.pixels());
  for (std::int64_t c = 0; c < size.channels; ++c)
    for (std::int64_t i = 0; i < size.height; ++i)
      for (std::int64_t j = 0; j < size.width; ++j) *out++ = rotation.value(canvas.plane(c), size, i, j, step.fill[c]);
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
