// A linear layer of Arrays, and the gradients of its parameters. That of its input is a product: matmul(dy, w).
#pragma once
#include "matmul.hpp"

namespace akin::inline AKIN_ABI::ops {

/// y = x w^T + bias
/// x         [n, in]
/// w         [out, in]
/// bias      [out]
/// returns   [n, out]
/// strides   any: transposed views of x and w cost no copy
/// bf16      summed in float; rounded before the bias is added as well, but not by cuBLAS
/// throws    Error if shapes, dtypes or devices do not fit
AKIN_LAZY Array linear(const Array& x, const Array& w, const Array& bias) {
  check_same_kind("linear", x, w);
  check_same_kind("linear", x, bias);
  check(x.rank() == 2 && w.rank() == 2 && x.dim(1) == w.dim(1), "linear", "needs x [n, in] and w [out, in], got ",
        x.shape(), " and ", w.shape());
  check_shape("linear", "bias", bias, {w.dim(0)});
  Array y = Array::empty({x.dim(0), w.dim(0)}, x.dtype(), x.device());
  const auto vx = detail::matrix_view(x), vw = detail::matrix_view(w);
  const Array row = contiguous(bias);
  const auto shape = detail::gemm_shape(vx, vw, {.transpose_b = true});
  on_float(x.dtype(), "linear", [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::linear(queue, shape, vx.array.data<T>(), vw.array.data<T>(), row.data<T>(), y.mut<T>());
    });
  });
  return y;
}

struct LinearGradients {
  Array dw, dbias;
};

/// The gradients of sum(dy * linear(x, w, bias)) with respect to w, dy^T x, and to bias, the sums of the columns of dy.
/// dy [n, out], x [n, in]. Errors: shapes, dtypes or devices do not fit.
AKIN_LAZY LinearGradients linear_backward_weights(const Array& dy, const Array& x) {
  check_same_kind("linear_backward_weights", dy, x);
  check(dy.rank() == 2 && x.rank() == 2 && dy.dim(0) == x.dim(0), "linear_backward_weights",
        "needs dy [n, out] and x [n, in], got ", dy.shape(), " and ", x.shape());
  const std::int64_t out = dy.dim(1);
  LinearGradients d{Array::empty({out, x.dim(1)}, x.dtype(), x.device()), Array::empty({out}, x.dtype(), x.device())};
  const detail::MatrixView vdy{contiguous(dy), false, out}, vx = detail::matrix_view(x);
  const auto shape = detail::gemm_shape(vdy, vx, {.transpose_a = true});
  on_float(x.dtype(), "linear_backward_weights", [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::linear_backward_weights(queue, shape, vdy.array.data<T>(), vx.array.data<T>(), d.dw.mut<T>(),
                                       d.dbias.mut<T>());
    });
  });
  return d;
}

}  // namespace akin::inline AKIN_ABI::ops
