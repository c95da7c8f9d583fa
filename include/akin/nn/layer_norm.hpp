// Layer normalisation over the last axis.
#pragma once
#include <cmath>

#include "../fn/norm.hpp"
#include "init.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

struct LayerNormOptions {
  std::int64_t features = 0;  ///< size of the last axis
  double eps = 1e-5;
};

/// y = weight (x - mean) / sqrt(var + eps) + bias along the last axis. x [..., features]. Errors: options out of range.
struct LayerNorm {
  static constexpr bool keeps_f32 = true;
  LayerNormOptions options;
  Tensor weight, bias;

  AKIN_LAZY explicit LayerNorm(const LayerNormOptions& o) : options(o) {
    check(o.features > 0, "LayerNorm", "features must be > 0, got ", o.features);
    check(o.eps > 0 && std::isfinite(o.eps), "LayerNorm", "eps must be > 0 and finite, got ", o.eps);
    weight = Tensor(Array::ones({o.features}), true);
    bias = Tensor(Array::zeros({o.features}), true);
  }

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return layer_norm(x, weight, bias, options.eps); }

  void visit(Visitor& v) {
    v.parameter("weight", weight);
    v.parameter("bias", bias);
  }
  AKIN_LAZY void initialize(const InitContext&) const {
    detail::set_all(weight, 1);
    detail::set_all(bias, 0);
  }
  AKIN_LAZY std::string describe() const { return cat("LayerNorm(", options.features, ")"); }
};

}  // namespace akin::inline AKIN_ABI::nn
