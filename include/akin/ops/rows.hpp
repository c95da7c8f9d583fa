// What ops on the last axis share: x seen as rows, and checks of their operands.
#pragma once
#include "../core/array.hpp"

namespace akin::inline AKIN_ABI::ops::detail {

/// The dtype in which values of `dtype` are computed: f32 for bf16.
AKIN_LAZY DType compute_dtype(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

/// x seen as [rows, cols], cols the last axis.
struct Rows {
  std::int64_t rows, cols;
};
AKIN_LAZY Rows rows_of(std::string_view op, const Array& x) {
  check(x.rank() >= 1, op, "needs at least one axis, got a scalar");
  const std::int64_t cols = x.dim(-1);
  return {cols ? x.size() / cols : 0, cols};
}

/// The shape without the last axis.
AKIN_LAZY Shape leading_shape(const Array& x) {
  Shape shape;
  for (int axis = 0; axis + 1 < x.rank(); ++axis) shape.push_back(x.shape()[axis]);
  return shape;
}

/// A is like x: shape, dtype and device.
AKIN_LAZY void check_like(std::string_view op, std::string_view what, const Array& a, const Array& x) {
  check_shape(op, what, a, x.shape());
  check_same_kind(op, x, a);
}

/// One value per row or column of x, in the compute dtype of x and without gaps: a statistic, a weight.
AKIN_LAZY void check_vector(std::string_view op, std::string_view what, const Array& a, std::int64_t size,
                            const Array& x) {
  const DType dtype = compute_dtype(x.dtype());
  check(a.defined(), op, what, " has no value");
  check_shape(op, what, a, {size});
  check(a.dtype() == dtype, op, what, " has dtype ", a.dtype(), ", expected ", dtype, " for x in ", x.dtype());
  check(a.device() == x.device(), op, what, " is on ", a.device(), ", x on ", x.device());
  check(a.is_contiguous(), op, what, " must be contiguous, got stride ", a.strides(), "; call contiguous() first");
}

/// Weights and biases: one value per column, or undefined for 1 or 0.
AKIN_LAZY void check_optional_columns(std::string_view op, std::string_view what, const Array& a, const Array& x) {
  if (a.defined()) check_vector(op, what, a, x.dim(-1), x);
}

template <class T>
const T* data_or_null(const Array& a) {
  return a.defined() ? a.data<T>() : nullptr;
}

/// What is added to a variance: a negative number could give the root of one, NaN would give only NaN.
AKIN_LAZY void check_eps(std::string_view op, double eps) { check(eps >= 0, op, "eps must be >= 0, got ", eps); }

}  // namespace akin::inline AKIN_ABI::ops::detail
