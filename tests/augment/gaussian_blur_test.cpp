#include <akin/augment/gaussian_blur.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

TEST(GaussianBlur, SigmaIsUniform) {
  constexpr int n = 4000;
  double mean = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto step = draw(GaussianBlur{.kernel = 3, .probability = 1}, {8, 8, 3}, Draws(3, {.index = i}));
    ASSERT_TRUE(step);
    EXPECT_GE(step->blur.sigma, 0.1f);
    EXPECT_LE(step->blur.sigma, 2.0f);
    EXPECT_EQ(step->blur.kernel, 3);
    mean += static_cast<double>(step->blur.sigma) / n;
  }
  EXPECT_NEAR(mean, 1.05, 4 * 1.9 / std::sqrt(12.0 * n));  // four standard errors
}

TEST(GaussianBlur, HappensAsOftenAsItsProbability) {
  int happened = 0;
  constexpr int n = 4000;
  for (std::uint32_t i = 0; i < n; ++i)
    happened += draw(GaussianBlur{.kernel = 3, .probability = 0.1}, {8, 8, 3}, Draws(3, {.index = i})) ? 1 : 0;
  EXPECT_NEAR(happened / double{n}, 0.1, 4 * std::sqrt(0.1 * 0.9 / n));
}

TEST(GaussianBlur, RejectsKernelsLargerThanTheImageEvenWhenItDoesNotHappen) {
  const GaussianBlur blur{.kernel = 15, .probability = 0};
  EXPECT_FALSE(draw(blur, {8, 9, 1}, Draws(0, {})));
  expect_error(
      [&] {
        draw(blur, {7, 9, 1}, Draws(0, {}));
      },
      "kernel 15 is too large for images of 7 x 9; use at most 13");
}

TEST(GaussianBlur, RejectsBadOptions) {
  expect_error([] { validate(GaussianBlur{.kernel = 4}); }, "kernel must be odd and positive, got 4");
  expect_error([] { validate(GaussianBlur{.kernel = -3}); }, "kernel must be odd");
  expect_error([] { validate(GaussianBlur{.min_sigma = 0}); }, "0 < min_sigma");
  expect_error([] { validate(GaussianBlur{.min_sigma = 3}); }, "min_sigma <= max_sigma");
  expect_error([] { validate(GaussianBlur{.probability = 2}); }, "probability must lie in [0, 1]");
}

}  // namespace
}  // namespace akin::augment
