// Recipes of methods that compare whole views: one, two or four of the full size, treated alike or in two ways.
//
// Where a paper and its authors' code differ, the code. Numbers for CIFAR are used up to 32 pixels where they exist.
#pragma once
#include "recipe_view.hpp"

namespace akin::inline AKIN_ABI::augment {

/// One view: crop 0.2-1, gray, then jitter that is always applied; flip above 32 pixels only, as in the authors' code.
/// Wu et al., arXiv:1805.01978, section 4.
AKIN_LAZY std::vector<Pipeline> instance_discrimination(const RecipeSetup& s) {
  return {pipeline_of({.crop = {.min_area = 0.2},
                       .jitter = {.brightness = .4, .contrast = .4, .saturation = .4, .hue = .4},
                       .flip = s.size > 32 ? 0.5 : 0,
                       .order = Order::gray_second},
                      s)};
}

/// MoCo, arXiv:1911.05722, section 3.3, in the order of the authors' code: gray, then jitter that is always applied.
AKIN_LAZY std::vector<Pipeline> moco_v1(const RecipeSetup& s) {
  return pipelines_of(2,
                      {.crop = {.min_area = 0.2},
                       .jitter = {.brightness = .4, .contrast = .4, .saturation = .4, .hue = .4},
                       .order = Order::gray_second},
                      s);
}

/// MoCo v2, arXiv:2003.04297, section 3; SimSiam, arXiv:2011.10566, appendix A, which takes it over without the blur on
/// CIFAR (appendix D).
AKIN_LAZY std::vector<Pipeline> moco_v2(const RecipeSetup& s) {
  return pipelines_of(2,
                      {.crop = {.min_area = 0.2},
                       .jitter = usual_jitter(.4, .4, .4, .1),
                       .blur = above_32(s, 0.5),
                       .order = Order::flip_last},
                      s);
}

/// MoCo v3, arXiv:2104.02057: BYOL's two kinds of view with the flip last. The default crop of the authors' code, 0.08;
/// they train ResNet-50 with 0.2.
AKIN_LAZY std::vector<Pipeline> moco_v3(const RecipeSetup& s) {
  return asymmetric_pair({.jitter = usual_jitter(.4, .4, .2, .1), .blur = above_32(s, 1), .order = Order::flip_last},
                         s);
}

/// Barlow Twins, arXiv:2103.03230, section 2.2, and VICReg, arXiv:2105.04906, appendix C: BYOL's two kinds of view,
/// resized bicubically in both authors' code.
AKIN_LAZY std::vector<Pipeline> barlow(const RecipeSetup& s) {
  return asymmetric_pair(
      {.crop = {.filter = Filter::bicubic}, .jitter = usual_jitter(.4, .4, .2, .1), .blur = above_32(s, 1)}, s);
}

/// SupCon, arXiv:2004.11362, in the authors' code for CIFAR: no blur at any size.
AKIN_LAZY std::vector<Pipeline> supcon(const RecipeSetup& s) {
  return pipelines_of(2, {.crop = {.min_area = 0.2}, .jitter = usual_jitter(.4, .4, .4, .1)}, s);
}

/// W-MSE, arXiv:2007.06346, section 5: colours change before the crop; gray 0.1. Above 96 pixels the stronger numbers
/// of the authors' code for ImageNet. count is 2 or 4: the number of positives.
AKIN_LAZY std::vector<Pipeline> wmse(std::size_t count, const RecipeSetup& s) {
  const bool large = s.size > 96;
  return pipelines_of(count,
                      {.crop = {.min_area = large ? 0.08 : 0.2, .filter = Filter::bicubic},
                       .jitter = large ? usual_jitter(.8, .8, .8, .2) : usual_jitter(.4, .4, .4, .1),
                       .gray = large ? 0.2 : 0.1,
                       .order = Order::colors_first},
                      s);
}

/// MAE, arXiv:2111.06377, appendix A.1: one view, cropped and flipped and nothing else; bicubic in the authors' code.
AKIN_LAZY std::vector<Pipeline> mae(const RecipeSetup& s) {
  return {pipeline_of({.crop = {.min_area = 0.2, .filter = Filter::bicubic}, .gray = 0}, s)};
}

}  // namespace akin::inline AKIN_ABI::augment
