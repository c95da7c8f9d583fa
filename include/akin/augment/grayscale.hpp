// Random grayscale.
#pragma once
#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Every channel becomes .2989 R + .587 G + .114 B; the number of channels stays. Nothing happens to one channel.
struct Grayscale {
  double probability = 0.2;
  static constexpr std::string_view name = "grayscale";
};

AKIN_LAZY void validate(const Grayscale& o) { check_probability(o.name, o.probability); }

AKIN_LAZY DrawnStep draw(const Grayscale& o, const ImageSize&, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  return kernels::GrayStep{};
}

}  // namespace akin::inline AKIN_ABI::augment
