#include <akin/augment/random_crop.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

Draws crop_draws(std::uint32_t index) { return Draws(7, {.index = index, .stream = stream_of(RandomCrop::name)}); }

TEST(RandomCrop, ReachesEveryOffsetOfThePaddedImageAndNoOther) {
  int seen[9][9] = {};
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const auto step = draw(RandomCrop{}, {32, 32, 3}, crop_draws(i));
    ASSERT_TRUE(step && step->window.top >= -4 && step->window.top <= 4 && step->window.left >= -4 &&
                step->window.left <= 4);
    EXPECT_EQ(step->window.height, 32);
    EXPECT_EQ(step->window.width, 32);
    ++seen[step->window.top + 4][step->window.left + 4];
  }
  for (const auto& row : seen)
    for (const int count : row) EXPECT_GT(count, 0);
}

TEST(RandomCrop, CropsSmallerThanTheImage) {
  const auto step = draw(RandomCrop{.size = 20, .padding = 0}, {20, 257, 1}, crop_draws(3));
  EXPECT_EQ(step->window.top, 0);
  EXPECT_TRUE(step->window.left >= 0 && step->window.left <= 237);
  EXPECT_EQ(step->window.width, 20);
}

TEST(RandomCrop, HandsOnItsBorder) {
  const RandomCrop crop{.border = Border::reflect, .fill = {.1, .2, .3}};
  const auto step = draw(crop, {32, 32, 3}, crop_draws(0));
  EXPECT_EQ(step->window.border, Border::reflect);
  EXPECT_EQ(step->window.fill[2], .3f);
}

TEST(RandomCrop, RejectsBadOptionsAndImages) {
  expect_error([] { validate(RandomCrop{.size = 0}); }, "size must lie in 1");
  expect_error([] { validate(RandomCrop{.padding = -1}); }, "padding must lie in 0");
  expect_error([] { validate(RandomCrop{.fill = std::nan("")}); }, "fill must be finite");
  expect_error([] { draw(RandomCrop{}, {32, 23, 3}, crop_draws(0)); }, "larger than images of 32 x 23 with padding 4");
  expect_error(
      [] {
        draw(RandomCrop{.size = 4, .border = Border::reflect}, {4, 9, 3}, crop_draws(0));
      },
      "padding 4 is too large to reflect images of 4 x 9");
  expect_error(
      [] {
        draw(RandomCrop{.fill = {1, 2, 3}}, {32, 32, 1}, crop_draws(0));
      },
      "fill has one value for each of three channels, but images have 1 channel");
}

}  // namespace
}  // namespace akin::augment
