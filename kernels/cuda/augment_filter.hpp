// Resize and blur on a block's canvas: separable filters, widths first.
#pragma once
#include "augment_canvas.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// The weights of a resize along one axis, as on the CPU: output i is the sum over t < count of
/// weights[t * out + i] * input[first[i] + t]. Returns count.
template <class F>
__device__ int fill_taps(DeviceCanvas& canvas, int in, int out) {
  const ResizeWeights<F> weights(in, out);
  const int count = static_cast<int>(weights.count());
  for_items(out, [&](int i) {
    for (int t = 0; t < count; ++t) canvas.weights[t * out + i] = 0;
    canvas.first[i] = weights.fill(i, canvas.weights);
  });
  return count;
}
AKIN_LAZY __device__ int resize_taps(DeviceCanvas& canvas, int in, int out, Filter filter) {
  return filter == Filter::bicubic ? fill_taps<BicubicFilter>(canvas, in, out)
                                   : fill_taps<BilinearFilter>(canvas, in, out);
}

/// The bicubic filter overshoots at edges; its values are clamped to [0, 1].
AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const CropStep& step) {
  const int width = step.out_width, across = resize_taps(canvas, step.width, width, step.filter);
  const int top = step.top - canvas.top, left = step.left - canvas.left;
  for_values(canvas.channels, step.height, width, [&](int c, int y, int x, int i) {
    const float* const in = canvas.pixels + (c * canvas.height + top + y) * canvas.width + left + canvas.first[x];
    float sum = 0;
    for (int t = 0; t < across; ++t) sum += canvas.weights[t * width + x] * in[t];
    canvas.spare[i] = sum;
  });
  const int height = step.out_height, down = resize_taps(canvas, step.height, height, step.filter);
  for_values(canvas.channels, height, width, [&](int c, int y, int x, int i) {
    const float* const in = canvas.spare + (c * step.height + canvas.first[y]) * width + x;
    float sum = 0;
    for (int t = 0; t < down; ++t) sum += canvas.weights[t * height + y] * in[t * width];
    canvas.pixels[i] = step.filter == Filter::bicubic ? clamp01(sum) : sum;
  });
  canvas.height = height, canvas.width = width, canvas.top = canvas.left = 0;
}

/// Borders are reflected without repeating the edge pixel.
AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const BlurStep& step) {
  const int height = canvas.height, width = canvas.width, radius = step.kernel / 2;
  double total = 0;
  for (int t = threadIdx.x; t < step.kernel; t += blockDim.x) total += blur_density(step, t);
  total = block_sum(total);
  for_items(step.kernel, [&](int t) { canvas.weights[t] = static_cast<float>(blur_density(step, t) / total); });
  for_values(canvas.channels, height, width, [&](int, int, int x, int i) {
    const float* const row = canvas.pixels + i - x;
    float sum = 0;
    for (int t = 0; t < step.kernel; ++t) sum += canvas.weights[t] * row[reflected(x + t - radius, width)];
    canvas.spare[i] = sum;
  });
  for_values(canvas.channels, height, width, [&](int, int y, int, int i) {
    const float* const column = canvas.spare + i - y * width;
    float sum = 0;
    for (int t = 0; t < step.kernel; ++t) sum += canvas.weights[t] * column[reflected(y + t - radius, height) * width];
    canvas.pixels[i] = sum;
  });
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
