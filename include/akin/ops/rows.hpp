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

/// Shape, dtype and device of x.
AKIN_LAZY void check_like(std::string_view op, std::string_view what, const Array& a, const Array& x) {
  check_shape(op, what, a, x.shape());
  check_same_kind(op, x, a);
}

}  // namespace akin::inline AKIN_ABI::ops::detail
