// Crop, resize and flip on the CPU, and the canvas on which all augmentation steps work.
//
// A canvas holds one image in planes, value (c, y, x) at pixels[(c * height + y) * width + x], although images are NHWC
// everywhere else: on planes every loop over pixels is contiguous, so the compiler vectorises it.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../augment_steps.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// A resize along one axis: output i is the sum over t of weights[t * out + i] * input[first[i] + t].
struct ResizeTaps {
  std::int64_t out = 0, count = 0;
  std::vector<std::int32_t> first;
  std::vector<float> weights;
};

/// One image at work, and the buffers it needs. Buffers only grow, so a thread that reuses its canvas stops allocating.
struct Canvas {
  ImageSize size;
  std::vector<float> pixels, spare;  ///< spare: the target of passes that cannot run in place
  std::vector<float> row, weights;   ///< of the blur
  ResizeTaps taps;

  float* plane(std::int64_t channel) { return pixels.data() + channel * size.pixels(); }
};

template <class T>
T* grown(std::vector<T>& buffer, std::int64_t count) {
  if (static_cast<std::int64_t>(buffer.size()) < count) buffer.resize(static_cast<std::size_t>(count));
  return buffer.data();
}

template <int C>
void load_planes(const std::uint8_t* image, std::int64_t image_width, const CropStep& box, float* planes) {
  for (std::int64_t y = 0; y < box.height; ++y) {
    const std::uint8_t* from = image + ((box.top + y) * image_width + box.left) * C;
    for (int c = 0; c < C; ++c) {
      float* __restrict to = planes + (std::int64_t{c} * box.height + y) * box.width;
      for (std::int64_t x = 0; x < box.width; ++x) to[x] = static_cast<float>(from[x * C + c]) / 255.0f;
    }
  }
}

/// Fills the canvas with a box of a u8 image [height, width, channels], as values in [0, 1].
AKIN_LAZY void load(Canvas& canvas, const std::uint8_t* image, const ImageSize& size, const CropStep& box) {
  canvas.size = {box.height, box.width, size.channels};
  float* planes = grown(canvas.pixels, size.channels * canvas.size.pixels());
  size.channels == 1 ? load_planes<1>(image, size.width, box, planes) : load_planes<3>(image, size.width, box, planes);
}

/// Triangle filter with half-pixel centres, its support widened to the scale when shrinking: what PIL and torchvision
/// (antialias = True) call bilinear. Weights that fall outside the image are dropped and the others renormalised.
AKIN_LAZY void triangle_taps(ResizeTaps& taps, std::int64_t in, std::int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double support = std::max(scale, 1.0);
  taps.out = out;
  taps.count = std::min(in, static_cast<std::int64_t>(std::ceil(2 * support)));
  std::int32_t* first = grown(taps.first, out);
  float* weights = grown(taps.weights, taps.count * out);
  std::fill_n(weights, taps.count * out, 0.0f);
  for (std::int64_t i = 0; i < out; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto begin = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(centre - support + 0.5)));
    // No more than count taps: rounding of the two ends may let in one more, whose weight is 0 to the last digit.
    const auto end = std::min({in, begin + taps.count, static_cast<std::int64_t>(std::floor(centre + support + 0.5))});
    const auto weight = [&](std::int64_t x) {
      return std::max(0.0, 1 - std::abs(static_cast<double>(x) + 0.5 - centre) / support);
    };
    double total = 0;
    for (std::int64_t x = begin; x < end; ++x) total += weight(x);
    first[i] = static_cast<std::int32_t>(std::min(begin, in - taps.count));  // the last taps must not pass the edge
    for (std::int64_t x = begin; x < end; ++x)
      weights[(x - first[i]) * out + i] = static_cast<float>(weight(x) / total);
  }
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

/// Separable: widths first, then heights.
AKIN_LAZY void apply(Canvas& canvas, const CropStep& step) {
  const std::int64_t channels = canvas.size.channels, out_width = step.out_width;
  const std::int64_t narrow = step.height * out_width;  // values per plane after the first pass
  triangle_taps(canvas.taps, step.width, out_width);
  float* spare = grown(canvas.spare, channels * narrow);
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = 0; y < step.height; ++y)
      resize_row(canvas.taps, canvas.plane(c) + (step.top + y) * canvas.size.width + step.left,
                 spare + c * narrow + y * out_width);

  triangle_taps(canvas.taps, step.height, step.out_height);
  canvas.size = {step.out_height, out_width, channels};
  grown(canvas.pixels, channels * canvas.size.pixels());
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = 0; y < step.out_height; ++y)
      resize_column(canvas.taps, y, spare + c * narrow, out_width, canvas.plane(c) + y * out_width);
}

/// The same resize of one plane as its definition says: all weights of both axes, for every output value, in double.
AKIN_LAZY void resize_naive(const float* in, std::int64_t height, std::int64_t width, float* out,
                            std::int64_t out_height, std::int64_t out_width) {
  const auto weight = [](std::int64_t at, std::int64_t size, std::int64_t i, std::int64_t out_size) {
    const double scale = static_cast<double>(size) / static_cast<double>(out_size);
    const double distance = static_cast<double>(at) + 0.5 - (static_cast<double>(i) + 0.5) * scale;
    return std::max(0.0, 1 - std::abs(distance) / std::max(scale, 1.0));
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

AKIN_LAZY void apply(Canvas& canvas, const FlipStep&) {
  const std::int64_t width = canvas.size.width, rows = canvas.size.channels * canvas.size.height;
  for (std::int64_t r = 0; r < rows; ++r)
    std::reverse(canvas.pixels.data() + r * width, canvas.pixels.data() + (r + 1) * width);
}

}  // namespace akin::inline AKIN_ABI::kernels
