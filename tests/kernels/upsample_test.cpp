#include <akin/ops/kernels.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

using kernels::Cpu;
using kernels::PoolShape;

PoolShape enlargement(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t oh,
                      std::int64_t ow) {
  return {.n = n, .h = h, .w = w, .c = c, .oh = oh, .ow = ow};
}

/// Whole factors, odd ones, none at all, single pixels, and several pieces of work.
const std::vector<PoolShape> enlargements = {enlargement(2, 7, 7, 33, 14, 14), enlargement(3, 5, 4, 7, 9, 11),
                                             enlargement(1, 4, 4, 1, 4, 4),    enlargement(2, 1, 1, 3, 7, 1),
                                             enlargement(1, 3, 1, 5, 7, 33),   enlargement(3, 33, 30, 17, 65, 67)};

TEST(UpsampleNearest, AgreesWithItsNaiveTwin) {
  const test::WithThreads scope(3);
  for (const PoolShape& s : enlargements) {
    const Array x = random_array({s.n, s.h, s.w, s.c}, 1);
    Array y = Array::full({s.n, s.oh, s.ow, s.c}, 7, DType::f64), want = Array::full(y.shape(), 8, DType::f64);
    kernels::upsample_nearest(Cpu{}, s, x.data<double>(), y.mut<double>());
    kernels::upsample_nearest_naive(Cpu{}, s, x.data<double>(), want.mut<double>());
    expect_close(y, want, tol::exact, cat(x.shape(), " to ", y.shape()));
  }
}

TEST(UpsampleNearest, BackwardAddsUpWhatWasCopied) {
  const test::WithThreads scope(3);
  for (const PoolShape& s : enlargements) {
    const Array place = Array::empty({s.n, s.h, s.w, s.c}, DType::f64), dy = random_array({s.n, s.oh, s.ow, s.c}, 2);
    Array numbers = place, source = Array::empty(dy.shape(), DType::f64),
          dx = Array::full(place.shape(), 7, DType::f64);
    double* const number = numbers.mut<double>();
    for (std::int64_t i = 0; i < numbers.size(); ++i) number[i] = static_cast<double>(i);
    kernels::upsample_nearest_naive(Cpu{}, s, numbers.data<double>(), source.mut<double>());  // who copied whom
    kernels::upsample_nearest_backward(Cpu{}, s, dy.data<double>(), dx.mut<double>());
    Array want = Array::zeros(dx.shape(), DType::f64);
    double* const sum = want.mut<double>();
    for (std::int64_t i = 0; i < dy.size(); ++i) sum[static_cast<std::int64_t>(at(source, i))] += at(dy, i);
    expect_close(dx, want, tol::f64, cat(dx.shape()));
  }
}

TEST(UpsampleNearest, Bf16GradientsAreAddedInFloat) {  // a bf16 sum of ones would stall at 256
  const Array dy = Array::ones({1, 33, 33, 1}, DType::bf16);
  Array dx = Array::empty({1, 1, 1, 1}, DType::bf16);
  kernels::upsample_nearest_backward(Cpu{}, enlargement(1, 1, 1, 1, 33, 33), dy.data<bf16>(), dx.mut<bf16>());
  expect_close(at(dx, 0), 33 * 33, tol::bf16);
}

}  // namespace
}  // namespace akin
