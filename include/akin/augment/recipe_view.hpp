// One view as published recipes describe theirs: a crop, colours, and the order in which they come.
#pragma once
#include <algorithm>
#include <cmath>

#include "color_jitter.hpp"
#include "compose.hpp"
#include "equalize.hpp"
#include "flip.hpp"
#include "gaussian_blur.hpp"
#include "grayscale.hpp"
#include "normalize.hpp"
#include "resized_crop.hpp"
#include "solarize.hpp"

namespace akin::inline AKIN_ABI::augment {

/// What any recipe is made for.
struct RecipeSetup {
  std::int64_t size = 32, channels = 3;  ///< of the full-size views
  Normalize normalize = {};
};

/// The orders in which published code does things. Jitter before the crop sees other means; a flip last is the same
/// view, but one that is blurred before it is mirrored.
enum class Order {
  flip_second,   ///< crop, flip, jitter, gray, blur, solarize, equalize: SimCLR, BYOL, SwAV, DINO
  flip_last,     ///< crop, jitter, gray, blur, solarize, equalize, flip: MoCo v2 and v3, SimSiam, solo-learn
  colors_first,  ///< jitter, gray, crop, flip, ...: W-MSE
  gray_second,   ///< crop, gray, jitter, flip, ...: instance discrimination, MoCo v1
};

/// A view of the setup's size and channels. A probability of 0 leaves a step out.
struct RecipeView {
  ResizedCrop crop = {};    ///< its size is the setup's
  ColorJitter jitter = {};  ///< default: changes nothing
  double gray = 0.2;
  double blur = 0, solarize = 0, equalize = 0;
  double flip = 0.5;
  Order order = Order::flip_second;
  std::int64_t blur_kernel = 23;  ///< at most; PyTorch code blurs by PIL, whose kernel is as wide as sigma 2 needs
};

/// Jitter four times in five, as nearly all recipes do.
AKIN_LAZY ColorJitter usual_jitter(double brightness, double contrast, double saturation, double hue) {
  return {.brightness = brightness, .contrast = contrast, .saturation = saturation, .hue = hue, .probability = .8};
}

/// Recipes with numbers for CIFAR do not blur there: a Gaussian of two pixels would leave little of 32.
AKIN_LAZY double above_32(const RecipeSetup& s, double probability) { return s.size > 32 ? probability : 0; }

namespace detail {

/// The steps of a view by kind; those that would do nothing are empty.
struct ViewSteps {
  std::vector<Transform> crop, flip, jitter, gray, rest;
};

AKIN_LAZY ViewSteps steps_of(const RecipeView& view, const RecipeSetup& s) {
  ViewSteps steps;
  ResizedCrop crop = view.crop;
  crop.size = s.size;
  steps.crop.push_back(crop);
  if (view.flip > 0) steps.flip.push_back(HorizontalFlip{view.flip});
  const ColorJitter& j = view.jitter;
  if (j.brightness != 0 || j.contrast != 0 || j.saturation != 0 || j.hue != 0) steps.jitter.push_back(j);
  if (view.gray > 0 && s.channels == 3) steps.gray.push_back(Grayscale{view.gray});
  const std::int64_t kernel = std::min(view.blur_kernel, 2 * s.size - 1);  // what still fits
  if (view.blur > 0) steps.rest.push_back(GaussianBlur{.kernel = kernel, .probability = view.blur});
  if (view.solarize > 0) steps.rest.push_back(Solarize{.probability = view.solarize});
  if (view.equalize > 0) steps.rest.push_back(Equalize{view.equalize});
  return steps;
}

}  // namespace detail

/// Errors: channels other than 1 and 3; what the transforms refuse.
AKIN_LAZY Pipeline pipeline_of(const RecipeView& view, const RecipeSetup& s) {
  check(s.channels == 1 || s.channels == 3, "recipe", "channels must be 1 or 3, got ", s.channels);
  const detail::ViewSteps steps = detail::steps_of(view, s);
  std::vector<Transform> all;
  const auto add = [&](const std::vector<Transform>& some) {
    for (const Transform& one : some) all.push_back(one);
  };
  if (view.order == Order::colors_first) add(steps.jitter), add(steps.gray);
  add(steps.crop);
  if (view.order == Order::flip_second) add(steps.flip);
  if (view.order == Order::gray_second) add(steps.gray), add(steps.jitter);
  if (view.order == Order::flip_second || view.order == Order::flip_last) add(steps.jitter), add(steps.gray);
  if (view.order == Order::colors_first || view.order == Order::gray_second) add(steps.flip);
  add(steps.rest);
  if (view.order == Order::flip_last) add(steps.flip);
  all.push_back(s.normalize);
  return Pipeline(std::move(all));
}

/// `count` views of one kind.
AKIN_LAZY std::vector<Pipeline> pipelines_of(std::size_t count, const RecipeView& view, const RecipeSetup& s) {
  return std::vector<Pipeline>(count, pipeline_of(view, s));
}

/// BYOL's two kinds of view: the first is blurred with the probability of `view`, the second with a tenth of it, and
/// solarized with 0.2.
AKIN_LAZY std::vector<Pipeline> asymmetric_pair(RecipeView view, const RecipeSetup& s) {
  const Pipeline first = pipeline_of(view, s);
  view.blur /= 10;
  view.solarize = 0.2;
  return {first, pipeline_of(view, s)};
}

}  // namespace akin::inline AKIN_ABI::augment
