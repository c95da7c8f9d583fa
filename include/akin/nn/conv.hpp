// 2-d convolution layer on NHWC images.
#pragma once
#include "../fn/conv.hpp"
#include "../fn/elementwise.hpp"
#include "init.hpp"

namespace akin::inline AKIN_ABI::nn {

struct Conv2dLayerOptions {
  std::int64_t in = 0, out = 0;
  ops::Pair kernel = 3;
  ops::Pair stride = 1;
  ops::Pair padding = 0;
  ops::Pair dilation = 1;
  std::int64_t groups = 1;
  bool bias = false;  ///< usually a batch norm follows
  Init init = Init::pytorch;
  ConvAlgorithm algorithm = ConvAlgorithm::automatic;
};

/// x [N, H, W, in] -> [N, OH, OW, out], OH = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1.
/// weight [out, kh, kw, in / groups], bias [out].
struct Conv2d {
  Conv2dLayerOptions options;
  Tensor weight, bias;

  AKIN_LAZY explicit Conv2d(const Conv2dLayerOptions& o) : options(o) {
    check(o.in > 0 && o.out > 0, "Conv2d", "in and out must be > 0, got in = ", o.in, ", out = ", o.out);
    check(o.groups > 0 && o.in % o.groups == 0 && o.out % o.groups == 0, "Conv2d", "in = ", o.in, " and out = ", o.out,
          " must be multiples of groups = ", o.groups);
    weight = Tensor(Array::empty({o.out, o.kernel.h, o.kernel.w, o.in / o.groups}), true);
    if (o.bias) bias = Tensor(Array::empty({o.out}), true);
    initialize(InitContext::construction());
  }

  AKIN_LAZY Tensor operator()(const Tensor& x) const {
    const Tensor y =
        conv2d(x, weight, {options.stride, options.padding, options.dilation, options.groups, options.algorithm});
    return bias.defined() ? y + akin::detail::operand(bias) : y;
  }

  void visit(Visitor& v) {
    v.parameter("weight", weight);
    v.parameter("bias", bias);
  }
  AKIN_LAZY void initialize(const InitContext& context) { init_weights(options.init, weight, bias, context); }
  AKIN_LAZY std::string describe() const {
    return cat("Conv2d(", options.in, " -> ", options.out, ", ", options.kernel.h, "x", options.kernel.w, ", stride ",
               options.stride.h, ")");
  }
};

}  // namespace akin::inline AKIN_ABI::nn
