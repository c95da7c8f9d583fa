// The two residual blocks of ResNets: He et al. 2015, arXiv:1512.03385. Names follow torchvision.
#pragma once
#include "../batch_norm.hpp"
#include "../conv.hpp"
#include "../sequential.hpp"

namespace akin::inline AKIN_ABI::nn {

struct ResidualBlockOptions {
  std::int64_t in = 0, width = 0;  ///< channels of the input, and of the 3x3 convolutions
  std::int64_t stride = 1;         ///< of the first 3x3 convolution
  bool zero_init = false;          ///< the last scale starts at 0, so that the block starts as its shortcut
};

namespace detail {

/// A convolution that keeps the size at stride 1, without bias: a batch norm follows.
AKIN_LAZY Module residual_conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1) {
  return Conv2d(
      {.in = in, .out = out, .kernel = kernel, .stride = stride, .padding = kernel / 2, .init = Init::kaiming_normal});
}

/// The norm to whose result the shortcut is added before its relu.
AKIN_LAZY Module last_norm(std::int64_t features, bool zero_init) {
  return BatchNorm({.features = features, .relu = true, .initial_scale = zero_init ? 0.0 : 1.0});
}

/// 1x1 convolution and batch norm where size or width changes, else the identity.
AKIN_LAZY Module shortcut(std::int64_t in, std::int64_t out, std::int64_t stride) {
  if (stride == 1 && in == out) return {};
  return Sequential(residual_conv(in, out, 1, stride), BatchNorm({.features = out}));
}

}  // namespace detail

/// Two 3x3 convolutions around a shortcut. [N, H, W, in] -> [N, H / stride, W / stride, width].
struct BasicBlock {
  static constexpr std::int64_t expansion = 1;  ///< channels of the output, as a multiple of the width
  Module conv1, bn1, conv2, bn2;
  Module shortcut;  ///< "downsample"

  AKIN_LAZY explicit BasicBlock(const ResidualBlockOptions& o)
      : conv1(detail::residual_conv(o.in, o.width, 3, o.stride)),
        bn1(BatchNorm({.features = o.width, .relu = true})),
        conv2(detail::residual_conv(o.width, o.width, 3)),
        bn2(detail::last_norm(o.width, o.zero_init)),
        shortcut(detail::shortcut(o.in, o.width, o.stride)) {}

  AKIN_LAZY Tensor operator()(const Tensor& x) const {
    const Tensor y = conv2(bn1(conv1(x)));
    return bn2.as<BatchNorm>()(y, bn2.training(), shortcut(x));  // relu(bn2(y) + shortcut) in one pass
  }
  void visit(Visitor& v) {
    v.child("conv1", conv1);
    v.child("bn1", bn1);
    v.child("conv2", conv2);
    v.child("bn2", bn2);
    v.child("downsample", shortcut);
  }
  std::string describe() const { return "BasicBlock"; }
};

/// 1x1, 3x3 and 1x1 convolutions around a shortcut. [N, H, W, in] -> [N, H / stride, W / stride, 4 width].
/// The stride sits in the 3x3 convolution ("v1.5", as in torchvision); the paper has it in the first, which skips three
/// of four pixels. The shapes of the weights do not tell the two apart.
struct Bottleneck {
  static constexpr std::int64_t expansion = 4;
  Module conv1, bn1, conv2, bn2, conv3, bn3;
  Module shortcut;  ///< "downsample"

  AKIN_LAZY explicit Bottleneck(const ResidualBlockOptions& o)
      : conv1(detail::residual_conv(o.in, o.width, 1)),
        bn1(BatchNorm({.features = o.width, .relu = true})),
        conv2(detail::residual_conv(o.width, o.width, 3, o.stride)),
        bn2(BatchNorm({.features = o.width, .relu = true})),
        conv3(detail::residual_conv(o.width, expansion * o.width, 1)),
        bn3(detail::last_norm(expansion * o.width, o.zero_init)),
        shortcut(detail::shortcut(o.in, expansion * o.width, o.stride)) {}

  AKIN_LAZY Tensor operator()(const Tensor& x) const {
    const Tensor y = conv3(bn2(conv2(bn1(conv1(x)))));
    return bn3.as<BatchNorm>()(y, bn3.training(), shortcut(x));  // relu(bn3(y) + shortcut) in one pass
  }
  void visit(Visitor& v) {
    v.child("conv1", conv1);
    v.child("bn1", bn1);
    v.child("conv2", conv2);
    v.child("bn2", bn2);
    v.child("conv3", conv3);
    v.child("bn3", bn3);
    v.child("downsample", shortcut);
  }
  std::string describe() const { return "Bottleneck"; }
};

}  // namespace akin::inline AKIN_ABI::nn
