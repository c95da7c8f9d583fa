// Kernels that read and write by index, against plain loops.
#include <akin/ops/kernels.hpp>
#include <vector>

#include "support/test.hpp"
#include "support/threads.hpp"

using namespace akin;
using kernels::Cpu;

namespace {

template <class Index>
void expect_first_bad(std::int64_t n, std::int64_t bad_at) {
  std::vector<Index> indices(static_cast<std::size_t>(n), Index{6});
  EXPECT_EQ(kernels::first_out_of_range(Cpu{}, n, 7, indices.data()), -1);
  for (const Index bad : {Index{7}, Index{-1}}) {
    indices[static_cast<std::size_t>(bad_at)] = bad;
    indices.back() = bad;
    EXPECT_EQ(kernels::first_out_of_range(Cpu{}, n, 7, indices.data()), bad_at) << n;
  }
}

template <class T>
void compare_scatter_add(std::int64_t n, std::int64_t rows, std::int64_t cols, tol::Tolerance t) {
  const Array dy = random_array({n, cols}, 1, dtype_of<T>);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) indices[static_cast<std::size_t>(i)] = i * i % rows;
  Array got = Array::full({rows, cols}, 7, dtype_of<T>), want = Array::zeros({rows, cols}, DType::f64);
  kernels::scatter_add(Cpu{}, n, rows, cols, dy.data<T>(), indices.data(), got.mut<T>());
  double* sum = want.mut<double>();
  for (std::int64_t i = 0; i < n * cols; ++i)
    sum[indices[static_cast<std::size_t>(i / cols)] * cols + i % cols] += at(dy, i);
  for (std::int64_t i = 0; i < want.size(); ++i)
    ASSERT_TRUE(is_close(at(got, i), at(want, i), t))
        << dtype_of<T> << " " << i << ": " << at(got, i) << " " << at(want, i);
}

}  // namespace

TEST(FirstOutOfRange, IsTheFirstOfSeveralInAnyPiece) {
  const test::WithThreads scope(3);
  for (const std::int64_t n : {1, 7, 100'000})
    for (const std::int64_t bad_at : {std::int64_t{0}, n / 2, n - 1}) {
      expect_first_bad<std::int64_t>(n, bad_at);
      expect_first_bad<std::int32_t>(n, bad_at);
    }
  EXPECT_EQ(kernels::first_out_of_range<std::int64_t>(Cpu{}, 0, 7, nullptr), -1);
}

TEST(ScatterAddKernel, AgreesWithAPlainLoop) {
  const test::WithThreads scope(3);
  for (const std::int64_t n : {1, 33, 3000})  // 3000 rows of 100: several pieces of columns
    for (const std::int64_t cols : {1, 7, 100}) {
      compare_scatter_add<double>(n, 33, cols, tol::f64);
      compare_scatter_add<float>(n, 33, cols, tol::reduce_f32);
      compare_scatter_add<bf16>(n, 33, cols, tol::bf16);
    }
}

TEST(FillDiagonalKernel, LeavesTheRestAlone) {
  std::vector<float> x(9, 7);
  kernels::fill_diagonal(Cpu{}, 3, x.data(), 2.0f);
  EXPECT_EQ(x, (std::vector<float>{2, 7, 7, 7, 2, 7, 7, 7, 2}));
}
