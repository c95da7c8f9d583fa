// Augmentation on the CPU: every image of a batch goes through its own plan, image by image, in a buffer that fits the
// first-level cache at the sizes of small-image training.
#pragma once
#include <cstdint>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "augment_color.hpp"
#include "augment_filter.hpp"
#include "augment_geometry.hpp"

namespace akin::inline AKIN_ABI::kernels {

AKIN_LAZY void apply(Canvas& canvas, const AugmentStep& step) {
  visit_step(step, [&](const auto& one) { apply(canvas, one); });
}

/// Writes the planes as [height, width, channels].
AKIN_LAZY void store(Canvas& canvas, float* __restrict out) {
  const std::int64_t n = canvas.size.pixels();
  const float* __restrict planes = canvas.pixels.data();
  if (canvas.size.channels == 1) {
    std::copy_n(planes, n, out);
    return;
  }
  for (std::int64_t i = 0; i < n; ++i)
    for (int c = 0; c < 3; ++c) out[3 * i + c] = planes[c * n + i];
}

/// One image through its plan. A crop that comes first reads only its box of the input.
AKIN_LAZY void augment_image(Canvas& canvas, const ImageSize& size, const std::uint8_t* image, const AugmentPlan& plan,
                             float* out) {
  CropStep box{.height = static_cast<std::int32_t>(size.height), .width = static_cast<std::int32_t>(size.width)};
  const bool crops_first = plan.count > 0 && plan.steps[0].kind == AugmentStep::Kind::crop;
  if (crops_first) box = plan.steps[0].crop;
  load(canvas, image, size, box);
  if (crops_first) {
    box.top = box.left = 0;
    apply(canvas, box);
  }
  for (int i = crops_first; i < plan.count; ++i) apply(canvas, plan.steps[i]);
  store(canvas, out);
}

/// images  [n, height, width, channels] u8, channels 1 or 3
/// plans   [n]; all end at the size `out_size`
/// out     [n, out_size]
AKIN_LAZY void augment(Cpu, std::int64_t n, const ImageSize& size, const std::uint8_t* images, const AugmentPlan* plans,
                       const ImageSize& out_size, float* out) {
  parallel_for(n, 8, [&](std::int64_t begin, std::int64_t end) {
    Canvas canvas;
    for (std::int64_t i = begin; i < end; ++i)
      augment_image(canvas, size, images + i * size.pixels() * size.channels, plans[i],
                    out + i * out_size.pixels() * out_size.channels);
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
