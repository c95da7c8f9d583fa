// Normalisations with gradients.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/norm.hpp"

namespace akin::inline AKIN_ABI {

struct BatchNormMode {
  bool training = true;  ///< the statistics are functions of x; false: constants (running statistics)
  bool relu = false;     ///< ends in max(., 0)
};

/// y = weight (x - mean) / sqrt(var + eps) + bias [+ residual] [relu], per channel (the last axis), in one sweep.
/// Batch Normalization, arXiv:1502.03167, Algorithm 1.
/// x          [..., C]    stats from ops::batch_norm_stats(x) in training
/// weight, bias  [C]      or undefined: 1 and 0
/// residual   like x      or undefined; added before the relu
/// Errors: shapes do not fit
AKIN_LAZY Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const ops::BatchNormStats& stats,
                            BatchNormMode mode = {}, const Tensor& residual = {}) {
  const auto array_of = [](const Tensor& t) { return t.defined() ? t.value() : Array(); };
  const Array w = array_of(weight), add = array_of(residual);
  const Array y = ops::batch_norm_apply(x.value(), w, array_of(bias), stats.mean, stats.rstd, {mode.relu, add});
  return record(
      "batch_norm", y,
      wrt({x, weight, bias, residual}, [x = x.value(), w, mean = stats.mean, rstd = stats.rstd, mode,
                                        mask = mode.relu ? y : Array(), wants_add = add.defined()](const Array& dy) {
        auto d = ops::batch_norm_backward(dy, x, w, mean, rstd, {mode.training, mask, wants_add});
        return std::array{d.dx, d.dweight, d.dbias, d.dadd};
      }));
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
