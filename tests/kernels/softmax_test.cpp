// Fast softmax kernels against their textbook twins.
#include <akin/ops/kernels.hpp>

#include "support/test.hpp"

using namespace akin;
using kernels::Cpu;

namespace {

template <class T>
void compare_with_twin(std::int64_t rows, std::int64_t cols, double scale, tol::Tolerance t) {
  Array x = random_array({rows, cols}, 1, dtype_of<T>, scale, 3);
  if (cols > 2) x.mut<T>()[1] = static_cast<T>(-std::numeric_limits<compute_t<T>>::infinity());
  Array y = empty_like(x), want = empty_like(x), sum = Array::empty({rows}, x.dtype()),
        want_sum = Array::empty({rows}, x.dtype());
  kernels::softmax(Cpu{}, rows, cols, x.data<T>(), y.mut<T>());
  kernels::softmax_naive(Cpu{}, rows, cols, x.data<T>(), want.mut<T>());
  kernels::logsumexp(Cpu{}, rows, cols, x.data<T>(), sum.mut<T>());
  kernels::logsumexp_naive(Cpu{}, rows, cols, x.data<T>(), want_sum.mut<T>());
  expect_close(y, want, t, cat("softmax ", x.dtype(), " ", rows, "x", cols));
  expect_close(sum, want_sum, t, cat("logsumexp ", x.dtype(), " ", rows, "x", cols));
}

}  // namespace

TEST(SoftmaxKernel, AgreesWithTheTextbook) {
  for (const std::int64_t rows : {1, 7, 65})
    for (const std::int64_t cols : {1, 7, 33, 257})
      for (const double scale : {1.0, 30.0}) {
        compare_with_twin<double>(rows, cols, scale, tol::f64);
        compare_with_twin<float>(rows, cols, scale, tol::f32);
        compare_with_twin<bf16>(rows, cols, scale, tol::bf16);
      }
}

TEST(SoftmaxKernel, ItsExponentialErrsByLessThanTwoUnitsInTheLastPlace) {
  double worst = 0;
  for (int i = 0; i <= 86000; ++i) {
    const float x = -static_cast<float>(i) * 1e-3f;
    const double want = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(kernels::detail::exp_of_logit(x) - want) / want);
  }
  EXPECT_LT(worst, 2 * 0x1p-23);
  EXPECT_EQ(kernels::detail::exp_of_logit(0.f), 1.f);
  EXPECT_EQ(kernels::detail::exp_of_logit(-88.f), 0.f);
  EXPECT_EQ(kernels::detail::exp_of_logit(-std::numeric_limits<float>::infinity()), 0.f);
  EXPECT_TRUE(std::isnan(kernels::detail::exp_of_logit(std::numeric_limits<float>::quiet_NaN())));
}
