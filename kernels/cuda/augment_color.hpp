// Colour steps on a block's canvas: jitter, grayscale, solarize, equalize, normalise.
#pragma once
#include "augment_canvas.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// The luma of pixel i; for one channel, the channel itself.
AKIN_LAZY __device__ float luma_at(const DeviceCanvas& canvas, int i) {
  if (canvas.channels == 1) return canvas.pixels[i];
  const float* const x = canvas.pixels + i;
  return luma(x[0], x[canvas.plane()], x[2 * canvas.plane()]);
}

AKIN_LAZY __device__ void adjust_brightness(DeviceCanvas& canvas, float factor) {
  for_items(canvas.count(), [&](int i) { canvas.pixels[i] = clamp01(factor * canvas.pixels[i]); });
}

/// Away from the mean luma of the image.
AKIN_LAZY __device__ void adjust_contrast(DeviceCanvas& canvas, float factor) {
  double sum = 0;
  for (int i = threadIdx.x; i < canvas.plane(); i += blockDim.x) sum += static_cast<double>(luma_at(canvas, i));
  const float mean = static_cast<float>(block_sum(sum) / canvas.plane()), offset = (1 - factor) * mean;
  for_items(canvas.count(), [&](int i) { canvas.pixels[i] = clamp01(factor * canvas.pixels[i] + offset); });
}

/// Away from the luma of each pixel.
AKIN_LAZY __device__ void adjust_saturation(DeviceCanvas& canvas, float factor) {
  if (canvas.channels == 1) return;
  const int plane = canvas.plane();
  for_items(plane, [&](int i) {
    const float gray = (1 - factor) * luma_at(canvas, i);
    for (int c = 0; c < 3; ++c) {
      float& x = canvas.pixels[c * plane + i];
      x = clamp01(factor * x + gray);
    }
  });
}

AKIN_LAZY __device__ void adjust_hue(DeviceCanvas& canvas, float turns) {
  if (canvas.channels == 1) return;
  float *const r = canvas.pixels, *const g = r + canvas.plane(), *const b = g + canvas.plane();
  for_items(canvas.plane(), [&](int i) {
    const Rgb turned = turned_hue(r[i], g[i], b[i], 6 * turns);
    r[i] = turned.red, g[i] = turned.green, b[i] = turned.blue;
  });
}

/// What would change nothing is skipped, so that it changes nothing exactly.
AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const JitterStep& step) {
  for (int k = 0; k < 4; ++k) {
    const int which = step.order[k];
    if (which == 0 && step.brightness != 1) adjust_brightness(canvas, step.brightness);
    if (which == 1 && step.contrast != 1) adjust_contrast(canvas, step.contrast);
    if (which == 2 && step.saturation != 1) adjust_saturation(canvas, step.saturation);
    if (which == 3 && step.hue != 0) adjust_hue(canvas, step.hue);
  }
}

AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const GrayStep&) {
  if (canvas.channels == 1) return;
  const int plane = canvas.plane();
  for_items(plane, [&](int i) {
    const float gray = luma_at(canvas, i);
    for (int c = 0; c < 3; ++c) canvas.pixels[c * plane + i] = gray;
  });
}

AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const SolarizeStep& step) {
  for_items(canvas.count(), [&](int i) {
    const float x = canvas.pixels[i];
    canvas.pixels[i] = x >= step.threshold ? 1 - x : x;
  });
}

/// A thread per level: each adds up the whole histogram, which is as fast as a scan at this size, and much shorter.
AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const EqualizeStep&) {
  AKIN_SHARED(int, histogram, 256);
  AKIN_SHARED(float, levels, 256);
  for (int c = 0; c < canvas.channels; ++c) {
    float* const x = canvas.pixels + c * canvas.plane();
    for_items(256, [&](int level) { histogram[level] = 0; });
    for_items(canvas.plane(), [&](int i) { atomicAdd(&histogram[level_of(x[i])], 1); });
    int total = 0, brightest = 0;
    for (int level = 0; level < 256; ++level) {
      total += histogram[level];
      if (histogram[level] > 0) brightest = histogram[level];
    }
    const int step = (total - brightest) / 255;
    if (step > 0) {  // the same in all threads
      for_items(256, [&](int level) {
        std::int64_t below = 0;
        for (int lower = 0; lower < level; ++lower) below += histogram[lower];
        levels[level] = equalized_level(below, step);
      });
      for_items(canvas.plane(), [&](int i) { x[i] = levels[level_of(x[i])]; });
    }
    __syncthreads();  // the histogram is read until here
  }
}

AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const NormalizeStep& step) {
  const int plane = canvas.plane();
  for_items(canvas.count(), [&](int i) {
    const int c = i / plane;
    canvas.pixels[i] = (canvas.pixels[i] - step.mean[c]) / step.std[c];
  });
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
