// Picking values by index.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/index.hpp"

namespace akin::inline AKIN_ABI {

/// Rows of x: y[i] = x[indices[i]]. x [R, ...], indices [N] i64 -> [N, ...]; a row may be taken several times.
/// Errors: an index outside 0 ... R-1.
AKIN_LAZY Tensor take(const Tensor& x, const Array& indices) {
  return record("take", ops::take(x.value(), indices),
                wrt(x, [indices, rows = x.dim(0)](const Array& dy) { return ops::scatter_add(dy, indices, rows); }));
}

/// One value per row: y[i] = x[i, indices[i]]. x [N, C], indices [N] i64 -> [N]: the logit of the right class.
/// Errors: an index outside 0 ... C-1.
AKIN_LAZY Tensor gather_last(const Tensor& x, const Array& indices) {
  return record("gather_last", ops::gather_last(x.value(), indices),
                wrt(x, [indices, classes = x.dim(-1)](const Array& dy) {
                  return ops::gather_last_backward(dy, indices, classes);
                }));
}

/// x [N, N] with `value` on its diagonal, whose gradient is 0 there. Errors: x is not square.
AKIN_LAZY Tensor fill_diagonal(const Tensor& x, double value) {
  return record("fill_diagonal", ops::fill_diagonal(x.value(), value),
                wrt(x, [](const Array& dy) { return ops::fill_diagonal(dy, 0); }));
}

}  // namespace akin::inline AKIN_ABI
