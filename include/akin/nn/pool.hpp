// Pooling layers on images [N, H, W, C].
#pragma once
#include "../fn/pool.hpp"
#include "../fn/shape.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

/// Largest value of each window.
struct MaxPool2d {
  PoolOptions options;

  explicit MaxPool2d(const PoolOptions& o) : options(o) {}

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return max_pool2d(x, options); }
  AKIN_LAZY std::string describe() const { return cat("MaxPool2d(", options.kernel, ", stride ", options.stride, ")"); }
};

/// Mean of each window.
struct AveragePool2d {
  PoolOptions options;

  explicit AveragePool2d(const PoolOptions& o) : options(o) {}

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return average_pool2d(x, options); }
  AKIN_LAZY std::string describe() const { return cat("AveragePool2d(", options.kernel, ", stride ", options.stride, ")"); }
};

/// Mean over all pixels: [N, H, W, C] -> [N, C].
struct GlobalAveragePool {
  AKIN_LAZY Tensor operator()(const Tensor& x) const { return flatten(adaptive_average_pool2d(x, 1)); }
  std::string describe() const { return "GlobalAveragePool"; }
};

}  // namespace akin::inline AKIN_ABI::nn
