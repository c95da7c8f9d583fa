// ResNet-18: He et al. 2015, arXiv:1512.03385. Names follow torchvision.
#pragma once
#include "../batch_norm.hpp"
#include "../conv.hpp"
#include "../linear.hpp"
#include "../pool.hpp"
#include "../sequential.hpp"

namespace akin::inline AKIN_ABI::nn {

struct ResnetOptions {
  std::int64_t channels = 3;  ///< of the input
  bool small_images = false;  ///< CIFAR stem: 3x3 stride 1, no max pooling, instead of 7x7 stride 2 and pooling
  std::int64_t classes = 0;   ///< > 0 adds the classifier "fc"; 0 leaves 512 features
  std::uint64_t seed = 0;
};

/// Two 3x3 convolutions around a shortcut. [N, H, W, in] -> [N, H / stride, W / stride, out].
struct BasicBlock {
  Module conv1, bn1, conv2, bn2;
  Module shortcut;  ///< "downsample": 1x1 convolution and batch norm, where size or width changes

  AKIN_LAZY BasicBlock(std::int64_t in, std::int64_t out, std::int64_t stride)
      : conv1(
            Conv2d({.in = in, .out = out, .kernel = 3, .stride = stride, .padding = 1, .init = Init::kaiming_normal})),
        bn1(BatchNorm({.features = out, .relu = true})),
        conv2(Conv2d({.in = out, .out = out, .kernel = 3, .padding = 1, .init = Init::kaiming_normal})),
        bn2(BatchNorm({.features = out, .relu = true})) {
    if (stride != 1 || in != out)
      shortcut = Sequential(Conv2d({.in = in, .out = out, .kernel = 1, .stride = stride, .init = Init::kaiming_normal}),
                            BatchNorm({.features = out}));
  }

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

/// The whole network, as torchvision's ResNet names it.
struct Resnet {
  ResnetOptions options;
  Module conv1, bn1, maxpool, layer1, layer2, layer3, layer4, avgpool, fc;

  AKIN_LAZY explicit Resnet(const ResnetOptions& o) : options(o) {
    const Stem stem = o.small_images ? Stem{3, 1, 1} : Stem{7, 2, 3};
    conv1 = Conv2d({.in = o.channels,
                    .out = 64,
                    .kernel = stem.kernel,
                    .stride = stem.stride,
                    .padding = stem.padding,
                    .init = Init::kaiming_normal});
    bn1 = BatchNorm({.features = 64, .relu = true});
    if (!o.small_images) maxpool = MaxPool2d({.kernel = 3, .stride = 2, .padding = 1});
    layer1 = stage(64, 64, 1);
    layer2 = stage(64, 128, 2);
    layer3 = stage(128, 256, 2);
    layer4 = stage(256, 512, 2);
    avgpool = GlobalAveragePool{};
    if (o.classes > 0) fc = Linear({.in = 512, .out = o.classes});
  }

  AKIN_LAZY Tensor operator()(const Tensor& x) const {
    const Tensor stem = maxpool(bn1(conv1(x)));
    return fc(avgpool(layer4(layer3(layer2(layer1(stem))))));
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
  AKIN_LAZY static Module stage(std::int64_t in, std::int64_t out, std::int64_t stride) {
    return Sequential(BasicBlock(in, out, stride), BasicBlock(out, out, 1));
  }
};

/// [N, H, W, channels] -> [N, 512], or [N, classes]. 11.2 million weights without classifier.
AKIN_LAZY Module resnet18(const ResnetOptions& options = {}) {
  const Module model = Resnet(options);
  model.initialize(options.seed);
  return model;
}

}  // namespace akin::inline AKIN_ABI::nn
