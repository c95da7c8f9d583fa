#include <akin/ops/linear.hpp>
#include <akin/ops/reduce.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(LinearOp, MultipliesAndAddsTheBias) {
  const Array x = Array::from<float>({3, 2}, {1, 2, 3, 4, 0, 0}), w = Array::from<float>({2, 2}, {5, 7, 6, 8}),
              bias = Array::from<float>({2}, {0.5f, -1});
  expect_close(ops::linear(x, w, bias), Array::from<float>({3, 2}, {19.5f, 21, 43.5f, 49, 0.5f, -1}), tol::exact);
}

TEST(LinearOp, IsAProductAndASum) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    const Array x = random_array({33, 7}, 1, dtype), w = random_array({65, 7}, 2, dtype),
                bias = random_array({65}, 3, dtype);
    Array y = ops::matmul(x, w, {.transpose_b = true});
    ops::add_row(y, bias);
    expect_close(ops::linear(x, w, bias), y, tol::exact);
  }
}

TEST(LinearOp, ReadsViewsOfAnyStrides) {
  const Array x = random_array({7, 33}, 1), w = random_array({20, 9}, 2), bias = random_array({1}, 3);
  const Array tall = x.transpose().slice(0, 2, 13), part = w.slice(0, 3, 10).slice(1, 1, 8),
              own = bias.broadcast_to({7});
  expect_close(ops::linear(tall, part, own),
               ops::linear(ops::contiguous(tall), ops::contiguous(part), ops::contiguous(own)), tol::f64);
  const Array dy = random_array({7, 11}, 4).transpose();
  const auto want = ops::linear_backward_weights(ops::contiguous(dy), ops::contiguous(tall));
  const auto d = ops::linear_backward_weights(dy, tall);
  expect_close(d.dw, want.dw, tol::f64);
  expect_close(d.dbias, want.dbias, tol::f64);
}

TEST(LinearOp, GradientsAreAProductAndSumsOfColumns) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    const Array x = random_array({257, 7}, 1, dtype), dy = random_array({257, 33}, 2, dtype);
    const auto d = ops::linear_backward_weights(dy, x);
    expect_close(d.dw, ops::matmul(dy, x, {.transpose_a = true}), tol::exact);
    expect_close(d.dbias, ops::sum(dy, 0), tol::exact);
  }
}

TEST(LinearOp, OfNothingIsTheBiasAndItsGradientsAreZero) {
  const Array bias = random_array({5}, 1);
  expect_close(ops::linear(Array::zeros({2, 0}, DType::f64), Array::zeros({5, 0}, DType::f64), bias),
               ops::contiguous(bias.broadcast_to({2, 5})), tol::exact);
  EXPECT_EQ(ops::linear(Array::zeros({0, 3}, DType::f64), Array::zeros({5, 3}, DType::f64), bias).shape(),
            (Shape{0, 5}));
  const auto d = ops::linear_backward_weights(Array::zeros({0, 5}), Array::zeros({0, 3}));
  expect_close(d.dw, Array::zeros({5, 3}), tol::exact);
  expect_close(d.dbias, Array::zeros({5}), tol::exact);
}

TEST(LinearOp, ErrorsSayWhatFits) {
  const Array x = Array::zeros({2, 3}), w = Array::zeros({4, 3}), bias = Array::zeros({4});
  expect_error(
      [&] {
        ops::linear(x, Array::zeros({4, 5}), bias);
      },
      "linear: needs x [n, in] and w [out, in], got [2, 3] and [4, 5]");
  expect_error([&] { ops::linear(Array::zeros({1, 2, 3}), w, bias); }, "linear: needs x [n, in]");
  expect_error([&] { ops::linear(x, w, Array::zeros({3})); }, "linear: bias has shape [3], expected [4]");
  expect_error([&] { ops::linear(x, w, ops::cast(bias, DType::f64)); }, "linear: dtypes differ: f32 vs f64");
  expect_error(
      [&] {
        ops::linear_backward_weights(Array::zeros({3, 4}), x);
      },
      "linear_backward_weights: needs dy [n, out] and x [n, in], got [3, 4] and [2, 3]");
}

}  // namespace
}  // namespace akin
