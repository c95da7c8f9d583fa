// Reductions over one axis, all axes, or down to a broadcast shape.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {

/// x seen as [outer, n, inner], reduced over axes first ... last.
template <class R>
Array reduce(std::string_view op, R reducer, const Array& x, int first, int last, bool keep) {
  std::int64_t outer = 1, n = 1, inner = 1;
  Shape shape;
  for (int axis = 0; axis < x.rank(); ++axis) {
    (axis < first ? outer : axis <= last ? n : inner) *= x.shape()[axis];
    if (axis < first || axis > last) shape.push_back(x.shape()[axis]);
    else if (keep) shape.push_back(1);
  }
  Array out = Array::empty(shape, x.dtype(), x.device());
  const Array in = contiguous(x);
  on_float(x.dtype(), op, [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::reduce(queue, reducer, outer, n, inner, in.data<T>(), out.mut<T>()); });
  });
  return out;
}

template <class R>
Array reduce_axis(std::string_view op, R reducer, const Array& x, int axis, bool keep) {
  axis = normalize_axis(op, axis, x.shape());
  return reduce(op, reducer, x, axis, axis, keep);
}

}  // namespace detail

/// Sum of all values, shape []. Accumulated in double.
AKIN_LAZY Array sum(const Array& x) { return detail::reduce("sum", kernels::SumOf{}, x, 0, x.rank() - 1, false); }

/// Sum along one axis; keep = true leaves it with size 1.
AKIN_LAZY Array sum(const Array& x, int axis, bool keep = false) {
  return detail::reduce_axis("sum", kernels::SumOf{}, x, axis, keep);
}

/// Largest value along one axis. Errors: the axis is empty. NaN wins.
AKIN_LAZY Array max(const Array& x, int axis, bool keep = false) {
  check(x.dim(axis) > 0, "max", "axis ", axis, " of shape ", x.shape(), " is empty");
  return detail::reduce_axis("max", kernels::MaxOf{}, x, axis, keep);
}
AKIN_LAZY Array min(const Array& x, int axis, bool keep = false) {
  check(x.dim(axis) > 0, "min", "axis ", axis, " of shape ", x.shape(), " is empty");
  return detail::reduce_axis("min", kernels::MinOf{}, x, axis, keep);
}

/// Means; Errors: nothing to average.
AKIN_LAZY Array mean(const Array& x) {
  check(x.size() > 0, "mean", "no values in shape ", x.shape());
  return scale(sum(x), 1.0 / static_cast<double>(x.size()));
}
AKIN_LAZY Array mean(const Array& x, int axis, bool keep = false) {
  check(x.dim(axis) > 0, "mean", "axis ", axis, " of shape ", x.shape(), " is empty");
  return scale(sum(x, axis, keep), 1.0 / static_cast<double>(x.dim(axis)));
}

/// Sums away what broadcasting repeated: the gradient of broadcast_to.
AKIN_LAZY Array sum_to(Array x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const int extra = x.rank() - shape.rank();
  if (extra > 0) x = detail::reduce("sum_to", kernels::SumOf{}, x, 0, extra - 1, false);
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 1 && x.shape()[axis] != 1) x = sum(x, axis, true);
  check(x.shape() == shape, "sum_to", "cannot reduce ", x.shape(), " to ", shape);
  return x;
}

}  // namespace akin::inline AKIN_ABI::ops
