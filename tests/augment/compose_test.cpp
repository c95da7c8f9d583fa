#include <akin/augment/compose.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

Samples samples_of(const Shape& shape, std::uint32_t epoch = 3) {
  Samples samples{Array::empty(shape, DType::u8), epoch, {}};
  Draws draws(11, {.stream = stream_of("pixels")});
  for (std::int64_t i = 0; i < samples.images.size(); ++i)
    samples.images.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(draws.below(256));
  for (std::int64_t i = 0; i < shape[0]; ++i) samples.indices.push_back(static_cast<std::uint32_t>(100 + 7 * i));
  return samples;
}

Pipeline everything() {
  return Pipeline({ResizedCrop{.size = 9}, HorizontalFlip{},
                   ColorJitter{.brightness = .4, .contrast = .4, .saturation = .4, .hue = .1, .probability = .8},
                   Grayscale{}, GaussianBlur{.kernel = 5}, Solarize{}, Normalize{}});
}

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && std::equal(a.data<float>(), a.data<float>() + a.size(), b.data<float>());
}

TEST(Pipeline, ResultHasTheSizeOfTheCropAndTheChannelsOfTheImages) {
  EXPECT_EQ(everything().apply(samples_of({5, 12, 7, 3}), 0).shape(), (Shape{5, 9, 9, 3}));
  EXPECT_EQ(everything().apply(samples_of({1, 28, 28, 1}), 0).shape(), (Shape{1, 9, 9, 1}));
  EXPECT_EQ(Pipeline({HorizontalFlip{}}).apply(samples_of({2, 1, 33, 1}), 0).shape(), (Shape{2, 1, 33, 1}));
  EXPECT_EQ(Pipeline({ResizedCrop{.size = 40}, CenterCrop{.size = 7, .fraction = .5}})
                .apply(samples_of({2, 9, 9, 3}), 0)
                .shape(),
            (Shape{2, 7, 7, 3}));
}

TEST(Pipeline, PlainNormalisesBytesAtTheirSize) {
  const Samples samples = samples_of({3, 5, 7, 3});
  const Array got = plain({.mean = {.1, .2, .3}, .std = {.5, .25, 2}}).apply(samples, 0);
  ASSERT_EQ(got.shape(), (Shape{3, 5, 7, 3}));
  const double mean[] = {.1, .2, .3}, std[] = {.5, .25, 2};
  for (std::int64_t i = 0; i < got.size(); ++i)
    expect_close(at(got, i), (at(samples.images, i) / 255 - mean[i % 3]) / std[i % 3], tol::f32);
}

TEST(Pipeline, GivesTheSameBitsAtOneAndTwoThreads) {
  const Samples samples = samples_of({70, 11, 13, 3});
  set_threads(1);
  const Array one = everything().apply(samples, 5);
  set_threads(2);
  EXPECT_TRUE(same_bits(one, everything().apply(samples, 5)));
}

TEST(Pipeline, SeedEpochViewAndIndexAllMatter) {
  Samples samples = samples_of({2, 12, 12, 3});
  const Array base = everything().apply(samples, 5, 0);
  EXPECT_TRUE(same_bits(base, everything().apply(samples, 5, 0)));
  EXPECT_FALSE(same_bits(base, everything().apply(samples, 6, 0)));
  EXPECT_FALSE(same_bits(base, everything().apply(samples, 5, 1)));
  samples.epoch += 1;
  EXPECT_FALSE(same_bits(base, everything().apply(samples, 5, 0)));
  samples.epoch -= 1;
  samples.indices[1] += 1;
  const Array moved = everything().apply(samples, 5, 0);
  EXPECT_TRUE(same_bits(base.slice(0, 0, 1), moved.slice(0, 0, 1)));
  EXPECT_FALSE(same_bits(base.slice(0, 1, 2), moved.slice(0, 1, 2)));
}

TEST(Pipeline, AViewDoesNotDependOnTheRestOfTheBatch) {
  const Samples batch = samples_of({33, 12, 12, 3});
  const Array all = everything().apply(batch, 5, 1);
  for (const std::int64_t i : {0, 17, 32}) {
    const Samples alone{batch.images.slice(0, i, i + 1), batch.epoch, {batch.indices[static_cast<std::size_t>(i)]}};
    EXPECT_TRUE(same_bits(everything().apply(alone, 5, 1), all.slice(0, i, i + 1)));
  }
}

