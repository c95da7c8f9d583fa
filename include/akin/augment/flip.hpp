// Random horizontal flip.
#pragma once
#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Mirrors left and right.
struct HorizontalFlip {
  double probability = 0.5;
  static constexpr std::string_view name = "horizontal_flip";
};

AKIN_LAZY void validate(const HorizontalFlip& o) { check_probability(o.name, o.probability); }

AKIN_LAZY DrawnStep draw(const HorizontalFlip& o, const ImageSize&, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  return kernels::FlipStep{};
}

}  // namespace akin::inline AKIN_ABI::augment
