// Colour steps on the CPU: jitter, grayscale, solarize, equalize, normalise. Values are in [0, 1] until they are normalised.
// Definitions are those of torchvision.transforms on float images.
#pragma once
#include <algorithm>
#include <cstdint>

#include "augment_canvas.hpp"

namespace akin::inline AKIN_ABI::kernels {

inline void luma(const float* __restrict r, const float* __restrict g, const float* __restrict b, std::int64_t n,
                 float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = luma(r[i], g[i], b[i]);
}

/// Eight partial sums in a fixed order: they vectorise, and they are the same bits everywhere.
inline float mean_of(const float* x, std::int64_t n) {
  double lanes[8] = {}, total = 0;
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int lane = 0; lane < 8; ++lane) lanes[lane] += static_cast<double>(x[i + lane]);
  for (; i < n; ++i) total += static_cast<double>(x[i]);
  for (const double lane : lanes) total += lane;
  return static_cast<float>(total / static_cast<double>(n));
}

AKIN_LAZY void adjust_brightness(Canvas& canvas, float factor) {
  float* x = canvas.pixels.data();
  const std::int64_t n = canvas.size.channels * canvas.size.pixels();
  for (std::int64_t i = 0; i < n; ++i) x[i] = clamp01(factor * x[i]);
}

/// The image's luma; for one channel, the channel itself.
AKIN_LAZY const float* luma_of(Canvas& canvas) {
  if (canvas.size.channels == 1) return canvas.plane(0);
  float* gray = grown(canvas.spare, canvas.size.pixels());
  luma(canvas.plane(0), canvas.plane(1), canvas.plane(2), canvas.size.pixels(), gray);
  return gray;
}

/// Away from the mean luma of the image.
AKIN_LAZY void adjust_contrast(Canvas& canvas, float factor) {
  const float offset = (1 - factor) * mean_of(luma_of(canvas), canvas.size.pixels());
  float* x = canvas.pixels.data();
  const std::int64_t n = canvas.size.channels * canvas.size.pixels();
  for (std::int64_t i = 0; i < n; ++i) x[i] = clamp01(factor * x[i] + offset);
}

/// Away from the luma of each pixel.
AKIN_LAZY void adjust_saturation(Canvas& canvas, float factor) {
  if (canvas.size.channels == 1) return;
  const float* __restrict gray = luma_of(canvas);
  for (std::int64_t c = 0; c < canvas.size.channels; ++c) {
    float* __restrict x = canvas.plane(c);
    for (std::int64_t i = 0; i < canvas.size.pixels(); ++i) x[i] = clamp01(factor * x[i] + (1 - factor) * gray[i]);
  }
}

AKIN_LAZY void adjust_hue(Canvas& canvas, float turns) {
  if (canvas.size.channels == 1) return;
  float* __restrict r = canvas.plane(0), * __restrict g = canvas.plane(1), * __restrict b = canvas.plane(2);
  const float shift = 6 * turns;
  for (std::int64_t i = 0; i < canvas.size.pixels(); ++i) {
    const Rgb turned = turned_hue(r[i], g[i], b[i], shift);
    r[i] = turned.red, g[i] = turned.green, b[i] = turned.blue;
  }
}

/// What would change nothing is skipped, so that it changes nothing exactly.
AKIN_LAZY void apply(Canvas& canvas, const JitterStep& step) {
  for (const std::uint8_t which : step.order) {
    if (which == 0 && step.brightness != 1) adjust_brightness(canvas, step.brightness);
    if (which == 1 && step.contrast != 1) adjust_contrast(canvas, step.contrast);
    if (which == 2 && step.saturation != 1) adjust_saturation(canvas, step.saturation);
    if (which == 3 && step.hue != 0) adjust_hue(canvas, step.hue);
  }
}

AKIN_LAZY void apply(Canvas& canvas, const GrayStep&) {
  if (canvas.size.channels == 1) return;
  const float* gray = luma_of(canvas);
  for (std::int64_t c = 0; c < canvas.size.channels; ++c) std::copy_n(gray, canvas.size.pixels(), canvas.plane(c));
}

AKIN_LAZY void apply(Canvas& canvas, const SolarizeStep& step) {
  float* x = canvas.pixels.data();
  const std::int64_t n = canvas.size.channels * canvas.size.pixels();
  for (std::int64_t i = 0; i < n; ++i) x[i] = x[i] >= step.threshold ? 1 - x[i] : x[i];
}

/// Where each of the 256 levels goes. False if fewer than 255 pixels are not of the brightest level present: then the
/// channel stays as it is.
inline bool equalized_levels(const std::int64_t* histogram, float* levels) {
  std::int64_t total = 0, brightest = 0;
  for (int i = 0; i < 256; ++i) {
    total += histogram[i];
    if (histogram[i] > 0) brightest = histogram[i];
  }
  const std::int64_t step = (total - brightest) / 255;
  if (step == 0) return false;
  std::int64_t below = 0;
  for (int i = 0; i < 256; ++i) {
    levels[i] = equalized_level(below, step);
    below += histogram[i];
  }
  return true;
}

AKIN_LAZY void apply(Canvas& canvas, const EqualizeStep&) {
  for (std::int64_t c = 0; c < canvas.size.channels; ++c) {
    float* x = canvas.plane(c);
    std::int64_t histogram[256] = {};
    float levels[256];
    for (std::int64_t i = 0; i < canvas.size.pixels(); ++i) ++histogram[level_of(x[i])];
    if (!equalized_levels(histogram, levels)) continue;
    for (std::int64_t i = 0; i < canvas.size.pixels(); ++i) x[i] = levels[level_of(x[i])];
  }
}

AKIN_LAZY void apply(Canvas& canvas, const NormalizeStep& step) {
  for (std::int64_t c = 0; c < canvas.size.channels; ++c) {
    float* x = canvas.plane(c);
    const float mean = step.mean[c], std = step.std[c];
    for (std::int64_t i = 0; i < canvas.size.pixels(); ++i) x[i] = (x[i] - mean) / std;
  }
}

}  // namespace akin::inline AKIN_ABI::kernels
