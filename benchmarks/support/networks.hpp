// The convolutions of the two networks that are measured, and the operations of their layers.
#pragma once
#include <cstdint>
#include <vector>

namespace bench {

/// A square picture of `side` pixels, padding kernel / 2; `count` such layers in the network.
struct ConvLayer {
  std::int64_t side, in, out, kernel, stride;
  int count;

  std::int64_t out_side() const { return (side - 1) / stride + 1; }
};

/// ResNet-18 with the stem for small pictures, at 32 x 32.
inline const std::vector<ConvLayer>& resnet18_layers() {
  static const std::vector<ConvLayer> layers = {
      {32, 3, 64, 3, 1, 1},    {32, 64, 64, 3, 1, 4},   {32, 64, 128, 3, 2, 1}, {16, 128, 128, 3, 1, 3},
      {16, 128, 256, 3, 2, 1}, {8, 256, 256, 3, 1, 3},  {8, 256, 512, 3, 2, 1}, {4, 512, 512, 3, 1, 3},
      {32, 64, 128, 1, 2, 1},  {16, 128, 256, 1, 2, 1}, {8, 256, 512, 1, 2, 1}};
  return layers;
}

/// nn::convnet, the network of the demonstration, at 28 x 28.
inline const std::vector<ConvLayer>& demo_layers() {
  static const std::vector<ConvLayer> layers = {
      {28, 1, 32, 3, 1, 1}, {28, 32, 64, 3, 2, 1}, {14, 64, 128, 3, 2, 1}, {7, 128, 256, 3, 2, 1}};
  return layers;
}

/// Multiplications and additions of one pass on one picture, without those that meet padding.
inline double flops(const ConvLayer& layer) {
  std::int64_t taps = 0;  // of a row of windows, along one axis
  for (std::int64_t i = 0; i < layer.out_side(); ++i)
    for (std::int64_t k = 0; k < layer.kernel; ++k) {
      const std::int64_t at = i * layer.stride + k - layer.kernel / 2;
      taps += at >= 0 && at < layer.side;
    }
  return 2.0 * static_cast<double>(taps * taps * layer.in * layer.out);
}

/// Of a training step on one view: forward and both gradients of every layer, but that of the pictures.
inline double training_flops(const std::vector<ConvLayer>& layers) {
  double total = -flops(layers.front());
  for (const auto& layer : layers) total += 3 * layer.count * flops(layer);
  return total;
}

}  // namespace bench
