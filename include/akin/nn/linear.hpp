// Linear layer.
#pragma once
#include "../fn/matmul.hpp"
#include "init.hpp"

namespace akin::inline AKIN_ABI::nn {

struct LinearOptions {
  std::int64_t in = 0, out = 0;
  bool bias = true;
  Init init = Init::pytorch;
};

/// y = x w^T + b. x [N, in] -> [N, out]. weight [out, in], bias [out].
struct Linear {
  LinearOptions options;
  Tensor weight, bias;

  AKIN_LAZY explicit Linear(const LinearOptions& o) : options(o) {
    check(o.in > 0 && o.out > 0, "Linear", "in and out must be > 0, got in = ", o.in, ", out = ", o.out);
    weight = Tensor(Array::empty({o.out, o.in}), true);
    if (o.bias) bias = Tensor(Array::empty({o.out}), true);
    initialize(InitContext::construction());
  }

  AKIN_LAZY Tensor operator()(const Tensor& x) const { return linear(x, weight, bias); }

  void visit(Visitor& v) {
    v.parameter("weight", weight);
    v.parameter("bias", bias);
  }
  AKIN_LAZY void initialize(const InitContext& context) { init_weights(options.init, weight, bias, context); }
  AKIN_LAZY std::string describe() const {
    return cat("Linear(", options.in, " -> ", options.out, options.bias ? ")" : ", no bias)");
  }
};

}  // namespace akin::inline AKIN_ABI::nn
