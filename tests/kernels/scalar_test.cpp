// The scalar formulas: values at special points, and every Vjp against a central difference.
#include <akin/ops/kernels.hpp>
#include <cmath>
#include <limits>

#include "support/test.hpp"

namespace akin {
namespace {

using namespace kernels;

constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
constexpr double points[] = {-30, -3, -1.3, -0.2, 0.4, 1, 2.5, 30};

double slope(auto f, double x) {
  constexpr double h = 1e-6;
  return (f(x + h) - f(x - h)) / (2 * h);
}
/// vjp takes x.
void expect_vjp_of_input(auto f, auto vjp, double from = -inf) {
  for (const double x : points)
    if (x > from) expect_close(vjp(x, 3.0), 3 * slope(f, x), tol::gradcheck, cat("at ", x, ":"));
}
/// vjp takes y = f(x).
void expect_vjp_of_output(auto f, auto vjp, double from = -inf) {
  for (const double x : points)
    if (x > from) expect_close(vjp(f(x), 3.0), 3 * slope(f, x), tol::gradcheck, cat("at ", x, ":"));
}

TEST(ScalarFormulas, GradientsAreTheSlopes) {
  expect_vjp_of_input(Square{}, SquareVjp{});
  expect_vjp_of_output(Sqrt{}, SqrtVjp{}, 0);
  expect_vjp_of_input(Abs{}, AbsVjp{});
  expect_vjp_of_input(Pow{3}, PowVjp{3});
  expect_vjp_of_input(Pow{-0.5}, PowVjp{-0.5}, 0);
  expect_vjp_of_input(Pow{0}, PowVjp{0});
  expect_vjp_of_input(Clamp{-1, 2}, ClampVjp{-1, 2});
  expect_vjp_of_input(Relu{}, ReluVjp{});
  expect_vjp_of_output(Sigmoid{}, SigmoidVjp{});
  expect_vjp_of_output(Tanh{}, TanhVjp{});
  expect_vjp_of_input(Softplus{}, SoftplusVjp{});
  expect_vjp_of_input(Gelu{}, GeluVjp{});
  for (const double b : {-2.0, 0.5})
    for (const double a : points)
      expect_close(DivVjpB{}(a, b, 3.0), 3 * slope([&](double x) { return Div{}(a, x); }, b), tol::gradcheck);
}

TEST(ScalarFormulas, MaximumSharesItsGradientAtATie) {
  EXPECT_EQ(MaximumVjp{}(2.0, 1.0, 3.0), 3);
  EXPECT_EQ(MaximumVjp{}(1.0, 2.0, 3.0), 0);
  EXPECT_EQ(MaximumVjp{}(2.0, 2.0, 3.0), 1.5);
}

TEST(ScalarFormulas, NaNIsNotHidden) {
  EXPECT_TRUE(std::isnan(Relu{}(nan)));
  EXPECT_TRUE(std::isnan(Maximum{}(nan, 1.0)) && std::isnan(Maximum{}(1.0, nan)));
  EXPECT_TRUE(std::isnan(Clamp{0, 1}(nan)));
  EXPECT_TRUE(std::isnan(Sigmoid{}(nan)) && std::isnan(Softplus{}(nan)) && std::isnan(Gelu{}(nan)));
}

TEST(ScalarFormulas, SaturateInsteadOfOverflowing) {
  EXPECT_EQ(Sigmoid{}(-1000.0), 0);
  EXPECT_EQ(Sigmoid{}(1000.0), 1);
  EXPECT_EQ(Softplus{}(1000.0), 1000);
  EXPECT_EQ(Softplus{}(-1000.0), 0);
  EXPECT_EQ(Tanh{}(1000.0), 1);
  EXPECT_EQ(Gelu{}(-1000.0), 0);
  EXPECT_GT(Softplus{}(-30.0), 0) << "log(1 + e^x) would round to 0";
}

TEST(ScalarFormulas, ComputeInTheTypeOfTheirArguments) {
  static_assert(std::is_same_v<decltype(Scale{0.1}(1.0f)), float> && std::is_same_v<decltype(Scale{0.1}(1.0)), double>);
  EXPECT_EQ(Scale{0.1}(3.0), 0.1 * 3.0) << "a float parameter would lose half of the digits";
  EXPECT_EQ(AddScaled{0.1}(1.0, 3.0), 1 + 0.1 * 3);
  EXPECT_EQ(Identity{}(7.0f), 7);
}

}  // namespace
}  // namespace akin
