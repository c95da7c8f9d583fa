// The canvas on which the threads of a block work through the augmentation steps of one image.
//
// As on the CPU it holds the image in planes, value (c, y, x) at pixels[(c * height + y) * width + x]: neighbours in a
// warp then touch neighbours in memory at every step. Small images stay in shared memory, others in device memory that
// the caches hold. Every function here is called by all threads and ends behind a barrier.
#pragma once
#include <cstdint>
#include <utility>

#include "../augment_formulas.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

struct DeviceCanvas {
  int height, width, channels;
  int top, left;          ///< where in the image the canvas begins: not at 0 before a crop that comes first
  float *pixels, *spare;  ///< spare: the target of passes that cannot run in place
  float* weights;         ///< of a resize or a blur
  std::int32_t* first;    ///< of a resize: the first input of each output

  __device__ int plane() const { return height * width; }
  __device__ int count() const { return channels * plane(); }
  __device__ void take_spare(int new_height, int new_width) {
    float* const old = pixels;
    pixels = spare, spare = old;
    height = new_height, width = new_width;
  }
};

/// Calls f(i) for i < count, neighbours in neighbouring threads.
template <class F>
__device__ void for_items(int count, F f) {
  for (int i = threadIdx.x; i < count; i += blockDim.x) f(i);
  __syncthreads();
}

/// Calls f(c, y, x, i) for the values i of planes of this size.
template <class F>
__device__ void for_values(int channels, int height, int width, F f) {
  for_items(channels * height * width, [&](int i) {
    const int row = i / width, c = row / height;
    f(c, row - c * height, i - row * width, i);
  });
}

__device__ inline float unit_value(std::uint8_t x) { return static_cast<float>(x) / 255.0f; }

/// Fills the canvas with a box of an image [height, width, channels], as values in [0, 1]. Threads go along the image's
/// rows.
template <class Pixel>
__device__ void load_canvas(DeviceCanvas& canvas, const Pixel* image, const ImageSize& size, const CropStep& box) {
  canvas.height = box.height, canvas.width = box.width, canvas.channels = static_cast<int>(size.channels);
  canvas.top = box.top, canvas.left = box.left;
  const int channels = canvas.channels, row_size = box.width * channels, plane = canvas.plane();
  for_items(canvas.count(), [&](int i) {
    const int y = i / row_size, in_row = i - y * row_size, x = in_row / channels;
    canvas.pixels[(in_row - x * channels) * plane + y * box.width + x] =
        unit_value(image[((box.top + y) * size.width + box.left) * channels + in_row]);
  });
}

/// Writes the planes as [height, width, channels].
AKIN_LAZY __device__ void store_canvas(const DeviceCanvas& canvas, float* out) {
  const int channels = canvas.channels, plane = canvas.plane();
  for_items(canvas.count(), [&](int i) {
    const int pixel = i / channels;
    out[i] = canvas.pixels[(i - pixel * channels) * plane + pixel];
  });
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
