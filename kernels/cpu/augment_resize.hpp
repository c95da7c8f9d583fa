// Crop and resize on the CPU: a separable filter, of which every output holds a row of weights.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "augment_canvas.hpp"

namespace akin::inline AKIN_ABI::kernels {

template <class F>
void fill_taps(ResizeTaps& taps, std::int64_t in, std::int64_t out) {
  const ResizeWeights<F> weights(in, out);
  taps.out = out;
  taps.count = weights.count();
  std::int32_t* first = grown(taps.first, out);
  float* values = grown(taps.weights, taps.count * out);
  std::fill_n(values, taps.count * out, 0.0f);
  for (std::int64_t i = 0; i < out; ++i) first[i] = weights.fill(i, values);
}

AKIN_LAZY void resize_taps(ResizeTaps& taps, std::int64_t in, std::int64_t out, Filter filter) {
  filter == Filter::bicubic ? fill_taps<BicubicFilter>(taps, in, out) : fill_taps<BilinearFilter>(taps, in, out);
}

AKIN_LAZY void resize_row(const ResizeTaps& taps, const float* __restrict in, float* __restrict out) {
  const std::int32_t* __restrict first = taps.first.data();
  const float* __restrict weights = taps.weights.data();
  for (std::int64_t i = 0; i < taps.out; ++i) out[i] = weights[i] * in[first[i]];
  for (std::int64_t t = 1; t < taps.count; ++t)
    for (std::int64_t i = 0; i < taps.out; ++i) out[i] += weights[t * taps.out + i] * in[first[i] + t];
}

/// One output row of a resize along the height: a weighted sum of whole input rows.
AKIN_LAZY void resize_column(const ResizeTaps& taps, std::int64_t i, const float* in, std::int64_t width,
                             float* __restrict out) {
  const float* __restrict rows = in + taps.first[static_cast<std::size_t>(i)] * width;
  for (std::int64_t t = 0; t < taps.count; ++t, rows += width) {
    const float weight = taps.weights[static_cast<std::size_t>(t * taps.out + i)];
    if (t == 0) {
      for (std::int64_t x = 0; x < width; ++x) out[x] = weight * rows[x];
    } else if (weight != 0) {
      for (std::int64_t x = 0; x < width; ++x) out[x] += weight * rows[x];
    }
  }
}

/// Separable: widths first, then heights. The bicubic filter overshoots at edges; its values are clamped to [0, 1].
AKIN_LAZY void apply(Canvas& canvas, const CropStep& step) {
  const std::int64_t channels = canvas.size.channels, out_width = step.out_width;
  const std::int64_t narrow = step.height * out_width;  // values per plane after the first pass
  resize_taps(canvas.taps, step.width, out_width, step.filter);
  float* spare = grown(canvas.spare, channels * narrow);
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = 0; y < step.height; ++y)
      resize_row(canvas.taps, canvas.plane(c) + (step.top + y) * canvas.size.width + step.left,
                 spare + c * narrow + y * out_width);

  resize_taps(canvas.taps, step.height, step.out_height, step.filter);
  canvas.size = {step.out_height, out_width, channels};
  grown(canvas.pixels, channels * canvas.size.pixels());
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = 0; y < step.out_height; ++y)
      resize_column(canvas.taps, y, spare + c * narrow, out_width, canvas.plane(c) + y * out_width);
  if (step.filter == Filter::bicubic) clamp01(canvas.pixels.data(), channels * canvas.size.pixels());
}

/// The same resize of one plane as its definition says: all weights of both axes, for every output value, in double.
template <class F = BilinearFilter>
void resize_naive(const float* in, std::int64_t height, std::int64_t width, float* out, std::int64_t out_height,
                  std::int64_t out_width, const F& filter = {}) {
  const auto weight = [&](std::int64_t at, std::int64_t size, std::int64_t i, std::int64_t out_size) {
    const double scale = static_cast<double>(size) / static_cast<double>(out_size);
    const double distance = static_cast<double>(at) + 0.5 - (static_cast<double>(i) + 0.5) * scale;
    return filter(distance / std::max(scale, 1.0));
  };
  for (std::int64_t i = 0; i < out_height; ++i)
    for (std::int64_t j = 0; j < out_width; ++j) {
      double sum = 0, total = 0;
      for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t x = 0; x < width; ++x) {
          const double w = weight(y, height, i, out_height) * weight(x, width, j, out_width);
          sum += w * static_cast<double>(in[y * width + x]);
          total += w;
        }
      out[i * out_width + j] = static_cast<float>(sum / total);
    }
}

}  // namespace akin::inline AKIN_ABI::kernels
