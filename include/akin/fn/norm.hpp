// Normalisations with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/norm.hpp"

namespace akin::inline AKIN_ABI {

struct BatchNormMode {
  bool training = true;  ///< the statistics are functions of x; false: constants (running statistics)
  bool relu = false;     ///< ends in max(., 0)
};

namespace detail {
/// What a batch norm is computed from, for backward. Its output is not kept: it is computed again where it is needed.
struct BatchNormInputs {
  Array x, weight, bias, mean, rstd;
  Saved residual;
  BatchNormMode mode;

  AKIN_LAZY Array output() const {
    return ops::batch_norm_apply(x, weight, bias, mean, rstd, {mode.relu, residual.passing_value()});
  }
  AKIN_LAZY ops::BatchNormGradients gradients(const Array& dy, const Saved& y) const {
    return ops::batch_norm_backward(dy, x, weight, bias, mean, rstd,
                                    {mode.training, mode.relu, y.value(), residual.defined()});
  }
};
}  // namespace detail

/// y = weight (x - mean) / sqrt(var + eps) + bias [+ residual] [relu], per channel (the last axis), in one sweep.
/// Batch Normalization, arXiv:1502.03167, Algorithm 1.
/// x          [..., C]    stats from ops::batch_norm_stats(x) in training
/// weight, bias  [C]      or undefined: 1 and 0
/// residual   like x      or undefined; added before the relu
/// Errors: shapes do not fit
AKIN_LAZY Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const ops::BatchNormStats& stats,
                            BatchNormMode mode = {}, const Tensor& residual = {}) {
  const auto array_of = [](const Tensor& t) { return t.defined() ? t.value() : Array(); };
  const detail::BatchNormInputs in{x.value(),  array_of(weight), array_of(bias),
                                   stats.mean, stats.rstd,       residual.defined() ? residual.saved() : Saved(),
                                   mode};
  const Array y = in.output();
  const Saved again(y, in.residual.sweeps() + 1, [in] { return in.output(); });
  const bool masked_by_y = mode.relu && residual.defined();  // else x alone tells where the relu let values through
  return record("batch_norm", y,
                wrt({x, weight, bias, residual},
                    [in, mask = masked_by_y ? again : Saved()](const Array& dy) {
                      auto d = in.gradients(dy, mask);
                      return std::array{d.dx, d.dweight, d.dbias, d.dadd};
                    }))
      .saved_as(again);
}

/// y = weight (x - mean) / sqrt(var + eps) + bias along the last axis. Layer Normalization, arXiv:1607.06450, Eq. 3.
/// x [..., D]; weight, bias [D] or undefined.
AKIN_LAZY Tensor layer_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {}, double eps = 1e-5) {
  const Array w = weight.defined() ? weight.value() : Array();
  auto result = ops::layer_norm(x.value(), w, bias.defined() ? bias.value() : Array(), eps);
  return record("layer_norm", result.y,
                wrt({x, weight, bias}, [x = x.value(), w, mean = result.mean, rstd = result.rstd](const Array& dy) {
                  auto d = ops::layer_norm_backward(dy, x, w, mean, rstd);
                  return std::array{d.dx, d.dweight, d.dbias};
                }));
}

/// y = x / max(|x|, eps) along the last axis: points on the unit sphere. x [..., D].
AKIN_LAZY Tensor l2_normalize(const Tensor& x, double eps = 1e-12) {
  auto result = ops::l2_normalize(x.value(), eps);
  return record("l2_normalize", result.y, wrt(x, [y = result.y, norm = result.norm, eps](const Array& dy) {
                  return ops::l2_normalize_backward(dy, y, norm, eps);
                }));
}

}  // namespace akin::inline AKIN_ABI
