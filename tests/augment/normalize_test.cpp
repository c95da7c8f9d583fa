#include <akin/augment/normalize.hpp>

#include "support/test.hpp"

namespace akin::augment {
namespace {

TEST(Normalize, OneValueServesAllChannels) {
  const auto step = draw(Normalize{.mean = {0.25}, .std = {0.75}}, {8, 8, 3}, Draws(0, {}));
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(step->normalize.mean[c], 0.25f);
    EXPECT_EQ(step->normalize.std[c], 0.75f);
  }
}

TEST(Normalize, ThreeValuesKeepTheirOrder) {
  const auto step = draw(cifar10_normalize(), {8, 8, 3}, Draws(0, {}));
  EXPECT_EQ(step->normalize.mean[0], 0.4914f);
  EXPECT_EQ(step->normalize.mean[2], 0.4465f);
  EXPECT_EQ(step->normalize.std[1], 0.2435f);
}

TEST(Normalize, RejectsBadOptions) {
  expect_error([] { validate(Normalize{.mean = {0}, .std = {0}}); }, "std must be > 0, got 0");
  expect_error(
      [] {
        validate(Normalize{.mean = {0, 0}, .std = {1, 1}});
      },
      "1 or 3 means and as many stds, got 2 and 2");
  expect_error([] { validate(Normalize{.mean = {0}, .std = {1, 1, 1}}); }, "got 1 and 3");
  expect_error([] { draw(cifar10_normalize(), {8, 8, 1}, Draws(0, {})); }, "has 3 means, but images have 1 channel");
}

}  // namespace
}  // namespace akin::augment
