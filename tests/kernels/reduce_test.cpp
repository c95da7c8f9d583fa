#include <akin/ops/kernels.hpp>
#include <cstring>
#include <vector>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

using kernels::Cpu;

struct Extent {
  std::int64_t outer, n, inner;
};
/// The last six are cut: the reduced axis, the columns, or both.
constexpr Extent extents[] = {{1, 1, 1},      {7, 1, 3},      {1, 7, 1},       {33, 33, 1},
                              {3, 257, 33},   {1, 257, 257},  {257, 7, 1},     {2, 0, 3},
                              {0, 7, 3},      {3, 2, 0},      {1, 100'000, 1}, {2, 33'000, 3},
                              {1, 3, 40'000}, {2, 100, 1025}, {1, 700, 1100},  {70, 3, 2000}};

template <class R, class T>
void expect_agreement(tol::Tolerance tolerance) {
  for (const auto& [outer, n, inner] : extents) {
    const Array x = random_array({outer, n, inner}, 1, dtype_of<T>);
    Array fast = Array::full({outer, inner}, 7, dtype_of<T>), naive = Array::full({outer, inner}, 8, dtype_of<T>);
    kernels::reduce(Cpu{}, R{}, outer, n, inner, x.data<T>(), fast.template mut<T>());
    kernels::reduce_naive(Cpu{}, R{}, outer, n, inner, x.data<T>(), naive.template mut<T>());
    expect_close(fast, naive, tolerance, cat(outer, " x ", n, " x ", inner));
  }
}

TEST(ReduceKernel, AgreesWithTheTextbookLoop) {
  expect_agreement<kernels::SumOf, double>(tol::f64);
  expect_agreement<kernels::SumOf, float>(tol::f32);
  expect_agreement<kernels::SumOf, bf16>(tol::bf16);
  expect_agreement<kernels::MeanOf, double>(tol::f64);
  expect_agreement<kernels::MeanOf, float>(tol::f32);
  expect_agreement<kernels::MeanOf, bf16>(tol::bf16);
  expect_agreement<kernels::MaxOf, float>(tol::exact);
  expect_agreement<kernels::MinOf, float>(tol::exact);
}

template <class T>
void expect_variance_agreement(tol::Tolerance tolerance) {
  for (const auto& [outer, n, inner] : extents) {
    const Array x = random_array({outer, n, inner}, 1, dtype_of<T>, 2, 3);
    Array fast = Array::full({outer, inner}, 7, dtype_of<T>), naive = Array::full({outer, inner}, 8, dtype_of<T>);
    kernels::variance(Cpu{}, outer, n, inner, x.data<T>(), fast.mut<T>());
    kernels::variance_naive(Cpu{}, outer, n, inner, x.data<T>(), naive.mut<T>());
    expect_close(fast, naive, tolerance, cat(outer, " x ", n, " x ", inner));
  }
}

TEST(VarianceKernel, AgreesWithTheTextbookLoop) {
  expect_variance_agreement<double>(tol::f64);
  expect_variance_agreement<float>(tol::f32);
  expect_variance_agreement<bf16>(tol::bf16);
}

TEST(ReduceKernel, KeepsTheDigitsOfALargeMean) {
  const std::int64_t n = 100'000;
  const std::vector<float> x(static_cast<std::size_t>(n), 10'000.125f);
  float total = 0;
  kernels::reduce(Cpu{}, kernels::SumOf{}, 1, n, 1, x.data(), &total);
  expect_close(total, 10'000.125 * static_cast<double>(n), tol::f32);
}

TEST(ReduceKernel, LetsNaNWinWhereverItStands) {
  for (const std::int64_t n : {1, 7, 33, 257})
    for (std::int64_t where = 0; where < n; where += 5) {
      std::vector<float> x(static_cast<std::size_t>(n), 1);
      x[static_cast<std::size_t>(where)] = std::numeric_limits<float>::quiet_NaN();
      float largest = 0, smallest = 0;
      kernels::reduce(Cpu{}, kernels::MaxOf{}, 1, n, 1, x.data(), &largest);
      kernels::reduce(Cpu{}, kernels::MinOf{}, 1, n, 1, x.data(), &smallest);
      ASSERT_TRUE(std::isnan(largest) && std::isnan(smallest)) << n << " " << where;
    }
}

TEST(ReduceKernel, GivesTheSameBitsAtAnyThreadCount) {
  for (const auto& [outer, n, inner] : extents) {
    const Array x = random_array({outer, n, inner}, 1, DType::f32);
    std::vector<Array> results;
    for (const int count : {1, 2, 3}) {
      const test::WithThreads scope(count);
      results.push_back(Array::empty({outer, inner}));
      kernels::reduce(Cpu{}, kernels::SumOf{}, outer, n, inner, x.data<float>(), results.back().mut<float>());
    }
    for (const Array& y : results)
      EXPECT_EQ(std::memcmp(y.data<float>(), results[0].data<float>(),
                            static_cast<std::size_t>(outer * inner) * sizeof(float)),
                0)
          << outer << " x " << n << " x " << inner;
  }
}

}  // namespace
}  // namespace akin
