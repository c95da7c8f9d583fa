// Matrix products on akin's own kernels.
#include "own_kernels.hpp"
#include "products.hpp"

namespace akin_test {
namespace {

using kernels::GemmShape;

template <class T>
class CudaGemm : public testing::Test {
  OwnKernels own_;
};
using Types = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaGemm, Types);

TYPED_TEST(CudaGemm, IsItsTwinAtAwkwardSizes) {
  const std::int64_t sizes[][3] = {{1, 1, 1}, {7, 33, 65}, {33, 130, 7}, {65, 7, 33}, {130, 65, 40}};
  for (const auto& size : sizes)
    for (int transposes = 0; transposes < 4; ++transposes)
      for (const std::int64_t more : {0, 3})
        compare_product<TypeParam>(product_of(size[0], size[1], size[2], transposes, more));
}

TYPED_TEST(CudaGemm, IsItsTwinWhereLinesAreReadInChunks) {
  for (int transposes = 0; transposes < 4; ++transposes)
    for (const std::int64_t more : {0, 8}) compare_product<TypeParam>(product_of(72, 136, 56, transposes, more));
}

TYPED_TEST(CudaGemm, LongSumsAreSliced) {
  for (int transposes = 0; transposes < 4; ++transposes)
    compare_product<TypeParam>(product_of(9, 6, 1541, transposes, 0));
}

TYPED_TEST(CudaGemm, NothingToSumIsZeroAndNothingToWriteIsNoLaunch) {
  compare_product<TypeParam>(product_of(9, 65, 0, 0, 2));
  compare_product<TypeParam>(product_of(0, 3, 4, 1, 1));
  compare_product<TypeParam>(product_of(3, 0, 4, 2, 1));
}

TYPED_TEST(CudaGemm, NaNStaysInItsRowAndColumn) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  Twins twins;
  std::vector<double> values = twins.numbers(9 * 5);
  values[7] = nan, values[23] = inf;
  const auto a = twins.input(values), b = twins.input(5 * 6), c = twins.output(9 * 6);
  twins.compare<TypeParam>(
      [&](auto queue, auto at) { kernels::gemm(queue, product_of(9, 6, 5, 0, 0), at(a), at(b), at(c)); });
}

/// The choice of tiles is left to the shape; here wide ones have to take a small product.
template <class T, bool along_terms_a, bool along_terms_b>
void multiply_in_wide_tiles(kernels::Cuda queue, const GemmShape& s, const T* a, const T* b, T* c) {
  using namespace kernels::detail;
  multiply_in_tiles<ProductTile<T, 2>>("gemm", queue, ProductShape{s.m, s.n, s.k},
                                       matrix_operand<along_terms_a>(a, s.m, s.k, s.lda, 0),
                                       matrix_operand<along_terms_b>(b, s.n, s.k, s.ldb, 0), EvenRows<T>{c, s.ldc});
}
template <class T, bool along_terms_a, bool along_terms_b>
void multiply_in_wide_tiles(kernels::Cpu cpu, const GemmShape& s, const T* a, const T* b, T* c) {
  kernels::gemm(cpu, s, a, b, c);
}
template <class T, bool transpose_a, bool transpose_b>
void compare_wide_tiles() {
  for (const std::int64_t more : {0, 8}) {
    const GemmShape s = product_of(136, 200, 48, transpose_a + 2 * transpose_b, more);
    Twins twins;
    const auto a = twins.input(size_of_a(s)), b = twins.input(size_of_b(s)), c = twins.in_out(s.m * s.ldc);
    twins.compare<T>([&](auto queue, auto at) {
      using Value = std::remove_pointer_t<decltype(at(c))>;
      multiply_in_wide_tiles<Value, !transpose_a, transpose_b>(queue, s, at(a), at(b), at(c));
    });
  }
}

template <class T>
class CudaGemmTiles : public testing::Test {};
using TypesOfWideTiles = testing::Types<float, bf16>;
TYPED_TEST_SUITE(CudaGemmTiles, TypesOfWideTiles);

TYPED_TEST(CudaGemmTiles, WideOnesGiveTheSame) {
  compare_wide_tiles<TypeParam, false, false>();
  compare_wide_tiles<TypeParam, false, true>();
  compare_wide_tiles<TypeParam, true, false>();
  compare_wide_tiles<TypeParam, true, true>();
}

TYPED_TEST(CudaGemm, BatchesReadWhereTheirOffsetsSay) {
  const std::int64_t count = 131;  // more than one launch takes
  for (const std::int64_t lead : {1, 8}) {
    const GemmShape s = product_of(8, 5, 16, 0, 0);
    std::vector<std::int64_t> a_offset, b_offset;
    for (std::int64_t i = 0; i < count; ++i) a_offset.push_back((i * 7 % 11) * lead), b_offset.push_back(i % 3 * 16);
    compare_products<TypeParam>(s, a_offset, b_offset);
  }
}

TEST(CudaGemmManyTiles, ManyProductsFillWideOnes) {
  const OwnKernels own;
  const std::int64_t count = 67;  // of two tiles
  const GemmShape s = product_of(68, 132, 8, 0, 0);
  ASSERT_TRUE(kernels::detail::fills_wide_tiles({s.m, s.n, s.k, count}));
  std::vector<std::int64_t> offset(count);
  for (std::size_t i = 0; i < offset.size(); ++i) offset[i] = static_cast<std::int64_t>(i % 5) * 8;
  compare_products<float>(s, offset, offset);
}

TEST(CudaGemmPlan, CutsOnlyLongSumsOfSmallResults) {
  using kernels::detail::plan_product;
  using Tile = kernels::detail::FmaTile<float, 1>;
  EXPECT_EQ(plan_product<Tile>({64, 64, 1000}).slices, 1);
  EXPECT_EQ(plan_product<Tile>({64, 64, 4096}).slices, 8);
  EXPECT_EQ(plan_product<Tile>({4096, 4096, 4096}).slices, 1);
  const auto odd = plan_product<Tile>({1, 1, 10007});
  EXPECT_GE(odd.slices * odd.slice_terms, 10007);
  EXPECT_LT((odd.slices - 1) * odd.slice_terms, 10007);  // no slice without terms
}

}  // namespace
}  // namespace akin_test
