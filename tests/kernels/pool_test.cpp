#include <akin/ops/kernels.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

using kernels::Cpu;
using kernels::PoolShape;

/// Overlapping windows, padding, a channel count that fills no vector, and an input row that no window reaches.
PoolShape awkward() {
  return {.n = 3,
          .h = 8,
          .w = 9,
          .c = 33,
          .oh = 4,
          .ow = 5,
          .kh = 3,
          .kw = 3,
          .stride_h = 2,
          .stride_w = 2,
          .pad_h = 1,
          .pad_w = 1};
}
/// The same windows over images that are several pieces of work each.
PoolShape large() {
  PoolShape s = awkward();
  s.h = 40, s.w = 41, s.oh = 20, s.ow = 21;
  return s;
}
Array image_of(const PoolShape& s, DType dtype = DType::f64) { return random_array({s.n, s.h, s.w, s.c}, 1, dtype); }
Array output_of(const PoolShape& s, DType dtype = DType::f64) { return Array::full({s.n, s.oh, s.ow, s.c}, 7, dtype); }

/// Calls f(output index, input index) for every pixel under every window, by the definition.
template <class F>
void for_each_pair(const PoolShape& s, F&& f) {
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t i = 0; i < s.oh; ++i)
      for (std::int64_t j = 0; j < s.ow; ++j)
        for (std::int64_t r = 0; r < s.kh; ++r)
          for (std::int64_t q = 0; q < s.kw; ++q) {
            const std::int64_t h = i * s.stride_h - s.pad_h + r, w = j * s.stride_w - s.pad_w + q;
            if (h < 0 || h >= s.h || w < 0 || w >= s.w) continue;
            for (std::int64_t c = 0; c < s.c; ++c)
              f(((n * s.oh + i) * s.ow + j) * s.c + c, ((n * s.h + h) * s.w + w) * s.c + c);
          }
}

void expect_maxima(const PoolShape& s) {
  const Array x = image_of(s);
  Array y = output_of(s), want = Array::full(y.shape(), -1e300, DType::f64),
        index = Array::empty(y.shape(), DType::i32);
  kernels::max_pool(Cpu{}, s, x.data<double>(), y.mut<double>(), index.mut<std::int32_t>());
  double* largest = want.mut<double>();
  for_each_pair(s, [&](std::int64_t out, std::int64_t in) { largest[out] = std::max(largest[out], at(x, in)); });
  expect_close(y, want, tol::exact);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const std::int64_t image = i / (s.oh * s.ow * s.c) * s.h * s.w;
    ASSERT_EQ(at(x, (image + index.data<std::int32_t>()[i]) * s.c + i % s.c), at(y, i)) << i;
  }
}

TEST(MaxPool, AgreesWithTheDefinitionAndItsIndexPointsToTheMaximum) {
  const test::WithThreads scope(3);
  expect_maxima(awkward());
  expect_maxima(large());
}

TEST(MaxPool, PicksTheFirstOfEqualValues) {
  const std::vector<float> x{2, 5, 5, 5};
  float y = 0;
  std::int32_t index = -1;
  kernels::max_pool(Cpu{}, {.n = 1, .h = 2, .w = 2, .c = 1, .oh = 1, .ow = 1, .kh = 2, .kw = 2}, x.data(), &y, &index);
  EXPECT_EQ(y, 5);
  EXPECT_EQ(index, 1);
}

TEST(MaxPool, PropagatesNaN) {
  for (int where = 0; where < 4; ++where) {
    std::vector<float> x{1, 2, 3, 4};
    x[static_cast<std::size_t>(where)] = std::numeric_limits<float>::quiet_NaN();
    float y = 0;
    std::int32_t index = -1;
    kernels::max_pool(Cpu{}, {.n = 1, .h = 2, .w = 2, .c = 1, .oh = 1, .ow = 1, .kh = 2, .kw = 2}, x.data(), &y,
                      &index);
    EXPECT_TRUE(std::isnan(y));
    EXPECT_EQ(index, where);
  }
}

void expect_max_gradients(const PoolShape& s) {
  const Array x = image_of(s), dy = random_array({s.n, s.oh, s.ow, s.c}, 2);
  Array y = output_of(s), index = Array::empty(y.shape(), DType::i32), dx = Array::full(x.shape(), 7, DType::f64);
  kernels::max_pool(Cpu{}, s, x.data<double>(), y.mut<double>(), index.mut<std::int32_t>());
  kernels::max_pool_backward(Cpu{}, s, dy.data<double>(), index.data<std::int32_t>(), dx.mut<double>());
  Array want = Array::zeros(x.shape(), DType::f64);  // random values: the maximum is unique
  double* sum = want.mut<double>();
  for_each_pair(s, [&](std::int64_t out, std::int64_t in) {
    if (at(x, in) == at(y, out)) sum[in] += at(dy, out);
  });
  expect_close(dx, want, tol::f64);
}

