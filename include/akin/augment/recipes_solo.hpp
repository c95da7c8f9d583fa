// Recipes of solo-learn (da Costa et al., JMLR 23, 2022), whose CIFAR and ImageNet-100 results are much compared with:
// bicubic crops, the flip last, the files of its scripts/pretrain folder. Those for CIFAR serve up to 32 pixels, those for
// ImageNet-100 above; symmetric.yaml blurs in both.
#pragma once
#include "recipes_multi_crop.hpp"

namespace akin::inline AKIN_ABI::augment {

namespace detail {

AKIN_LAZY RecipeView solo_view(double min_area, const ColorJitter& jitter, double blur, double solarize = 0) {
  return {.crop = {.min_area = min_area, .filter = Filter::bicubic},
          .jitter = jitter,
          .blur = blur,
          .solarize = solarize,
          .order = Order::flip_last};
}

}  // namespace detail

/// symmetric.yaml: SimCLR, NNCLR, DeepCluster v2, ...
AKIN_LAZY std::vector<Pipeline> solo_symmetric(const RecipeSetup& s) {
  return pipelines_of(2, detail::solo_view(0.08, usual_jitter(.8, .8, .8, .2), 0.5), s);
}

/// symmetric_weak.yaml: MoCo v2+, SimSiam, ...
AKIN_LAZY std::vector<Pipeline> solo_symmetric_weak(const RecipeSetup& s) {
  return pipelines_of(2, detail::solo_view(0.08, usual_jitter(.4, .4, .4, .1), 0.5), s);
}

/// asymmetric.yaml: BYOL, Barlow Twins, MoCo v3, DINO. No blur at 32 pixels.
AKIN_LAZY std::vector<Pipeline> solo_asymmetric(const RecipeSetup& s) {
  const ColorJitter jitter = usual_jitter(.4, .4, .2, .1);
  return {pipeline_of(detail::solo_view(0.08, jitter, above_32(s, 1)), s),
          pipeline_of(detail::solo_view(0.08, jitter, above_32(s, 0.1), 0.2), s)};
}

/// ressl.yaml: the first view, the student's, has all colours; the teacher's is only cropped and flipped.
AKIN_LAZY std::vector<Pipeline> solo_ressl(const RecipeSetup& s) {
  RecipeView teacher = detail::solo_view(0.08, {}, 0);
  teacher.gray = 0;
  return {pipeline_of(detail::solo_view(0.08, usual_jitter(.4, .4, .2, .1), 0.5), s), pipeline_of(teacher, s)};
}

/// vicreg.yaml, also of VIbCReg: crop 0.2-1, solarized with 0.1; blur only at 224.
AKIN_LAZY std::vector<Pipeline> solo_vicreg(const RecipeSetup& s) {
  return pipelines_of(2, detail::solo_view(0.2, usual_jitter(.4, .4, .2, .1), above_32(s, 0.5), 0.1), s);
}

/// wmse.yaml for CIFAR: crop 0.2-1, strong jitter; blur 0.2 at 224.
AKIN_LAZY std::vector<Pipeline> solo_wmse(const RecipeSetup& s) {
  return pipelines_of(2, detail::solo_view(0.2, usual_jitter(.8, .8, .8, .2), above_32(s, 0.2)), s);
}

/// wmse.yaml for ImageNet-100: as above, with six small views that are treated alike.
AKIN_LAZY std::vector<Pipeline> solo_wmse_multi_crop(const RecipeSetup& s) {
  return with_locals(solo_wmse(s), 6, detail::solo_view(0.2, usual_jitter(.8, .8, .8, .2), above_32(s, 0.2)), s);
}

/// swav.yaml of the multi-crop scripts for CIFAR: jitter 0.6, the second view solarized with 0.2; six small views of
/// 0.08-0.5 (18 pixels at 32) with jitter 0.8, a little blur and solarization.
AKIN_LAZY std::vector<Pipeline> solo_swav(const RecipeSetup& s) {
  const ColorJitter jitter = usual_jitter(.6, .6, .6, .2);
  RecipeView local = detail::solo_view(0.08, usual_jitter(.8, .8, .8, .2), 0.1, 0.1);
  local.crop.max_area = 0.5;
  const std::int64_t side = s.size <= 32 ? (s.size * 18 + 16) / 32 : local_size(s.size);
  return with_locals(
      {pipeline_of(detail::solo_view(0.2, jitter, 0), s), pipeline_of(detail::solo_view(0.2, jitter, 0, 0.2), s)}, 6,
      local, s, std::max<std::int64_t>(side, 1));
}

}  // namespace akin::inline AKIN_ABI::augment
