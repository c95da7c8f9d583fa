// Textbook twin of the kernels on pairs: one score after the other, everything in double.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../include/akin/core/tags.hpp"
#include "../pairs.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

template <class T>
double naive_score(const PairShape& s, const T* a, const T* c, std::int64_t i, std::int64_t j) {
  double dot = 0;
  for (std::int64_t d = 0; d < s.dim; ++d)
    dot += static_cast<double>(a[i * s.dim + d]) * static_cast<double>(c[j * s.dim + d]);
  return s.scale * dot;
}

/// The candidates of one row: their columns and scores.
struct NaivePairRow {
  std::vector<std::int64_t> col;
  std::vector<double> score;
};

template <class T, class Pairs>
NaivePairRow naive_pair_row(const PairShape& s, const Pairs& pairs, const T* a, const T* c, std::int64_t i) {
  NaivePairRow row;
  for (std::int64_t j = 0; j < s.cols; ++j) {
    bool counts = true;
    for (int k = 0; k < Pairs::exclusions; ++k) counts = counts && pairs.excluded(i, k) != j;
    if (!counts) continue;
    row.col.push_back(j);
    row.score.push_back(naive_score(s, a, c, i, j));
  }
  return row;
}

AKIN_LAZY double naive_value(const LogSumExp&, const std::vector<double>& scores) {
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const double x : scores) top = std::max(top, x);
  for (const double x : scores) sum += std::exp(x - top);
  return top + std::log(sum);
}
AKIN_LAZY double naive_value(const SoftplusSum& f, const std::vector<double>& scores) {
  double sum = 0;
  for (const double x : scores) sum += std::max(x + f.bias, 0.0) + std::log1p(std::exp(-std::abs(x + f.bias)));
  return sum;
}
/// The slope of `value`, which naive_value gave, for a score x.
AKIN_LAZY double naive_slope(const LogSumExp&, double x, double value) { return std::exp(x - value); }
AKIN_LAZY double naive_slope(const SoftplusSum& f, double x, double) { return 1 / (1 + std::exp(-x - f.bias)); }
AKIN_LAZY double naive_bias(const LogSumExp&) { return 0; }
AKIN_LAZY double naive_bias(const SoftplusSum& f) { return f.bias; }

}  // namespace detail

template <class T, class Pairs, class Reduction>
void reduce_pairs_naive(Cpu, const PairShape& s, const Pairs& pairs, const Reduction& f, const T* a, const T* c, T* y) {
  for (std::int64_t i = 0; i < s.rows; ++i) {
    const std::int64_t right = pairs.target(i);
    const double value = detail::naive_value(f, detail::naive_pair_row(s, pairs, a, c, i).score);
    y[i] = static_cast<T>(right < 0 ? value : value - detail::naive_score(s, a, c, i, right) - detail::naive_bias(f));
  }
}

/// Symmetric: da is the sum of both roles, dc is not used.
template <class T, class Pairs, class Reduction>
void reduce_pairs_backward_naive(Cpu, const PairShape& s, const Pairs& pairs, const Reduction& f, const T* a,
                                 const T* c, const T* dy, T* da, T* dc) {
  const auto size = [&](std::int64_t rows) { return static_cast<std::size_t>(rows * s.dim); };
  std::vector<double> of_rows(size(s.rows)), of_cols(size(s.cols));
  const auto add = [&](std::int64_t i, std::int64_t j, double slope) {
    for (std::int64_t d = 0; d < s.dim; ++d) {
      of_rows[static_cast<std::size_t>(i * s.dim + d)] += slope * s.scale * static_cast<double>(c[j * s.dim + d]);
      of_cols[static_cast<std::size_t>(j * s.dim + d)] += slope * s.scale * static_cast<double>(a[i * s.dim + d]);
    }
  };
  for (std::int64_t i = 0; i < s.rows; ++i) {
    const auto row = detail::naive_pair_row(s, pairs, a, c, i);
    const double value = detail::naive_value(f, row.score), g = static_cast<double>(dy[i]);
    for (std::size_t k = 0; k < row.col.size(); ++k)
      add(i, row.col[k], g * detail::naive_slope(f, row.score[k], value));
    if (pairs.target(i) >= 0) add(i, pairs.target(i), -g);
  }
  for (std::size_t k = 0; k < of_rows.size(); ++k)
    da[k] = static_cast<T>(s.symmetric ? of_rows[k] + of_cols[k] : of_rows[k]);
  for (std::size_t k = 0; k < of_cols.size() && !s.symmetric; ++k) dc[k] = static_cast<T>(of_cols[k]);
}

}  // namespace akin::inline AKIN_ABI::kernels
