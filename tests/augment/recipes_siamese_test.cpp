#include <akin/augment/recipes_siamese.hpp>

#include "support/recipes.hpp"
#include "support/test.hpp"

namespace akin::augment {
namespace {

using test::step;
using test::steps_of;

TEST(SiameseRecipes, MoCoV1JittersAlwaysAndGraysFirst) {
  const auto views = moco_v1({.size = 224});
  EXPECT_EQ(steps_of(views[0]), "crop gray jitter flip normalize");
  EXPECT_EQ(step<ColorJitter>(views[1])->probability, 1);
  EXPECT_EQ(step<ColorJitter>(views[1])->hue, .4);
  EXPECT_EQ(step<ResizedCrop>(views[1])->min_area, .2);
}

TEST(SiameseRecipes, MoCoV2BlursAbove32PixelsAndFlipsLast) {
  EXPECT_EQ(steps_of(moco_v2({.size = 32})[0]), "crop jitter gray flip normalize");
  const auto views = moco_v2({.size = 224});
  EXPECT_EQ(steps_of(views[1]), "crop jitter gray blur flip normalize");
  EXPECT_EQ(step<ColorJitter>(views[1])->saturation, .4);
  EXPECT_EQ(step<GaussianBlur>(views[1])->probability, .5);
  EXPECT_EQ(step<GaussianBlur>(views[1])->kernel, 23);
}

TEST(SiameseRecipes, MoCoV3AndBarlowTreatTheirViewsAsByolDoes) {
  for (const auto& views : {moco_v3({.size = 224}), barlow({.size = 224})}) {
    EXPECT_EQ(step<GaussianBlur>(views[0])->probability, 1);
    EXPECT_EQ(step<GaussianBlur>(views[1])->probability, .1);
    EXPECT_EQ(step<Solarize>(views[0]), nullptr);
    EXPECT_EQ(step<Solarize>(views[1])->probability, .2);
    EXPECT_EQ(step<ColorJitter>(views[1])->saturation, .2);
    EXPECT_EQ(step<ResizedCrop>(views[0])->min_area, .08);
  }
  EXPECT_EQ(steps_of(moco_v3({.size = 64})[1]), "crop jitter gray blur solarize flip normalize");
  EXPECT_EQ(steps_of(barlow({.size = 64})[1]), "crop flip jitter gray blur solarize normalize");
  EXPECT_EQ(step<ResizedCrop>(barlow({})[0])->filter, Filter::bicubic);
  EXPECT_EQ(step<ResizedCrop>(moco_v3({})[0])->filter, Filter::bilinear);
}

TEST(SiameseRecipes, SupConNeverBlurs) {
  EXPECT_EQ(steps_of(supcon({.size = 224})[0]), "crop flip jitter gray normalize");
}

TEST(SiameseRecipes, WMseChangesColoursBeforeItCrops) {
  const auto small = wmse(4, {}), large = wmse(2, {.size = 224});
  EXPECT_EQ(small.size(), 4u);
  EXPECT_EQ(steps_of(small[3]), "jitter gray crop flip normalize");
  EXPECT_EQ(step<Grayscale>(small[0])->probability, .1);
  EXPECT_EQ(step<ColorJitter>(small[0])->brightness, .4);
  EXPECT_EQ(step<ColorJitter>(large[0])->brightness, .8);
  EXPECT_EQ(step<ResizedCrop>(large[0])->min_area, .08);
}

TEST(SiameseRecipes, SomeTakeOneView) {
  ASSERT_EQ(mae({}).size(), 1u);
  EXPECT_EQ(steps_of(mae({})[0]), "crop flip normalize");
  ASSERT_EQ(instance_discrimination({}).size(), 1u);
  EXPECT_EQ(steps_of(instance_discrimination({})[0]), "crop gray jitter normalize");  // no flip on CIFAR
  EXPECT_EQ(steps_of(instance_discrimination({.size = 224})[0]), "crop gray jitter flip normalize");
}

}  // namespace
}  // namespace akin::augment
