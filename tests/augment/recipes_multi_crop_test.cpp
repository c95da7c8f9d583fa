#include <akin/augment/recipes_multi_crop.hpp>

#include "support/recipes.hpp"
#include "support/test.hpp"

namespace akin::augment {
namespace {

using test::step;
using test::steps_of;

TEST(MultiCropRecipes, LocalSizesScaleWithTheGlobalOne) {
  EXPECT_EQ(local_size(224), 96);
  EXPECT_EQ(local_size(32), 14);
  EXPECT_EQ(local_size(28), 12);
  EXPECT_EQ(local_size(1), 1);
}

TEST(MultiCropRecipes, SwavTakesTwoLargeAndSixSmallCrops) {
  const auto views = swav({.size = 224});
  ASSERT_EQ(views.size(), 8u);
  for (std::size_t v = 0; v < 8; ++v) {
    const ResizedCrop& crop = *step<ResizedCrop>(views[v]);
    EXPECT_EQ(crop.size, v < 2 ? 224 : 96);
    EXPECT_EQ(crop.min_area, v < 2 ? .14 : .05);
    EXPECT_EQ(crop.max_area, v < 2 ? 1 : .14);
    EXPECT_EQ(steps_of(views[v]), "crop flip jitter gray blur normalize");
    EXPECT_EQ(step<ColorJitter>(views[v])->hue, .2);
  }
}

TEST(MultiCropRecipes, DinoTreatsItsGlobalViewsDifferentlyAndItsLocalOnesAlike) {
  const auto views = dino({.size = 224});
  ASSERT_EQ(views.size(), 10u);
  EXPECT_EQ(step<GaussianBlur>(views[0])->probability, 1);
  EXPECT_EQ(step<GaussianBlur>(views[1])->probability, .1);
  EXPECT_EQ(step<Solarize>(views[0]), nullptr);
  EXPECT_EQ(step<Solarize>(views[1])->probability, .2);
  EXPECT_EQ(step<ResizedCrop>(views[1])->min_area, .4);
  EXPECT_EQ(step<ResizedCrop>(views[1])->filter, Filter::bicubic);
  for (std::size_t v = 2; v < 10; ++v) {
    EXPECT_EQ(step<ResizedCrop>(views[v])->size, 96);
    EXPECT_EQ(step<ResizedCrop>(views[v])->max_area, .4);
    EXPECT_EQ(step<GaussianBlur>(views[v])->probability, .5);
    EXPECT_EQ(step<Solarize>(views[v]), nullptr);
  }
  EXPECT_EQ(step<GaussianBlur>(dino({.size = 32})[0]), nullptr);
}

TEST(MultiCropRecipes, LightlyTakesNoSmallCropsOnCifar) {
  EXPECT_EQ(lightly_swav({}).size(), 2u);
  EXPECT_EQ(step<ColorJitter>(lightly_swav({})[1])->brightness, .4);
  EXPECT_EQ(lightly_dino({}).size(), 2u);
  EXPECT_EQ(steps_of(lightly_dino({})[0]), "crop flip jitter gray normalize");
  EXPECT_EQ(steps_of(lightly_dino({})[1]), "crop flip jitter gray solarize normalize");
}

TEST(MultiCropRecipes, EmpSslCutsPatchesOfAQuarterOfTheImage) {
  const auto views = emp_ssl(7, {});
  ASSERT_EQ(views.size(), 7u);
  const auto plan = views[3].plan({32, 32, 3}, 1, {});
  EXPECT_EQ(plan.steps[0].crop.height, 16);
  EXPECT_EQ(plan.steps[0].crop.width, 16);
  EXPECT_EQ(step<GaussianBlur>(views[3])->probability, .1);
  EXPECT_EQ(step<ColorJitter>(views[3])->hue, .2);
  EXPECT_EQ(step<ResizedCrop>(emp_ssl(1, {.size = 224})[0])->filter, Filter::bicubic);
}

TEST(MultiCropRecipes, LocalsFollowTheGlobalViews) {
  const auto views = with_locals(pipelines_of(1, {}, {.size = 50}), 2, {}, {.size = 50}, 9);
  ASSERT_EQ(views.size(), 3u);
  EXPECT_EQ(step<ResizedCrop>(views[0])->size, 50);
  EXPECT_EQ(step<ResizedCrop>(views[2])->size, 9);
}

}  // namespace
}  // namespace akin::augment
