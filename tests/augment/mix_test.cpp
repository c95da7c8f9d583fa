#include <akin/augment/mix.hpp>
#include <akin/ops/index.hpp>
#include <set>

#include "support/test.hpp"

namespace akin::augment {
namespace {

Array mix_images() { return random_array({6, 8, 7, 3}, 1, DType::f32); }
Array mix_labels() { return ops::one_hot(int_array({0, 1, 2, 0, 1, 2}), 3); }

TEST(BetaDraw, HasTheMomentsOfTheBetaDistribution) {
  const double cases[][2] = {{.05, .05}, {.2, .2}, {1, 1}, {8, 8}, {2, 5}, {.5, 3}};
  for (const auto& [a, b] : cases) {
    constexpr int n = 20000;
    double mean = 0, square = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      Draws draws(3, {.index = i});
      const double x = beta_draw(a, b, draws);
      ASSERT_TRUE(x >= 0 && x <= 1);
      mean += x / n;
      square += x * x / n;
    }
    const double want = a / (a + b), variance = a * b / ((a + b) * (a + b) * (a + b + 1));
    EXPECT_NEAR(mean, want, 4 * std::sqrt(variance / n)) << a << " " << b;  // four standard errors
    // on [0, 1] the fourth central moment is at most the variance
    EXPECT_NEAR(square - mean * mean, variance, 4 * std::sqrt(variance / n)) << a << " " << b;
  }
}

TEST(GammaDraw, HasMeanAndVarianceOfItsShape) {
  for (const double shape : {.3, 1.0, 2.5, 40.0}) {
    constexpr int n = 20000;
    double mean = 0, square = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      Draws draws(4, {.index = i});
      const double x = std::exp(log_gamma_draw(shape, draws));
      mean += x / n;
      square += x * x / n;
    }
    EXPECT_NEAR(mean, shape, 4 * std::sqrt(shape / n));
    // the fourth central moment of a gamma variable is 3 k^2 + 6 k
    EXPECT_NEAR(square - mean * mean, shape, 4 * std::sqrt((2 * shape * shape + 6 * shape) / n));
  }
}

TEST(BetaDraw, StaysANumberWhereItsGammasVanish) {  // U^(1/a) underflows: it is 0 or 1 to the last digit, never 0 / 0
  int ends = 0;
  for (std::uint32_t i = 0; i < 200; ++i) {
    Draws draws(3, {.index = i});
    const double x = beta_draw(1e-4, 1e-4, draws);
    ASSERT_TRUE(x >= 0 && x <= 1);
    ends += x < .5;
  }
  EXPECT_NEAR(ends, 100, 29);
}

TEST(Mixup, BlendsPicturesAndLabelsWithTheirPartners) {
  const Array images = mix_images(), labels = mix_labels();
  const Mixed mixed = mixup(images, labels, {.seed = 5});
  ASSERT_EQ(mixed.images.shape(), images.shape());
  const float own = static_cast<float>(mixed.lambda), other = static_cast<float>(1 - mixed.lambda);
  for (std::int64_t i = 0; i < 6; ++i) {
    const std::int64_t p = mixed.partners[static_cast<std::size_t>(i)], row = 8 * 7 * 3;
    for (std::int64_t j = 0; j < row; ++j)
      expect_close(at(mixed.images, i * row + j), own * at(images, i * row + j) + other * at(images, p * row + j),
                   tol::f32);
    for (std::int64_t k = 0; k < 3; ++k)
      expect_close(at(mixed.labels, i * 3 + k), own * at(labels, i * 3 + k) + other * at(labels, p * 3 + k), tol::f32);
  }
}

TEST(Mixup, PartnersAreAPermutationThatFollowsSeedEpochAndStep) {
  const Array images = random_array({33, 1, 1, 1}, 1, DType::f32), labels = random_array({33, 2}, 2, DType::f32);
  const auto partners = [&](const MixOptions& o) { return mixup(images, labels, o).partners; };
  const auto first = partners({});
  EXPECT_EQ(std::set<std::int64_t>(first.begin(), first.end()).size(), 33u);
  EXPECT_EQ(*std::max_element(first.begin(), first.end()), 32);
  EXPECT_EQ(first, partners({}));
  for (const MixOptions& o : {MixOptions{.seed = 1}, MixOptions{.epoch = 1}, MixOptions{.step = 1}})
    EXPECT_NE(first, partners(o));
}

TEST(CutMix, PastesOneBoxAndMixesLabelsByItsArea) {
  const Array images = mix_images(), labels = mix_labels();
  bool clipped = false;
  for (std::uint32_t step = 0; step < 50; ++step) {
    const Mixed mixed = cutmix(images, labels, {.step = step});
    std::int64_t pasted = -1;
    for (std::int64_t i = 0; i < 6; ++i) {
      const std::int64_t p = mixed.partners[static_cast<std::size_t>(i)];
      if (p == i) continue;
      std::int64_t count = 0;
      for (std::int64_t j = 0; j < 56 * 3; ++j) {
        const double x = at(mixed.images, i * 168 + j);
        ASSERT_TRUE(x == at(images, i * 168 + j) || x == at(images, p * 168 + j));
        count += x != at(images, i * 168 + j);
      }
      EXPECT_TRUE(pasted < 0 || count == pasted);  // the same box in every picture
      pasted = count;
    }
    expect_close(mixed.lambda, 1 - static_cast<double>(pasted) / 168, tol::f64);
    clipped |= pasted > 0 && (pasted / 3) % 2 == 1;  // boxes that are not cut off have even sides
    for (std::int64_t i = 0; i < 6; ++i)
      for (std::int64_t k = 0; k < 3; ++k) {
        const std::int64_t p = mixed.partners[static_cast<std::size_t>(i)];
        expect_close(at(mixed.labels, i * 3 + k),
                     mixed.lambda * at(labels, i * 3 + k) + (1 - mixed.lambda) * at(labels, p * 3 + k), tol::f32);
      }
  }
  EXPECT_TRUE(clipped);
}

TEST(CutMix, KeepsTheArraysThatItWasGiven) {
  const Array images = mix_images(), labels = mix_labels();
  cutmix(images, labels);
  mixup(images, labels);
  expect_close(images, mix_images(), tol::exact);
  expect_close(labels, mix_labels(), tol::exact);
}

TEST(Mix, TakesAnEmptyBatch) {
  const Array images = Array::zeros({0, 4, 4, 3}), labels = Array::zeros({0, 2});
  EXPECT_EQ(mixup(images, labels).images.shape(), images.shape());
  EXPECT_EQ(cutmix(images, labels).labels.shape(), labels.shape());
}

TEST(Mix, RejectsWhatItCannotMix) {
  const Array images = mix_images(), labels = mix_labels();
  expect_error([&] { mixup(images, labels, {.alpha = 0}); }, "mixup: alpha must be > 0, got 0");
  expect_error([&] { cutmix(images, labels, {.alpha = std::nan("")}); }, "cutmix: alpha must be > 0");
  expect_error([&] { cutmix(images, labels, {.epoch = 1u << 24}); }, "epoch must be < 2^24");
  expect_error([&] { mixup(images, int_array({0, 1, 2, 0, 1, 2})); }, "labels as ops::one_hot makes them");
  expect_error([&] { mixup(Array(), labels); }, "must be contiguous f32");
  expect_error([&] { mixup(images, Array::zeros({5, 3})); }, "got [6, 8, 7, 3] and [5, 3]");
}

}  // namespace
}  // namespace akin::augment
