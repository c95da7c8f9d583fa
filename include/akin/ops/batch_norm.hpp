// Batch normalisation over all axes but the last, forward and backward.
//
// Weights, biases and statistics are kept in the compute dtype of x: f32 for bf16 activations. An Array without a value
// as weight or bias means 1 or 0.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::ops {

/// Per-channel statistics of one batch, each [channels].
struct BatchNormStats {
  Array mean, rstd;
  Array var;  ///< biased (divided by the number of values): what normalises. Running averages want var n / (n - 1).
};

/// Mean, biased variance and 1 / sqrt(var + eps) over all axes but the last. arXiv:1502.03167, Algorithm 1.
/// x [..., channels], any other axes. Errors: fewer than two values per channel; eps < 0.
AKIN_LAZY BatchNormStats batch_norm_stats(const Array& x, double eps = 1e-5) {
  const auto size = detail::rows_of("batch_norm", x);
  detail::check_eps("batch_norm", eps);
  check(size.rows >= 2, "batch_norm", "needs more than one value per channel to compute statistics, got shape ",
        x.shape(), "; use a larger batch or eval()");
  const Array in = contiguous(x);
  const auto make = [&] { return Array::empty({size.cols}, detail::compute_dtype(x.dtype()), x.device()); };
  BatchNormStats stats{make(), make(), make()};
  on_float(x.dtype(), "batch_norm", [&]<class T>() {
    using C = compute_t<T>;
    on(x.device(), [&](auto queue) {
      kernels::batch_norm_stats(queue, size.rows, size.cols, eps, in.data<T>(), stats.mean.mut<C>(),
                                stats.rstd.mut<C>(), stats.var.mut<C>());
    });
  });
  return stats;
}

struct BatchNormFusion {
  bool relu = false;
  Array add = {};  ///< a residual of the shape of x, added before the relu
};

/// y = weight (x - mean) rstd + bias, then + add, then relu, in one sweep.
/// x [..., channels]; weight, bias [channels] or undefined; mean, rstd [channels].
AKIN_LAZY Array batch_norm_apply(const Array& x, const Array& weight, const Array& bias, const Array& mean,
                                 const Array& rstd, const BatchNormFusion& fusion = {}) {
  const auto size = detail::rows_of("batch_norm", x);
  detail::check_optional_columns("batch_norm", "weight", weight, x);
  detail::check_optional_columns("batch_norm", "bias", bias, x);
  detail::check_vector("batch_norm", "mean", mean, size.cols, x);
  detail::check_vector("batch_norm", "rstd", rstd, size.cols, x);
  if (fusion.add.defined()) detail::check_like("batch_norm", "add", fusion.add, x);
  const Array in = contiguous(x), add = fusion.add.defined() ? contiguous(fusion.add) : Array();
  Array y = empty_like(in);
  on_float(x.dtype(), "batch_norm", [&]<class T>() {
    using C = compute_t<T>;
    const kernels::BatchNormForward<T> f{in.data<T>(),
                                         detail::data_or_null<C>(weight),
                                         detail::data_or_null<C>(bias),
                                         mean.data<C>(),
                                         rstd.data<C>(),
                                         detail::data_or_null<T>(add),
                                         fusion.relu,
                                         y.mut<T>()};
    on(x.device(), [&](auto queue) { kernels::batch_norm_apply(queue, size.rows, size.cols, f); });
  });
  return y;
}

struct BatchNormGradients {
  Array dx, dweight, dbias;
  Array dadd;  ///< undefined unless asked for
};

struct BatchNormBackward {
  bool training = true;  ///< false: mean and rstd were constants (running statistics)
  bool relu = false;     ///< the forward ended in a relu: its mask is y > 0
  Array y = {};          ///< needed for the mask if there was a residual; without one y is computed again from x
  bool dadd = false;     ///< also return the gradient of the residual
};

/// Gradients of batch_norm_apply. With g = dy masked by the relu and xhat = (x - mean) rstd:
///   dx      = weight rstd (g - mean(g) - xhat mean(g xhat)), the means only in training
///   dweight = sum g xhat
///   dbias   = sum g
AKIN_LAZY BatchNormGradients batch_norm_backward(const Array& dy, const Array& x, const Array& weight,
                                                 const Array& bias, const Array& mean, const Array& rstd,
                                                 const BatchNormBackward& options = {}) {
  const auto size = detail::rows_of("batch_norm backward", x);
  detail::check_like("batch_norm backward", "dy", dy, x);
  if (options.y.defined()) detail::check_like("batch_norm backward", "y", options.y, x);
  detail::check_optional_columns("batch_norm backward", "weight", weight, x);
  detail::check_optional_columns("batch_norm backward", "bias", bias, x);
  detail::check_vector("batch_norm backward", "mean", mean, size.cols, x);
  detail::check_vector("batch_norm backward", "rstd", rstd, size.cols, x);
  const Array g = contiguous(dy), in = contiguous(x), y = options.y.defined() ? contiguous(options.y) : Array();
  const auto make = [&] { return Array::empty({size.cols}, detail::compute_dtype(x.dtype()), x.device()); };
  // without a relu the residual's gradient is dy itself
  BatchNormGradients d{empty_like(in), make(), make(), !options.dadd ? Array() : options.relu ? empty_like(in) : g};
  on_float(x.dtype(), "batch_norm backward", [&]<class T>() {
    using C = compute_t<T>;
    T* masked = options.dadd && options.relu ? d.dadd.mut<T>() : nullptr;
    const kernels::BatchNormBackward<T> b{g.data<T>(),
                                          in.data<T>(),
                                          options.relu,
                                          detail::data_or_null<T>(y),
                                          detail::data_or_null<C>(weight),
                                          detail::data_or_null<C>(bias),
                                          mean.data<C>(),
                                          rstd.data<C>(),
                                          options.training,
                                          d.dx.mut<T>(),
                                          masked,
                                          d.dweight.mut<C>(),
                                          d.dbias.mut<C>()};
    on(x.device(), [&](auto queue) { kernels::batch_norm_backward(queue, size.rows, size.cols, b); });
  });
  return d;
}

}  // namespace akin::inline AKIN_ABI::ops
