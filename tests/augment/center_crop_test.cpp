#include <akin/augment/center_crop.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

TEST(CenterCrop, TakesTheCentralSquare) {
  const auto step = draw(CenterCrop{.size = 32}, {33, 57, 3}, Draws(0, {}));
  EXPECT_EQ(step->crop.top, 0);
  EXPECT_EQ(step->crop.left, 12);
  EXPECT_EQ(step->crop.height, 33);
  EXPECT_EQ(step->crop.width, 33);
  EXPECT_EQ(step->crop.out_height, 32);
  EXPECT_EQ(step->crop.out_width, 32);
}

TEST(CenterCrop, FractionShrinksTheSquare) {
  const auto step = draw(CenterCrop{.size = 224, .fraction = 0.875}, {256, 256, 3}, Draws(0, {}));
  EXPECT_EQ(step->crop.top, 16);
  EXPECT_EQ(step->crop.height, 224);
  EXPECT_EQ(draw(CenterCrop{.fraction = 0.01}, {7, 7, 1}, Draws(0, {}))->crop.width, 1);
}

TEST(CenterCrop, RejectsBadOptions) {
  expect_error([] { validate(CenterCrop{.size = -1}); }, "size must lie in 1");
  expect_error([] { validate(CenterCrop{.fraction = 0}); }, "fraction must lie in (0, 1]");
}

}  // namespace
}  // namespace akin::augment
