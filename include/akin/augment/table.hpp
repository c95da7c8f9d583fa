// The recipes by name: what --recipe accepts. Adding a recipe = one function in one of the recipe headers and one row
// here.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "../core/names.hpp"
#include "recipes.hpp"
#include "recipes_multi_crop.hpp"
#include "recipes_siamese.hpp"
#include "recipes_solo.hpp"

namespace akin::inline AKIN_ABI::augment {

struct RecipeRow {
  std::string_view name, source, summary;
  int full = 2;                                                 ///< views of the asked size, which come first
  int local = 0;                                                ///< smaller views after them
  std::vector<Pipeline> (*make)(const RecipeSetup&) = nullptr;  ///< one pipeline for each view

  int views() const { return full + local; }
};

namespace detail {

AKIN_LAZY std::vector<Pipeline> demo_row(const RecipeSetup& s) {
  return std::vector<Pipeline>(2, demo({.size = s.size, .normalize = s.normalize}));
}
AKIN_LAZY std::vector<Pipeline> simclr_row(const RecipeSetup& s) {
  return std::vector<Pipeline>(2, simclr({.size = s.size, .channels = s.channels, .normalize = s.normalize}));
}
AKIN_LAZY std::vector<Pipeline> byol_row(const RecipeSetup& s) {
  const PipelinePair pair = byol({.size = s.size, .channels = s.channels, .normalize = s.normalize});
  return {pair.first, pair.second};
}

}  // namespace detail

AKIN_LAZY const std::vector<RecipeRow>& table() {
  using S = const RecipeSetup&;
  static const std::vector<RecipeRow> rows = {
      {"demo", "this library", "crop 0.2-1, flip, brightness and contrast 0.6", 2, 0, detail::demo_row},
      {"simclr", "arXiv:2002.05709", "crop 0.08-1, flip, strong jitter (half up to 32 px), gray, blur above 32 px", 2,
       0, detail::simclr_row},
      {"byol", "arXiv:2006.07733", "weaker jitter; the first view blurred above 32 px, the second solarized at times",
       2, 0, detail::byol_row},
      {"barlow", "arXiv:2103.03230", "byol, resized bicubically", 2, 0, barlow},
      {"vicreg", "arXiv:2105.04906", "the same as barlow", 2, 0, barlow},
      {"moco_v1", "arXiv:1911.05722", "crop 0.2-1, gray, jitter always, flip", 2, 0, moco_v1},
      {"moco_v2", "arXiv:2003.04297", "crop 0.2-1, jitter, gray, blur above 32 px, flip last", 2, 0, moco_v2},
      {"moco_v3", "arXiv:2104.02057", "byol with the flip last", 2, 0, moco_v3},
      {"simsiam", "arXiv:2011.10566", "the same as moco_v2", 2, 0, moco_v2},
      {"supcon", "arXiv:2004.11362", "crop 0.2-1, flip, jitter, gray, never blurred", 2, 0, supcon},
      {"wmse", "arXiv:2007.06346", "jitter and gray before the crop; two positives", 2, 0,
       [](S s) { return wmse(2, s); }},
      {"wmse_4", "arXiv:2007.06346", "jitter and gray before the crop; four positives", 4, 0,
       [](S s) { return wmse(4, s); }},
      {"instance_discrimination", "arXiv:1805.01978", "one view: crop 0.2-1, gray, jitter always; flip above 32 px", 1,
       0, instance_discrimination},
      {"mae", "arXiv:2111.06377", "one view: crop 0.2-1 and flip", 1, 0, mae},
      {"swav", "arXiv:2006.09882", "two crops 0.14-1 and six small ones 0.05-0.14, strong jitter", 2, 6, swav},
      {"dino", "arXiv:2104.14294", "two crops 0.4-1, treated as byol does, and eight small ones 0.05-0.4", 2, 8, dino},
      {"emp_ssl", "arXiv:2304.03977", "twenty patches of a quarter of the image", 20, 0,
       [](S s) { return emp_ssl(20, s); }},
      {"lightly_simclr", "lightly, CIFAR-10 benchmark", "the same as simclr", 2, 0, detail::simclr_row},
      {"lightly_swav", "lightly, CIFAR-10 benchmark", "two crops 0.14-1, half of SwAV's jitter, no small ones", 2, 0,
       lightly_swav},
      {"lightly_dino", "lightly, CIFAR-10 benchmark", "DINO's two global crops, not blurred, no small ones", 2, 0,
       lightly_dino},
      {"solo_symmetric", "solo-learn, symmetric.yaml", "crop 0.08-1, strong jitter, gray, blur, flip last", 2, 0,
       solo_symmetric},
      {"solo_symmetric_weak", "solo-learn, symmetric_weak.yaml", "solo_symmetric with half the jitter", 2, 0,
       solo_symmetric_weak},
      {"solo_asymmetric", "solo-learn, asymmetric.yaml", "byol, bicubic, with the flip last", 2, 0, solo_asymmetric},
      {"solo_ressl", "solo-learn, ressl.yaml", "the second view, the teacher's, is only cropped and flipped", 2, 0,
       solo_ressl},
      {"solo_vicreg", "solo-learn, vicreg.yaml", "crop 0.2-1, both views solarized with 0.1, blur above 32 px", 2, 0,
       solo_vicreg},
      {"solo_wmse", "solo-learn, wmse.yaml for CIFAR", "crop 0.2-1, strong jitter, blur above 32 px", 2, 0, solo_wmse},
      {"solo_wmse_multi_crop", "solo-learn, wmse.yaml for ImageNet-100", "solo_wmse and six small views", 2, 6,
       solo_wmse_multi_crop},
      {"solo_swav", "solo-learn, swav.yaml for CIFAR", "two crops 0.2-1 and six small ones 0.08-0.5", 2, 6, solo_swav},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const RecipeRow& find(std::string_view name) { return find_row("augment", "recipe", table(), name); }

}  // namespace akin::inline AKIN_ABI::augment
