// Dense linear algebra in double: eigenvalues of symmetric matrices, Cholesky factors. Matrices are row-major [n, n].
//
// Eigenvalues go through a tridiagonal matrix (Householder reflections, 4/3 n^3 operations) whose implicit QR sweeps
// cost n^2: far less than Jacobi's method, which is the textbook twin. Golub and Van Loan, Matrix Computations, ch. 8.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../tridiagonal.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

AKIN_LAZY double dot(std::int64_t n, const double* a, const double* b) {
  return lane_sum(n, [=](std::int64_t i) { return a[i] * b[i]; });
}

/// H A H = T, tridiagonal with diagonal d and off-diagonal e. H is a product of reflections I - beta[k] v v^T, whose v
/// are left in a: v of step k lies in row k behind the diagonal.
AKIN_LAZY void reflect_to_tridiagonal(std::int64_t n, double* a, double* d, double* e, double* beta) {
  std::vector<double> p(static_cast<std::size_t>(n));
  for (std::int64_t k = 0; k + 1 < n; ++k) {
    const std::int64_t m = n - k - 1;
    double *v = a + k * n + k + 1, *rest = a + (k + 1) * n + k + 1;  // rest: the trailing [m, m] block
    d[k] = a[k * n + k];
    beta[k] = 0;
    e[k] = v[0];
    if (dot(m - 1, v + 1, v + 1) == 0) continue;  // nothing to remove
    const double norm = std::sqrt(dot(m, v, v));
    e[k] = v[0] > 0 ? -norm : norm;  // away from v[0]: no cancellation
    v[0] -= e[k];
    const double b = beta[k] = 2 / dot(m, v, v);
    for_each_row(m, m, [=, w = p.data()](std::int64_t i) { w[i] = b * dot(m, rest + i * n, v); });
    const double along = b / 2 * dot(m, p.data(), v);
    for (std::int64_t i = 0; i < m; ++i) p[static_cast<std::size_t>(i)] -= along * v[i];
    for_each_row(m, m, [=, w = p.data()](std::int64_t i) {  // rest -= v w^T + w v^T
      double* __restrict row = rest + i * n;
      for (std::int64_t j = 0; j < m; ++j) row[j] -= v[i] * w[j] + w[i] * v[j];
    });
  }
  d[n - 1] = a[n * n - 1];
}

/// z = H^T, from the reflections that reflect_to_tridiagonal left in a.
AKIN_LAZY void accumulate_reflections(std::int64_t n, const double* a, const double* beta, double* z) {
  std::fill_n(z, n * n, 0.0);
  for (std::int64_t i = 0; i < n; ++i) z[i * n + i] = 1;
  for (std::int64_t k = n - 2; k >= 0; --k) {
    const std::int64_t m = n - k - 1;
    const double *v = a + k * n + k + 1, b = beta[k];
    if (b == 0) continue;
    for_each_row(m, m, [=](std::int64_t i) {
      double* __restrict row = z + (k + 1 + i) * n + k + 1;
      const double along = b * dot(m, row, v);
      for (std::int64_t j = 0; j < m; ++j) row[j] -= along * v[j];
    });
  }
}

/// Rotates rows lo, lo+1, ... of z [., n], strip by strip of columns so that they stay in cache.
AKIN_LAZY void rotate_rows(std::int64_t lo, std::int64_t n, const std::vector<GivensRotation>& rotations, double* z) {
  parallel_for(n, 64, [&, z](std::int64_t begin, std::int64_t end) {
    double* upper = z + lo * n;
    for (const auto& r : rotations) {
      double* __restrict a = upper;
      double* __restrict b = upper + n;
      for (std::int64_t j = begin; j < end; ++j) {
        const double old = a[j];
        a[j] = r.c * old + r.s * b[j];
        b[j] = r.c * b[j] - r.s * old;
      }
      upper += n;
    }
  });
}

/// Sorts values ascending, and the rows of vectors (unless null) along with them.
AKIN_LAZY void sort_eigen(std::int64_t n, double* values, double* vectors) {
  const std::vector<std::int64_t> order = ascending_order(n, values);
  const std::vector<double> old(values, values + n), rows(vectors, vectors ? vectors + n * n : nullptr);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t from = order[static_cast<std::size_t>(i)];
    values[i] = old[static_cast<std::size_t>(from)];
    if (vectors) std::copy_n(rows.begin() + from * n, n, vectors + i * n);
  }
}

}  // namespace detail

