#include <akin/ops/elementwise.hpp>
#include <akin/ops/kernels.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

using kernels::Cpu;
using kernels::GemmShape;

/// Fast and naive product of the same random operands, stored with rows `gap` elements longer than needed.
/// Small values: sums of up to 1100 products stay near 1, so the absolute part of the tolerance means something.
template <class T>
void compare(std::int64_t m, std::int64_t n, std::int64_t k, bool ta, bool tb, tol::Tolerance tolerance, int gap = 0) {
  const std::int64_t lda = (ta ? m : k) + gap, ldb = (tb ? k : n) + gap, ldc = n + gap;
  const Array a = random_array({ta ? k : m, lda}, 1, dtype_of<T>, 0.2);
  const Array b = random_array({tb ? n : k, ldb}, 2, dtype_of<T>, 0.2);
  Array fast = Array::full({m, ldc}, 7, dtype_of<T>), naive = Array::full({m, ldc}, 7, dtype_of<T>);
  const GemmShape shape{
      .m = m, .n = n, .k = k, .transpose_a = ta, .transpose_b = tb, .lda = lda, .ldb = ldb, .ldc = ldc};
  kernels::gemm(Cpu{}, shape, a.data<T>(), b.data<T>(), fast.mut<T>());
  kernels::gemm_naive(Cpu{}, shape, a.data<T>(), b.data<T>(), naive.mut<T>());
  expect_close(fast, naive, tolerance, cat(m, "x", n, "x", k, ta ? " a^T" : "", tb ? " b^T" : "", " gap ", gap));
}

TEST(Gemm, AgreesWithTheDefinitionAtAwkwardSizesAndOrientations) {
  for (const std::int64_t m : {1, 7, 65})
    for (const std::int64_t n : {1, 33, 130})
      for (const std::int64_t k : {1, 33})
        for (const bool ta : {false, true})
          for (const bool tb : {false, true}) {
            compare<double>(m, n, k, ta, tb, tol::f64);
            compare<float>(m, n, k, ta, tb, tol::reduce_f32);
          }
}

TEST(Gemm, AddsUpOverSeveralDepthBlocks) {
  for (const bool t : {false, true}) {
    compare<double>(9, 35, 1100, t, !t, tol::f64);
    compare<float>(9, 35, 513, t, t, tol::reduce_f32);
  }
}

TEST(Gemm, PacksTheRowsOfWideProductsSlabBySlab) {
  compare<float>(1400, 530, 9, false, false, tol::reduce_f32, 1);
  compare<float>(1400, 9, 7, true, false, tol::reduce_f32);
}

TEST(Gemm, LeavesTheGapsBetweenRowsAlone) {
  for (const bool t : {false, true}) compare<float>(13, 37, 21, t, t, tol::reduce_f32, 5);
}

TEST(Gemm, SumsBf16OperandsInFloat) {
  for (const bool t : {false, true}) {
    compare<bf16>(7, 33, 257, t, !t, tol::bf16, 3);
    compare<bf16>(70, 300, 33, t, !t, tol::bf16, 3);  // several blocks
    compare<bf16>(9, 35, 1100, t, !t, tol::bf16, 3);  // deeper than what is summed at once
  }
  compare<bf16>(3, 5, 0, false, false, tol::bf16);
}

/// What processors with a dot product of bf16 pairs run, here by whatever the machine has.
void compare_pairs(std::int64_t m, std::int64_t n, std::int64_t k, bool ta, bool tb, int gap = 0) {
  const std::int64_t lda = (ta ? m : k) + gap, ldb = (tb ? k : n) + gap;
  const GemmShape shape{.m = m, .n = n, .k = k, .transpose_a = ta, .transpose_b = tb, .lda = lda, .ldb = ldb, .ldc = n};
  const Array a = random_array({(ta ? k : m) * lda}, 1, DType::bf16, 0.2),
              b = random_array({(tb ? n : k) * ldb}, 2, DType::bf16, 0.2);
  const Array wide_a = ops::cast(a, DType::f32), wide_b = ops::cast(b, DType::f32);
  Array pairs = Array::full({m, n}, 7), naive = Array::full({m, n}, 7);
  kernels::detail::gemm_as<kernels::Bf16Pair>(shape, a.data<bf16>(), b.data<bf16>(), pairs.mut<float>());
  kernels::gemm_naive(Cpu{}, shape, wide_a.data<float>(), wide_b.data<float>(), naive.mut<float>());
  expect_close(pairs, naive, tol::reduce_f32, cat(m, "x", n, "x", k, ta ? " a^T" : "", tb ? " b^T" : "", " gap ", gap));
}

