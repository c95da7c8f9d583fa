// Linear layers: product and bias in one pass by cuBLAS where it takes them (cublas_epilogue.hpp), else one after the
// other. Twin: kernels/cpu/linear.hpp.
#pragma once
#include "../reducers.hpp"
#include "add_row.hpp"
#include "gemm.hpp"
#include "reduce.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// y = op(x) op(w) + bias [n] in every row. y [m, n] has no gaps.
template <class T>
void linear(Cuda queue, const GemmShape& s, const T* x, const T* w, const T* bias, T* y) {
#if defined(AKIN_WITH_CUBLAS)
  if (detail::cublas_gemm_with(queue, detail::adds_row(bias), s, x, w, y)) return;
#endif
  gemm(queue, s, x, w, y);
  add_row(queue, s.m, s.n, bias, y);
}

/// dw = dy^T op(x), and dbias [m] = the sums of the columns of dy. dy [k, m] has no gaps; s is the shape of dw.
template <class T>
void linear_backward_weights(Cuda queue, const GemmShape& s, const T* dy, const T* x, T* dw, T* dbias) {
#if defined(AKIN_WITH_CUBLAS)
  if (detail::cublas_gemm_with(queue, detail::sums_rows_of_a(dbias), s, dy, x, dw)) return;
#endif
  gemm(queue, s, dy, x, dw);
  reduce(queue, SumOf{}, 1, s.k, s.m, dy, dbias);
}

}  // namespace akin::inline AKIN_ABI::kernels