/// Eigenvalues of the symmetric matrix a (overwritten), ascending; row i of `vectors` (may be null) is the eigenvector
/// of values[i]. Returns false if a has values that are not finite.
AKIN_LAZY bool symmetric_eigen(Cpu, std::int64_t n, double* a, double* values, double* vectors) {
  if (n == 0) return true;
  double scale = 0;
  for (std::int64_t i = 0; i < n * n; ++i) {
    if (!std::isfinite(a[i])) return false;
    scale = std::max(scale, std::abs(a[i]));
  }
  if (scale == 0) scale = 1;
  for (std::int64_t i = 0; i < n * n; ++i) a[i] /= scale;  // squares below can neither overflow nor vanish
  std::vector<double> e(static_cast<std::size_t>(n)), beta(static_cast<std::size_t>(n));
  detail::reflect_to_tridiagonal(n, a, values, e.data(), beta.data());
  if (vectors) detail::accumulate_reflections(n, a, beta.data(), vectors);
  const auto rotate = [=](std::int64_t lo, const std::vector<detail::GivensRotation>& rotations) {
    if (vectors) detail::rotate_rows(lo, n, rotations, vectors);
  };
  if (!detail::diagonalize_tridiagonal(n, values, e.data(), rotate)) return false;
  for (std::int64_t i = 0; i < n; ++i) values[i] *= scale;
  detail::sort_eigen(n, values, vectors);
  return true;
}

/// Jacobi's method, the textbook twin: rotates away one off-diagonal pair after the other until little is left.
AKIN_LAZY void symmetric_eigen_naive(Cpu, std::int64_t n, double* a, double* values, double* vectors) {
  for (std::int64_t i = 0; i < n * n; ++i) vectors[i] = i % (n + 1) == 0;
  const auto off_diagonal = [&] {
    double sum = 0, all = 0;
    for (std::int64_t i = 0; i < n * n; ++i) all += a[i] * a[i], sum += i % (n + 1) == 0 ? 0 : a[i] * a[i];
    return sum / std::max(all, 1e-300);
  };
  const auto rotate = [](double& x, double& y, double c, double s) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (int sweep = 0; sweep < 60 && off_diagonal() > 1e-32; ++sweep)
    for (std::int64_t p = 0; p < n; ++p)
      for (std::int64_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const double t = std::copysign(1.0, theta) / (std::abs(theta) + std::hypot(theta, 1.0));
        const double c = 1 / std::hypot(t, 1.0), s = t * c;
        for (std::int64_t k = 0; k < n; ++k) rotate(a[k * n + p], a[k * n + q], c, s);
        for (std::int64_t k = 0; k < n; ++k) rotate(a[p * n + k], a[q * n + k], c, s);
        for (std::int64_t k = 0; k < n; ++k) rotate(vectors[p * n + k], vectors[q * n + k], c, s);
      }
  for (std::int64_t i = 0; i < n; ++i) values[i] = a[i * n + i];
  detail::sort_eigen(n, values, vectors);
}

/// Overwrites a with the lower triangular l, a = l l^T; only the lower triangle of a is read.
/// Returns -1, or the first row whose pivot is not positive (then that pivot is in a[row, row]).
AKIN_LAZY std::int64_t cholesky(Cpu, std::int64_t n, double* a) {
  for (std::int64_t i = 0; i < n; ++i) {
    double* row = a + i * n;
    for (std::int64_t j = 0; j < i; ++j) row[j] = (row[j] - detail::dot(j, row, a + j * n)) / a[j * n + j];
    row[i] -= detail::dot(i, row, row);
    if (!(row[i] > 0)) return i;
    row[i] = std::sqrt(row[i]);
    std::fill(row + i + 1, row + n, 0.0);
  }
  return -1;
}

/// x = l^-1 for a lower triangular l, row by row: x[i] = (unit[i] - sum over k < i of l[i, k] x[k]) / l[i, i].
AKIN_LAZY void inverse_lower(Cpu, std::int64_t n, const double* l, double* x) {
  for (std::int64_t i = 0; i < n; ++i) {
    double* __restrict row = x + i * n;
    std::fill_n(row, n, 0.0);
    for (std::int64_t k = 0; k < i; ++k)
      for (std::int64_t j = 0; j <= k; ++j) row[j] -= l[i * n + k] * x[k * n + j];
    for (std::int64_t j = 0; j < i; ++j) row[j] /= l[i * n + i];
    row[i] = 1 / l[i * n + i];
  }
}

}  // namespace akin::inline AKIN_ABI::kernels
