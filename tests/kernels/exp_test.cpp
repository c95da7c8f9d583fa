// Vectors of exponentials against the ones of the standard library. softmax_test.cpp has the scalar one.
#include <akin/ops/kernels.hpp>

#include "support/test.hpp"

using namespace akin;

namespace {

template <class T>
T first_lane(const kernels::Vec<T>& v) {
  return v[0];
}

}  // namespace

TEST(VectorExponential, AgreesWithTheScalarOneInEveryLane) {
  for (int i = 0; i < 100; ++i) {
    kernels::Vec<float> x{};
    for (int lane = 0; lane < kernels::lanes<float>; ++lane) x[lane] = -0.013f * static_cast<float>(37 * i + lane);
    const kernels::Vec<float> y = kernels::detail::exp_of_logit(x);
    for (int lane = 0; lane < kernels::lanes<float>; ++lane)
      expect_close(y[lane], kernels::detail::exp_of_logit(static_cast<float>(x[lane])), tol::f32);
  }
  const auto of = [](float x) { return first_lane<float>(kernels::detail::exp_of_logit(kernels::broadcast(x))); };
  EXPECT_EQ(of(0), 1.f);
  EXPECT_EQ(of(-88), 0.f);
  EXPECT_EQ(of(-INFINITY), 0.f);
  EXPECT_EQ(of(std::numeric_limits<float>::lowest()), 0.f);
  EXPECT_TRUE(std::isnan(of(NAN)));
}

TEST(VectorLogarithm, OfOnePlusSomethingKeepsItsRelativeAccuracyDownToNothing) {
  for (double e = 1; e > 1e-30; e *= 0.83) {
    const float x = static_cast<float>(e);
    const double want = std::log1p(static_cast<double>(x));
    EXPECT_LT(std::abs(first_lane<float>(kernels::detail::log_of_one_plus(kernels::broadcast(x))) / want - 1),
              4 * 0x1p-23)
        << x;
    EXPECT_EQ(first_lane<double>(kernels::detail::log_of_one_plus(kernels::broadcast(e))), std::log1p(e));
  }
  EXPECT_EQ(first_lane<float>(kernels::detail::log_of_one_plus(kernels::broadcast(0.f))), 0.f);
}
