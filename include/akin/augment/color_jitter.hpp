// Random brightness, contrast, saturation and hue, in random order.
#pragma once
#include <cmath>
#include <utility>

#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Four changes as torchvision.transforms.ColorJitter defines them, clamped to [0, 1] after each, in random order:
///   brightness, contrast, saturation   factor uniform on [max(0, 1 - b), 1 + b]; blends with black, with the image's
///                                      mean luma, with the pixel's luma
///   hue                                turned by uniform [-hue, hue] of the colour circle
/// 0 switches one off. Images of one channel have no saturation and no hue. SimCLR: arXiv:2002.05709, appendix A.
struct ColorJitter {
  double brightness = 0, contrast = 0, saturation = 0;  ///< >= 0
  double hue = 0;                                       ///< 0 ... 0.5, in turns
  double probability = 1;
  static constexpr std::string_view name = "color_jitter";
};

AKIN_LAZY void validate(const ColorJitter& o) {
  for (const double strength : {o.brightness, o.contrast, o.saturation})
    check(strength >= 0 && strength < 1e6, o.name, "brightness, contrast and saturation must be >= 0, got ", strength);
  check(o.hue >= 0 && o.hue <= 0.5, o.name, "hue must lie in [0, 0.5] turns, got ", o.hue);
  check_probability(o.name, o.probability);
}

AKIN_LAZY DrawnStep draw(const ColorJitter& o, const ImageSize&, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  const auto factor = [&](double strength) {
    return static_cast<float>(draws.uniform(std::fmax(0, 1 - strength), 1 + strength));
  };
  kernels::JitterStep step;
  step.brightness = factor(o.brightness);
  step.contrast = factor(o.contrast);
  step.saturation = factor(o.saturation);
  step.hue = static_cast<float>(draws.uniform(-o.hue, o.hue));
  for (std::uint32_t i = 3; i > 0; --i) std::swap(step.order[i], step.order[draws.below(i + 1)]);  // Fisher-Yates
  return step;
}

}  // namespace akin::inline AKIN_ABI::augment
