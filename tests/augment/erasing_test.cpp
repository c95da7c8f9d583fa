#include <akin/augment/erasing.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

template <class Options>
Draws erasing_draws(const Options&, std::uint32_t index) {
  return Draws(7, {.index = index, .stream = stream_of(Options::name)});
}

TEST(RandomErasing, BoxesLieInsideTheImageAndKeepAreaAndRatio) {
  const RandomErasing erasing{.min_area = .1, .max_area = .3, .probability = 1};
  for (const ImageSize& size : {ImageSize{33, 33, 3}, ImageSize{257, 100, 1}})
    for (std::uint32_t i = 0; i < 300; ++i) {
      const auto step = draw(erasing, size, erasing_draws(erasing, i));
      ASSERT_TRUE(step);
      EXPECT_TRUE(step->erase.top >= 0 && step->erase.top + step->erase.height <= size.height);
      EXPECT_TRUE(step->erase.left >= 0 && step->erase.left + step->erase.width <= size.width);
      const double h = step->erase.height, w = step->erase.width, area = static_cast<double>(size.pixels());
      EXPECT_TRUE((h + .5) * (w + .5) >= .1 * area && (h - .5) * (w - .5) <= .3 * area);  // sides are rounded
      EXPECT_TRUE((h + .5) / (w - .5) >= .3 && (h - .5) / (w + .5) <= 3.3);
      EXPECT_EQ(step->erase.noise, 0u);
    }
}

TEST(RandomErasing, ErasesNothingWhereNoBoxFits) {  // an area of all but the whole image needs a side of its own length
  const RandomErasing erasing{.min_area = .99, .max_area = 1, .probability = 1};
  EXPECT_FALSE(draw(erasing, {7, 7, 1}, erasing_draws(erasing, 0)));
  EXPECT_FALSE(draw(RandomErasing{.probability = 1}, {1, 1, 1}, erasing_draws(erasing, 0)));
}

TEST(RandomErasing, HappensAsOftenAsAsked) {
  int times = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const RandomErasing erasing;
    times += draw(erasing, {32, 32, 3}, erasing_draws(erasing, i)) ? 1 : 0;
  }
  EXPECT_NEAR(times, 500, 64);  // four standard deviations
}

TEST(RandomErasing, HandsOnValuesOrASeedOfNoise) {
  const RandomErasing valued{.value = {1, 2, 3}, .probability = 1}, noisy{.noise = true, .probability = 1};
  EXPECT_EQ(draw(valued, {32, 32, 3}, erasing_draws(valued, 0))->erase.value[1], 2);
  const auto a = draw(noisy, {32, 32, 3}, erasing_draws(noisy, 0)),
             b = draw(noisy, {32, 32, 3}, erasing_draws(noisy, 1));
  EXPECT_TRUE(a->erase.noise != 0 && b->erase.noise != 0 && a->erase.noise != b->erase.noise);
}

TEST(RandomErasing, RejectsBadOptions) {
  expect_error([] { validate(RandomErasing{.min_area = 0}); }, "0 < min_area");
  expect_error([] { validate(RandomErasing{.max_area = 1.1}); }, "max_area <= 1");
  expect_error([] { validate(RandomErasing{.min_ratio = 4}); }, "min_ratio <= max_ratio");
  expect_error([] { validate(RandomErasing{.value = std::nan("")}); }, "value must be finite");
  expect_error([] { validate(RandomErasing{.probability = 2}); }, "probability");
}

TEST(Cutout, IsASquareThatIsCutOffAtTheBorders) {
  const Cutout cutout{.size = 5};
  bool whole = false, corner = false;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const auto step = draw(cutout, {8, 9, 1}, erasing_draws(cutout, i));
    ASSERT_TRUE(step);
    EXPECT_TRUE(step->erase.top >= 0 && step->erase.height >= 1 && step->erase.height <= 5 &&
                step->erase.top + step->erase.height <= 8);
    EXPECT_TRUE(step->erase.left >= 0 && step->erase.width >= 1 && step->erase.width <= 5 &&
                step->erase.left + step->erase.width <= 9);
    whole |= step->erase.height == 5 && step->erase.width == 5;
    corner |= step->erase.height == 3 && step->erase.width == 3 && step->erase.top == 0 && step->erase.left == 0;
  }
  EXPECT_TRUE(whole && corner);
}

TEST(Cutout, MayCoverTheWholeImage) {
  const Cutout cutout{.size = 100};
  const auto step = draw(cutout, {8, 9, 1}, erasing_draws(cutout, 0));
  EXPECT_EQ(step->erase.height, 8);
  EXPECT_EQ(step->erase.width, 9);
}

TEST(Cutout, RejectsBadOptions) {
  expect_error([] { validate(Cutout{.size = 0}); }, "size must lie in 1");
  expect_error([] { validate(Cutout{.value = INFINITY}); }, "value must be finite");
  expect_error([] { validate(Cutout{.probability = -1}); }, "probability");
}

}  // namespace
}  // namespace akin::augment
