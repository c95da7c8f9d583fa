// Random histogram equalisation.
#pragma once
#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Spreads the levels of each channel so that all are about equally frequent, as PIL's ImageOps.equalize does for 8-bit
/// pixels: values in [0, 1] are first rounded to the nearest of the 256 levels, and the result is a level again. A
/// channel with fewer than 255 pixels below its brightest level stays as it is, unrounded.
struct Equalize {
  double probability = 0.5;
  static constexpr std::string_view name = "equalize";
};

AKIN_LAZY void validate(const Equalize& o) { check_probability(o.name, o.probability); }

AKIN_LAZY DrawnStep draw(const Equalize& o, const ImageSize&, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  return kernels::EqualizeStep{};
}

}  // namespace akin::inline AKIN_ABI::augment
