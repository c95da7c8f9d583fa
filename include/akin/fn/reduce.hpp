// Sums and means as functions with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/reduce.hpp"

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

/// Mean along one axis.
AKIN_LAZY Tensor mean(const Tensor& x, int axis, bool keep = false) {
  const double n = static_cast<double>(x.dim(axis));
  check(n > 0, "mean", "axis ", axis, " of shape ", x.shape(), " is empty");
  Shape kept = x.shape();
  kept[normalize_axis("mean", axis, kept)] = 1;
  return record("mean", ops::mean(x.value(), axis, keep), wrt(x, [s = x.shape(), kept, n](const Array& dy) {
                  return ops::contiguous(ops::scale(dy, 1 / n).reshape(kept).broadcast_to(s));
                }));
}

}  // namespace akin::inline AKIN_ABI
