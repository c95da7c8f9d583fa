#include <akin/eval/lbfgs.hpp>
#include <limits>

#include "support/test.hpp"

namespace akin::eval {
namespace {

using Vector = std::vector<double>;

/// Rosenbrock's valley in n dimensions; its minimum is 0 at (1, ..., 1).
double rosenbrock(const Vector& x, Vector& g) {
  double f = 0;
  std::fill(g.begin(), g.end(), 0.0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    f += 100 * a * a + b * b;
    g[i] += -400 * a * x[i] - 2 * b;
    g[i + 1] += 200 * a;
  }
  return f;
}

/// Half the sum of c_i (x_i - i)^2 with curvatures 1 ... 10^4.
double quadratic(const Vector& x, Vector& g) {
  double f = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double c = std::pow(1e4, static_cast<double>(i) / static_cast<double>(x.size() - 1)),
                 e = x[i] - static_cast<double>(i);
    f += c * e * e / 2;
    g[i] = c * e;
  }
  return f;
}

constexpr LbfgsOptions to_the_end{.max_iterations = 1000, .gradient_tolerance = 1e-11, .value_tolerance = 0};

TEST(Lbfgs, CrossesRosenbrocksValley) {
  for (const std::size_t n : {2, 7, 33}) {
    Vector x(n, -1.2);
    const auto report = minimize_lbfgs(rosenbrock, x, to_the_end);
    EXPECT_EQ(report.stop, LbfgsStop::gradient) << "n " << n;
    if (n == 2) {
      for (const double v : x) expect_close(v, 1, tol::golden);
      EXPECT_LT(report.iterations, 60);
    }
    EXPECT_LE(report.gradient_norm, to_the_end.gradient_tolerance);
  }
}

TEST(Lbfgs, FindsTheMinimumOfAStretchedQuadratic) {
  Vector x(7, 100);
  const auto report = minimize_lbfgs(quadratic, x, to_the_end);
  EXPECT_EQ(report.stop, LbfgsStop::gradient);
  for (std::size_t i = 0; i < x.size(); ++i) expect_close(x[i], static_cast<double>(i), tol::golden);
  EXPECT_LT(report.iterations, 100);
}

TEST(Lbfgs, RemembersMoreIterationsThanItsHistoryHolds) {
  Vector x(7, 100);
  auto options = to_the_end;
  options.history = 2;
  options.max_iterations = 10000;
  const auto report = minimize_lbfgs(quadratic, x, options);
  EXPECT_EQ(report.stop, LbfgsStop::gradient);
  EXPECT_GT(report.iterations, options.history);
  for (std::size_t i = 0; i < x.size(); ++i) expect_close(x[i], static_cast<double>(i), tol::golden);
}

TEST(Lbfgs, TheReportDescribesTheResult) {
  Vector x(7, -1.2), g(7);
  int calls = 0;
  const auto counted = [&](const Vector& at, Vector& gradient) { return ++calls, rosenbrock(at, gradient); };
  const auto report = minimize_lbfgs(counted, x, {.max_iterations = 5});
  EXPECT_EQ(report.stop, LbfgsStop::iterations);
  EXPECT_EQ(report.iterations, 5);
  EXPECT_EQ(report.evaluations, calls);
  EXPECT_EQ(report.value, rosenbrock(x, g));
  EXPECT_EQ(report.gradient_norm, detail::largest(g));
}

TEST(Lbfgs, EveryIterationGoesDown) {
  double before = std::numeric_limits<double>::infinity();
  for (int n = 0; n <= 20; ++n) {
    Vector x(2, -1.2);
    const double value = minimize_lbfgs(rosenbrock, x, {.max_iterations = n}).value;
    EXPECT_LT(value, before) << "after " << n << " iterations";
    before = value;
  }
}

TEST(Lbfgs, StaysAtAMinimum) {
  Vector x(3, 1);
  const auto report = minimize_lbfgs(rosenbrock, x);
  EXPECT_EQ(report.stop, LbfgsStop::gradient);
  EXPECT_EQ(report.evaluations, 1);
  EXPECT_EQ(x, Vector(3, 1));
}

TEST(Lbfgs, StopsWhenAnIterationGainsTooLittle) {
  Vector x(7, 100);
  const auto report = minimize_lbfgs(quadratic, x, {.gradient_tolerance = 0, .value_tolerance = 1e-3});
  EXPECT_EQ(report.stop, LbfgsStop::value);
  EXPECT_LT(report.value, 1);
}

TEST(Lbfgs, TakesStepsBackThatLeaveTheDomain) {  // x - log x: NaN for x < 0, minimum 1 at 1
  const auto f = [](const Vector& x, Vector& g) { return g[0] = 1 - 1 / x[0], x[0] - std::log(x[0]); };
  Vector x{20};
  EXPECT_NE(minimize_lbfgs(f, x, to_the_end).stop, LbfgsStop::no_descent);
  expect_close(x[0], 1, tol::f32);  // where f is flat its values no longer tell better from worse
}

TEST(Lbfgs, EndsWhereAWrongGradientPromisesADescentThatIsNone) {
  const auto f = [](const Vector& x, Vector& g) { return g[0] = -2 * x[0], x[0] * x[0]; };
  Vector x{3};
  const auto report = minimize_lbfgs(f, x);
  EXPECT_EQ(report.stop, LbfgsStop::no_descent);
  EXPECT_EQ(x[0], 3);
}

TEST(Lbfgs, RejectsAStartOutsideTheDomainAndBadOptions) {
  const auto f = [](const Vector&, Vector& g) { return g[0] = 0, std::numeric_limits<double>::quiet_NaN(); };
  Vector x{1};
  expect_error([&] { minimize_lbfgs(f, x); }, "not finite at the start");
  expect_error([&] { minimize_lbfgs(quadratic, x, {.history = 0}); }, "history >= 1");
  expect_error([&] { minimize_lbfgs(quadratic, x, {.value_tolerance = -1}); }, "tolerances must be >= 0");
}

}  // namespace
}  // namespace akin::eval
