// Fast softmax kernels against their textbook twins.
#include <akin/ops/kernels.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

using namespace akin;
using kernels::Cpu;

namespace {

/// Logits with a masked entry.
template <class T>
Array logits(std::int64_t rows, std::int64_t cols, double scale) {
  Array x = random_array({rows, cols}, 1, dtype_of<T>, scale, 3);
  if (cols > 2) x.mut<T>()[1] = static_cast<T>(-std::numeric_limits<compute_t<T>>::infinity());
  return x;
}

/// fast(out) and textbook(out) agree on an output of that shape.
template <class T, class Fast, class Textbook>
void expect_twins(const Shape& shape, tol::Tolerance t, const std::string& what, Fast fast, Textbook textbook) {
  Array got = Array::full(shape, 7, dtype_of<T>), want = Array::full(shape, 8, dtype_of<T>);
  fast(got.mut<T>());
  textbook(want.mut<T>());
  expect_close(got, want, t, cat(what, " ", dtype_of<T>, " ", shape));
}

template <class T>
void compare_forward(std::int64_t rows, std::int64_t cols, double scale, tol::Tolerance t) {
  const Array in = logits<T>(rows, cols, scale);
  const T* x = in.data<T>();
  expect_twins<T>(
      {rows, cols}, t, "softmax", [=](T* y) { kernels::softmax(Cpu{}, rows, cols, x, y); },
      [=](T* y) { kernels::softmax_naive(Cpu{}, rows, cols, x, y); });
  expect_twins<T>(
      {rows, cols}, t, "log_softmax", [=](T* y) { kernels::log_softmax(Cpu{}, rows, cols, x, y); },
      [=](T* y) { kernels::log_softmax_naive(Cpu{}, rows, cols, x, y); });
  expect_twins<T>(
      {rows}, t, "logsumexp", [=](T* y) { kernels::logsumexp(Cpu{}, rows, cols, x, y); },
      [=](T* y) { kernels::logsumexp_naive(Cpu{}, rows, cols, x, y); });
}

template <class T>
void compare_backward(std::int64_t rows, std::int64_t cols, double scale, tol::Tolerance t) {
  const Array in = logits<T>(rows, cols, scale), dy_in = random_array({rows, cols}, 2, dtype_of<T>);
  Array p_in = empty_like(in), log_p_in = empty_like(in), sum_in = Array::empty({rows}, in.dtype());
  const T *x = in.data<T>(), *dy = dy_in.data<T>();
  T *p = p_in.mut<T>(), *log_p = log_p_in.mut<T>(), *sum = sum_in.mut<T>();
  kernels::softmax_naive(Cpu{}, rows, cols, x, p);
  kernels::log_softmax_naive(Cpu{}, rows, cols, x, log_p);
  kernels::logsumexp_naive(Cpu{}, rows, cols, x, sum);
  expect_twins<T>(
      {rows, cols}, t, "softmax_backward", [=](T* dx) { kernels::softmax_backward<T>(Cpu{}, rows, cols, p, dy, dx); },
      [=](T* dx) { kernels::softmax_backward_naive<T>(Cpu{}, rows, cols, p, dy, dx); });
  expect_twins<T>(
      {rows, cols}, t, "log_softmax_backward",
      [=](T* dx) { kernels::log_softmax_backward<T>(Cpu{}, rows, cols, log_p, dy, dx); },
      [=](T* dx) { kernels::log_softmax_backward_naive<T>(Cpu{}, rows, cols, log_p, dy, dx); });
  expect_twins<T>(
      {rows, cols}, t, "logsumexp_backward",
      [=](T* dx) { kernels::logsumexp_backward<T>(Cpu{}, rows, cols, x, sum, dy, dx); },
      [=](T* dx) { kernels::logsumexp_backward_naive<T>(Cpu{}, rows, cols, x, sum, dy, dx); });
}

/// Calls test(rows, cols, scale): 700 rows of 257 are several pieces of work.
template <class F>
void for_all_sizes(F&& test) {
  const test::WithThreads scope(3);
  for (const std::int64_t rows : {1, 7, 65, 700})
    for (const std::int64_t cols : {1, 7, 33, 257})
      for (const double scale : {1.0, 30.0}) test(rows, cols, scale);
}

}  // namespace

TEST(SoftmaxKernel, AgreesWithTheTextbook) {
  for_all_sizes([](std::int64_t rows, std::int64_t cols, double scale) {
    compare_forward<double>(rows, cols, scale, tol::f64);
    compare_forward<float>(rows, cols, scale, tol::f32);
    compare_forward<bf16>(rows, cols, scale, tol::bf16);
  });
}

TEST(SoftmaxKernel, GradientsAgreeWithTheTextbook) {
  for_all_sizes([](std::int64_t rows, std::int64_t cols, double scale) {
    compare_backward<double>(rows, cols, scale, tol::f64);
    compare_backward<float>(rows, cols, scale, tol::reduce_f32);
    compare_backward<bf16>(rows, cols, scale, tol::bf16);
  });
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
