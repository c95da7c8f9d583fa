#include <akin/augment/resized_crop.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

Draws draws_of(std::uint32_t index) { return Draws(7, {.index = index, .stream = stream_of(ResizedCrop::name)}); }

TEST(ResizedCrop, BoxesLieInsideTheImageAndKeepAreaAndRatio) {
  const ResizedCrop crop{.size = 28, .min_area = 0.2, .max_area = 0.6};
  const ImageSize sizes[] = {{33, 33, 3}, {257, 100, 1}, {28, 40, 3}};
  for (const auto& size : sizes)
    for (std::uint32_t i = 0; i < 300; ++i) {
      const auto step = draw(crop, size, draws_of(i));
      ASSERT_TRUE(step);
      EXPECT_GE(step->crop.top, 0);
      EXPECT_GE(step->crop.left, 0);
      EXPECT_LE(step->crop.top + step->crop.height, size.height);
      EXPECT_LE(step->crop.left + step->crop.width, size.width);
      EXPECT_EQ(step->crop.out_height, 28);
      EXPECT_EQ(step->crop.out_width, 28);
      // rounding moves a side by at most half a pixel
      const double h = step->crop.height, w = step->crop.width, area = static_cast<double>(size.pixels());
      EXPECT_GE((h + .5) * (w + .5), 0.2 * area);
      EXPECT_LE((h - .5) * (w - .5), 0.6 * area);
      EXPECT_GE((w + .5) / (h - .5), 3.0 / 4);
      EXPECT_LE((w - .5) / (h + .5), 4.0 / 3);
    }
}

TEST(ResizedCrop, AreaIsUniformAndRatioSymmetricInItsLogarithm) {
  double area = 0, log_ratio = 0;
  constexpr int n = 4000;
  for (std::uint32_t i = 0; i < n; ++i) {  // max_area .5: every box fits, nothing is rejected
    const auto step = draw(ResizedCrop{.min_area = 0.1, .max_area = 0.5}, {1000, 1000, 1}, draws_of(i));
    area += step->crop.height * static_cast<double>(step->crop.width) / 1e6 / n;
    log_ratio += std::log(step->crop.width / static_cast<double>(step->crop.height)) / n;
  }
  EXPECT_NEAR(area, 0.3, 4 * 0.4 / std::sqrt(12.0 * n));  // four standard errors of the mean of a uniform variable
  EXPECT_NEAR(log_ratio, 0, 4 * 2 * std::log(4.0 / 3) / std::sqrt(12.0 * n));
}

TEST(ResizedCrop, EveryCornerIsReached) {
  bool top = false, left = false, bottom = false, right = false;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const auto step = draw(ResizedCrop{.min_area = 0.5}, {7, 7, 1}, draws_of(i));
    top |= step->crop.top == 0 && step->crop.height < 7;
    left |= step->crop.left == 0 && step->crop.width < 7;
    bottom |= step->crop.top > 0 && step->crop.top + step->crop.height == 7;
    right |= step->crop.left > 0 && step->crop.left + step->crop.width == 7;
  }
  EXPECT_TRUE(top && left && bottom && right);
}

TEST(ResizedCrop, FullAreaAtRatioOneIsTheWholeImage) {
  const auto step =
      draw(ResizedCrop{.size = 9, .min_area = 1, .min_ratio = 1, .max_ratio = 1}, {33, 33, 3}, draws_of(0));
  EXPECT_EQ(step->crop.top, 0);
  EXPECT_EQ(step->crop.left, 0);
  EXPECT_EQ(step->crop.height, 33);
  EXPECT_EQ(step->crop.width, 33);
}

TEST(ResizedCrop, FilterDoesNotChangeTheBox) {
  const auto a = draw(ResizedCrop{}, {33, 33, 3}, draws_of(2));
  const auto b = draw(ResizedCrop{.filter = Filter::bicubic}, {33, 33, 3}, draws_of(2));
  EXPECT_EQ(a->crop.filter, Filter::bilinear);
  EXPECT_EQ(b->crop.filter, Filter::bicubic);
  EXPECT_TRUE(a->crop.top == b->crop.top && a->crop.left == b->crop.left && a->crop.height == b->crop.height &&
              a->crop.width == b->crop.width);
}

TEST(ResizedCrop, FallsBackToTheCentreWhereNoBoxFits) {
  const auto wide = draw(ResizedCrop{.min_area = 0.5}, {10, 1000, 3}, draws_of(1));  // half the area needs 61 rows
  EXPECT_EQ(wide->crop.height, 10);
  EXPECT_EQ(wide->crop.width, 13);
  EXPECT_EQ(wide->crop.top, 0);
  EXPECT_EQ(wide->crop.left, 493);
  const auto tall = draw(ResizedCrop{.min_area = 0.5}, {1000, 9, 3}, draws_of(1));
  EXPECT_EQ(tall->crop.height, 12);
  EXPECT_EQ(tall->crop.width, 9);
  EXPECT_EQ(tall->crop.top, 494);
  const auto pixel = draw(ResizedCrop{.min_ratio = 3, .max_ratio = 3}, {1, 1, 1}, draws_of(1));
  EXPECT_EQ(pixel->crop.height, 1);
  EXPECT_EQ(pixel->crop.width, 1);
}

TEST(ResizedCrop, RejectsBadOptions) {
  expect_error([] { validate(ResizedCrop{.size = 0}); }, "size must lie in 1");
  expect_error([] { validate(ResizedCrop{.min_area = 0.5, .max_area = 0.4}); }, "min_area <= max_area");
  expect_error([] { validate(ResizedCrop{.min_area = 0}); }, "0 < min_area");
  expect_error([] { validate(ResizedCrop{.max_area = 1.5}); }, "max_area <= 1");
  expect_error([] { validate(ResizedCrop{.min_ratio = 2, .max_ratio = 1}); }, "min_ratio <= max_ratio");
  expect_error([] { validate(ResizedCrop{.min_area = std::nan("")}); }, "min_area");
}

}  // namespace
}  // namespace akin::augment
