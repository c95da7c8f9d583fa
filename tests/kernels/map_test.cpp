#include <akin/ops/kernels.hpp>
#include <cstring>
#include <vector>

#include "support/test.hpp"

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

TEST(MapKernel, GivesTheSameBitsAtAnyThreadCount) {
  const std::int64_t n = 100'003;
  const Array a = random_array({n}, 1, DType::f32);
  const int before = threads();
  std::vector<Array> results;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    results.push_back(Array::empty({n}));
    kernels::map(Cpu{}, n, results.back().mut<float>(), kernels::Gelu{}, a.data<float>());
  }
  set_threads(before);
  for (const Array& y : results)
    EXPECT_EQ(std::memcmp(y.data<float>(), results[0].data<float>(), static_cast<std::size_t>(n) * sizeof(float)), 0);
}

}  // namespace
}  // namespace akin
