#include <akin/augment/solarize.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

TEST(Solarize, HappensAsOftenAsItsProbability) {
  int happened = 0;
  constexpr int n = 4000;
  for (std::uint32_t i = 0; i < n; ++i)
    happened += draw(Solarize{.probability = 0.3}, {8, 8, 3}, Draws(3, {.index = i})) ? 1 : 0;
  EXPECT_NEAR(happened / double{n}, 0.3, 4 * std::sqrt(0.3 * 0.7 / n));  // four standard errors
}

TEST(Solarize, ProbabilityZeroNeverAndOneAlways) {
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_FALSE(draw(Solarize{.probability = 0}, {8, 8, 3}, Draws(3, {.index = i})));
    EXPECT_TRUE(draw(Solarize{.probability = 1}, {8, 8, 3}, Draws(3, {.index = i})));
  }
}

TEST(Solarize, ThresholdIsThatOfTheByte128) {
  const auto step = draw(Solarize{.probability = 1}, {8, 8, 3}, Draws(0, {}));
  EXPECT_EQ(step->solarize.threshold, 128.0f / 255.0f);
}

TEST(Solarize, RejectsBadOptions) {
  expect_error([] { validate(Solarize{.probability = 1.1}); }, "probability must lie in [0, 1], got 1.1");
  expect_error([] { validate(Solarize{.probability = -0.5}); }, "probability must lie in [0, 1]");
  expect_error([] { validate(Solarize{.threshold = 128}); }, "threshold must lie in [0, 1], got 128");
}

}  // namespace
}  // namespace akin::augment