TEST(Pipeline, AddingATransformDoesNotShiftTheOthers) {
  const Pipeline few({ResizedCrop{}, ColorJitter{.brightness = .4}});
  const Pipeline more(
      {ResizedCrop{}, Solarize{.probability = 1}, HorizontalFlip{.probability = 1}, ColorJitter{.brightness = .4}});
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto a = few.plan({33, 33, 3}, 9, {.index = i}), b = more.plan({33, 33, 3}, 9, {.index = i});
    ASSERT_EQ(a.count, 2);
    ASSERT_EQ(b.count, 4);
    EXPECT_EQ(a.steps[0].crop.top, b.steps[0].crop.top);
    EXPECT_EQ(a.steps[0].crop.width, b.steps[0].crop.width);
    EXPECT_EQ(a.steps[1].jitter.brightness, b.steps[3].jitter.brightness);
  }
}

TEST(Pipeline, TwoTransformsOfOneKindDrawIndependently) {
  const Pipeline twice({HorizontalFlip{}, HorizontalFlip{}});
  int one = 0;
  for (std::uint32_t i = 0; i < 200; ++i) one += twice.plan({8, 8, 1}, 9, {.index = i}).count == 1;
  EXPECT_GT(one, 60);  // half of them; never, if both used the same draws
  EXPECT_LT(one, 140);
}

TEST(Pipeline, RejectsWhatItCannotAugment) {
  const Pipeline pipeline({ResizedCrop{}});
  Samples floats = samples_of({2, 8, 8, 3});
  floats.images = Array::zeros({2, 8, 8, 3});
  expect_error([&] { pipeline.apply(floats, 0); }, "images must be u8, got f32");
  expect_error([&] { pipeline.apply(samples_of({2, 8, 3}), 0); }, "needs 4 axes, got shape [2, 8, 3]");
  expect_error([&] { pipeline.apply(samples_of({2, 8, 8, 2}), 0); }, "1 or 3 channels, got shape [2, 8, 8, 2]");
  expect_error([&] { pipeline.apply(samples_of({0, 8, 8, 3}), 0); }, "the batch is empty");
  expect_error([&] { pipeline.apply(samples_of({2, 8, 0, 3}), 0); }, "empty");
  expect_error([&] { pipeline.apply(Samples{}, 0); }, "images must be u8");
  expect_error([&] { pipeline.apply(samples_of({2, 8, 8, 3}), 0, 256); }, "view must lie in 0 ... 255, got 256");
  expect_error([&] { pipeline.apply(samples_of({2, 8, 8, 3}, 1u << 24), 0); }, "epoch must be < 2^24");
  Samples short_of_one = samples_of({2, 8, 8, 3});
  short_of_one.indices.pop_back();
  expect_error([&] { pipeline.apply(short_of_one, 0); }, "need 2 indices, got 1");
  Samples strided = samples_of({2, 8, 9, 3});
  strided.images = strided.images.transpose(1, 2);
  expect_error([&] { pipeline.apply(strided, 0); }, "call contiguous() first");
}

TEST(Pipeline, ValidatesItsTransformsWhenItIsBuilt) {
  expect_error([] { Pipeline({ResizedCrop{}, Solarize{.probability = -1}}); }, "solarize: probability");
  expect_error([] { Pipeline(std::vector<Transform>(13, HorizontalFlip{})); },
               "at most 12 transforms are supported, got 13");
  expect_error([] { Pipeline({GaussianBlur{}}).apply(samples_of({1, 8, 8, 3}), 0); }, "kernel 23 is too large");
}

TEST(Views, AreTheirPipelinesWithTheViewsNumber) {
  const Samples samples = samples_of({3, 12, 12, 3});
  const Pipeline small({ResizedCrop{.size = 6}});
  const auto views = two_views(everything(), small, {.seed = 8})(samples);
  ASSERT_EQ(views.size(), 2u);
  EXPECT_TRUE(same_bits(views[0], everything().apply(samples, 8, 0)));
  EXPECT_TRUE(same_bits(views[1], small.apply(samples, 8, 1)));
}

TEST(Views, OfOnePipelineDiffer) {
  const auto views = two_views(everything())(samples_of({3, 12, 12, 3}));
  EXPECT_FALSE(same_bits(views[0], views[1]));
}

TEST(Views, MayBeMany) {  // multi-crop: two large views, three small ones
  std::vector<Pipeline> crops(2, Pipeline({ResizedCrop{.size = 12}}));
  crops.insert(crops.end(), 3, Pipeline({ResizedCrop{.size = 5, .max_area = 0.3}}));
  const auto views = Views(crops)(samples_of({2, 16, 16, 1}));
  ASSERT_EQ(views.size(), 5u);
  EXPECT_EQ(views[1].shape(), (Shape{2, 12, 12, 1}));
  EXPECT_EQ(views[4].shape(), (Shape{2, 5, 5, 1}));
  EXPECT_FALSE(same_bits(views[3], views[4]));
  expect_error([] { Views({}); }, "needs 1 ... 256 pipelines, got 0");
}

}  // namespace
}  // namespace akin::augment
