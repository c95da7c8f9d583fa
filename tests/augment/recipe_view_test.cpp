#include <akin/augment/recipe_view.hpp>

#include "support/recipes.hpp"
#include "support/test.hpp"

namespace akin::augment {
namespace {

const RecipeView everything_on{.jitter = usual_jitter(.4, .3, .2, .1), .blur = .5, .solarize = .2, .equalize = .1};

std::string order_of(Order order) {
  RecipeView view = everything_on;
  view.order = order;
  return test::steps_of(pipeline_of(view, {}));
}

TEST(RecipeView, ComesInTheOrdersOfPublishedCode) {
  EXPECT_EQ(order_of(Order::flip_second), "crop flip jitter gray blur solarize equalize normalize");
  EXPECT_EQ(order_of(Order::flip_last), "crop jitter gray blur solarize equalize flip normalize");
  EXPECT_EQ(order_of(Order::colors_first), "jitter gray crop flip blur solarize equalize normalize");
  EXPECT_EQ(order_of(Order::gray_second), "crop gray jitter flip blur solarize equalize normalize");
}

TEST(RecipeView, LeavesOutWhatDoesNothing) {
  EXPECT_EQ(test::steps_of(pipeline_of({}, {})), "crop flip gray normalize");
  EXPECT_EQ(test::steps_of(pipeline_of({.flip = 0}, {.channels = 1})), "crop normalize");  // one channel is gray
}

TEST(RecipeView, TakesSizeAndNormalisationFromTheSetup) {
  const Pipeline pipeline = pipeline_of({.crop = {.size = 5, .min_area = .3}}, {.size = 64, .normalize = {{.1}, {.7}}});
  EXPECT_EQ(test::step<ResizedCrop>(pipeline)->size, 64);
  EXPECT_EQ(test::step<ResizedCrop>(pipeline)->min_area, .3);
  EXPECT_EQ(test::step<Normalize>(pipeline)->std, std::vector<double>{.7});
}

TEST(RecipeView, BlursByTheWidestKernelThatFits) {
  const auto kernel = [](std::int64_t size) {
    return test::step<GaussianBlur>(pipeline_of(everything_on, {.size = size}))->kernel;
  };
  EXPECT_EQ(kernel(224), 23);
  EXPECT_EQ(kernel(12), 23);
  EXPECT_EQ(kernel(7), 13);
  EXPECT_EQ(kernel(1), 1);
}

TEST(RecipeView, RefusesOtherChannels) {
  expect_error([] { pipeline_of({}, {.channels = 4}); }, "recipe: channels must be 1 or 3, got 4");
}

}  // namespace
}  // namespace akin::augment
