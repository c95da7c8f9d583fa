// Matrix products of Arrays.
#pragma once
#include <vector>

#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

struct MatmulOptions {
  bool transpose_a = false;  ///< a holds [..., k, m]
  bool transpose_b = false;  ///< b holds [..., n, k]
};

namespace detail {

/// How a gemm reads the last two axes of an array.
struct MatrixView {
  Array array;
  bool transposed = false;
  std::int64_t ld = 0;
};

/// Row-major and column-major matrices are read where they lie; anything else is copied.
AKIN_LAZY MatrixView matrix_view(const Array& a) {
  const auto rows = a.dim(-2), cols = a.dim(-1);
  const auto row_step = a.strides()[a.rank() - 2], col_step = a.strides()[a.rank() - 1];
  if ((col_step == 1 || cols == 1) && (row_step >= cols || rows == 1)) return {a, false, std::max(row_step, cols)};
  if ((row_step == 1 || rows == 1) && (col_step >= rows || cols == 1)) return {a, true, std::max(col_step, rows)};
  return {contiguous(a), false, cols};
}

/// The product of two matrices, or of each two of a batch.
AKIN_LAZY kernels::GemmShape gemm_shape(const MatrixView& a, const MatrixView& b, const MatmulOptions& options) {
  const std::int64_t n = b.array.dim(options.transpose_b ? -2 : -1);
  return {.m = a.array.dim(options.transpose_a ? -1 : -2),
          .n = n,
          .k = a.array.dim(options.transpose_a ? -2 : -1),
          .transpose_a = a.transposed != options.transpose_a,
          .transpose_b = b.transposed != options.transpose_b,
          .lda = a.ld,
          .ldb = b.ld,
          .ldc = n};
}

/// Where each batch entry (row-major over `batch`) begins in an array whose leading axes broadcast to `batch`.
AKIN_LAZY std::vector<std::int64_t> batch_offsets(const Array& a, const Shape& batch) {
  std::vector<std::int64_t> offsets;
  for (std::int64_t entry = 0; entry < batch.numel(); ++entry) {
    std::int64_t offset = 0, i = entry;
    for (int axis = batch.rank() - 1, own = a.rank() - 3; axis >= 0; i /= batch[axis], --axis, --own)
      if (own >= 0 && a.shape()[own] != 1) offset += i % batch[axis] * a.strides()[own];
    offsets.push_back(offset);
  }
  return offsets;
}

AKIN_LAZY Shape leading_axes(const Array& a) {
  Shape batch;
  for (int i = 0; i + 2 < a.rank(); ++i) batch.push_back(a.shape()[i]);
  return batch;
}

/// [..., m, k] x [k, n] is one product of [... * m, k].
AKIN_LAZY bool folds_into_rows(const Array& a, const Array& b, const MatmulOptions& options) {
  return a.rank() > 2 && b.rank() == 2 && !options.transpose_a && a.is_contiguous() && a.size() > 0;
}

}  // namespace detail

/// c = op(a) op(b) over the last two axes; op transposes them when its option says so.
/// a         [..., m, k] as seen after op
/// b         [..., k, n] as seen after op; leading axes broadcast
/// returns   [..., m, n]
/// strides   any: a transposed view costs no copy
/// bf16      operands are summed in float
/// throws    Error if a rank is below 2, or inner sizes, dtypes or devices differ
AKIN_LAZY Array matmul(const Array& a, const Array& b, const MatmulOptions& options = {}) {
  check_same_kind("matmul", a, b);
  check(a.rank() >= 2 && b.rank() >= 2, "matmul", "needs at least 2 axes each, got ", a.shape(), " x ", b.shape(),
        "; reshape vectors to [1, n] or [n, 1]");
  const auto m = a.dim(options.transpose_a ? -1 : -2), k = a.dim(options.transpose_a ? -2 : -1);
  const auto kb = b.dim(options.transpose_b ? -1 : -2), n = b.dim(options.transpose_b ? -2 : -1);
  check(k == kb, "matmul", "inner sizes differ: ", a.shape(), options.transpose_a ? "^T" : "", " x ", b.shape(),
        options.transpose_b ? "^T" : "", " (", k, " vs ", kb, ")");
  Shape shape = broadcast_shapes("matmul", detail::leading_axes(a), detail::leading_axes(b));
  const Shape batch = shape;
  shape.push_back(m);
  shape.push_back(n);
  if (detail::folds_into_rows(a, b, options)) return matmul(a.reshape({-1, k}), b, options).reshape(shape);

  Array c = Array::empty(shape, a.dtype(), a.device());
  const auto va = detail::matrix_view(a), vb = detail::matrix_view(b);
  const auto offsets_a = detail::batch_offsets(va.array, batch), offsets_b = detail::batch_offsets(vb.array, batch);
  const auto gemm = detail::gemm_shape(va, vb, options);
  on_float(a.dtype(), "matmul", [&]<class T>() {
    on(a.device(), [&](auto queue) {
      kernels::gemm_batch(queue, gemm, batch.numel(), va.array.data<T>(), offsets_a.data(), vb.array.data<T>(),
                          offsets_b.data(), c.mut<T>());
    });
  });
  return c;
}

}  // namespace akin::inline AKIN_ABI::ops
