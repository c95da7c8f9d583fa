#include <akin/ops/batch_norm.hpp>
#include <akin/ops/reduce.hpp>

#include "support/numeric.hpp"

using namespace akin;

namespace {

/// relu(w (x - mean) rstd + b + add) from training statistics.
struct FusedBatchNorm {
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
    const FusedBatchNorm forward{weight, bias, add, relu};
    const auto stats = ops::batch_norm_stats(x);
    const auto d = ops::batch_norm_backward(dy, x, weight, bias, stats.mean, stats.rstd,
                                            {.relu = relu, .y = relu ? forward(x) : Array(), .dadd = true});
    expect_gradient(forward, x, dy, d.dx, "dx");
    expect_gradient(
        [&](const Array& w) {
          return FusedBatchNorm{w, bias, add, relu}(x);
        },
        weight, dy, d.dweight, "dweight");
    expect_gradient(
        [&](const Array& b) {
          return FusedBatchNorm{weight, b, add, relu}(x);
        },
        bias, dy, d.dbias, "dbias");
    expect_gradient([&](const Array& a) { return FusedBatchNorm{weight, bias, a, relu}(x); }, add, dy, d.dadd, "dadd");
  }
}

TEST(BatchNorm, WithoutAResidualTheMaskNeedsNoOutput) {
  const Array x = random_array({33, 7}, 1, DType::f64, 2, 1), dy = random_array({33, 7}, 2);
  const Array weight = random_array({7}, 4, DType::f64, 0.3, 1.4), bias = random_array({7}, 5);
  const auto stats = ops::batch_norm_stats(x);
  const Array y = FusedBatchNorm{weight, bias, {}, true}(x);
  const auto d = ops::batch_norm_backward(dy, x, weight, bias, stats.mean, stats.rstd, {.relu = true});
  const auto want = ops::batch_norm_backward(dy, x, weight, bias, stats.mean, stats.rstd, {.relu = true, .y = y});
  expect_close(d.dx, want.dx, tol::exact);
  expect_close(d.dweight, want.dweight, tol::exact);
  expect_close(d.dbias, want.dbias, tol::exact);
}

TEST(BatchNorm, WithConstantStatisticsTheGradientDoesNotFlowThroughThem) {
  const Array x = random_array({5, 3}, 1), dy = random_array({5, 3}, 2), mean = random_array({3}, 3),
              rstd = random_array({3}, 4, DType::f64, 0.1, 1);
  const auto d = ops::batch_norm_backward(dy, x, {}, {}, mean, rstd, {.training = false});
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

TEST(BatchNorm, RefusesANegativeEpsAndStatisticsWithGaps) {
  const Array x = random_array({4, 2}, 1, DType::f32), c = Array::ones({2}),
              gaps = Array::full({}, 1).broadcast_to({2});
  expect_error([&] { ops::batch_norm_stats(x, -1e-5); }, "batch_norm: eps must be >= 0, got -1e-05");
  expect_error([&] { ops::batch_norm_stats(x, NAN); }, "batch_norm: eps must be >= 0, got nan");
  expect_error([&] { ops::batch_norm_apply(x, {}, {}, gaps, c); },
               "batch_norm: mean must be contiguous, got stride [0]");
  expect_error([&] { ops::batch_norm_backward(x, x, {}, {}, c, gaps); },
               "batch_norm backward: rstd must be contiguous");
}
