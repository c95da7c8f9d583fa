#include <akin/ops/norm.hpp>
#include <akin/ops/reduce.hpp>

#include "support/numeric.hpp"

using namespace akin;

namespace {

/// relu(w (x - mean) rstd + b + add) from training statistics.
struct BatchNorm {
  Array weight, bias, add;
  bool relu;
  Array operator()(const Array& x) const {
    const auto stats = ops::batch_norm_stats(x);
    return ops::batch_norm_apply(x, weight, bias, stats.mean, stats.rstd, {.relu = relu, .add = add});
  }
};

}  // namespace

TEST(BatchNorm, OutputHasMeanZeroAndVarianceOnePerChannel) {
  const Array x = random_array({4, 3, 5, 7}, 1, DType::f64, 3, 100);
  const auto stats = ops::batch_norm_stats(x, 0);
  const Array y = ops::batch_norm_apply(x, {}, {}, stats.mean, stats.rstd);
  EXPECT_EQ(y.shape(), x.shape());
  const Array flat = y.reshape({-1, 7});
  expect_close(ops::mean(flat, 0), Array::zeros({7}, DType::f64), tol::golden);
  expect_close(ops::mean(ops::mul(flat, flat), 0), Array::ones({7}, DType::f64), tol::golden);
}

TEST(BatchNorm, StatisticsOfTwoRowsHaveAClosedForm) {
  const auto stats = ops::batch_norm_stats(Array::from<double>({2, 2}, {1, 10, 5, 10}), 0.25);
  expect_close(stats.mean, Array::from<double>({2}, {3, 10}), tol::exact);
  expect_close(stats.var, Array::from<double>({2}, {4, 0}), tol::exact);
  expect_close(stats.rstd, Array::from<double>({2}, {1 / std::sqrt(4.25), 2}), tol::f64);
}

TEST(BatchNorm, GradientsMatchCentralDifferences) {
  const Shape shape{7, 3};
  const Array x = random_array(shape, 1, DType::f64, 2, 1), dy = random_array(shape, 2), add = random_array(shape, 3);
  const Array weight = random_array({3}, 4, DType::f64, 0.3, 1.4), bias = random_array({3}, 5);
  for (const bool relu : {false, true}) {
    const BatchNorm forward{weight, bias, add, relu};
    const auto stats = ops::batch_norm_stats(x);
    const auto d = ops::batch_norm_backward(dy, x, weight, stats.mean, stats.rstd,
                                            {.relu_output = relu ? forward(x) : Array(), .dadd = true});
    expect_gradient(forward, x, dy, d.dx, "dx");
    expect_gradient([&](const Array& w) { return BatchNorm{w, bias, add, relu}(x); }, weight, dy, d.dweight, "dweight");
    expect_gradient([&](const Array& b) { return BatchNorm{weight, b, add, relu}(x); }, bias, dy, d.dbias, "dbias");
    expect_gradient([&](const Array& a) { return BatchNorm{weight, bias, a, relu}(x); }, add, dy, d.dadd, "dadd");
  }
}

TEST(BatchNorm, WithConstantStatisticsTheGradientDoesNotFlowThroughThem) {
  const Array x = random_array({5, 3}, 1), dy = random_array({5, 3}, 2), mean = random_array({3}, 3),
              rstd = random_array({3}, 4, DType::f64, 0.1, 1);
  const auto d = ops::batch_norm_backward(dy, x, {}, mean, rstd, {.training = false});
  expect_gradient([&](const Array& v) { return ops::batch_norm_apply(v, {}, {}, mean, rstd); }, x, dy, d.dx);
  EXPECT_FALSE(d.dadd.defined());
}

TEST(BatchNorm, AcceptsTransposedInputAndBf16) {
  const Array x = random_array({3, 9}, 1);
  const Array transposed = x.transpose();
  const auto a = ops::batch_norm_stats(transposed), b = ops::batch_norm_stats(ops::contiguous(transposed));
  expect_close(a.var, b.var, tol::exact);
  const auto half = ops::batch_norm_stats(ops::cast(ops::contiguous(transposed), DType::bf16));
  EXPECT_EQ(half.mean.dtype(), DType::f32);
  expect_close(half.var, ops::cast(b.var, DType::f32), tol::bf16);
}

