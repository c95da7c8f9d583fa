// Reductions over one axis, all axes, or down to a broadcast shape.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {

/// x seen as [outer, n, inner], and what is left once n is reduced.
struct ReducedShape {
  std::int64_t outer = 1, n = 1, inner = 1;
  Shape out;
};
/// Reduces axes first ... last; keep = true leaves them with size 1.
AKIN_LAZY ReducedShape reduced_shape(const Shape& x, int first, int last, bool keep) {
  ReducedShape s;
  for (int axis = 0; axis < x.rank(); ++axis) {
    (axis < first ? s.outer : axis <= last ? s.n : s.inner) *= x[axis];
    if (axis < first || axis > last)
      s.out.push_back(x[axis]);
    else if (keep)
      s.out.push_back(1);
  }
  return s;
}

template <class R>
Array reduce(std::string_view op, R reducer, const Array& x, int first, int last, bool keep) {
  const auto s = reduced_shape(x.shape(), first, last, keep);
  Array out = Array::empty(s.out, x.dtype(), x.device());
  const Array in = contiguous(x);
  on_float(x.dtype(), op, [&]<class T>() {
    on(x.device(),
       [&](auto queue) { kernels::reduce(queue, reducer, s.outer, s.n, s.inner, in.data<T>(), out.mut<T>()); });
  });
  return out;
}

template <class R>
Array reduce_axis(std::string_view op, R reducer, const Array& x, int axis, bool keep) {
  axis = normalize_axis(op, axis, x.shape());
  return reduce(op, reducer, x, axis, axis, keep);
}

/// Throws unless the axis exists and holds values.
AKIN_LAZY void check_filled(std::string_view op, const Array& x, int axis) {
  check(x.shape()[normalize_axis(op, axis, x.shape())] > 0, op, "axis ", axis, " of shape ", x.shape(), " is empty");
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
  detail::check_filled("max", x, axis);
  return detail::reduce_axis("max", kernels::MaxOf{}, x, axis, keep);
}
/// Smallest value along one axis. Errors: the axis is empty. NaN wins.
AKIN_LAZY Array min(const Array& x, int axis, bool keep = false) {
  detail::check_filled("min", x, axis);
  return detail::reduce_axis("min", kernels::MinOf{}, x, axis, keep);
}

/// Mean of all values, shape []: summed and divided in double, rounded once. Errors: there are none.
AKIN_LAZY Array mean(const Array& x) {
  check(x.size() > 0, "mean", "no values in shape ", x.shape());
  return detail::reduce("mean", kernels::MeanOf{}, x, 0, x.rank() - 1, false);
}
/// Mean along one axis. Errors: the axis is empty.
AKIN_LAZY Array mean(const Array& x, int axis, bool keep = false) {
  detail::check_filled("mean", x, axis);
  return detail::reduce_axis("mean", kernels::MeanOf{}, x, axis, keep);
}

/// Biased variance along one axis, in double: the mean of (x - mean)^2, in two passes. Errors: the axis is empty.
AKIN_LAZY Array variance(const Array& x, int axis, bool keep = false) {
  detail::check_filled("variance", x, axis);
  axis = normalize_axis("variance", axis, x.shape());
  const auto s = detail::reduced_shape(x.shape(), axis, axis, keep);
  const Array in = contiguous(x);
  Array out = Array::empty(s.out, x.dtype(), x.device());
  on_float(x.dtype(), "variance", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::variance(queue, s.outer, s.n, s.inner, in.data<T>(), out.mut<T>()); });
  });
  return out;
}

/// Sums away what broadcasting repeated: the gradient of broadcast_to. Errors: x is not a broadcast of `shape`.
AKIN_LAZY Array sum_to(Array x, const Shape& shape) {
  if (x.shape() == shape) return x;
  check(broadcast_shapes("sum_to", x.shape(), shape) == x.shape(), "sum_to", "cannot reduce ", x.shape(), " to ",
        shape);
  const int extra = x.rank() - shape.rank();
  if (extra > 0) x = detail::reduce("sum_to", kernels::SumOf{}, x, 0, extra - 1, false);
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 1 && x.shape()[axis] != 1) x = sum(x, axis, true);
  return x;
}

}  // namespace akin::inline AKIN_ABI::ops
