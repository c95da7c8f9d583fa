// Random erasing and cutout: a box of the image is lost.
#pragma once
#include <cmath>

#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// A box of random area and aspect ratio is overwritten. Zhong et al., arXiv:1708.04896, algorithm 1; the sampling is
/// that of torchvision.transforms.RandomErasing: ten attempts at a box that fits, then nothing is erased.
///
/// Values are those of the place in the pipeline: after Normalize, 0 is the mean colour and `noise` looks like an image.
struct RandomErasing {
  double min_area = 0.02, max_area = 0.33;  ///< fraction of the image, 0 < min <= max <= 1
  double min_ratio = 0.3, max_ratio = 3.3;  ///< height / width, uniform in its logarithm
  Color value = 0;
  bool noise = false;  ///< standard normal numbers instead
  double probability = 0.5;
  static constexpr std::string_view name = "random_erasing";
};

AKIN_LAZY void validate(const RandomErasing& o) {
  check(o.min_area > 0 && o.min_area <= o.max_area && o.max_area <= 1, o.name,
        "needs 0 < min_area <= max_area <= 1, got min_area ", o.min_area, ", max_area ", o.max_area);
  check(o.min_ratio > 0 && o.min_ratio <= o.max_ratio && o.max_ratio < 1e6, o.name,
        "needs 0 < min_ratio <= max_ratio, got min_ratio ", o.min_ratio, ", max_ratio ", o.max_ratio);
  check_color(o.name, "value", o.value);
  check_probability(o.name, o.probability);
}

AKIN_LAZY DrawnStep draw(const RandomErasing& o, const ImageSize& in, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double area = static_cast<double>(in.pixels()) * draws.uniform(o.min_area, o.max_area);
    const double ratio = std::exp(draws.uniform(std::log(o.min_ratio), std::log(o.max_ratio)));
    const auto height = static_cast<std::int64_t>(std::nearbyint(std::sqrt(area * ratio)));
    const auto width = static_cast<std::int64_t>(std::nearbyint(std::sqrt(area / ratio)));
    if (height < 1 || height >= in.height || width < 1 || width >= in.width) continue;
    kernels::EraseStep step;
    step.top = static_cast<std::int32_t>(draws.below(static_cast<std::uint32_t>(in.height - height + 1)));
    step.left = static_cast<std::int32_t>(draws.below(static_cast<std::uint32_t>(in.width - width + 1)));
    step.height = static_cast<std::int32_t>(height);
    step.width = static_cast<std::int32_t>(width);
    copy_color(o.name, "value", o.value, in, step.value);
    if (o.noise) step.noise = draws.bits() | 1;  // 0 would mean none
    return step;
  }
  return {};
}

/// A square about a random pixel is overwritten; it may hang over the border. DeVries and Taylor, arXiv:1708.04552,
/// section 3: they found 16 pixels best on CIFAR-10 and 8 on CIFAR-100, after normalisation, so that 0 is the mean.
struct Cutout {
  std::int64_t size = 16;  ///< side in pixels, > 0
  Color value = 0;
  double probability = 1;
  static constexpr std::string_view name = "cutout";
};

AKIN_LAZY void validate(const Cutout& o) {
  check(o.size >= 1 && o.size <= max_side, o.name, "size must lie in 1 ... ", max_side, " pixels, got ", o.size);
  check_color(o.name, "value", o.value);
  check_probability(o.name, o.probability);
}

AKIN_LAZY DrawnStep draw(const Cutout& o, const ImageSize& in, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  struct Span {
    std::int32_t begin, count;
  };
  const auto span = [&](std::int64_t side) {
    const std::int64_t begin = std::int64_t{draws.below(static_cast<std::uint32_t>(side))} - o.size / 2;
    const std::int64_t first = std::max<std::int64_t>(begin, 0), end = std::min(begin + o.size, side);
    return Span{static_cast<std::int32_t>(first), static_cast<std::int32_t>(end - first)};
  };
  const Span rows = span(in.height), columns = span(in.width);
  kernels::EraseStep step{.top = rows.begin, .left = columns.begin, .height = rows.count, .width = columns.count};
  copy_color(o.name, "value", o.value, in, step.value);
  return step;
}

}  // namespace akin::inline AKIN_ABI::augment
