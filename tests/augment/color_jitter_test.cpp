#include <akin/augment/color_jitter.hpp>
#include <set>

#include "support/test.hpp"

namespace akin::augment {
namespace {

const ImageSize any_size{8, 8, 3};

TEST(ColorJitter, FactorsStayInTheirRangesAndFillThem) {
  const ColorJitter jitter{.brightness = 0.4, .contrast = 0.8, .saturation = 1.5, .hue = 0.2};
  float low[4] = {9, 9, 9, 9}, high[4] = {-9, -9, -9, -9};
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const auto step = draw(jitter, any_size, Draws(1, {.index = i}));
    ASSERT_TRUE(step);
    const float drawn[4] = {step->jitter.brightness, step->jitter.contrast, step->jitter.saturation, step->jitter.hue};
    for (int k = 0; k < 4; ++k) low[k] = std::min(low[k], drawn[k]), high[k] = std::max(high[k], drawn[k]);
  }
  const float want_low[4] = {0.6f, 0.2f, 0, -0.2f}, want_high[4] = {1.4f, 1.8f, 2.5f, 0.2f};  // a factor is never < 0
  for (int k = 0; k < 4; ++k) {
    const float slack = 0.02f * (want_high[k] - want_low[k]);
    EXPECT_GE(low[k], want_low[k]);
    EXPECT_LE(low[k], want_low[k] + slack);
    EXPECT_LE(high[k], want_high[k]);
    EXPECT_GE(high[k], want_high[k] - slack);
  }
}

TEST(ColorJitter, AllOrdersAreEquallyLikely) {
  int count[256] = {};
  constexpr int n = 4800;
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto step = draw(ColorJitter{}, any_size, Draws(1, {.index = i}));
    std::set<int> seen(step->jitter.order, step->jitter.order + 4);
    EXPECT_EQ(seen, (std::set<int>{0, 1, 2, 3}));
    ++count[step->jitter.order[0] * 64 + step->jitter.order[1] * 16 + step->jitter.order[2] * 4 +
            step->jitter.order[3]];
  }
  int orders = 0;
  for (const int c : count) {
    if (c == 0) continue;
    ++orders;
    EXPECT_NEAR(c, n / 24, 5 * std::sqrt(n / 24.0));  // five standard deviations: there are 24 looks
  }
  EXPECT_EQ(orders, 24);
}

TEST(ColorJitter, WhatIsSwitchedOffIsExactlyNeutralAndShiftsNoOtherDraw) {
  const auto all =
      draw(ColorJitter{.brightness = .4, .contrast = .4, .saturation = .4, .hue = .1}, any_size, Draws(5, {}));
  const auto some = draw(ColorJitter{.brightness = .4, .saturation = .4}, any_size, Draws(5, {}));
  EXPECT_EQ(some->jitter.contrast, 1.0f);
  EXPECT_EQ(some->jitter.hue, 0.0f);
  EXPECT_EQ(some->jitter.brightness, all->jitter.brightness);
  EXPECT_EQ(some->jitter.saturation, all->jitter.saturation);
  EXPECT_TRUE(std::equal(some->jitter.order, some->jitter.order + 4, all->jitter.order));
}

TEST(ColorJitter, HappensAsOftenAsItsProbability) {
  int happened = 0;
  constexpr int n = 4000;
  for (std::uint32_t i = 0; i < n; ++i)
    happened += draw(ColorJitter{.probability = 0.8}, any_size, Draws(3, {.index = i})) ? 1 : 0;
  EXPECT_NEAR(happened / double{n}, 0.8, 4 * std::sqrt(0.8 * 0.2 / n));
}

TEST(ColorJitter, RejectsBadOptions) {
  expect_error([] { validate(ColorJitter{.contrast = -0.1}); }, "must be >= 0, got -0.1");
  expect_error([] { validate(ColorJitter{.hue = 0.6}); }, "hue must lie in [0, 0.5] turns, got 0.6");
  expect_error([] { validate(ColorJitter{.probability = 1.01}); }, "probability must lie in [0, 1]");
}

}  // namespace
}  // namespace akin::augment
