// Enlarging of images [N, H, W, C] with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/upsample.hpp"

namespace akin::inline AKIN_ABI {

/// Repeats pixels, [N, H, W, C] -> [N, out.h, out.w, C]. Errors: a side of `out` is smaller than it was.
AKIN_LAZY Tensor upsample_nearest(const Tensor& x, ops::Pair out) {
  return record("upsample_nearest", ops::upsample_nearest(x.value(), out),
                wrt(x, [s = x.shape()](const Array& dy) { return ops::upsample_nearest_backward(dy, s); }));
}

}  // namespace akin::inline AKIN_ABI
