#include <akin/eval/linear_probe.hpp>
#include <limits>

#include "support/test.hpp"

namespace akin::eval {
namespace {

/// Noisy classes i % classes around random centres, on columns of very different mean and spread.
Features clusters(std::int64_t n, std::int64_t d, std::int64_t classes, unsigned seed, double noise = 1) {
  Features f{random_array({n, d}, seed, DType::f32, noise), Array::empty({n}, DType::i64)};
  const Array centres = random_array({classes, d}, 77, DType::f32);
  for (std::int64_t i = 0; i < n; ++i) {
    f.labels.mut<std::int64_t>()[i] = i % classes;
    for (std::int64_t j = 0; j < d; ++j) {
      float& v = f.x.mut<float>()[i * d + j];
      v = (v + centres.data<float>()[i % classes * d + j]) * static_cast<float>(j + 1) + static_cast<float>(10 * j);
    }
  }
  return f;
}

/// The loss by its definition, in double.
double naive_loss(const LinearProbe& p, const Features& f, double l2) {
  const std::int64_t n = f.x.dim(0), d = f.x.dim(1), classes = p.bias.size();
  double loss = 0, squares = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<double> z;
    for (std::int64_t k = 0; k < classes; ++k) {
      z.push_back(at(p.bias, k));
      for (std::int64_t j = 0; j < d; ++j)
        z.back() += at(p.weight, k * d + j) * (at(f.x, i * d + j) - at(p.mean, j)) * at(p.scale, j);
    }
    double sum = 0;
    for (const double v : z) sum += std::exp(v);
    loss += std::log(sum) - z[static_cast<std::size_t>(f.labels.data<std::int64_t>()[i])];
  }
  for (std::int64_t k = 0; k < p.weight.size(); ++k) squares += at(p.weight, k) * at(p.weight, k);
  return loss / static_cast<double>(n) + l2 / 2 * squares;
}

TEST(LinearProbe, TheGradientIsTheSlopeOfTheLoss) {
  const Features f = clusters(33, 7, 3, 1);
  LinearProbe scale;
  detail::fit_scale(f.x, scale);
  const detail::SoftmaxRegression loss(detail::standardized(f.x, scale.mean, scale.scale), f.labels, 3, 0.1);
  detail::Vector at_point, gradient(loss.parameters()), ignored(loss.parameters());
  for (std::size_t i = 0; i < loss.parameters(); ++i) at_point.push_back(std::sin(static_cast<double>(i)));
  loss(at_point, gradient);
  for (std::size_t i = 0; i < at_point.size(); ++i) {
    constexpr double h = 1.0 / 128;  // weights and products are f32: a smaller step drowns in their rounding
    auto moved = at_point;
    const auto value = [&](double step) { return moved[i] = at_point[i] + step, loss(moved, ignored); };
    const double slope = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h);
    EXPECT_TRUE(is_close(gradient[i], slope, tol::reduce_f32)) << i << ": " << gradient[i] << " vs " << slope;
  }
}

TEST(LinearProbe, ReportsTheLossOfWhatItReturns) {
  const Features f = clusters(257, 7, 3, 1);
  const LinearProbe probe = fit_linear_probe(f, 3, {.l2 = 0.01});
  EXPECT_TRUE(is_close(probe.report.value, naive_loss(probe, f, 0.01), tol::reduce_f32));
  EXPECT_LE(probe.report.gradient_norm, 1e-3);
  EXPECT_LT(probe.report.value, std::log(3.0));
}

TEST(LinearProbe, NothingNearbyIsBetter) {
  const Features f = clusters(257, 3, 3, 1);
  const LinearProbe probe = fit_linear_probe(f, 3, {.l2 = 0.01});
  for (int which = 0; which < 12; ++which)
    for (const float step : {-0.02f, 0.02f}) {
      LinearProbe moved = probe;
      Array& of = which < 9 ? moved.weight : moved.bias;
      of = ops::clone(of);
      of.mut<float>()[which < 9 ? which : which - 9] += step;
      EXPECT_GT(naive_loss(moved, f, 0.01), probe.report.value) << which << " by " << step;
    }
}

TEST(LinearProbe, FeaturesThatSayNothingGiveTheClassFrequencies) {
  const Features f{Array::full({7, 2}, 0.3), int_array({0, 1, 1, 1, 1, 2, 2})};
  const LinearProbe probe = fit_linear_probe(f, 3, {.l2 = 0});
  expect_close(probe.weight, Array::zeros({3, 2}), tol::reduce_f32);
  const double entropy = -(1 * std::log(1 / 7.0) + 4 * std::log(4 / 7.0) + 2 * std::log(2 / 7.0)) / 7;
  EXPECT_TRUE(is_close(probe.report.value, entropy, tol::reduce_f32)) << probe.report.value << " vs " << entropy;
  EXPECT_EQ(accuracy(probe, f), 4.0 / 7);
}