TEST(BatchNorm, RefusesWhatItCannotNormalise) {
  expect_error(
      [] {
        ops::batch_norm_stats(Array::zeros({1, 8}));
      },
      "batch_norm: needs more than one value per channel to compute statistics, got shape [1, 8]; use a larger batch "
      "or eval()");
  const Array x = Array::zeros({4, 8}), c = Array::ones({8});
  expect_error([&] { ops::batch_norm_apply(x, Array::ones({4}), {}, c, c); }, "weight has shape [4], expected [8]");
  expect_error(
      [&] {
        ops::batch_norm_apply(x, {}, {}, c, c, {.add = Array::zeros({4, 7})});
      },
      "add has shape [4, 7], expected [4, 8]");
  expect_error([&] { ops::batch_norm_apply(x, Array::ones({8}, DType::f64), {}, c, c); },
               "weight has dtype f64, expected f32");
  expect_error([&] { ops::batch_norm_apply(x, {}, {}, Array(), c); }, "batch_norm: mean has no value");
  expect_error([] { ops::batch_norm_stats(Array::zeros({4, 8}, DType::i64)); }, "floating-point");
}

TEST(LayerNorm, RowsHaveMeanZeroAndVarianceOne) {
  const auto out = ops::layer_norm(random_array({2, 5, 33}, 1, DType::f64, 3, 1e4), {}, {}, 0);
  EXPECT_EQ(out.mean.shape(), (Shape{10}));
  expect_close(ops::mean(out.y, -1), Array::zeros({2, 5}, DType::f64), tol::golden);
  expect_close(ops::mean(ops::mul(out.y, out.y), -1), Array::ones({2, 5}, DType::f64), tol::golden);
}

TEST(LayerNorm, GradientsMatchCentralDifferences) {
  const Array x = random_array({4, 7}, 1, DType::f64, 2, 1), dy = random_array({4, 7}, 2);
  const Array weight = random_array({7}, 3, DType::f64, 0.3, 1.4), bias = random_array({7}, 4);
  const auto out = ops::layer_norm(x, weight, bias);
  const auto d = ops::layer_norm_backward(dy, x, weight, out.mean, out.rstd);
  expect_gradient([&](const Array& v) { return ops::layer_norm(v, weight, bias).y; }, x, dy, d.dx, "dx");
  expect_gradient([&](const Array& w) { return ops::layer_norm(x, w, bias).y; }, weight, dy, d.dweight, "dweight");
  expect_gradient([&](const Array& b) { return ops::layer_norm(x, weight, b).y; }, bias, dy, d.dbias, "dbias");
}

TEST(LayerNorm, RefusesAWeightOfAnotherSize) {
  expect_error(
      [] {
        ops::layer_norm(Array::zeros({4, 5}), Array::ones({4}), {});
      },
      "layer_norm: weight has shape [4], expected [5]");
}

TEST(L2Normalize, RowsHaveLengthOneAndAZeroRowStaysZero) {
  Array x = random_array({7, 33}, 1, DType::f64, 1e-3);
  std::fill_n(x.mut<double>(), 33, 0.0);
  const Array y = ops::l2_normalize(x).y, length = ops::sum(ops::mul(y, y), -1);
  for (int row = 0; row < 7; ++row) expect_close(at(length, row), row == 0 ? 0 : 1, tol::f64);
}

TEST(L2Normalize, HugeAndTinyRowsNeitherOverflowNorVanish) {
  const Array y = ops::l2_normalize(Array::from<float>({2, 2}, {3e30f, 4e30f, 3e-30f, 4e-30f}), 1e-40).y;
  expect_close(y, Array::from<float>({2, 2}, {0.6f, 0.8f, 0.6f, 0.8f}), tol::f32);
}

TEST(L2Normalize, GradientMatchesCentralDifferencesAlsoBelowEps) {
  const Array x = random_array({3, 5}, 1), dy = random_array({3, 5}, 2);
  for (const double eps : {1e-12, 100.0}) {
    const auto out = ops::l2_normalize(x, eps);
    expect_gradient([&](const Array& v) { return ops::l2_normalize(v, eps).y; }, x, dy,
                    ops::l2_normalize_backward(dy, out.y, out.norm, eps));
  }
  expect_error([&] { ops::l2_normalize(x, 0); }, "eps must be > 0, got 0");
}
