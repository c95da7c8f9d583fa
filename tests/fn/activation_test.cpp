#include <akin/fn/activation.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

double at_one(const Tensor& y) { return at(y.value(), 0); }
Tensor value(double x) { return Tensor(Array::full({1}, x, DType::f64)); }

TEST(Activation, HaveTheirKnownValues) {
  EXPECT_EQ(at_one(relu(value(-2))), 0);
  EXPECT_EQ(at_one(relu(value(3))), 3);
  expect_close(at_one(gelu(value(1))), 0.8413447460685429, tol::f64);  // 1 * Phi(1)
  expect_close(at_one(sigmoid(value(0))), 0.5, tol::exact);
  expect_close(at_one(softplus(value(0))), std::log(2.0), tol::f64);
  expect_close(at_one(tanh(value(0.5))), std::tanh(0.5), tol::f64);
}

TEST(Activation, DoNotOverflowFarFromZero) {
  for (const double x : {-1000.0, 1000.0}) {
    EXPECT_EQ(at_one(sigmoid(value(x))), x > 0 ? 1 : 0);
    EXPECT_EQ(at_one(softplus(value(x))), x > 0 ? x : 0);
    EXPECT_EQ(at_one(gelu(value(x))), x > 0 ? x : 0);
  }
}

TEST(Activation, GradientsAreRight) {
  for (const std::int64_t n : {1, 7, 33}) {
    const Tensor x = smooth({n}, 5, 2);
    expect_right_gradient([](const Tensor& a) { return relu(a); }, {x}, "relu");
    expect_right_gradient([](const Tensor& a) { return gelu(a); }, {x}, "gelu");
    expect_right_gradient([](const Tensor& a) { return sigmoid(a); }, {x}, "sigmoid");
    expect_right_gradient([](const Tensor& a) { return tanh(a); }, {x}, "tanh");
    expect_right_gradient([](const Tensor& a) { return softplus(a); }, {x}, "softplus");
  }
}

}  // namespace
}  // namespace akin
