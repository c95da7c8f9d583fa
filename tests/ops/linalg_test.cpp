#include <akin/ops/linalg.hpp>

#include "support/test.hpp"

using namespace akin;

namespace {

/// A matrix with orthonormal columns: eigenvectors of a random symmetric matrix.
Array orthogonal(std::int64_t n, unsigned seed) {
  const Array x = random_array({n, n}, seed);
  return ops::symmetric_eigen(ops::add(x, x.transpose())).vectors;
}
Array diagonal(const std::vector<double>& values) {
  const auto n = static_cast<std::int64_t>(values.size());
  Array d = Array::zeros({n, n}, DType::f64);
  for (std::int64_t i = 0; i < n; ++i) d.mut<double>()[i * (n + 1)] = values[static_cast<std::size_t>(i)];
  return d;
}
Array transposed_product(const Array& a, const Array& b) { return ops::matmul(a, b, {.transpose_b = true}); }

}  // namespace

TEST(SymmetricEigen, OfATwoByTwoMatrixHasAClosedForm) {
  const Array a = Array::from<double>({2, 2}, {2, 99, 1, 2});  // only the lower triangle counts
  const auto eigen = ops::symmetric_eigen(a);
  expect_close(eigen.values, Array::from<double>({2}, {1, 3}), tol::f64);
  expect_close(std::abs(at(eigen.vectors, 0)), std::sqrt(0.5), tol::f64);
  expect_close(ops::symmetric_eigenvalues(a), eigen.values, tol::f64);
}

TEST(SymmetricEigen, RebuildsTheMatrixFromOrthonormalVectors) {
  for (const std::int64_t n : {1, 7, 33, 80}) {
    const Array x = random_array({n, n}, 3), a = ops::add(x, x.transpose());
    const auto [values, v] = ops::symmetric_eigen(a);
    expect_close(ops::matmul(v, v, {.transpose_a = true}), Array::eye(n, DType::f64), tol::golden);
    expect_close(transposed_product(ops::mul(v, values), v), a, tol::golden);
  }
}

TEST(SymmetricEigen, FindsRepeatedAndTinyEigenvaluesAtAnyScale) {
  const Array q = orthogonal(6, 1);
  const std::vector<double> values{-2, -2, 0, 1e-9, 5, 5};
  for (const double scale : {1.0, 1e-200, 1e200}) {
    const Array a = ops::scale(transposed_product(ops::matmul(q, diagonal(values)), q), scale);
    const Array got = ops::scale(ops::symmetric_eigenvalues(a), 1 / scale);
    for (std::int64_t i = 0; i < 6; ++i)
      expect_close(at(got, i), values[static_cast<std::size_t>(i)], tol::f64, cat(scale));
  }
}

TEST(SingularValues, AreThoseTheMatrixWasBuiltFromWhicheverSideIsLonger) {
  const Array u = orthogonal(33, 2).slice(1, 0, 4), v = orthogonal(4, 3);  // [33, 4], [4, 4]
  const Array x = transposed_product(ops::matmul(u, diagonal({0.5, 3, 2, 0.01})), v);
  const Array want = Array::from<double>({4}, {3, 2, 0.5, 0.01});
  expect_close(ops::singular_values(x), want, tol::golden);
  expect_close(ops::singular_values(x.transpose()), want, tol::golden);
  const Array single = ops::singular_values(ops::cast(x, DType::f32));
  EXPECT_EQ(single.dtype(), DType::f32);
  expect_close(single, ops::cast(want, DType::f32), tol::reduce_f32);
}

TEST(SingularValues, OfManyRowsAddUpOverSeveralBlocks) {
  Array x = Array::zeros({9001, 2}, DType::f32);
  for (std::int64_t i = 0; i < 9001; ++i) x.mut<float>()[2 * i] = 2;
  expect_close(ops::singular_values(x), Array::from<float>({2}, {static_cast<float>(2 * std::sqrt(9001.0)), 0}),
               tol::f32);
}

TEST(Cholesky, OfAKnownMatrix) {
  const Array a = Array::from<double>({3, 3}, {4, 0, 0, 12, 37, 0, -16, -43, 98});
  expect_close(ops::cholesky(a), Array::from<double>({3, 3}, {2, 0, 0, 6, 1, 0, -8, 5, 3}), tol::f64);
}

TEST(Cholesky, AndItsInverseUndoEachOther) {
  for (const std::int64_t n : {1, 7, 33, 100}) {
    const Array x = random_array({n, 2 * n}, 4), a = transposed_product(x, x);
    const Array l = ops::cholesky(a);
    expect_close(ops::scale(transposed_product(l, l), 1.0 / static_cast<double>(n)),
                 ops::scale(a, 1.0 / static_cast<double>(n)), tol::golden);
    expect_close(ops::matmul(ops::inverse_lower(l), l), Array::eye(n, DType::f64), tol::golden);
  }
}

TEST(Linalg, RefusesWhatHasNoAnswer) {
  expect_error(
      [] {
        ops::cholesky(Array::from<double>({2, 2}, {1, 2, 2, 1}));
      },
      "cholesky: the matrix of shape [2, 2] is not positive definite: pivot 1 is -3; add a small multiple of eye()");
  expect_error(
      [] {
        ops::symmetric_eigen(Array::zeros({2, 3}));
      },
      "symmetric_eigen: needs a square matrix, got shape [2, 3]");
  expect_error([] { ops::symmetric_eigenvalues(Array::full({2, 2}, NAN)); }, "contains NaN or infinity");
  expect_error([] { ops::inverse_lower(Array::zeros({2, 2})); }, "the diagonal is 0 at row 0");
  expect_error([] { ops::singular_values(Array::zeros({2})); }, "singular_values: a matrix needs 2 axes");
}
