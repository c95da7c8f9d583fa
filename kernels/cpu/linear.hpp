// Linear layers: product and bias, one after the other.
#pragma once
#include "../reducers.hpp"
#include "add_row.hpp"
#include "gemm.hpp"
#include "reduce.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// y = op(x) op(w) + bias [n] in every row. y [m, n] has no gaps.
template <class T>
void linear(Cpu cpu, const GemmShape& s, const T* x, const T* w, const T* bias, T* y) {
  gemm(cpu, s, x, w, y);
  add_row(cpu, s.m, s.n, bias, y);
}

/// dw = dy^T op(x), and dbias [m] = the sums of the columns of dy. dy [k, m] has no gaps; s is the shape of dw.
template <class T>
void linear_backward_weights(Cpu cpu, const GemmShape& s, const T* dy, const T* x, T* dw, T* dbias) {
  gemm(cpu, s, dy, x, dw);
  reduce(cpu, SumOf{}, 1, s.k, s.m, dy, dbias);
}

}  // namespace akin::inline AKIN_ABI::kernels