TEST(MaxPool, BackwardAddsUpWhereWindowsOverlap) {
  const test::WithThreads scope(3);
  expect_max_gradients(awkward());
  expect_max_gradients(large());
}

void expect_averages(const PoolShape& s) {
  const Array x = image_of(s), dy = random_array({s.n, s.oh, s.ow, s.c}, 2);
  Array counts = Array::zeros(dy.shape(), DType::f64);
  double* count = counts.mut<double>();
  for_each_pair(s, [&](std::int64_t out, std::int64_t) { count[out] += 1; });
  for (const bool count_padding : {false, true}) {
    Array y = output_of(s), dx = Array::full(x.shape(), 7, DType::f64);
    Array want_y = Array::zeros(y.shape(), DType::f64), want_dx = Array::zeros(x.shape(), DType::f64);
    kernels::average_pool(Cpu{}, s, count_padding, x.data<double>(), y.mut<double>());
    kernels::average_pool_backward(Cpu{}, s, count_padding, dy.data<double>(), dx.mut<double>());
    double *sum_y = want_y.mut<double>(), *sum_dx = want_dx.mut<double>();
    for_each_pair(s, [&](std::int64_t out, std::int64_t in) {
      const double divisor = count_padding ? 9 : count[out];
      sum_y[out] += at(x, in) / divisor;
      sum_dx[in] += at(dy, out) / divisor;
    });
    expect_close(y, want_y, tol::f64);
    expect_close(dx, want_dx, tol::f64);
  }
}

TEST(AveragePool, AgreesWithTheDefinitionForBothDivisors) {
  const test::WithThreads scope(3);
  expect_averages(awkward());
  expect_averages(large());
}

TEST(AdaptiveAveragePool, AgreesWithTheDefinitionForwardAndBackward) {
  const test::WithThreads scope(3);
  PoolShape s = large();
  s.oh = 7, s.ow = 6;
  const Array x = image_of(s), dy = random_array({s.n, s.oh, s.ow, s.c}, 2);
  Array y = output_of(s), dx = Array::full(x.shape(), 7, DType::f64);
  kernels::adaptive_average_pool(Cpu{}, s, x.data<double>(), y.mut<double>());
  kernels::adaptive_average_pool_backward(Cpu{}, s, dy.data<double>(), dx.mut<double>());
  Array want_y = Array::zeros(y.shape(), DType::f64), want_dx = Array::zeros(x.shape(), DType::f64);
  double *sum_y = want_y.mut<double>(), *sum_dx = want_dx.mut<double>();
  for (std::int64_t out = 0; out < y.size(); ++out) {
    const std::int64_t c = out % s.c, j = out / s.c % s.ow, i = out / s.c / s.ow % s.oh, n = out / s.c / s.ow / s.oh;
    const std::int64_t h0 = i * s.h / s.oh, h1 = ((i + 1) * s.h + s.oh - 1) / s.oh;
    const std::int64_t w0 = j * s.w / s.ow, w1 = ((j + 1) * s.w + s.ow - 1) / s.ow;
    for (std::int64_t h = h0; h < h1; ++h)
      for (std::int64_t w = w0; w < w1; ++w) {
        const std::int64_t in = ((n * s.h + h) * s.w + w) * s.c + c;
        sum_y[out] += at(x, in) / static_cast<double>((h1 - h0) * (w1 - w0));
        sum_dx[in] += at(dy, out) / static_cast<double>((h1 - h0) * (w1 - w0));
      }
  }
  expect_close(y, want_y, tol::f64);
  expect_close(dx, want_dx, tol::f64);
}

TEST(AveragePool, Bf16GradientsAreAddedInFloat) {  // 81 overlapping windows: a bf16 sum of ones / 81 would stall
  const PoolShape s{.n = 1, .h = 17, .w = 17, .c = 1, .oh = 9, .ow = 9, .kh = 9, .kw = 9};
  const Array dy = Array::ones({1, 9, 9, 1}, DType::bf16);
  Array dx = Array::empty({1, 17, 17, 1}, DType::bf16);
  kernels::average_pool_backward(Cpu{}, s, true, dy.data<bf16>(), dx.mut<bf16>());
  expect_close(at(dx, 8 * 17 + 8), 1, tol::bf16);
}

TEST(AdaptiveWindow, CoversTheAxisWithoutHoles) {
  for (const std::int64_t in : {1, 7, 33})
    for (const std::int64_t out : {1, 2, 5, 7, 40}) {
      EXPECT_EQ(kernels::adaptive_window(0, in, out).begin, 0);
      EXPECT_EQ(kernels::adaptive_window(out - 1, in, out).end, in);
      for (std::int64_t i = 0; i < out; ++i) {
        const auto window = kernels::adaptive_window(i, in, out);
        EXPECT_LT(window.begin, window.end);
        EXPECT_LE(window.begin, i > 0 ? kernels::adaptive_window(i - 1, in, out).end : 0);
      }
    }
}

}  // namespace
}  // namespace akin