TEST(LinearProbe, TwoPointsHaveAClosedForm) {  // weights w, -w at z = -1, 1: loss log(1 + e^(-2w)) + l2 w^2
  const Features f{Array::from<float>({2, 1}, {3, 7}), int_array({1, 0})};
  const double l2 = 0.1;
  double w = 1;  // where the slope -2 / (1 + e^(2w)) + 2 l2 w is 0
  for (int i = 0; i < 200; ++i) w += 1 / (1 + std::exp(2 * w)) - l2 * w;
  const LinearProbe probe = fit_linear_probe(f, 2, {.l2 = l2, .gradient_tolerance = 0, .value_tolerance = 0});
  EXPECT_EQ(at(probe.mean, 0), 5);
  EXPECT_EQ(at(probe.scale, 0), 0.5);
  EXPECT_TRUE(is_close(probe.report.value, std::log1p(std::exp(-2 * w)) + l2 * w * w, tol::f32));
  EXPECT_NEAR(at(probe.weight, 0), w, std::sqrt(tol::f32.atol));  // the loss is flat there
  EXPECT_NEAR(at(probe.weight, 1), -w, std::sqrt(tol::f32.atol));
}

TEST(LinearProbe, SeparatesWhatIsSeparable) {
  const Features train = clusters(257, 7, 3, 1, 0.1), test = clusters(66, 7, 3, 2, 0.1);
  const LinearProbe probe = fit_linear_probe(train, 3);
  EXPECT_EQ(accuracy(probe, train), 1);
  EXPECT_EQ(accuracy(probe, test), 1);
}

TEST(LinearProbe, ScaleAndOriginOfAFeatureDoNotMatter) {
  const Features f = clusters(257, 7, 3, 1, 2);
  Features moved{ops::clone(f.x), f.labels};
  for (std::int64_t i = 0; i < moved.x.size(); ++i) {
    float& v = moved.x.mut<float>()[i];
    v = v * static_cast<float>(1 << (i % 7)) + 5;
  }
  const LinearProbe a = fit_linear_probe(f, 3, {.l2 = 0.01}), b = fit_linear_probe(moved, 3, {.l2 = 0.01});
  EXPECT_TRUE(is_close(a.report.value, b.report.value, tol::reduce_f32));
  EXPECT_EQ(accuracy(a, f), accuracy(b, moved));
}

TEST(LinearProbe, SeveralBlocksOfRowsCountLikeOne) {
  const Features part = clusters(300, 3, 3, 1);
  Features whole{Array::empty({4500, 3}), Array::empty({4500}, DType::i64)};  // 15 copies, more than two blocks
  for (int copy = 0; copy < 15; ++copy) {
    std::copy_n(part.x.data<float>(), 900, whole.x.mut<float>() + copy * 900);
    std::copy_n(part.labels.data<std::int64_t>(), 300, whole.labels.mut<std::int64_t>() + copy * 300);
  }
  const LinearProbe a = fit_linear_probe(part, 3, {.l2 = 0.01}), b = fit_linear_probe(whole, 3, {.l2 = 0.01});
  EXPECT_TRUE(is_close(a.report.value, b.report.value, tol::reduce_f32));
}

TEST(LinearProbe, AStrongerPenaltyGivesSmallerWeights) {
  const Features f = clusters(257, 7, 3, 1);
  double before = std::numeric_limits<double>::infinity();
  for (const double l2 : {1e-4, 1e-2, 1.0}) {
    const LinearProbe probe = fit_linear_probe(f, 3, {.l2 = l2});
    double squares = 0;
    for (std::int64_t i = 0; i < probe.weight.size(); ++i) squares += at(probe.weight, i) * at(probe.weight, i);
    EXPECT_LT(squares, before);
    before = squares;
  }
}

TEST(LinearProbe, EqualLogitsGoToTheLowerClass) {
  const LinearProbe probe{
      Array::zeros({3, 2}), Array::from<float>({3}, {0, 1, 1}), Array::zeros({2}), Array::ones({2}), {}};
  expect_close(probe.predict(Array::ones({4, 2})), int_array({1, 1, 1, 1}), tol::exact);
}

TEST(LinearProbe, RejectsWhatItCannotFit) {
  const Features f = clusters(7, 3, 3, 1);
  expect_error([&] { fit_linear_probe(f, 1); }, "needs at least 2 classes, got 1");
  expect_error([&] { fit_linear_probe(f, 2); }, "label 2 of row 2 of the training features is not in 0 ... 1");
  expect_error([&] { fit_linear_probe(f, 3, {.l2 = -1}); }, "l2 must be >= 0");
  expect_error(
      [&] {
        fit_linear_probe({f.x, int_array({0, 0, 0, -1, 0, 0, 0})}, 3);
      },
      "row 3 of the training features has no label");
  expect_error([&] { fit_linear_probe({Array::zeros({0, 3}), int_array({})}, 3); }, "training features are empty");
  Features bad{ops::clone(f.x), f.labels};
  bad.x.mut<float>()[3 * 4] = std::numeric_limits<float>::quiet_NaN();
  expect_error([&] { fit_linear_probe(bad, 3); }, "row 4 of the training features holds a NaN");
}

TEST(LinearProbe, RejectsFeaturesOfAnotherSize) {
  const Features f = clusters(7, 3, 3, 1);
  const LinearProbe probe = fit_linear_probe(f, 3);
  expect_error([&] { probe.predict(Array::ones({2, 4})); }, "was fitted on features of size 3, got shape [2, 4]");
  expect_error([&] { LinearProbe().predict(f.x); }, "was not fitted");
  expect_error(
      [&] {
        accuracy(probe, {f.x, int_array({0, 0, 0, 0, 0, 0, -1})});
      },
      "row 6 of the test features has no label");
}

}  // namespace
}  // namespace akin::eval
