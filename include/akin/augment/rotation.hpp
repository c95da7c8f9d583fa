// Random rotation.
#pragma once
#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Turns the image about its centre by a uniform angle, counter-clockwise; its size stays. What turns in from outside is
/// `fill`, and bilinear values at the border blend with it.
struct Rotation {
  double min_degrees = -10, max_degrees = 10;
  bool nearest = false;  ///< the nearest pixel; else bilinear
  Color fill = 0;
  double probability = 1;
  static constexpr std::string_view name = "rotation";
};

AKIN_LAZY void validate(const Rotation& o) {
  check(o.min_degrees > -1e6 && o.min_degrees <= o.max_degrees && o.max_degrees < 1e6, o.name,
        "needs min_degrees <= max_degrees, got ", o.min_degrees, " and ", o.max_degrees);
  check_color(o.name, "fill", o.fill);
  check_probability(o.name, o.probability);
}

AKIN_LAZY DrawnStep draw(const Rotation& o, const ImageSize& in, Draws draws) {
  if (!draws.chance(o.probability)) return {};
  kernels::RotateStep step;
  step.degrees = static_cast<float>(draws.uniform(o.min_degrees, o.max_degrees));
  step.nearest = o.nearest;
  copy_color(o.name, "fill", o.fill, in, step.fill);
  return step;
}

}  // namespace akin::inline AKIN_ABI::augment
