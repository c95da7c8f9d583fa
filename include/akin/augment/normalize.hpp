// Per-channel normalisation, the last step of every pipeline.
#pragma once
#include <vector>

#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// (x - mean) / std, with x in [0, 1]. One value for all channels, or one for each.
struct Normalize {
  std::vector<double> mean = {0.5};
  std::vector<double> std = {0.5};  ///< > 0
  static constexpr std::string_view name = "normalize";
};

AKIN_LAZY Normalize cifar10_normalize() { return {.mean = {.4914, .4822, .4465}, .std = {.2470, .2435, .2616}}; }
AKIN_LAZY Normalize fashion_mnist_normalize() { return {.mean = {.2860}, .std = {.3530}}; }
AKIN_LAZY Normalize imagenet_normalize() { return {.mean = {.485, .456, .406}, .std = {.229, .224, .225}}; }

AKIN_LAZY void validate(const Normalize& o) {
  check((o.mean.size() == 1 || o.mean.size() == 3) && o.mean.size() == o.std.size(), o.name,
        "needs 1 or 3 means and as many stds, got ", o.mean.size(), " and ", o.std.size());
  for (const double std : o.std) check(std > 0 && std < 1e6, o.name, "std must be > 0, got ", std);
}

/// Errors: three values for images of one channel.
AKIN_LAZY DrawnStep draw(const Normalize& o, const ImageSize& in, Draws) {
  const std::size_t given = o.mean.size();
  check(given == 1 || static_cast<std::int64_t>(given) == in.channels, o.name, "has ", given,
        " means, but images have ", in.channels, " channel(s)");
  kernels::NormalizeStep step;
  for (std::size_t c = 0; c < 3; ++c) {
    step.mean[c] = static_cast<float>(o.mean[given == 1 ? 0 : c]);
    step.std[c] = static_cast<float>(o.std[given == 1 ? 0 : c]);
  }
  return step;
}

}  // namespace akin::inline AKIN_ABI::augment
