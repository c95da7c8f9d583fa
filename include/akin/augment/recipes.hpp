// The recipes that are used most. Order: crop, flip, jitter, gray, blur, solarize, normalise.
//
// Images of up to 32 pixels are never blurred: the recipes that give numbers for CIFAR do not, and a Gaussian of two
// pixels would leave little of them. Above, the kernel is a tenth of the image (SimCLR).
#pragma once
#include <cmath>
#include <optional>

#include "recipe_view.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Evaluation: u8 to normalised f32 at the native size, nothing random.
AKIN_LAZY Pipeline plain(const Normalize& normalize = {}) { return Pipeline({normalize}); }

/// What the recipes for natural images can be told.
struct RecipeOptions {
  std::int64_t size = 32;     ///< side of the views in pixels
  std::int64_t channels = 3;  ///< 1 or 3
  double min_area = 0.08;     ///< of the crop; 0.2 is the other usual value
  double strength = 1;        ///< times the recipe's own jitter
  double jitter_probability = 0.8;
  std::optional<Normalize> normalize = {};  ///< if not given, default_normalize(channels)
};

/// CIFAR-10's constants for three channels, 0.5 and 0.5 for one.
AKIN_LAZY Normalize default_normalize(std::int64_t channels) {
  return channels == 3 ? cifar10_normalize() : Normalize{};
}

namespace detail {

AKIN_LAZY ColorJitter stronger(const ColorJitter& jitter, const RecipeOptions& o) {
  return {.brightness = o.strength * jitter.brightness,
          .contrast = o.strength * jitter.contrast,
          .saturation = o.strength * jitter.saturation,
          .hue = std::fmin(0.5, o.strength * jitter.hue),
          .probability = o.jitter_probability};
}

/// Crop, flip, jitter, gray; blur above 32 pixels; solarize; normalise.
AKIN_LAZY Pipeline recipe(const RecipeOptions& o, const ColorJitter& jitter, double blur, double solarize) {
  check(o.channels == 1 || o.channels == 3, "recipe", "channels must be 1 or 3, got ", o.channels);
  const RecipeSetup setup{o.size, o.channels, o.normalize.value_or(default_normalize(o.channels))};
  return pipeline_of({.crop = {.min_area = o.min_area},
                      .jitter = stronger(jitter, o),
                      .blur = above_32(setup, blur),
                      .solarize = solarize,
                      .blur_kernel = o.size / 10 / 2 * 2 + 1},
                     setup);
}

}  // namespace detail

/// SimCLR, arXiv:2002.05709, appendices A and B.9: jitter (.8, .8, .8, .2), half as strong up to 32 pixels; gray .2;
/// blur .5 above 32 pixels.
AKIN_LAZY Pipeline simclr(const RecipeOptions& o = {}) {
  const double s = o.size <= 32 ? 0.5 : 1;
  return detail::recipe(o, {.brightness = .8 * s, .contrast = .8 * s, .saturation = .8 * s, .hue = .2 * s}, 0.5, 0);
}

/// BYOL, arXiv:2006.07733, appendix B: jitter (.4, .4, .2, .1), gray .2.
/// The first view is always blurred, the second one time in ten (both only above 32 pixels) and solarized with .2.
AKIN_LAZY PipelinePair byol(const RecipeOptions& o = {}) {
  const ColorJitter jitter{.brightness = .4, .contrast = .4, .saturation = .2, .hue = .1};
  return {detail::recipe(o, jitter, 1, 0), detail::recipe(o, jitter, 0.1, 0.2)};
}

struct DemoOptions {
  std::int64_t size = 28;
  double min_area = 0.2;
  double brightness = 0.6, contrast = 0.6;
  double jitter_probability = 0.8;
  Normalize normalize = fashion_mnist_normalize();
};

/// The small recipe of the Fashion-MNIST demonstration: crop, flip, brightness and contrast.
AKIN_LAZY Pipeline demo(const DemoOptions& o = {}) {
  return Pipeline({ResizedCrop{.size = o.size, .min_area = o.min_area}, HorizontalFlip{},
                   ColorJitter{.brightness = o.brightness, .contrast = o.contrast, .probability = o.jitter_probability},
                   o.normalize});
}

}  // namespace akin::inline AKIN_ABI::augment
