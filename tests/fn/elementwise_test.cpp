#include <akin/fn/elementwise.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

Tensor vector(std::vector<double> values) {
  return Tensor(Array::from<double>({static_cast<std::int64_t>(values.size())}, values));
}

TEST(Elementwise, OperatorsComputeAndBroadcast) {
  const Tensor a = vector({1, 2, 3}), b = Tensor(Array::from<double>({2, 1}, {10, 20}));
  const Array y = (a * b + a / b - 1.0).value();
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  expect_close(at(y, 5), 3 * 20 + 3 / 20.0 - 1, tol::f64);
  EXPECT_EQ(at((1.0 - a).value(), 2), -2);
  EXPECT_EQ(at((-a / 2.0).value(), 0), -0.5);
  EXPECT_EQ(at((vector({49}) / 49.0).value(), 0), 1);  // 49 (1 / 49) is not
}

TEST(Elementwise, GradientsAreRightAtAwkwardSizes) {
  for (const std::int64_t n : {1, 7, 33}) {
    const Tensor a = smooth({n}, 1), b = smooth({n}, 2, 1, 3),
                 positive(ops::add_scalar(ops::map("square", kernels::Square{}, smooth({n}, 3).value()), 0.5));
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return x + y * x; }, {a, b}, "add mul");
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return x - x / y; }, {a, b}, "sub div");
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return maximum(x, y); }, {a, b}, "maximum");
    expect_right_gradient([](const Tensor& x) { return square(x) * 3.0 + abs(x); }, {a}, "square abs scale");
    expect_right_gradient([](const Tensor& x) { return sqrt(x) + log(x) + pow(x, 2.5); }, {positive}, "sqrt log pow");
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return minimum(x, y); }, {a, b}, "minimum");
    expect_right_gradient([](const Tensor& x) { return 2.0 / x; }, {positive}, "quotient of a number");
    expect_right_gradient([](const Tensor& x) { return exp(x); }, {a}, "exp");
    expect_right_gradient([](const Tensor& x) { return clamp(x, -0.5, 0.7); }, {a}, "clamp");
    expect_right_gradient([](const Tensor& x) { return (2.0 - x + 1.0) / 3.0; }, {a}, "scalars");
  }
}

TEST(Elementwise, GradientsOfBroadcastOperandsAreSummed) {
  const Tensor matrix = smooth({3, 5}, 1), row = smooth({5}, 2, 1, 3), column = smooth({3, 1}, 3),
               scalar = smooth({}, 4, 1, 2);
  for (const Tensor& other : {row, column, scalar}) {
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return x + y; }, {matrix, other});
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return x - y; }, {matrix, other});
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return x * y; }, {other, matrix});
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return x / y; },
                          {matrix, Tensor(ops::add_scalar(other.value(), 5))});
    expect_right_gradient([](const Tensor& x, const Tensor& y) { return maximum(x, y); }, {matrix, other});
  }
}

TEST(Elementwise, GradientsThroughViewsAreRight) {  // strides other than row-major
  expect_right_gradient(
      [](const Tensor& x) {
        return record("t", x.value().transpose(), wrt(x, [](const Array& dy) { return dy.transpose(); })) * 2.0;
      },
      {smooth({3, 4})});
}

TEST(Elementwise, ATieOfMaximumSharesTheGradient) {
  const Tensor a(Array::ones({1}, DType::f64), true), b(Array::ones({1}, DType::f64), true);
  maximum(a, b).backward();
  EXPECT_EQ(a.grad().item(), 0.5);
  EXPECT_EQ(b.grad().item(), 0.5);
}

TEST(Elementwise, ErrorsNameTheOpAndBothOperands) {
  const Tensor a(Array::zeros({2, 3})), b(Array::zeros({4})), c(Array::zeros({2, 3}, DType::f64)),
      i(Array::zeros({2, 3}, DType::i64));
  expect_error([&] { a + b; }, "add: shapes do not broadcast: [2, 3] and [4]");
  expect_error([&] { a* c; }, "mul: dtypes differ: f32 vs f64; convert one with cast()");
  expect_error([&] { i + i; }, "add: needs floating-point values");
  expect_error([&] { clamp(a, 1, 0); }, "clamp: low 1 is above high 0");
}

}  // namespace
}  // namespace akin
