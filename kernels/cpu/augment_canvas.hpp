// The canvas on which all augmentation steps work on the CPU.
//
// A canvas holds one image in planes, value (c, y, x) at pixels[(c * height + y) * width + x], although images are NHWC
// everywhere else: on planes every loop over pixels is contiguous, so the compiler vectorises it.
#pragma once
#include <cstdint>
#include <vector>

#include "../augment_formulas.hpp"

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

inline void clamp01(float* x, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) x[i] = clamp01(x[i]);
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

}  // namespace akin::inline AKIN_ABI::kernels
