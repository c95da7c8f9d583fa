// Pooling of images [N, H, W, C] with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/pool.hpp"

namespace akin::inline AKIN_ABI {

using ops::PoolOptions;

/// Largest value of each window, [N, H, W, C] -> [N, OH, OW, C]; the gradient goes to the first of equal values.
AKIN_LAZY Tensor max_pool2d(const Tensor& x, const PoolOptions& options) {
  const auto pooled = ops::max_pool2d(x.value(), options);
  return record("max_pool2d", pooled.y, wrt(x, [index = pooled.index, s = x.shape(), options](const Array& dy) {
                  return ops::max_pool2d_backward(dy, index, s, options);
                }));
}

/// Mean of each window, [N, H, W, C] -> [N, OH, OW, C]; count_padding divides by the whole kernel, as torch does.
AKIN_LAZY Tensor average_pool2d(const Tensor& x, const PoolOptions& options, bool count_padding = true) {
  return record("average_pool2d", ops::average_pool2d(x.value(), options, count_padding),
                wrt(x, [s = x.shape(), options, count_padding](const Array& dy) {
                  return ops::average_pool2d_backward(dy, s, options, count_padding);
                }));
}

/// Means over out.h x out.w nearly equal parts, [N, H, W, C] -> [N, out.h, out.w, C].
AKIN_LAZY Tensor adaptive_average_pool2d(const Tensor& x, ops::Pair out) {
  return record("adaptive_average_pool2d", ops::adaptive_average_pool2d(x.value(), out),
                wrt(x, [s = x.shape()](const Array& dy) { return ops::adaptive_average_pool2d_backward(dy, s); }));
}

}  // namespace akin::inline AKIN_ABI
