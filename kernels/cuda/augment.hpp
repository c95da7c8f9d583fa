// Augmentation: a block of threads takes one image through its plan, then the next, in one launch per batch. The plans
// are drawn on the host and copied; images are read where they are, as bytes. Twin: kernels/cpu/augment.hpp.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>

#include "augment_color.hpp"
#include "augment_filter.hpp"
#include "augment_geometry.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

AKIN_LAZY __device__ void apply(DeviceCanvas& canvas, const AugmentStep& step) {
  visit_step(step, [&](const auto& one) { apply(canvas, one); });
}

/// What the largest canvas of some plans needs, in values of four bytes.
struct CanvasRoom {
  std::int64_t pixels = 0, weights = 0, first = 0;

  AKIN_HD std::int64_t total() const { return 2 * pixels + weights + first; }
  void include(std::int64_t of_pixels) { pixels = std::max(pixels, of_pixels); }
  void include_axis(Filter filter, std::int64_t in, std::int64_t out) {
    const std::int64_t count = filter == Filter::bicubic ? ResizeWeights<BicubicFilter>(in, out).count()
                                                         : ResizeWeights<BilinearFilter>(in, out).count();
    weights = std::max(weights, count * out), first = std::max(first, out);
  }
};

/// The part of the input that is loaded: a crop that comes first reads only its box.
AKIN_HD inline CropStep loaded_box(const ImageSize& size, const AugmentPlan& plan) {
  if (plan.count > 0 && plan.steps[0].kind == AugmentStep::Kind::crop) return plan.steps[0].crop;
  return {.height = static_cast<std::int32_t>(size.height), .width = static_cast<std::int32_t>(size.width)};
}

AKIN_LAZY void include_plan(CanvasRoom& room, const ImageSize& size, const AugmentPlan& plan) {
  const CropStep box = loaded_box(size, plan);
  room.include(size.channels * box.height * box.width);
  for (int k = 0; k < plan.count; ++k) {
    const AugmentStep& step = plan.steps[k];
    if (step.kind == AugmentStep::Kind::crop) {
      const CropStep& crop = step.crop;
      room.include(size.channels * std::max(crop.height, crop.out_height) * crop.out_width);
      room.include_axis(crop.filter, crop.width, crop.out_width);
      room.include_axis(crop.filter, crop.height, crop.out_height);
    }
    if (step.kind == AugmentStep::Kind::window) room.include(size.channels * step.window.height * step.window.width);
    if (step.kind == AugmentStep::Kind::blur) room.weights = std::max<std::int64_t>(room.weights, step.blur.kernel);
  }
}

/// scratch [gridDim.x, room]; null: the room is in shared memory.
template <class Pixel>
__global__ void __launch_bounds__(block_threads)
    augment_kernel(std::int64_t n, ImageSize size, const Pixel* images, const AugmentPlan* plans, CanvasRoom room,
                   float* scratch, std::int64_t out_count, float* out) {
  AKIN_DYNAMIC_SHARED(float, shared);
  float* const base = scratch ? scratch + blockIdx.x * room.total() : shared;
  for (std::int64_t image = blockIdx.x; image < n; image += gridDim.x) {
    float* const weights = base + 2 * room.pixels;
    DeviceCanvas canvas{
        0, 0, 0, 0, 0, base, base + room.pixels, weights, reinterpret_cast<std::int32_t*>(weights + room.weights)};
    const AugmentPlan& plan = plans[image];
    load_canvas(canvas, images + image * size.pixels() * size.channels, size, loaded_box(size, plan));
    for (int k = 0; k < plan.count; ++k) apply(canvas, plan.steps[k]);
    store_canvas(canvas, out + image * out_count);
  }
}

}  // namespace detail

/// images  [n, height, width, channels] u8 on the device, channels 1 or 3
/// plans   [n] on the host; all end at the size `out_size`
/// out     [n, out_size] on the device
AKIN_LAZY void augment(Cuda queue, std::int64_t n, const ImageSize& size, const std::uint8_t* images,
                       const AugmentPlan* plans, const ImageSize& out_size, float* out) {
  if (n == 0) return;
  detail::CanvasRoom room;
  for (std::int64_t i = 0; i < n; ++i) detail::include_plan(room, size, plans[i]);
  check(room.pixels <= std::numeric_limits<std::int32_t>::max(), "augment", "an image becomes ", room.pixels,
        " values on its way, more than 2^31 - 1: too many for the GPU");
  const DeviceScratch<AugmentPlan> copies("augment", queue, n);
  copy_to_device("augment", queue, plans, n, copies.data());

  constexpr std::int64_t most_shared = 40 << 10;  // of the 48 KiB that every GPU has, the rest is for reductions
  const std::int64_t bytes = room.total() * std::int64_t{sizeof(float)};
  Grid grid = grid_of_rows(std::min(n, bytes <= most_shared ? most_blocks : most_blocks / 2));
  if (bytes <= most_shared) grid.shared_bytes = static_cast<std::size_t>(bytes);
  const DeviceScratch<float> scratch("augment", queue, bytes <= most_shared ? 0 : grid.blocks.x * room.total());
  launch("augment", queue, grid, detail::augment_kernel<std::uint8_t>, n, size, images, copies.data(), room,
         scratch.data(), out_size.pixels() * out_size.channels, out);
}

}  // namespace akin::inline AKIN_ABI::kernels
