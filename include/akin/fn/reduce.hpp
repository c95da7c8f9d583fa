// Sums and means as functions with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/reduce.hpp"
#include "elementwise.hpp"

namespace akin::inline AKIN_ABI {

/// Sum of all values: shape [].
AKIN_LAZY Tensor sum(const Tensor& x) {
  return record("sum", ops::sum(x.value()),
                wrt(x, [s = x.shape()](const Array& dy) { return ops::contiguous(dy.broadcast_to(s)); }));
}

/// Sum along one axis; keep = true leaves it with size 1.
AKIN_LAZY Tensor sum(const Tensor& x, int axis, bool keep = false) {
  Shape kept = x.shape();
  kept[normalize_axis("sum", axis, kept)] = 1;
  return record("sum", ops::sum(x.value(), axis, keep), wrt(x, [s = x.shape(), kept](const Array& dy) {
                  return ops::contiguous(ops::contiguous(dy).reshape(kept).broadcast_to(s));
                }));
}

/// Mean of all values: shape []. Errors: there are none.
AKIN_LAZY Tensor mean(const Tensor& x) {
  check(x.size() > 0, "mean", "no values in shape ", x.shape());
  return record("mean", ops::mean(x.value()), wrt(x, [s = x.shape()](const Array& dy) {
                  return ops::contiguous(ops::scale(dy, 1.0 / static_cast<double>(s.numel())).broadcast_to(s));
                }));
}

/// Mean along one axis. Errors: it is empty.
AKIN_LAZY Tensor mean(const Tensor& x, int axis, bool keep = false) {
  Shape kept = x.shape();
  axis = normalize_axis("mean", axis, kept);
  const double n = static_cast<double>(std::exchange(kept[axis], 1));
  return record("mean", ops::mean(x.value(), axis, keep), wrt(x, [s = x.shape(), kept, n](const Array& dy) {
                  return ops::contiguous(ops::scale(dy, 1 / n).reshape(kept).broadcast_to(s));
                }));
}

/// Biased variance along one axis: the mean of (x - mean)^2, in two passes. Errors: the axis is empty.
AKIN_LAZY Tensor variance(const Tensor& x, int axis, bool keep = false) {
  return mean(square(x - mean(x, axis, true)), axis, keep);
}

/// Largest value along one axis; equals share the gradient evenly, as torch.amax. Errors: the axis is empty.
AKIN_LAZY Tensor max(const Tensor& x, int axis, bool keep = false) {
  axis = normalize_axis("max", axis, x.shape());
  const Array top = ops::max(x.value(), axis, true);
  const Array y = keep ? top : ops::max(x.value(), axis);
  return record("max", y, wrt(x, [x = x.value(), top, axis](const Array& dy) {
                  const Array mask = ops::map("max", kernels::Equal{}, x, top);  // 1 where x is a maximum
                  const Array share = ops::div(ops::contiguous(dy).reshape(top.shape()), ops::sum(mask, axis, true));
                  return ops::mul(mask, share);
                }));
}
/// Smallest value along one axis; as max.
AKIN_LAZY Tensor min(const Tensor& x, int axis, bool keep = false) { return -max(-x, axis, keep); }

}  // namespace akin::inline AKIN_ABI
