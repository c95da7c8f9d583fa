#include <akin/ops/kernels.hpp>
#include <cstring>
#include <vector>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

using kernels::Cpu;

template <class T>
void expect_map_agrees(std::int64_t n) {
  const Array a = random_array({n}, 1, dtype_of<T>), b = random_array({n}, 2, dtype_of<T>);
  Array y = Array::full({n}, 7, dtype_of<T>);
  kernels::map(Cpu{}, n, y.mut<T>(), kernels::AddScaled{3}, a.data<T>(), b.data<T>());
  for (std::int64_t i = 0; i < n; ++i) {
    const auto want = static_cast<compute_t<T>>(at(a, i)) + compute_t<T>(3) * static_cast<compute_t<T>>(at(b, i));
    ASSERT_TRUE(is_close(at(y, i), static_cast<double>(static_cast<compute_t<T>>(static_cast<T>(want))), tol::f32))
        << n << " " << i;
  }
}

TEST(MapKernel, AgreesWithTheFormulaForEveryElement) {
  for (const std::int64_t n : {0, 1, 7, 33, 257, 100'000}) {
    expect_map_agrees<float>(n);
    expect_map_agrees<double>(n);
    expect_map_agrees<bf16>(n);
  }
}

TEST(MapKernel, WritesNoFurtherThanItsEnd) {
  std::vector<float> y(8, 7), x(8, 1);
  kernels::map(Cpu{}, 7, y.data(), kernels::Scale{2}, x.data());
  EXPECT_EQ(y[6], 2);
  EXPECT_EQ(y[7], 7);
}

TEST(MapKernel, MayWriteWhereItReads) {
  std::vector<double> x = {1, 2, 3};
  kernels::map(Cpu{}, 3, x.data(), kernels::Add{}, x.data(), x.data());
  EXPECT_EQ(x, (std::vector<double>{2, 4, 6}));
}

TEST(MapStrided, ReadsEveryOperandAtItsOwnStrides) {
  // out [3, 257, 5]; a transposed in the last two axes, b one row for all
  const std::int64_t d0 = 3, d1 = 257, d2 = 5;
  const Array a = random_array({d0, d2, d1}, 1), b = random_array({d2}, 2);
  Array y = Array::empty({d0, d1, d2}, DType::f64);
  kernels::StridedLoop<2> loop{.rank = 3, .size = {d0, d1, d2}, .stride = {{d1 * d2, 1, d1}, {0, 0, 1}}};
  kernels::map_strided(Cpu{}, loop, y.mut<double>(), kernels::Sub{}, a.data<double>(), b.data<double>());
  for (std::int64_t i = 0; i < d0; ++i)
    for (std::int64_t j = 0; j < d1; ++j)
      for (std::int64_t k = 0; k < d2; ++k)
        ASSERT_EQ(at(y, (i * d1 + j) * d2 + k), at(a, (i * d2 + k) * d1 + j) - at(b, k));
}

TEST(MapStrided, AgreesWithMapWhereNothingIsStrided) {
  for (const std::int64_t n : {1, 33, 100'000}) {
    const Array a = random_array({n}, 1, DType::f32);
    Array y = Array::empty({n}), z = Array::empty({n});
    kernels::map(Cpu{}, n, y.mut<float>(), kernels::Exp{}, a.data<float>());
    kernels::map_strided(Cpu{}, kernels::StridedLoop<1>{.rank = 1, .size = {n}, .stride = {{1}}}, z.mut<float>(),
                         kernels::Exp{}, a.data<float>());
    expect_close(z, y, tol::f32, cat(n));  // the vectoriser may take another exp
  }
}

/// Three operands of one strided loop against the textbook: every mix of inner strides 0, 1 and more.
template <class T>
void expect_strided_agreement(const kernels::StridedLoop<3>& loop) {
  std::int64_t n = 1, reach[3] = {1, 1, 1};  // how far each operand is read
  for (int axis = 0; axis < loop.rank; ++axis) {
    n *= loop.size[axis];
    for (int k = 0; k < 3; ++k) reach[k] += (loop.size[axis] - 1) * loop.stride[k][axis];
  }
  const DType dtype = dtype_of<T>;
  const Array a = random_array({reach[0]}, 1, dtype), b = random_array({reach[1]}, 2, dtype),
              c = random_array({reach[2]}, 3, dtype);
  Array want = Array::full({n}, 7, dtype), got = Array::full({n}, 8, dtype);
  const kernels::MaximumVjp f;  // only compares: both loops give the same bits
  kernels::map_strided_naive(Cpu{}, loop, want.mut<T>(), f, a.data<T>(), b.data<T>(), c.data<T>());
  kernels::map_strided(Cpu{}, loop, got.mut<T>(), f, a.data<T>(), b.data<T>(), c.data<T>());
  expect_close(got, want, tol::exact, cat(dtype, " inner size ", loop.size[loop.rank - 1]));
}

TEST(MapStrided, AgreesWithTheTextbookWhereRowsAreCutAndWhereTheyAreShort) {
  const test::WithThreads scope(3);
  for (const std::int64_t cols : {1, 3, 255, 256, 257, 16'384, 40'001}) {
    const std::int64_t rows = cols > 1000 ? 3 : 700;  // several pieces of work in both cases
    const kernels::StridedLoop<3> matrix_row_column{
        .rank = 2, .size = {rows, cols}, .stride = {{cols, 1}, {0, 1}, {1, 0}}};
    const kernels::StridedLoop<3> transposed_scalar_gaps{
        .rank = 2, .size = {rows, cols}, .stride = {{1, rows}, {0, 0}, {2 * cols, 2}}};
    expect_strided_agreement<double>(matrix_row_column);
    expect_strided_agreement<float>(matrix_row_column);
    expect_strided_agreement<bf16>(matrix_row_column);
    expect_strided_agreement<double>(transposed_scalar_gaps);
    expect_strided_agreement<float>(transposed_scalar_gaps);
    expect_strided_agreement<bf16>(transposed_scalar_gaps);
  }
}

TEST(MapStrided, WritesNoFurtherThanItsEnd) {
  std::vector<float> y(301, 7), x(300, 1);
  const float two = 2;
  kernels::map_strided(Cpu{}, kernels::StridedLoop<2>{.rank = 1, .size = {300}, .stride = {{1}, {0}}}, y.data(),
                       kernels::Mul{}, x.data(), &two);
  EXPECT_EQ(y[299], 2);
  EXPECT_EQ(y[300], 7);
}

TEST(MapKernel, GivesTheSameBitsAtAnyThreadCount) {
  const std::int64_t n = 100'003;
  const Array a = random_array({n}, 1, DType::f32);
  std::vector<Array> results;
  for (const int count : {1, 2, 3}) {
    const test::WithThreads scope(count);
    results.push_back(Array::empty({n}));
    kernels::map(Cpu{}, n, results.back().mut<float>(), kernels::Gelu{}, a.data<float>());
  }
  for (const Array& y : results)
    EXPECT_EQ(std::memcmp(y.data<float>(), results[0].data<float>(), static_cast<std::size_t>(n) * sizeof(float)), 0);
}

}  // namespace
}  // namespace akin
