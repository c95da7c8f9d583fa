// Gaussian blur on the CPU: two one-dimensional passes, borders reflected without repeating the edge pixel.
#pragma once
#include <cmath>
#include <cstdint>

#include "augment_geometry.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// exp(-t^2 / 2 sigma^2) for t = -kernel/2 ... kernel/2, divided by its sum.
inline void gaussian_weights(const BlurStep& step, float* weights) {
  double total = 0;
  for (int i = 0; i < step.kernel; ++i) total += blur_density(step, i);
  for (int i = 0; i < step.kernel; ++i) weights[i] = static_cast<float>(blur_density(step, i) / total);
}

/// One row blurred along the width. padded: width + kernel - 1 values.
AKIN_LAZY void blur_row(const float* in, std::int64_t width, const float* weights, std::int64_t kernel,
                        float* __restrict padded, float* __restrict out) {
  const std::int64_t radius = kernel / 2;
  for (std::int64_t i = 1; i <= radius; ++i) padded[radius - i] = in[i];
  std::copy_n(in, width, padded + radius);
  for (std::int64_t i = 0; i < radius; ++i) padded[radius + width + i] = in[width - 2 - i];
  for (std::int64_t x = 0; x < width; ++x) out[x] = weights[0] * padded[x];
  for (std::int64_t t = 1; t < kernel; ++t)
    for (std::int64_t x = 0; x < width; ++x) out[x] += weights[t] * padded[x + t];
}

AKIN_LAZY void apply(Canvas& canvas, const BlurStep& step) {
  const std::int64_t height = canvas.size.height, width = canvas.size.width, kernel = step.kernel;
  float* weights = grown(canvas.weights, kernel);
  float* padded = grown(canvas.row, width + kernel - 1);
  float* spare = grown(canvas.spare, canvas.size.pixels());
  gaussian_weights(step, weights);
  for (std::int64_t c = 0; c < canvas.size.channels; ++c) {
    float* plane = canvas.plane(c);
    for (std::int64_t y = 0; y < height; ++y)
      blur_row(plane + y * width, width, weights, kernel, padded, spare + y * width);
    for (std::int64_t y = 0; y < height; ++y) {
      float* __restrict out = plane + y * width;
      std::fill_n(out, width, 0.0f);
      for (std::int64_t t = 0; t < kernel; ++t) {
        const float* __restrict in = spare + reflected(y + t - kernel / 2, height) * width;
        for (std::int64_t x = 0; x < width; ++x) out[x] += weights[t] * in[x];
      }
    }
  }
}

/// The same blur of one plane as its definition says: the two-dimensional Gaussian at every pixel, in double.
AKIN_LAZY void blur_naive(const float* in, std::int64_t height, std::int64_t width, const BlurStep& step, float* out) {
  const std::int64_t radius = step.kernel / 2;
  const double sigma = static_cast<double>(step.sigma);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      double sum = 0, total = 0;
      for (std::int64_t dy = -radius; dy <= radius; ++dy)
        for (std::int64_t dx = -radius; dx <= radius; ++dx) {
          const double weight = std::exp(-static_cast<double>(dy * dy + dx * dx) / (2 * sigma * sigma));
          sum += weight * static_cast<double>(in[reflected(y + dy, height) * width + reflected(x + dx, width)]);
          total += weight;
        }
      out[y * width + x] = static_cast<float>(sum / total);
    }
}

}  // namespace akin::inline AKIN_ABI::kernels
