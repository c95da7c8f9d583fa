#include <akin/augment/rotation.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

Draws turn_draws(std::uint32_t index) { return Draws(7, {.index = index, .stream = stream_of(Rotation::name)}); }

TEST(Rotation, AnglesAreUniformInTheirRange) {
  const Rotation rotation{.min_degrees = -30, .max_degrees = 90};
  double mean = 0, low = 90, high = -30;
  constexpr int n = 2000;
  for (std::uint32_t i = 0; i < n; ++i) {
    const double degrees = draw(rotation, {7, 7, 1}, turn_draws(i))->rotate.degrees;
    mean += degrees / n;
    low = std::min(low, degrees);
    high = std::max(high, degrees);
  }
  EXPECT_NEAR(mean, 30, 4 * 120 / std::sqrt(12.0 * n));  // four standard errors
  EXPECT_TRUE(low >= -30 && low < -28 && high <= 90 && high > 88);
}

TEST(Rotation, HappensAsOftenAsAsked) {
  int turned = 0;
  for (std::uint32_t i = 0; i < 1000; ++i)
    turned += draw(Rotation{.probability = .3}, {7, 7, 1}, turn_draws(i)) ? 1 : 0;
  EXPECT_NEAR(turned, 300, 60);
}

TEST(Rotation, HandsOnFilterAndFill) {
  const auto step = draw(Rotation{.nearest = true, .fill = .25}, {7, 7, 3}, turn_draws(1));
  EXPECT_TRUE(step->rotate.nearest);
  EXPECT_EQ(step->rotate.fill[2], .25f);
}

TEST(Rotation, RejectsBadOptions) {
  expect_error([] { validate(Rotation{.min_degrees = 5, .max_degrees = 4}); }, "min_degrees <= max_degrees");
  expect_error([] { validate(Rotation{.max_degrees = std::nan("")}); }, "min_degrees <= max_degrees");
  expect_error([] { validate(Rotation{.fill = {0, 0, INFINITY}}); }, "fill must be finite");
  expect_error([] { validate(Rotation{.probability = 2}); }, "probability");
}

}  // namespace
}  // namespace akin::augment
