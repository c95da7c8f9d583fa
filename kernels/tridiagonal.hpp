// Eigenvalues of a symmetric tridiagonal matrix, diagonal d and off-diagonal e: on the host, for both backends.
//
// A chain of some n^2 dependent rotations, each a few scalars: nothing for a GPU, which turns the eigenvectors along.
// Golub and Van Loan, Matrix Computations, ch. 8.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

struct GivensRotation {
  double c, s;
};

/// One implicit QR sweep with Wilkinson's shift over d[lo ... hi], e[lo ... hi-1].
/// rotations   out: those of rows (lo, lo + 1), (lo + 1, lo + 2), ...
AKIN_LAZY void qr_sweep(std::int64_t lo, std::int64_t hi, double* d, double* e,
                        std::vector<GivensRotation>& rotations) {
  const double half = (d[hi - 1] - d[hi]) / 2, last = e[hi - 1];
  const double shift = d[hi] - last * last / (half + std::copysign(std::hypot(half, last), half));
  double x = d[lo] - shift, bulge = e[lo];
  rotations.clear();
  for (std::int64_t k = lo; k < hi; ++k) {
    const double r = std::hypot(x, bulge), c = r == 0 ? 1 : x / r, s = r == 0 ? 0 : bulge / r;
    const double p = d[k], q = d[k + 1], b = e[k];
    if (k > lo) e[k - 1] = r;
    d[k] = c * c * p + 2 * c * s * b + s * s * q;
    d[k + 1] = s * s * p - 2 * c * s * b + c * c * q;
    x = e[k] = c * s * (q - p) + (c * c - s * s) * b;
    if (k + 1 < hi) {
      bulge = s * e[k + 1];
      e[k + 1] *= c;
    }
    rotations.push_back({c, s});
  }
}

/// Turns (d, e) into eigenvalues in d, in no order. After each sweep it calls rotate(lo, rotations): the rows of a
/// matrix of eigenvectors turn along.
/// Returns false if 30 sweeps per eigenvalue were not enough (values that are not finite).
template <class Rotate>
bool diagonalize_tridiagonal(std::int64_t n, double* d, double* e, Rotate&& rotate) {
  constexpr double eps = std::numeric_limits<double>::epsilon() / 2;
  std::vector<GivensRotation> rotations;
  std::int64_t sweeps = 0;
  for (std::int64_t hi = n - 1; hi > 0;) {
    const auto coupled = [&](std::int64_t k) {
      return !(std::abs(e[k]) <= eps * (std::abs(d[k]) + std::abs(d[k + 1])) + 1e-30);
    };
    std::int64_t lo = hi;
    while (lo > 0 && coupled(lo - 1)) --lo;
    if (lo == hi) {
      --hi;
      continue;
    }
    if (++sweeps > 30 * n) return false;
    qr_sweep(lo, hi, d, e, rotations);
    rotate(lo, rotations);
  }
  return true;
}

/// The indices of the values, the smallest value first.
AKIN_LAZY std::vector<std::int64_t> ascending_order(std::int64_t n, const double* values) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [=](std::int64_t i, std::int64_t j) { return values[i] < values[j]; });
  return order;
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
