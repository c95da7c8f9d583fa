// Colour steps on the CPU: jitter, grayscale, solarize, equalize, normalise. Values are in [0, 1] until they are normalised.
// Definitions are those of torchvision.transforms on float images.
#pragma once
#include <algorithm>
#include <cstdint>

#include "augment_canvas.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Luma of ITU-R BT.601, with torchvision's rounded weights (they add up to 0.9999).
inline void luma(const float* __restrict r, const float* __restrict g, const float* __restrict b, std::int64_t n,
                 float* __restrict out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = 0.2989f * r[i] + 0.587f * g[i] + 0.114f * b[i];
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

/// One channel of an HSV colour: value - chroma * clamp(min(k, 4 - k), 0, 1), k = (offset + hue) mod 6,
/// with hue in sixths of a turn, 0 <= hue < 6, and offset 5, 3, 1 for red, green, blue.
inline float from_hue(float offset, float hue, float value, float chroma) {
  float k = offset + hue;
  k = k >= 6 ? k - 6 : k;
  k = 4 - k < k ? 4 - k : k;
  return value - chroma * clamp01(k);
}

/// Turns the hue; value and saturation stay. Branches are selects, so the loop vectorises.
AKIN_LAZY void adjust_hue(Canvas& canvas, float turns) {
  if (canvas.size.channels == 1) return;
  float* __restrict r = canvas.plane(0), * __restrict g = canvas.plane(1), * __restrict b = canvas.plane(2);
  const float shift = 6 * turns;
  for (std::int64_t i = 0; i < canvas.size.pixels(); ++i) {
    const float red = r[i], green = g[i], blue = b[i];
    float high = red > green ? red : green, low = red < green ? red : green;
    high = high > blue ? high : blue;
    low = low < blue ? low : blue;
    const float chroma = high - low;
    const float inverse = 1 / (chroma > 0 ? chroma : 1);
    const float by_red = (green - blue) * inverse, by_green = 2 + (blue - red) * inverse;
    const float by_blue = 4 + (red - green) * inverse;
    float hue = shift + (high == red ? by_red : high == green ? by_green : by_blue);  // -4 ... 8
    hue = hue < 0 ? hue + 6 : hue;
    hue = hue >= 6 ? hue - 6 : hue;
    r[i] = from_hue(5, hue, high, chroma);
    g[i] = from_hue(3, hue, high, chroma);
    b[i] = from_hue(1, hue, high, chroma);
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

/// Where each of the 256 levels goes when the histogram of one channel is made flat, as PIL computes it: the levels
/// below are counted in steps of 1/255 of the pixels that are not of the brightest level present. False if there are
/// fewer than 255 of those: then the channel stays as it is.
inline bool equalized_levels(const std::int64_t* histogram, float* levels) {
  std::int64_t total = 0, brightest = 0;
  for (int i = 0; i < 256; ++i) {
    total += histogram[i];
    if (histogram[i] > 0) brightest = histogram[i];
  }
  const std::int64_t step = (total - brightest) / 255;
  if (step == 0) return false;
  std::int64_t below = step / 2;
  for (int i = 0; i < 256; ++i) {
    levels[i] = static_cast<float>(std::min<std::int64_t>(below / step, 255)) / 255.0f;
    below += histogram[i];
  }
  return true;
}

/// x in [0, 1] is of the level that is nearest to 255 x.
inline std::int64_t level_of(float x) { return static_cast<std::int64_t>(255.0f * clamp01(x) + 0.5f); }

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
