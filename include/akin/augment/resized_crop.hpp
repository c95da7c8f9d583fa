// Random resized crop: the transform that matters most for contrastive learning.
#pragma once
#include <cmath>

#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// A box with random area and aspect ratio, resized to size x size by an antialiased filter.
/// Szegedy et al., arXiv:1409.4842; the sampling is that of torchvision.transforms.RandomResizedCrop.
struct ResizedCrop {
  std::int64_t size = 32;                           ///< pixels, > 0
  double min_area = 0.08, max_area = 1;             ///< fraction of the image, 0 < min <= max <= 1
  double min_ratio = 3.0 / 4, max_ratio = 4.0 / 3;  ///< width / height, uniform in its logarithm
  Filter filter = Filter::bilinear;
  static constexpr std::string_view name = "resized_crop";
};

AKIN_LAZY void validate(const ResizedCrop& o) {
  check(o.size >= 1 && o.size <= max_side, o.name, "size must lie in 1 ... ", max_side, " pixels, got ", o.size);
  check(o.min_area > 0 && o.min_area <= o.max_area && o.max_area <= 1, o.name,
        "needs 0 < min_area <= max_area <= 1, got min_area ", o.min_area, ", max_area ", o.max_area);
  check(o.min_ratio > 0 && o.min_ratio <= o.max_ratio && o.max_ratio < 1e6, o.name,
        "needs 0 < min_ratio <= max_ratio, got min_ratio ", o.min_ratio, ", max_ratio ", o.max_ratio);
}

/// The largest box in the middle whose ratio is allowed.
AKIN_LAZY kernels::CropStep central_box(const ResizedCrop& o, const ImageSize& in) {
  const auto width = static_cast<double>(in.width), height = static_cast<double>(in.height);
  double w = width, h = height;
  if (width / height < o.min_ratio) h = std::fmax(1, std::nearbyint(width / o.min_ratio));
  if (width / height > o.max_ratio) w = std::fmax(1, std::nearbyint(height * o.max_ratio));
  return {.top = static_cast<std::int32_t>((height - h) / 2),
          .left = static_cast<std::int32_t>((width - w) / 2),
          .height = static_cast<std::int32_t>(h),
          .width = static_cast<std::int32_t>(w)};
}

/// Ten attempts at a box that fits; then the central one.
AKIN_LAZY kernels::CropStep random_box(const ResizedCrop& o, const ImageSize& in, Draws& draws) {
  const double area = static_cast<double>(in.pixels());
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * draws.uniform(o.min_area, o.max_area);
    const double ratio = std::exp(draws.uniform(std::log(o.min_ratio), std::log(o.max_ratio)));
    const auto width = static_cast<std::int64_t>(std::nearbyint(std::sqrt(target * ratio)));
    const auto height = static_cast<std::int64_t>(std::nearbyint(std::sqrt(target / ratio)));
    if (width < 1 || width > in.width || height < 1 || height > in.height) continue;
    return {.top = static_cast<std::int32_t>(draws.below(static_cast<std::uint32_t>(in.height - height + 1))),
            .left = static_cast<std::int32_t>(draws.below(static_cast<std::uint32_t>(in.width - width + 1))),
            .height = static_cast<std::int32_t>(height),
            .width = static_cast<std::int32_t>(width)};
  }
  return central_box(o, in);
}

AKIN_LAZY DrawnStep draw(const ResizedCrop& o, const ImageSize& in, Draws draws) {
  kernels::CropStep step = random_box(o, in, draws);
  step.out_height = step.out_width = static_cast<std::int32_t>(o.size);
  step.filter = o.filter;
  return step;
}

}  // namespace akin::inline AKIN_ABI::augment
