#include <akin/ops/layer_norm.hpp>
#include <akin/ops/reduce.hpp>

#include "support/numeric.hpp"

using namespace akin;

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

TEST(LayerNorm, RefusesANegativeEps) {
  const Array x = random_array({4, 5}, 1, DType::f32);
  for (const double eps : {-1e-5, double{NAN}})
    expect_error([&] { ops::layer_norm(x, {}, {}, eps); }, "layer_norm: eps must be >= 0, got ");
}

TEST(LayerNorm, BackwardRefusesStatisticsThatItCannotRead) {
  const Array x = random_array({4, 5}, 1, DType::f32), good = Array::ones({4});
  const auto backward = [&](const Array& mean, const Array& rstd) { ops::layer_norm_backward(x, x, {}, mean, rstd); };
  expect_error([&] { backward(good, Array::ones({5})); }, "layer_norm backward: rstd has shape [5], expected [4]");
  expect_error([&] { backward(Array::ones({4}, DType::f64), good); },
               "layer_norm backward: mean has dtype f64, expected f32 for x in f32");
  expect_error([&] { backward(Array::full({}, 1).broadcast_to({4}), good); },
               "layer_norm backward: mean must be contiguous");
  expect_error([&] { backward(good, Array()); }, "layer_norm backward: rstd has no value");
  expect_error(
      [&] {
        ops::layer_norm_backward(Array::ones({4, 4}), x, {}, good, good);
      },
      "layer_norm backward: dy has shape");
}
