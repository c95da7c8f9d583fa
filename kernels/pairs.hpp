// What losses on pairs of embeddings differ in: which pairs count, which of them is right, and how the scores of a row
// become one number. The score of row i and column j is s[i, j] = scale a[i] . c[j].
#pragma once
#include <cmath>
#include <cstdint>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Rows a [rows, dim], columns c [cols, dim]. Symmetric: both are the same embeddings, and so is each pair of pairs.
struct PairShape {
  std::int64_t rows = 0, cols = 0, dim = 0;
  double scale = 1;
  bool symmetric = false;
};

// ---- which pairs count ----------------------------------------------------------------------------------------------
// Row i leaves out the columns excluded(i, 0) ... excluded(i, exclusions - 1); the right one is target(i), or none (-1).

/// Every pair counts and none is right.
struct AllPairs {
  static constexpr int exclusions = 0;
  AKIN_HD std::int64_t excluded(std::int64_t, int) const { return -1; }
  AKIN_HD std::int64_t target(std::int64_t) const { return -1; }
};

/// Row i should choose column i.
struct EqualIndex {
  static constexpr int exclusions = 0;
  AKIN_HD std::int64_t excluded(std::int64_t, int) const { return -1; }
  AKIN_HD std::int64_t target(std::int64_t i) const { return i; }
};

/// Every pair of two different embeddings counts and none is right. Symmetric.
struct OthersOnly {
  static constexpr int exclusions = 1;
  AKIN_HD std::int64_t excluded(std::int64_t i, int) const { return i; }
  AKIN_HD std::int64_t target(std::int64_t) const { return -1; }
};

/// 2n rows, the first views and then the second ones: row i should choose i +- n among all but itself. Symmetric.
struct PartnerView {
  std::int64_t n;
  static constexpr int exclusions = 1;
  AKIN_HD std::int64_t excluded(std::int64_t i, int) const { return i; }
  AKIN_HD std::int64_t target(std::int64_t i) const { return i < n ? i + n : i - n; }
};

/// The same, but the partner is not among those it competes with. Symmetric.
struct DecoupledPartner {
  std::int64_t n;
  static constexpr int exclusions = 2;
  AKIN_HD std::int64_t excluded(std::int64_t i, int k) const { return k == 0 ? i : target(i); }
  AKIN_HD std::int64_t target(std::int64_t i) const { return i < n ? i + n : i - n; }
};

// ---- how scores become one number -----------------------------------------------------------------------------------

/// log sum_j exp(s[i, j]): a choice among the columns.
struct LogSumExp {};

/// sum_j log(1 + exp(s[i, j] + bias)): a decision on each pair by itself.
struct SoftplusSum {
  double bias = 0;
};

namespace detail {

/// The row's factor of the slopes of all its scores. `sum`: that of the row's terms.
AKIN_LAZY AKIN_HD double pair_factor(const LogSumExp&, double sum) { return sum == 0 ? 0 : 1 / sum; }
AKIN_LAZY AKIN_HD double pair_factor(const SoftplusSum&, double) { return 1; }

/// The row's number. `right`: the score of its right pair, null where there is none.
template <class T>
AKIN_HD T pair_value(const LogSumExp&, T shift, double sum, const T* right) {
  return static_cast<T>(std::log(sum) + static_cast<double>(right ? shift - *right : shift));
}
template <class T>
AKIN_HD T pair_value(const SoftplusSum& f, T, double sum, const T* right) {
  return static_cast<T>(right ? sum - (static_cast<double>(*right) + f.bias) : sum);
}

}  // namespace detail

}  // namespace akin::inline AKIN_ABI::kernels