TEST(Gemm, PairsOfBf16AreMultipliedExactly) {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      compare_pairs(1, 1, 1, ta, tb);
      for (const int gap : {0, 1, 2})  // odd and even: rows of pairs, or rows that must be taken apart
        for (const std::int64_t k : {5, 6}) compare_pairs(7, 33, k, ta, tb, gap);
      compare_pairs(65, 130, 1100, ta, tb);
      compare_pairs(9, 530, 10, ta, tb);  // so wide that rows of a are packed
    }
}

TEST(Gemm, AnEmptyInnerSizeGivesZeros) {
  std::vector<float> c(6, 7);
  const float none = 0;
  kernels::gemm(Cpu{}, GemmShape{.m = 2, .n = 3, .k = 0, .lda = 0, .ldb = 3, .ldc = 3}, &none, &none, c.data());
  for (const float x : c) EXPECT_EQ(x, 0);
}

TEST(Gemm, GivesTheSameBitsAtAnyThreadCount) {
  const Array a = random_array({150, 90}, 1, DType::f32), b = random_array({90, 300}, 2, DType::f32);
  const GemmShape shape{.m = 150, .n = 300, .k = 90, .lda = 90, .ldb = 300, .ldc = 300};
  Array one = Array::empty({150, 300}), three = Array::empty({150, 300});
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    kernels::gemm(Cpu{}, shape, a.data<float>(), b.data<float>(), (count == 1 ? one : three).mut<float>());
  }
  expect_close(one, three, tol::exact);
}

/// Products that read overlapping operands at offsets of their own, against one product after the other.
template <class T>
void compare_batch(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k) {
  const test::WithThreads scope(3);
  const Array a = random_array({count + m * k}, 1, dtype_of<T>), b = random_array({count + k * n}, 2, dtype_of<T>);
  const GemmShape shape{.m = m, .n = n, .k = k, .lda = k, .ldb = n, .ldc = n};
  std::vector<std::int64_t> a_offset, b_offset;
  for (std::int64_t i = 0; i < count; ++i) a_offset.push_back(i), b_offset.push_back(count - 1 - i);
  Array together = Array::full({count, m, n}, 7, dtype_of<T>), alone = Array::full({count, m, n}, 8, dtype_of<T>);
  kernels::gemm_batch(Cpu{}, shape, count, a.data<T>(), a_offset.data(), b.data<T>(), b_offset.data(),
                      together.mut<T>());
  T* c = alone.mut<T>();
  for (std::int64_t i = 0; i < count; ++i)
    kernels::gemm(Cpu{}, shape, a.data<T>() + i, b.data<T>() + count - 1 - i, c + i * m * n);
  expect_close(together, alone, tol::exact, cat(dtype_of<T>, " ", count, " of ", m, "x", n, "x", k));
}

TEST(GemmBatch, GivesTheBitsOfSingleProducts) {
  compare_batch<float>(0, 3, 3, 3);
  compare_batch<float>(1, 33, 7, 33);
  compare_batch<float>(257, 7, 33, 7);
  compare_batch<double>(33, 65, 33, 7);
  compare_batch<bf16>(33, 7, 33, 7);
  compare_batch<float>(3, 130, 260, 7);  // more tasks inside than products
  compare_batch<float>(7, 3, 5, 0);
}

}  // namespace
}  // namespace akin
