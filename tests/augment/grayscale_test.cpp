#include <akin/augment/grayscale.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

TEST(Grayscale, HappensAsOftenAsItsProbability) {
  int happened = 0;
  constexpr int n = 4000;
  for (std::uint32_t i = 0; i < n; ++i)
    happened += draw(Grayscale{.probability = 0.3}, {8, 8, 3}, Draws(3, {.index = i})) ? 1 : 0;
  EXPECT_NEAR(happened / double{n}, 0.3, 4 * std::sqrt(0.3 * 0.7 / n));  // four standard errors
}

TEST(Grayscale, ProbabilityZeroNeverAndOneAlways) {
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_FALSE(draw(Grayscale{.probability = 0}, {8, 8, 3}, Draws(3, {.index = i})));
    EXPECT_TRUE(draw(Grayscale{.probability = 1}, {8, 8, 3}, Draws(3, {.index = i})));
  }
}

TEST(Grayscale, RejectsBadOptions) {
  expect_error([] { validate(Grayscale{.probability = 1.1}); }, "probability must lie in [0, 1], got 1.1");
  expect_error([] { validate(Grayscale{.probability = -0.5}); }, "probability must lie in [0, 1]");
}

}  // namespace
}  // namespace akin::augment
