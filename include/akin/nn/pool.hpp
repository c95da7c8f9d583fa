// Pooling layers on images [N, H, W, C].
#pragma once
#include "../fn/pool.hpp"
#include "../fn/shape.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

struct Pool2dLayerOptions {
  ops::Pair kernel = 2;
  ops::Pair stride = 0;   ///< 0: as the kernel, so that windows neither overlap nor leave gaps
  ops::Pair padding = 0;  ///< at most half the kernel
};

namespace detail {
AKIN_LAZY PoolOptions resolved(const Pool2dLayerOptions& o) {
  return {o.kernel, {o.stride.h == 0 ? o.kernel.h : o.stride.h, o.stride.w == 0 ? o.kernel.w : o.stride.w}, o.padding};
}
}  // namespace detail

/// Largest value of each window.
struct MaxPool2d {
  PoolOptions options;

  AKIN_LAZY explicit MaxPool2d(const Pool2dLayerOptions& o) : options(detail::resolved(o)) {}

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return max_pool2d(x, options); }
  AKIN_LAZY std::string describe() const { return cat("MaxPool2d(", options.kernel, ", stride ", options.stride, ")"); }
};

/// Mean of each window.
struct AveragePool2d {
  PoolOptions options;

  AKIN_LAZY explicit AveragePool2d(const Pool2dLayerOptions& o) : options(detail::resolved(o)) {}

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return average_pool2d(x, options); }
  AKIN_LAZY std::string describe() const {
    return cat("AveragePool2d(", options.kernel, ", stride ", options.stride, ")");
  }
};

/// Mean over all pixels: [N, H, W, C] -> [N, C].
struct GlobalAveragePool {
  AKIN_LAZY Tensor operator()(const Tensor& x) const { return flatten(adaptive_average_pool2d(x, 1)); }
  std::string describe() const { return "GlobalAveragePool"; }
};

}  // namespace akin::inline AKIN_ABI::nn
