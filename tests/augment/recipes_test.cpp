#include <akin/augment/recipes.hpp>

#include "support/recipes.hpp"
#include "support/test.hpp"

namespace akin::augment {
namespace {

Samples grid(std::int64_t n, std::int64_t size, std::int64_t channels) {
  Samples samples{Array::empty({n, size, size, channels}, DType::u8), 0, {}};
  for (std::int64_t i = 0; i < samples.images.size(); ++i)
    samples.images.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 37 % 256);
  for (std::int64_t i = 0; i < n; ++i) samples.indices.push_back(static_cast<std::uint32_t>(i));
  return samples;
}

TEST(Recipes, GiveFiniteViewsForTheUsualDataSets) {
  for (const std::int64_t size : {28, 32})
    for (const std::int64_t channels : {1, 3}) {
      const RecipeOptions options{.size = size, .channels = channels};
      for (const Views& views : {two_views(simclr(options)), two_views(byol(options))})
        for (const Array& view : views(grid(9, size, channels))) {
          EXPECT_EQ(view.shape(), (Shape{9, size, size, channels}));
          for (std::int64_t i = 0; i < view.size(); ++i) ASSERT_TRUE(std::abs(at(view, i)) < 3);
        }
    }
}

TEST(Recipes, SimClrIsHalfAsStrongAndNotBlurredOnSmallImages) {
  const Pipeline small = simclr(), large = simclr({.size = 224});
  EXPECT_EQ(test::step<ColorJitter>(small)->brightness, 0.4);
  EXPECT_EQ(test::step<ColorJitter>(small)->hue, 0.1);
  EXPECT_EQ(test::step<ColorJitter>(small)->probability, 0.8);
  EXPECT_EQ(test::step<ResizedCrop>(small)->min_area, 0.08);
  EXPECT_EQ(test::step<Grayscale>(small)->probability, 0.2);
  EXPECT_EQ(test::step<GaussianBlur>(small), nullptr);
  EXPECT_EQ(test::step<Solarize>(small), nullptr);
  EXPECT_EQ(test::step<ColorJitter>(large)->saturation, 0.8);
  EXPECT_EQ(test::step<GaussianBlur>(large)->kernel, 23);
  EXPECT_EQ(test::step<GaussianBlur>(large)->probability, 0.5);
  EXPECT_EQ(test::step<GaussianBlur>(simclr({.size = 96}))->kernel, 9);
}

TEST(Recipes, ByolTreatsItsViewsDifferently) {
  const PipelinePair small = byol(), large = byol({.size = 224});
  EXPECT_EQ(test::step<ColorJitter>(small.first)->saturation, 0.2);
  EXPECT_EQ(test::step<Solarize>(small.first), nullptr);
  EXPECT_EQ(test::step<Solarize>(small.second)->probability, 0.2);
  EXPECT_EQ(test::step<GaussianBlur>(small.first), nullptr);
  EXPECT_EQ(test::step<GaussianBlur>(small.second), nullptr);
  EXPECT_EQ(test::step<GaussianBlur>(large.first)->probability, 1);
  EXPECT_EQ(test::step<GaussianBlur>(large.second)->probability, 0.1);
}

TEST(Recipes, DemoCropsFlipsAndJittersBrightnessAndContrast) {
  const Pipeline pipeline = demo({.jitter_probability = 0.5});
  EXPECT_EQ(pipeline.transforms().size(), 4u);
  EXPECT_EQ(test::step<ResizedCrop>(pipeline)->size, 28);
  EXPECT_EQ(test::step<ResizedCrop>(pipeline)->min_area, 0.2);
  EXPECT_EQ(test::step<ColorJitter>(pipeline)->brightness, 0.6);
  EXPECT_EQ(test::step<ColorJitter>(pipeline)->contrast, 0.6);
  EXPECT_EQ(test::step<ColorJitter>(pipeline)->hue, 0);
  EXPECT_EQ(test::step<ColorJitter>(pipeline)->probability, 0.5);
  EXPECT_EQ(test::step<Normalize>(pipeline)->mean, std::vector<double>{0.286});
  EXPECT_EQ(demo().apply(grid(3, 28, 1), 0).shape(), (Shape{3, 28, 28, 1}));
}

TEST(Recipes, OptionsReachTheTransforms) {
  const Pipeline pipeline = simclr({.size = 28,
                                    .channels = 1,
                                    .min_area = 0.2,
                                    .strength = 2,
                                    .jitter_probability = 0.7,
                                    .normalize = fashion_mnist_normalize()});
  EXPECT_EQ(test::step<ResizedCrop>(pipeline)->size, 28);
  EXPECT_EQ(test::step<ResizedCrop>(pipeline)->min_area, 0.2);
  EXPECT_EQ(test::step<ColorJitter>(pipeline)->contrast, 0.8);
  EXPECT_EQ(test::step<ColorJitter>(pipeline)->probability, 0.7);
  EXPECT_EQ(test::step<Grayscale>(pipeline), nullptr);  // nothing to do to one channel
  EXPECT_EQ(test::step<Normalize>(pipeline)->std, std::vector<double>{0.353});
}

TEST(Recipes, NormaliseByTheNumberOfChannelsUnlessTold) {
  EXPECT_EQ(test::step<Normalize>(simclr())->mean, cifar10_normalize().mean);
  EXPECT_EQ(test::step<Normalize>(simclr({.channels = 1}))->mean, std::vector<double>{0.5});
  expect_error([] { simclr({.channels = 2}); }, "channels must be 1 or 3, got 2");
  expect_error([] { simclr({.strength = -1}); }, "must be >= 0");
}

}  // namespace
}  // namespace akin::augment
