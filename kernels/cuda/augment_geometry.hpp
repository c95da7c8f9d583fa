// Flip, window, rotation and erasing on a block's canvas.
#pragma once
#include "../../include/akin/core/philox.hpp"
#include "augment_canvas.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const FlipStep&) {
  const int half = canvas.width / 2;
  for_items(canvas.channels * canvas.height * half, [&](int i) {
    const int row = i / half, x = i - row * half;
    float *const left = canvas.pixels + row * canvas.width + x, *const right = left + canvas.width - 1 - 2 * x;
    const float old = *left;
    *left = *right, *right = old;
  });
}

AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const WindowStep& step) {
  for_values(canvas.channels, step.height, step.width, [&](int c, int y, int x, int i) {
    int row = step.top + y, column = step.left + x;
    if (step.border == Border::reflect) row = reflected(row, canvas.height), column = reflected(column, canvas.width);
    const bool inside = row >= 0 && row < canvas.height && column >= 0 && column < canvas.width;
    canvas.spare[i] = inside ? canvas.pixels[(c * canvas.height + row) * canvas.width + column] : step.fill[c];
  });
  canvas.take_spare(step.height, step.width);
}

/// Every output pixel looks up where it came from, so there are no holes.
AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const RotateStep& step) {
  const ImageSize size{canvas.height, canvas.width, canvas.channels};
  const Rotation rotation(step, size);
  for_values(canvas.channels, canvas.height, canvas.width, [&](int c, int y, int x, int i) {
    canvas.spare[i] = rotation.value(canvas.pixels + c * canvas.plane(), size, y, x, step.fill[c]);
  });
  canvas.take_spare(canvas.height, canvas.width);
}

/// Noise is a function of the seed and of a pixel's place in the image.
AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const EraseStep& step) {
  for_items(step.height * step.width, [&](int i) {
    const int y = i / step.width, at = (step.top + y) * canvas.width + step.left + i - y * step.width;
    Draws draws(step.noise, {.index = static_cast<std::uint32_t>(at)});
    for (int c = 0; c < canvas.channels; ++c)
      canvas.pixels[c * canvas.plane() + at] = step.noise ? static_cast<float>(draws.normal()) : step.value[c];
  });
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
