// Random Gaussian blur.
#pragma once
#include <algorithm>

#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// A truncated Gaussian of random width, borders reflected. SimCLR takes a kernel of a tenth of the image: 23 at 224.
struct GaussianBlur {
  std::int64_t kernel = 23;                 ///< odd; kernel / 2 must be smaller than the image
  double min_sigma = 0.1, max_sigma = 2.0;  ///< pixels, > 0
  double probability = 0.5;
  static constexpr std::string_view name = "gaussian_blur";
};

AKIN_LAZY void validate(const GaussianBlur& o) {
  check(o.kernel >= 1 && o.kernel < 1 << 15 && o.kernel % 2 == 1, o.name, "kernel must be odd and positive, got ",
        o.kernel);
  check(o.min_sigma > 0 && o.min_sigma <= o.max_sigma && o.max_sigma < 1e6, o.name,
        "needs 0 < min_sigma <= max_sigma, got min_sigma ", o.min_sigma, ", max_sigma ", o.max_sigma);
  check_probability(o.name, o.probability);
}

/// Errors: the kernel reaches further than one reflection of the image.
AKIN_LAZY DrawnStep draw(const GaussianBlur& o, const ImageSize& in, Draws draws) {
  check(o.kernel / 2 < in.height && o.kernel / 2 < in.width, o.name, "kernel ", o.kernel,
        " is too large for images of ", in.height, " x ", in.width, "; use at most ",
        2 * std::min(in.height, in.width) - 1);
  if (!draws.chance(o.probability)) return {};
  return kernels::BlurStep{.sigma = static_cast<float>(draws.uniform(o.min_sigma, o.max_sigma)),
                           .kernel = static_cast<std::int32_t>(o.kernel)};
}

}  // namespace akin::inline AKIN_ABI::augment
