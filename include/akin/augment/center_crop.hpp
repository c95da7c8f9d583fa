// The deterministic counterpart of the random crop, for evaluation.
#pragma once
#include <algorithm>
#include <cmath>

#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// The central square whose side is `fraction` of the shorter side, resized to size x size. With 224 and 0.875 this is
/// the usual "resize to 256, crop 224" in one resampling instead of two.
struct CenterCrop {
  std::int64_t size = 32;  ///< pixels, > 0
  double fraction = 1;     ///< in (0, 1]
  Filter filter = Filter::bilinear;
  static constexpr std::string_view name = "center_crop";
};

AKIN_LAZY void validate(const CenterCrop& o) {
  check(o.size >= 1 && o.size <= max_side, o.name, "size must lie in 1 ... ", max_side, " pixels, got ", o.size);
  check(o.fraction > 0 && o.fraction <= 1, o.name, "fraction must lie in (0, 1], got ", o.fraction);
}

AKIN_LAZY DrawnStep draw(const CenterCrop& o, const ImageSize& in, Draws) {
  const auto shorter = static_cast<double>(std::min(in.height, in.width));
  const auto side = static_cast<std::int32_t>(std::fmax(1, std::nearbyint(o.fraction * shorter)));
  const auto size = static_cast<std::int32_t>(o.size);
  return kernels::CropStep{.top = (static_cast<std::int32_t>(in.height) - side) / 2,
                           .left = (static_cast<std::int32_t>(in.width) - side) / 2,
                           .height = side,
                           .width = side,
                           .out_height = size,
                           .out_width = size,
                           .filter = o.filter};
}

}  // namespace akin::inline AKIN_ABI::augment
