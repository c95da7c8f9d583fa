// Recipes of many crops: a few large views and several small ones that see a part of the image, or many equal patches.
#pragma once
#include "recipe_view.hpp"

namespace akin::inline AKIN_ABI::augment {

/// The side of local crops that goes with that of global ones: 96 at 224, as SwAV, DINO and their followers have it.
AKIN_LAZY std::int64_t local_size(std::int64_t size) { return std::max<std::int64_t>(1, (size * 96 + 112) / 224); }

/// `views`, and `count` local ones after them, smaller by that rule unless `side` says otherwise.
AKIN_LAZY std::vector<Pipeline> with_locals(std::vector<Pipeline> views, std::size_t count, const RecipeView& local,
                                            RecipeSetup s, std::int64_t side = 0) {
  s.size = side > 0 ? side : local_size(s.size);
  const Pipeline pipeline = pipeline_of(local, s);
  views.resize(views.size() + count, pipeline);
  return views;
}

/// SwAV, arXiv:2006.09882, appendix A: two crops of 0.14-1 and six small ones of 0.05-0.14, with SimCLR's colours.
AKIN_LAZY std::vector<Pipeline> swav(const RecipeSetup& s) {
  RecipeView view{.crop = {.min_area = 0.14}, .jitter = usual_jitter(.8, .8, .8, .2), .blur = above_32(s, 0.5)};
  std::vector<Pipeline> views = pipelines_of(2, view, s);
  view.crop = {.min_area = 0.05, .max_area = 0.14};
  return with_locals(std::move(views), 6, view, s);
}

/// lightly's CIFAR benchmark of SwAV: two crops, half the jitter, no small ones, no blur.
AKIN_LAZY std::vector<Pipeline> lightly_swav(const RecipeSetup& s) {
  return pipelines_of(2, {.crop = {.min_area = 0.14}, .jitter = usual_jitter(.4, .4, .4, .1)}, s);
}

/// The two global views of DINO: the first blurred always, the second one time in ten and solarized with 0.2.
AKIN_LAZY std::vector<Pipeline> dino_globals(const RecipeSetup& s, double blur) {
  return asymmetric_pair(
      {.crop = {.min_area = 0.4, .filter = Filter::bicubic}, .jitter = usual_jitter(.4, .4, .2, .1), .blur = blur}, s);
}

/// DINO, arXiv:2104.14294, section 3.1 and its code: BYOL's colours, crops of 0.4-1, and eight small ones of 0.05-0.4.
AKIN_LAZY std::vector<Pipeline> dino(const RecipeSetup& s) {
  return with_locals(dino_globals(s, above_32(s, 1)), 8,
                     {.crop = {.min_area = 0.05, .max_area = 0.4, .filter = Filter::bicubic},
                      .jitter = usual_jitter(.4, .4, .2, .1),
                      .blur = above_32(s, 0.5)},
                     s);
}

/// lightly's CIFAR benchmark of DINO: its global views without blur, no small ones. Bilinear, as lightly crops.
AKIN_LAZY std::vector<Pipeline> lightly_dino(const RecipeSetup& s) {
  return asymmetric_pair({.crop = {.min_area = 0.4}, .jitter = usual_jitter(.4, .4, .2, .1)}, s);
}

/// EMP-SSL, arXiv:2304.03977, section 3: patches of a quarter of the image, scaled up to its size; twenty in the
/// authors' code. A little blur at any size, solarized with 0.1. Up to 32 pixels square and bilinear.
AKIN_LAZY std::vector<Pipeline> emp_ssl(std::size_t patches, const RecipeSetup& s) {
  ResizedCrop crop{.min_area = 0.25, .max_area = 0.25};
  if (s.size <= 32)
    crop.min_ratio = crop.max_ratio = 1;
  else
    crop.filter = Filter::bicubic;
  return pipelines_of(patches, {.crop = crop, .jitter = usual_jitter(.4, .4, .4, .2), .blur = 0.1, .solarize = 0.1}, s);
}

}  // namespace akin::inline AKIN_ABI::augment
