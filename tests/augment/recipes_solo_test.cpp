#include <akin/augment/recipes_solo.hpp>

#include "support/recipes.hpp"
#include "support/test.hpp"

namespace akin::augment {
namespace {

using test::step;
using test::steps_of;

TEST(SoloRecipes, CropBicubicallyAndFlipLast) {
  for (const auto& views : {solo_symmetric({}), solo_symmetric_weak({}), solo_asymmetric({}), solo_ressl({}),
                            solo_vicreg({}), solo_wmse({}), solo_swav({})})
    for (const Pipeline& view : views) {
      EXPECT_EQ(step<ResizedCrop>(view)->filter, Filter::bicubic);
      EXPECT_EQ(view.transforms()[view.transforms().size() - 2]->name(), HorizontalFlip::name);
    }
}

TEST(SoloRecipes, SymmetricBlursAtAnySize) {
  for (const std::int64_t size : {32, 224}) {
    EXPECT_EQ(steps_of(solo_symmetric({.size = size})[1]), "crop jitter gray blur flip normalize");
    EXPECT_EQ(step<ColorJitter>(solo_symmetric({.size = size})[0])->saturation, .8);
    EXPECT_EQ(step<ColorJitter>(solo_symmetric_weak({.size = size})[0])->saturation, .4);
  }
}

TEST(SoloRecipes, OthersDoNotBlurOnCifar) {
  for (const auto& make : {solo_asymmetric<>, solo_vicreg<>, solo_wmse<>})
    for (const Pipeline& view : make({})) EXPECT_EQ(step<GaussianBlur>(view), nullptr);
  EXPECT_EQ(step<GaussianBlur>(solo_asymmetric({.size = 224})[0])->probability, 1);
  EXPECT_EQ(step<GaussianBlur>(solo_asymmetric({.size = 224})[1])->probability, .1);
  EXPECT_EQ(step<GaussianBlur>(solo_vicreg({.size = 224})[0])->probability, .5);
  EXPECT_EQ(step<GaussianBlur>(solo_wmse({.size = 224})[0])->probability, .2);
}

TEST(SoloRecipes, SolarizeAsTheirFilesSay) {
  EXPECT_EQ(step<Solarize>(solo_asymmetric({})[0]), nullptr);
  EXPECT_EQ(step<Solarize>(solo_asymmetric({})[1])->probability, .2);
  for (const Pipeline& view : solo_vicreg({})) EXPECT_EQ(step<Solarize>(view)->probability, .1);
}

TEST(SoloRecipes, ResslOnlyCropsAndFlipsForTheTeacher) {
  EXPECT_EQ(steps_of(solo_ressl({})[0]), "crop jitter gray blur flip normalize");
  EXPECT_EQ(steps_of(solo_ressl({})[1]), "crop flip normalize");
}

TEST(SoloRecipes, MultiCropAddsSixSmallViews) {
  const auto cifar = solo_swav({}), imagenet = solo_wmse_multi_crop({.size = 224});
  ASSERT_TRUE(cifar.size() == 8 && imagenet.size() == 8);
  EXPECT_EQ(step<ResizedCrop>(cifar[7])->size, 18);
  EXPECT_EQ(step<ResizedCrop>(cifar[7])->max_area, .5);
  EXPECT_EQ(step<ColorJitter>(cifar[0])->brightness, .6);
  EXPECT_EQ(step<ColorJitter>(cifar[7])->brightness, .8);
  EXPECT_EQ(step<ResizedCrop>(imagenet[7])->size, 96);
  EXPECT_EQ(step<ResizedCrop>(imagenet[7])->min_area, .2);
}

}  // namespace
}  // namespace akin::augment
