#include <akin/data/synthetic.hpp>

#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(Synthetic, IsAPureFunctionOfSeedSplitAndIndex) {
  const auto image = [](std::uint64_t seed, Split split, std::uint32_t index) {
    return take(*synthetic({.size = 8, .count = 20, .seed = seed, .split = split}), {index}).images;
  };
  const auto differ = [](const Array& a, const Array& b) {
    return std::memcmp(a.data<std::uint8_t>(), b.data<std::uint8_t>(), static_cast<std::size_t>(a.size())) != 0;
  };
  const Array one = image(3, Split::train, 7);
  EXPECT_FALSE(differ(one, image(3, Split::train, 7)));
  EXPECT_TRUE(differ(one, image(3, Split::train, 8)));
  EXPECT_TRUE(differ(one, image(3, Split::test, 7)));
  EXPECT_TRUE(differ(one, image(4, Split::train, 7)));
}

TEST(Synthetic, ShowsItsFactors) {
  const auto d = synthetic({.size = 33, .channels = 1, .count = 9});
  std::vector<std::uint8_t> expected(33 * 33);
  render(d->factors(5), 33, 1, expected.data());
  const Samples got = take(*d, {5});
  EXPECT_EQ(got.images.shape(), (Shape{1, 33, 33, 1}));
  EXPECT_EQ(std::memcmp(got.images.data<std::uint8_t>(), expected.data(), expected.size()), 0);
  EXPECT_EQ(d->label(5), d->factors(5).shape);
  EXPECT_EQ(d->class_names(), shape_names());
}

TEST(Synthetic, ListsAllFactors) {
  const auto d = synthetic({.size = 8, .count = 7});
  const Array all = d->factors_array();
  EXPECT_EQ(all.shape(), (Shape{7, static_cast<std::int64_t>(Synthetic::factor_names().size())}));
  const Factors f = d->factors(6);
  const double expected[] = {static_cast<double>(f.shape), f.hue, f.scale, f.rotation, f.x, f.y, f.background};
  for (int i = 0; i < 7; ++i) expect_close(at(all, 6 * 7 + i), expected[i], tol::f32);
}

TEST(Synthetic, FactorsAreIndependent) {  // |correlation| of 4000 independent pairs exceeds 0.07 once in 100,000 times
  const std::int64_t n = 4000, columns = 7;
  const Array all = synthetic({.size = 8, .count = n})->factors_array();
  for (std::int64_t a = 0; a < columns; ++a)
    for (std::int64_t b = 0; b < a; ++b) {
      double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        const double x = at(all, i * columns + a), y = at(all, i * columns + b);
        sa += x, sb += y, saa += x * x, sbb += y * y, sab += x * y;
      }
      const double m = static_cast<double>(n);
      const double r = (sab - sa * sb / m) / std::sqrt((saa - sa * sa / m) * (sbb - sb * sb / m));
      EXPECT_LT(std::abs(r), 0.07) << a << " " << b;
    }
}

TEST(Synthetic, ClassesAreBalanced) {
  const Array all = labels(*synthetic({.size = 8, .count = 8000}));
  std::vector<int> counts(8);
  for (std::int64_t i = 0; i < all.size(); ++i) ++counts[static_cast<std::size_t>(all.data<std::int64_t>()[i])];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);  // five standard deviations
}

/// The class whose mean colour over the first images is nearest, checked on the others: the share that is right.
double accuracy_from_mean_colour(const Dataset& d, std::int64_t fitted) {
  std::vector<std::array<double, 4>> sums(8);  // three channels and a count
  const auto colour = [&](std::int64_t i) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(d.image_bytes()));
    d.read(i, pixels.data());
    std::array<double, 3> mean{};
    for (std::size_t p = 0; p < pixels.size(); ++p) mean[p % 3] += pixels[p];
    return mean;
  };
  double right = 0;
  for (std::int64_t i = 0; i < d.size(); ++i) {
    const auto c = colour(i);
    auto& own = sums[static_cast<std::size_t>(d.label(i))];
    if (i < fitted) {
      for (std::size_t k = 0; k < 3; ++k) own[k] += c[k];
      ++own[3];
      continue;
    }
    const auto far = [&](const std::array<double, 4>& s) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k) sum += (c[k] - s[k] / s[3]) * (c[k] - s[k] / s[3]);
      return sum;
    };
    const auto best = std::min_element(sums.begin(), sums.end(), [&](auto& a, auto& b) { return far(a) < far(b); });
    right += best - sums.begin() == d.label(i);
  }
  return right / static_cast<double>(d.size() - fitted);
}

TEST(Synthetic, MeanColourDoesNotGiveTheClassAway) {
  EXPECT_LT(accuracy_from_mean_colour(*synthetic({.size = 16, .count = 2000}), 1000), 1.0 / 8 + 0.05);
}

TEST(Synthetic, RejectsSizesOutOfRange) {
  expect_error([] { synthetic({.size = 7}); }, "synthetic: expected a size of 8 ... 512 pixels, got 7");
  expect_error([] { synthetic({.channels = 4}); }, "channels, got 4");
  expect_error([] { synthetic({.count = -1}); }, "got -1");
}

}  // namespace
}  // namespace akin::data
