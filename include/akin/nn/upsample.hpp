// Enlarging of images [N, H, W, C] as a layer.
#pragma once
#include "../fn/upsample.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

/// Repeats pixels up to a fixed size: [N, H, W, C] -> [N, size.h, size.w, C].
struct UpsampleNearest {
  ops::Pair size;

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return upsample_nearest(x, size); }
  AKIN_LAZY std::string describe() const { return cat("UpsampleNearest(", size, ")"); }
};

}  // namespace akin::inline AKIN_ABI::nn
