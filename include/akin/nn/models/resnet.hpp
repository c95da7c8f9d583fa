// ResNet-18, -34 and -50: He et al. 2015, arXiv:1512.03385. Names follow torchvision, so that weights can be exchanged:
// see io/torch_weights.hpp.
#pragma once
#include <array>

#include "../linear.hpp"
#include "../pool.hpp"
#include "resnet_blocks.hpp"

namespace akin::inline AKIN_ABI::nn {

struct ResnetOptions {
  std::int64_t channels = 3;        ///< of the input
  bool small_images = false;        ///< CIFAR stem: 3x3 stride 1, no max pooling, instead of 7x7 stride 2 and pooling
  std::int64_t small_padding = 1;   ///< of the CIFAR stem; networks pretrained with solo-learn have 2
  std::int64_t classes = 0;         ///< > 0 adds the classifier "fc"; 0 leaves the features
  bool zero_init_residual = false;  ///< each block starts as its shortcut: Goyal et al. 2017, arXiv:1706.02677, 5.1;
                                    ///< the released code of SimSiam, Barlow Twins and VICReg has it
  std::uint64_t seed = 0;
};

/// The blocks of each of the four stages.
struct ResnetPlan {
  std::array<std::int64_t, 4> blocks = {};
  bool bottleneck = false;  ///< Bottleneck instead of BasicBlock: 2048 features instead of 512
};

/// The whole network, as torchvision's ResNet names it.
struct Resnet {
  ResnetOptions options;
  Module conv1, bn1, maxpool, layer1, layer2, layer3, layer4, avgpool, fc;

  AKIN_LAZY Resnet(const ResnetPlan& plan, const ResnetOptions& o) : options(o) {
    const Stem stem = o.small_images ? Stem{3, 1, o.small_padding} : Stem{7, 2, 3};
    conv1 = Conv2d({.in = o.channels,
                    .out = 64,
                    .kernel = stem.kernel,
                    .stride = stem.stride,
                    .padding = stem.padding,
                    .init = Init::kaiming_normal});
    bn1 = BatchNorm({.features = 64, .relu = true});
    if (!o.small_images) maxpool = MaxPool2d({.kernel = 3, .stride = 2, .padding = 1});
    const std::int64_t features = plan.bottleneck ? stages<Bottleneck>(plan) : stages<BasicBlock>(plan);
    avgpool = GlobalAveragePool{};
    if (o.classes > 0) fc = Linear({.in = features, .out = o.classes});
  }

  AKIN_LAZY Tensor operator()(const Tensor& x) const {
    Tensor y = maxpool(bn1(conv1(x)));
    // one after the other: calls inside calls would hold the result of every stage until the last has run
    for (const Module* stage : {&layer1, &layer2, &layer3, &layer4}) y = (*stage)(y);
    return fc(avgpool(y));
  }
  void visit(Visitor& v) {
    v.child("conv1", conv1);
    v.child("bn1", bn1);
    v.child("maxpool", maxpool);
    v.child("layer1", layer1);
    v.child("layer2", layer2);
    v.child("layer3", layer3);
    v.child("layer4", layer4);
    v.child("avgpool", avgpool);
    v.child("fc", fc);
  }
  std::string describe() const { return "Resnet"; }

 private:
  struct Stem {
    std::int64_t kernel, stride, padding;
  };

  /// Builds the stages of widths 64, 128, 256, 512; all but the first halve the image. Returns the number of features.
  template <class Block>
  std::int64_t stages(const ResnetPlan& plan) {
    std::int64_t in = 64, width = 64;
    std::size_t stage = 0;
    for (Module* layer : {&layer1, &layer2, &layer3, &layer4}) {
      std::vector<Module> blocks;
      for (std::int64_t i = 0; i < plan.blocks[stage]; ++i) {
        const std::int64_t stride = stage > 0 && i == 0 ? 2 : 1;
        blocks.push_back(Block({.in = in, .width = width, .stride = stride, .zero_init = options.zero_init_residual}));
        in = Block::expansion * width;
      }
      *layer = Sequential(std::move(blocks));
      width *= 2;
      ++stage;
    }
    return in;
  }
};

namespace detail {
AKIN_LAZY Module resnet(const ResnetPlan& plan, const ResnetOptions& options) {
  const Module model = Resnet(plan, options);
  model.initialize(options.seed);
  return model;
}
}  // namespace detail

/// [N, H, W, channels] -> [N, 512], or [N, classes]. 11.2 million weights without classifier.
AKIN_LAZY Module resnet18(const ResnetOptions& options = {}) {
  return detail::resnet({.blocks = {2, 2, 2, 2}}, options);
}

/// [N, H, W, channels] -> [N, 512], or [N, classes]. 21.3 million weights without classifier.
AKIN_LAZY Module resnet34(const ResnetOptions& options = {}) {
  return detail::resnet({.blocks = {3, 4, 6, 3}}, options);
}

/// [N, H, W, channels] -> [N, 2048], or [N, classes]. 23.5 million weights without classifier.
AKIN_LAZY Module resnet50(const ResnetOptions& options = {}) {
  return detail::resnet({.blocks = {3, 4, 6, 3}, .bottleneck = true}, options);
}

}  // namespace akin::inline AKIN_ABI::nn
