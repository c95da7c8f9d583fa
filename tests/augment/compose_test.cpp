#include <akin/augment/center_crop.hpp>
#include <akin/augment/compose.hpp>
#include <akin/augment/recipes.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

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

/// A transform as a user may write it: whatever step it is given, for images of which `when` is true.
struct Anything {
  kernels::AugmentStep step;
  bool (*when)(std::uint32_t bits) = [](std::uint32_t) { return true; };
  static constexpr std::string_view name = "anything";
};
void validate(const Anything&) {}
DrawnStep draw(const Anything& o, const ImageSize&, Draws draws) {
  return o.when(draws.bits()) ? DrawnStep(o.step) : DrawnStep();
}
kernels::CropStep crop(std::int32_t top, std::int32_t left, std::int32_t height, std::int32_t width,
                       std::int32_t out_height = 4, std::int32_t out_width = 4) {
  return {.top = top, .left = left, .height = height, .width = width, .out_height = out_height, .out_width = out_width};
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
  const auto with = [&](int count) {
    const test::WithThreads scope(count);
    return everything().apply(samples, 5);
  };
  EXPECT_TRUE(same_bits(with(1), with(2)));
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

TEST(Pipeline, RefusesToCropSomeImagesOnly) {  // the output would be sized by the first image and written by all
  const auto sometimes = [](std::uint32_t bits) { return bits % 2 == 0; };
  const Pipeline to_larger({Anything{crop(0, 0, 8, 8, 33, 33), sometimes}});
  const Samples samples = samples_of({64, 8, 8, 3});
  expect_error([&] { to_larger.apply(samples, 0); }, "8 x 8");
  expect_error([&] { to_larger.apply(samples, 0); }, "33 x 33");
  for (std::uint32_t i = 0; i < 64; ++i) {  // the message names the first image that differs from image 100
    const auto size_of = [&](std::size_t k) {
      return to_larger.plan({8, 8, 3}, 0, {.index = samples.indices[k], .epoch = samples.epoch}).size;
    };
    if (size_of(i) == size_of(0)) continue;
    expect_error([&] { to_larger.apply(samples, 0); },
                 cat("augment: image ", samples.indices[i], " ends with ", size_of(i).height));
    break;
  }
  const Pipeline cropped_again({Anything{crop(0, 0, 8, 8, 33, 33), sometimes}, CenterCrop{.size = 5}});
  EXPECT_EQ(cropped_again.apply(samples, 0).shape(), (Shape{64, 5, 5, 3}));
}

TEST(Pipeline, RefusesCropsThatLeaveTheImage) {
  const Samples samples = samples_of({2, 7, 9, 1});
  const auto refused = [&](const kernels::CropStep& step, const std::string& text) {
    expect_error([&] { Pipeline({Anything{step}}).apply(samples, 0); }, text);
    expect_error([&] { Pipeline({HorizontalFlip{}, Anything{step}}).apply(samples, 0); }, text);
  };
  const std::string outside = "does not lie in an image of 7 x 9";
  EXPECT_EQ(Pipeline({Anything{crop(0, 0, 7, 9)}}).apply(samples, 0).shape(), (Shape{2, 4, 4, 1}));
  refused(crop(1, 0, 7, 9), "anything: a crop of 7 x 9 pixels at (1, 0) " + outside);
  refused(crop(0, 1, 7, 9), outside);
  refused(crop(-1, 0, 3, 3), outside);
  refused(crop(0, -1, 3, 3), outside);
  refused(crop(0, 0, 0, 3), outside);
  refused(crop(0, 0, 3, 0), outside);
  refused(crop(INT32_MAX, 0, INT32_MAX, 3), outside);
  refused(crop(0, 0, 7, 9, 0, 4), "a crop must give 1 ... 32768 pixels a side, got 0 x 4");
  refused(crop(0, 0, 7, 9, 4, 32769), "got 4 x 32769");
}

TEST(Pipeline, RefusesBlursThatReachBeyondOneReflection) {
  const Samples samples = samples_of({2, 7, 9, 1});
  const auto blur = [&](std::int32_t kernel, float sigma = 1) {
    return Pipeline({Anything{kernels::BlurStep{.sigma = sigma, .kernel = kernel}}}).apply(samples, 0);
  };
  EXPECT_EQ(blur(13).shape(), samples.images.shape());
  expect_error([&] { blur(15); }, "anything: kernel 15 is too large for images of 7 x 9; use at most 13");
  expect_error([&] { blur(4); }, "needs an odd kernel and a sigma > 0, got 4 and 1");
  expect_error([&] { blur(-3); }, "got -3 and 1");
  expect_error([&] { blur(3, 0); }, "got 3 and 0");
}

TEST(Pipeline, RefusesWindowsBoxesAndTurnsThatKernelsCannotDo) {
  const Samples samples = samples_of({2, 7, 9, 1});
  const auto refused = [&](const kernels::AugmentStep& step, const std::string& message) {
    expect_error([&] { Pipeline({Anything{step}}).apply(samples, 0); }, "anything: " + message);
  };
  using kernels::WindowStep;
  refused(WindowStep{.height = 0, .width = 3}, "a window must have 1 ... 32768 pixels a side, got 0 x 3");
  refused(WindowStep{.top = -7, .height = 9, .width = 9, .border = Border::reflect},
          "a window of 9 x 9 pixels at (-7, 0) reaches");
  refused(WindowStep{.left = 1, .height = 9, .width = 17, .border = Border::reflect},
          "a window of 9 x 17 pixels at (0, 1) reaches");
  const WindowStep far{.top = INT32_MAX, .left = INT32_MIN, .height = 5, .width = 4};  // all fill
  EXPECT_EQ(Pipeline({Anything{far}}).apply(samples, 0).shape(), (Shape{2, 5, 4, 1}));
  refused(kernels::EraseStep{.top = 5, .height = 3, .width = 1}, "an erased box of 3 x 1 pixels at (5, 0)");
  refused(kernels::EraseStep{.left = -1, .height = 3, .width = 1}, "an erased box of 3 x 1 pixels at (0, -1)");
  refused(kernels::RotateStep{.degrees = INFINITY}, "a rotation must be finite, got inf degrees");
}

TEST(Pipeline, NeedsNoSamplesWhereNothingIsRandom) {
  const Samples samples = samples_of({3, 5, 7, 3});
  const Pipeline pipeline({CenterCrop{.size = 4}, Normalize{}});
  EXPECT_TRUE(same_bits(pipeline.apply(samples.images), pipeline.apply(samples, 9, 1)));
  expect_error([&] { pipeline.apply(Array()); }, "images must be u8");
  expect_error([&] { pipeline.apply(Array::zeros({2, 5, 7, 3})); }, "images must be u8, got f32");
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
