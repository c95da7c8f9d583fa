#include <akin/ops/matmul.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

/// [m, k] x [k, n] by its definition.
Array by_definition(const Array& a, const Array& b) {
  const auto m = a.dim(0), k = a.dim(1), n = b.dim(1);
  Array c = Array::zeros({m, n}, DType::f64);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t p = 0; p < k; ++p) c.mut<double>()[i * n + j] += at(a, i * k + p) * at(b, p * n + j);
  return c;
}

TEST(Matmul, MultipliesTwoByTwo) {
  const Array c = ops::matmul(Array::from<float>({2, 2}, {1, 2, 3, 4}), Array::from<float>({2, 2}, {5, 6, 7, 8}));
  expect_close(c, Array::from<float>({2, 2}, {19, 22, 43, 50}), tol::exact);
}

TEST(Matmul, TheIdentityChangesNothing) {
  const Array a = random_array({7, 33});
  expect_close(ops::matmul(a, Array::eye(33, DType::f64)), a, tol::exact);
}

TEST(Matmul, OptionsAndTransposedViewsMeanTheSame) {
  const Array a = random_array({33, 7}, 1), b = random_array({257, 33}, 2);
  const Array want = by_definition(ops::contiguous(a.transpose()), ops::contiguous(b.transpose()));
  expect_close(ops::matmul(a, b, {.transpose_a = true, .transpose_b = true}), want, tol::f64);
  expect_close(ops::matmul(a.transpose(), b.transpose()), want, tol::f64);
  expect_close(ops::matmul(a.transpose(), b, {.transpose_b = true}), want, tol::f64);
  const Array both_ways = ops::matmul(ops::contiguous(a.transpose()).transpose(), b.transpose(), {.transpose_a = true});
  expect_close(both_ways, want, tol::f64);
}

TEST(Matmul, ReadsSlicesAndBroadcastRowsCorrectly) {
  const Array a = random_array({9, 20}, 1), b = random_array({20, 11}, 2), row = random_array({1, 20}, 3);
  const Array part = a.slice(0, 2, 7).slice(1, 3, 12), other = b.slice(0, 3, 12).slice(1, 1, 9);
  expect_close(ops::matmul(part, other), by_definition(ops::contiguous(part), ops::contiguous(other)), tol::f64);
  const Array rows = row.broadcast_to({4, 20});
  expect_close(ops::matmul(rows, b), by_definition(ops::contiguous(rows), b), tol::f64);
}

TEST(Matmul, BroadcastsLeadingAxes) {
  const Array a = random_array({2, 1, 5, 3}, 1), b = random_array({4, 3, 6}, 2);
  const Array c = ops::matmul(a, b);
  ASSERT_EQ(c.shape(), (Shape{2, 4, 5, 6}));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j) {
      const Array got = c.slice(0, i, i + 1).slice(1, j, j + 1);
      const Array want = by_definition(a.slice(0, i, i + 1).reshape({5, 3}), b.slice(0, j, j + 1).reshape({3, 6}));
      expect_close(got.reshape({5, 6}), want, tol::f64);
    }
}

/// Products of small matrices run side by side, large ones one after the other: [batch, m, k] x [batch, k, n].
void expect_batched(std::int64_t batch, std::int64_t m, std::int64_t k, std::int64_t n, DType dtype) {
  const Array a = random_array({batch, m, k}, 1, dtype, 0.3), b = random_array({batch, n, k}, 2, dtype, 0.3);
  Array results[2];
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    results[count == 1] = ops::matmul(a, b.transpose());
  }
  expect_close(results[0], results[1], tol::exact, "threads");
  for (std::int64_t i = 0; i < batch; ++i) {
    const Array x = ops::cast(a.slice(0, i, i + 1).reshape({m, k}), DType::f64);
    const Array y = ops::cast(ops::contiguous(b.slice(0, i, i + 1).reshape({n, k}).transpose()), DType::f64);
    const Array got = ops::cast(results[0].slice(0, i, i + 1).reshape({m, n}), DType::f64);
    expect_close(got, by_definition(x, y),
                 dtype == DType::f64   ? tol::f64
                 : dtype == DType::f32 ? tol::reduce_f32
                                       : tol::bf16,
                 cat(dtype, " ", i));
  }
}

TEST(Matmul, OfABatchIsTheSameBitsAtAnyThreadCount) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) expect_batched(33, 17, 33, 7, dtype);
  expect_batched(257, 1, 7, 1, DType::f32);
  expect_batched(2, 150, 7, 300, DType::f32);
}

TEST(Matmul, ABatchOfRowsTimesOneMatrixIsOneProduct) {
  const Array a = random_array({3, 5, 7}, 1), b = random_array({7, 4}, 2);
  expect_close(ops::matmul(a, b), by_definition(a.reshape({15, 7}), b).reshape({3, 5, 4}), tol::f64);
}

TEST(Matmul, EmptySizesGiveEmptyOrZeroResults) {
  EXPECT_EQ(ops::matmul(Array::zeros({0, 3}), Array::zeros({3, 2})).shape(), (Shape{0, 2}));
  EXPECT_EQ(ops::matmul(Array::zeros({0, 4, 3}), Array::zeros({3, 2})).shape(), (Shape{0, 4, 2}));
  expect_close(ops::matmul(Array::zeros({2, 0}), Array::zeros({0, 2})), Array::zeros({2, 2}), tol::exact);
}

TEST(Matmul, Bf16IsSummedInFloat) {
  const Array ones = Array::ones({1, 1000}, DType::bf16);  // a bf16 sum would stick at 256
  expect_close(at(ops::matmul(ones, ones, {.transpose_b = true}), 0), 1000, tol::bf16);
}

TEST(Matmul, SaysWhatIsWrongWithTheShapes) {
  const Array a = Array::zeros({4, 64});
  expect_error([&] { ops::matmul(a, Array::zeros({128, 10})); }, "inner sizes differ: [4, 64] x [128, 10] (64 vs 128)");
  expect_error(
      [&] {
        ops::matmul(a, Array::zeros({10, 32}), {.transpose_b = true});
      },
      "[4, 64] x [10, 32]^T (64 vs 32)");
  expect_error([&] { ops::matmul(a, Array::zeros({64})); }, "at least 2 axes");
  expect_error([&] { ops::matmul(Array::zeros({2, 4, 64}), Array::zeros({3, 64, 5})); }, "do not broadcast");
  expect_error([&] { ops::matmul(a, Array::zeros({64, 2}, DType::f64)); }, "dtypes differ");
  expect_error(
      [&] {
        ops::matmul(Array::zeros({2, 2}, DType::i64), Array::zeros({2, 2}, DType::i64));
      },
      "floating-point");
}

}  // namespace
}  // namespace akin
