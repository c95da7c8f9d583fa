// Layer normalisation along the last axis, forward and backward.
//
// Weights, biases and statistics are kept in the compute dtype of x: f32 for bf16 activations. An Array without a value
// as weight or bias means 1 or 0.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::ops {

struct LayerNormResult {
  Array y;
  Array mean, rstd;  ///< [rows]: one per position of the leading axes, for the backward pass
};

/// y = weight (x - mean) / sqrt(var + eps) + bias along the last axis, var biased. arXiv:1607.06450.
/// x [..., features]; weight, bias [features] or undefined. Errors: shapes do not fit; eps < 0.
AKIN_LAZY LayerNormResult layer_norm(const Array& x, const Array& weight, const Array& bias, double eps = 1e-5) {
  const auto size = detail::rows_of("layer_norm", x);
  detail::check_eps("layer_norm", eps);
  detail::check_optional_columns("layer_norm", "weight", weight, x);
  detail::check_optional_columns("layer_norm", "bias", bias, x);
  const Array in = contiguous(x);
  const auto make = [&] { return Array::empty({size.rows}, detail::compute_dtype(x.dtype()), x.device()); };
  LayerNormResult out{empty_like(in), make(), make()};
  on_float(x.dtype(), "layer_norm", [&]<class T>() {
    using C = compute_t<T>;
    const kernels::LayerNormForward<T> f{in.data<T>(),
                                         detail::data_or_null<C>(weight),
                                         detail::data_or_null<C>(bias),
                                         eps,
                                         out.y.mut<T>(),
                                         out.mean.mut<C>(),
                                         out.rstd.mut<C>()};
    on(x.device(), [&](auto queue) { kernels::layer_norm(queue, size.rows, size.cols, f); });
  });
  return out;
}

struct LayerNormGradients {
  Array dx, dweight, dbias;
};

/// Gradients of layer_norm; mean, rstd [rows] as it returned them. With g = dy weight and xhat = (x - mean) rstd:
///   dx      = rstd (g - mean(g) - xhat mean(g xhat)) along each row
///   dweight = sum dy xhat over rows
///   dbias   = sum dy over rows
AKIN_LAZY LayerNormGradients layer_norm_backward(const Array& dy, const Array& x, const Array& weight,
                                                 const Array& mean, const Array& rstd) {
  const auto size = detail::rows_of("layer_norm backward", x);
  detail::check_like("layer_norm backward", "dy", dy, x);
  detail::check_optional_columns("layer_norm backward", "weight", weight, x);
  detail::check_vector("layer_norm backward", "mean", mean, size.rows, x);
  detail::check_vector("layer_norm backward", "rstd", rstd, size.rows, x);
  const Array g = contiguous(dy), in = contiguous(x);
  const auto make = [&] { return Array::empty({size.cols}, detail::compute_dtype(x.dtype()), x.device()); };
  LayerNormGradients out{empty_like(in), make(), make()};
  on_float(x.dtype(), "layer_norm backward", [&]<class T>() {
    using C = compute_t<T>;
    const kernels::LayerNormBackward<T> b{g.data<T>(),          in.data<T>(),      detail::data_or_null<C>(weight),
                                          mean.data<C>(),       rstd.data<C>(),    out.dx.mut<T>(),
                                          out.dweight.mut<C>(), out.dbias.mut<C>()};
    on(x.device(), [&](auto queue) { kernels::layer_norm_backward(queue, size.rows, size.cols, b); });
  });
  return out;
}

}  // namespace akin::inline AKIN_ABI::ops
