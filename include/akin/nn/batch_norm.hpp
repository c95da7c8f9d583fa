// Batch normalisation of images [N, H, W, C] and of features [N, C]: the last axis is the channel in both.
#pragma once
#include <cmath>

#include "../fn/norm.hpp"
#include "init.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

struct BatchNormOptions {
  std::int64_t features = 0;  ///< channels
  double eps = 1e-5;
  double momentum = 0.1;  ///< running <- (1 - momentum) running + momentum batch, as in torch
  bool affine = true;     ///< learn a scale and a shift
  bool shift = true;      ///< false: learn the scale alone
  bool relu = false;      ///< fused max(., 0)
  double initial_scale = 1;
};

/// Training: statistics of the batch. Evaluation: running statistics. Buffers as in torchvision: running_mean [C],
/// running_var [C] (unbiased), num_batches_tracked [] i64.
/// Errors: options out of range; fewer than two values per channel in training.
struct BatchNorm {
  static constexpr bool keeps_f32 = true;
  BatchNormOptions options;
  Tensor weight, bias, running_mean, running_var, num_batches_tracked;

  AKIN_LAZY explicit BatchNorm(const BatchNormOptions& o) : options(o) {
    check(o.features > 0, "BatchNorm", "features must be > 0, got ", o.features);
    check(o.eps > 0 && std::isfinite(o.eps), "BatchNorm", "eps must be > 0 and finite, got ", o.eps);
    check(std::isfinite(o.initial_scale), "BatchNorm", "initial_scale must be finite, got ", o.initial_scale);
    check(o.momentum >= 0 && o.momentum <= 1, "BatchNorm", "momentum must lie in [0, 1], got ", o.momentum);
    if (o.affine) weight = Tensor(Array::full({o.features}, o.initial_scale), true);
    if (o.affine && o.shift) bias = Tensor(Array::zeros({o.features}), true);
    running_mean = Tensor(Array::zeros({o.features}));
    running_var = Tensor(Array::ones({o.features}));
    num_batches_tracked = Tensor(Array::zeros({}, DType::i64));
  }

  /// `residual`, if given, is added before the relu.
  AKIN_LAZY Tensor operator()(const Tensor& x, bool training, const Tensor& residual = {}) const {
    check(x.rank() >= 2 && x.dim(-1) == options.features, "BatchNorm", "expected [..., ", options.features, "], got ",
          x.shape());
    const ops::BatchNormStats stats = training ? ops::batch_norm_stats(x.value(), options.eps) : running_stats();
    if (training) track(stats, x.size() / options.features);
    return batch_norm(x, weight, bias, stats, {training, options.relu}, residual);
  }

  void visit(Visitor& v) {
    v.parameter("weight", weight);
    v.parameter("bias", bias);
    v.buffer("running_mean", running_mean);
    v.buffer("running_var", running_var);
    v.buffer("num_batches_tracked", num_batches_tracked);
  }
  AKIN_LAZY void initialize(const InitContext&) const {
    detail::set_all(weight, options.initial_scale);
    detail::set_all(bias, 0);
    detail::set_all(running_mean, 0);
    detail::set_all(running_var, 1);
    ops::assign(num_batches_tracked.mutable_value(), Array::zeros({}, DType::i64));
  }
  AKIN_LAZY std::string describe() const {
    return cat("BatchNorm(", options.features,
               !options.affine ? ", plain"
               : options.shift ? ""
                               : ", no shift",
               options.relu ? ", relu)" : ")");
  }

 private:
  AKIN_LAZY void track(const ops::BatchNormStats& stats, std::int64_t rows) const {
    const double m = options.momentum, unbiased = static_cast<double>(rows) / static_cast<double>(rows - 1);
    const auto blend = [m](const Tensor& running, const Array& now, double factor) {
      ops::assign(running.mutable_value(),
                  ops::map("batch_norm", kernels::AddScaled{m * factor}, ops::scale(running.value(), 1 - m),
                           ops::cast(now, running.dtype())));
    };
    blend(running_mean, stats.mean, 1);
    blend(running_var, stats.var, unbiased);
    ++*num_batches_tracked.mutable_value().mut<std::int64_t>();
  }

  AKIN_LAZY ops::BatchNormStats running_stats() const {
    const Array rstd = ops::map("batch_norm", kernels::Pow{-0.5}, ops::add_scalar(running_var.value(), options.eps));
    return {running_mean.value(), rstd, running_var.value()};
  }
};

}  // namespace akin::inline AKIN_ABI::nn
