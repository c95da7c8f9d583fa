// Random solarisation.
#pragma once
#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Inverts the bright values: x >= threshold becomes 1 - x. BYOL, arXiv:2006.07733, appendix B.
struct Solarize {
  double threshold = 128.0 / 255;  ///< of values in [0, 1]
  double probability = 0.2;
  static constexpr std::string_view name = "solarize";
};

AKIN_LAZY void validate(const Solarize& o) {
  check(o.threshold >= 0 && o.threshold <= 1, o.name, "threshold must lie in [0, 1], got ", o.threshold);
  check_probability(o.name, o.probability);
}

AKIN_LAZY DrawnStep draw(const Solarize& o, const ImageSize&, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  return kernels::SolarizeStep{.threshold = static_cast<float>(o.threshold)};
}

}  // namespace akin::inline AKIN_ABI::augment
