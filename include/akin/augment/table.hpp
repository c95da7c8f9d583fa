// The recipes by name: what --recipe accepts. Adding a recipe = one function in recipes.hpp and one row here.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "../core/names.hpp"
#include "recipes.hpp"

namespace akin::inline AKIN_ABI::augment {

/// What any recipe is made for.
struct RecipeSetup {
  std::int64_t size = 32, channels = 3;  ///< of the views
  Normalize normalize;
};

struct RecipeRow {
  std::string_view name, what;
  PipelinePair (*make)(const RecipeSetup&);
};

AKIN_LAZY const std::vector<RecipeRow>& table() {
  static const std::vector<RecipeRow> rows = {
      {"demo", "crop 0.2-1, flip, brightness and contrast 0.6",
       [](const RecipeSetup& s) {
         const Pipeline both = demo({.size = s.size, .normalize = s.normalize});
         return PipelinePair{both, both};
       }},
      {"simclr", "crop 0.08-1, flip, jitter, gray, blur above 32 px",
       [](const RecipeSetup& s) {
         const Pipeline both = simclr({.size = s.size, .channels = s.channels, .normalize = s.normalize});
         return PipelinePair{both, both};
       }},
      {"byol", "crop 0.08-1, flip, weaker jitter, gray; the second view is solarized at times",
       [](const RecipeSetup& s) { return byol({.size = s.size, .channels = s.channels, .normalize = s.normalize}); }},
  };
  return rows;
}

/// The row of that name. Errors: unknown name, with the known ones and the nearest.
AKIN_LAZY const RecipeRow& find(std::string_view name) { return find_row("augment", "recipe", table(), name); }

}  // namespace akin::inline AKIN_ABI::augment
