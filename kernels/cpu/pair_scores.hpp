// Every row of a against every row of c, each row of scores reduced to one number, with its gradient. The scores exist
// one block at a time: memory grows with the number of rows, time with that of pairs.
//
// The idea of streaming softmax (Milakov and Gimelshein, arXiv:1805.02867): a running maximum per row, and a sum that is
// scaled down when it rises. Backward computes the scores again. In the symmetric case each block serves as two, its
// transpose included. Textbook twin: pair_scores_naive.hpp.
#pragma once
#include <limits>

#include "exp.hpp"
#include "pair_blocks.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

// ---- reductions, on vectors of scores -------------------------------------------------------------------------------

/// What a score adds to the sum of its row.
template <class T>
Vec<T> pair_term(const LogSumExp&, const Vec<T>& s, const Vec<T>& shift) {
  return exp_of_logit(s - shift);
}
template <class T>
Vec<T> pair_term(const SoftplusSum& f, const Vec<T>& s, const Vec<T>&) {
  const Vec<T> x = s + static_cast<T>(f.bias);
  return (x > 0 ? x : Vec<T>{}) + log_of_one_plus(exp_of_logit(x > 0 ? -x : x));
}

/// The slope of the row's number for a score, up to the row's factor.
template <class T>
Vec<T> pair_slope(const LogSumExp&, const Vec<T>& s, const Vec<T>& shift) {
  return exp_of_logit(s - shift);
}
template <class T>
Vec<T> pair_slope(const SoftplusSum& f, const Vec<T>& s, const Vec<T>&) {
  const Vec<T> x = s + static_cast<T>(f.bias), e = exp_of_logit(x > 0 ? -x : x);
  return (x > 0 ? broadcast(T(1)) : e) / (e + T(1));
}

// ---- one block ------------------------------------------------------------------------------------------------------

/// Scores of rows [row, row + rows) and columns [col, col + cols); behind the last column up to a whole tile.
template <class T>
struct ScoreBlock {
  std::int64_t row, col, rows, cols;
  T* s;

  std::int64_t width() const { return ceil_div(cols, tile_cols<T>) * tile_cols<T>; }
  T* line(std::int64_t r) const { return s + r * pair_block_stride; }
  T* find(std::int64_t i, std::int64_t j) const {  // null: not here
    return i >= row && i < row + rows && j >= col && j < col + cols ? line(i - row) + (j - col) : nullptr;
  }
};

template <class T>
ScoreBlock<T> compute_scores(const PairSide<T>& a, const PairSide<T>& c, const T* panels, std::int64_t row_block,
                             std::int64_t col_block, T* s) {
  const ScoreBlock<T> b{a.begin(row_block), c.begin(col_block), a.size(row_block), c.size(col_block), s};
  panel_product<T>({b.rows, b.width(), a.dim, a.rows.data() + b.row * a.dim, a.dim, 1, panels + b.col * a.dim, s,
                    pair_block_stride, false});
  return b;
}

/// Calls f(i, score) for the right pair of every row i in the block; with `columns`, of every column as a row too.
template <class Pairs, class T, class F>
void for_each_target(const Pairs& pairs, const ScoreBlock<T>& b, bool columns, F&& f) {
  for (std::int64_t i = b.row; i < b.row + b.rows; ++i)
    if (T* score = b.find(i, pairs.target(i))) f(i, *score);
  if (columns)
    for (std::int64_t j = b.col; j < b.col + b.cols; ++j)
      if (T* score = b.find(pairs.target(j), j)) f(j, *score);
}

/// Pairs that do not count get -inf: e^-inf = 0 is what they add.
template <class Pairs, class T>
void leave_out(const Pairs& pairs, const ScoreBlock<T>& b) {
  constexpr T never = -std::numeric_limits<T>::infinity();
  for (std::int64_t r = 0; r < b.rows; ++r) {
    std::fill(b.line(r) + b.cols, b.line(r) + b.width(), never);
    for (int k = 0; k < Pairs::exclusions; ++k)
      if (T* score = b.find(b.row + r, pairs.excluded(b.row + r, k))) *score = never;
  }
}

template <class T>
Vec<T> larger(const Vec<T>& a, const Vec<T>& b) {
  return a > b ? a : b;
}

/// Raises the maximum of a row; its sum shrinks to match.
template <class T>
void raise(T& shift, double& sum, T top) {
  if (!(top > shift)) return;
  sum *= std::exp(static_cast<double>(shift) - static_cast<double>(top));
  shift = top;
}

/// The maxima of the block's rows, with Columns of its columns too, before its terms are summed.
template <bool Columns, class T>
void raise_shifts(const ScoreBlock<T>& b, T* shift, double* sum) {
  T col_top[largest_pair_block];
  std::fill_n(col_top, b.width(), std::numeric_limits<T>::lowest());
  for (std::int64_t r = 0; r < b.rows; ++r) {
    Vec<T> top = broadcast(std::numeric_limits<T>::lowest());
    for (std::int64_t j = 0; j < b.width(); j += lanes<T>) {
      const Vec<T> s = load(b.line(r) + j);
      top = larger<T>(s, top);
      if constexpr (Columns) store<T>(col_top + j, larger<T>(s, load(col_top + j)));
    }
    T highest = top[0];
    for (int lane = 1; lane < lanes<T>; ++lane) highest = std::max(highest, static_cast<T>(top[lane]));
    raise(shift[b.row + r], sum[b.row + r], highest);
  }
  if constexpr (Columns)
    for (std::int64_t j = 0; j < b.cols; ++j) raise(shift[b.col + j], sum[b.col + j], col_top[j]);
}

/// Adds the block's terms to the sums of its rows, with Columns those of its transpose to the sums of its columns.
template <bool Columns, class T, class Reduction>
void add_terms(const Reduction& f, const ScoreBlock<T>& b, T* shift, double* sum) {
  if constexpr (std::is_same_v<Reduction, LogSumExp>) raise_shifts<Columns>(b, shift, sum);
  T col_shift[largest_pair_block] = {}, col_sum[largest_pair_block] = {};
  if constexpr (Columns) std::copy_n(shift + b.col, b.cols, col_shift);
  for (std::int64_t r = 0; r < b.rows; ++r) {
    const Vec<T> row_shift = broadcast(shift[b.row + r]);
    Vec<T> total{};
    for (std::int64_t j = 0; j < b.width(); j += lanes<T>) {
      const Vec<T> s = load(b.line(r) + j);
      total += pair_term<T>(f, s, row_shift);
      if constexpr (Columns) store<T>(col_sum + j, load(col_sum + j) + pair_term<T>(f, s, load(col_shift + j)));
    }
    for (int lane = 0; lane < lanes<T>; ++lane) sum[b.row + r] += static_cast<double>(total[lane]);
  }
  if constexpr (Columns)
    for (std::int64_t j = 0; j < b.cols; ++j) sum[b.col + j] += static_cast<double>(col_sum[j]);
}

/// Turns scores into dL/ds: the row's slope times its factor; with Both, as a column of the other row also.
template <bool Both, class T, class Reduction>
void weigh(const Reduction& f, const ScoreBlock<T>& b, const T* shift, const T* factor) {
  for (std::int64_t r = 0; r < b.rows; ++r) {
    const Vec<T> row_shift = broadcast(shift[b.row + r]), row_factor = broadcast(factor[b.row + r]);
    for (std::int64_t j = 0; j < b.width(); j += lanes<T>) {
      const Vec<T> s = load(b.line(r) + j);
      Vec<T> w = pair_slope<T>(f, s, row_shift) * row_factor;
      if constexpr (Both) w += pair_slope<T>(f, s, load(shift + b.col + j)) * load(factor + b.col + j);
      store<T>(b.line(r) + j, w);
    }
  }
}

}  // namespace detail

/// y[i] = f over j of s[i, j], minus the score of the right pair where there is one (for SoftplusSum with its bias).
/// shift, sum [rows]: the maximum and the sum of each row, for the backward pass. No candidate at all gives -inf.
/// a [rows, dim], c [cols, dim]; symmetric: c is a.
template <class T, class Pairs, class Reduction>
void reduce_pairs(Cpu, const PairShape& s, const Pairs& pairs, const Reduction& f, const T* a, const T* c, T* y,
                  T* shift, double* sum) {
  using namespace detail;
  const PairSide<T> rows(s.rows, s.dim, s.scale, a), others(s.symmetric ? 0 : s.cols, s.dim, s.scale, c);
  const PairSide<T>& cols = s.symmetric ? rows : others;
  const Scratch<T> panels = score_panels(cols), right(s.rows);
  std::fill_n(shift, s.rows, std::is_same_v<Reduction, LogSumExp> ? std::numeric_limits<T>::lowest() : T(0));
  std::fill_n(sum, s.rows, 0.0);
  for_each_meeting({rows.blocks(), cols.blocks(), s.symmetric}, [&](std::int64_t row_block, std::int64_t col_block) {
    const Scratch<T> scores(largest_pair_block * pair_block_stride);
    const auto b = compute_scores(rows, cols, panels.data(), row_block, col_block, scores.data());
    const bool columns = s.symmetric && row_block != col_block;
    for_each_target(pairs, b, columns, [&](std::int64_t i, T score) { right[i] = score; });
    leave_out(pairs, b);
    columns ? add_terms<true>(f, b, shift, sum) : add_terms<false>(f, b, shift, sum);
  });
  for (std::int64_t i = 0; i < s.rows; ++i)
    y[i] = pair_value(f, shift[i], sum[i], pairs.target(i) < 0 ? nullptr : &right[i]);
}

/// da[i] = scale sum_j dL/ds[i, j] c[j] and dc[j] = scale sum_i dL/ds[i, j] a[i]; one that is null is not computed.
/// Symmetric: da is the sum of both.
template <class T, class Pairs, class Reduction>
void reduce_pairs_backward(Cpu, const PairShape& s, const Pairs& pairs, const Reduction& f, const T* a, const T* c,
                           const T* dy, const T* shift, const double* sum, T* da, T* dc) {
  using namespace detail;
  const PairSide<T> rows(s.rows, s.dim, s.scale, a), others(s.symmetric ? 0 : s.cols, s.dim, s.scale, c);
  const PairSide<T>& cols = s.symmetric ? rows : others;
  const Scratch<T> panels = score_panels(cols), row_values = value_panels(rows), other_values = value_panels(others);
  const T* col_values = s.symmetric ? row_values.data() : other_values.data();
  // A block reads beyond the last row, for columns that are not there.
  const Scratch<T> tops(s.rows + largest_pair_block), factor(s.rows + largest_pair_block), right(s.rows);
  std::fill_n(std::copy_n(shift, s.rows, tops.data()), largest_pair_block, T(0));
  std::fill_n(factor.data() + s.rows, largest_pair_block, T(0));
  for (std::int64_t i = 0; i < s.rows; ++i) {
    right[i] = dy[i] * static_cast<T>(std::sqrt(s.scale));  // the values have the other half of the scale
    factor[i] = static_cast<T>(static_cast<double>(right[i]) * pair_factor(f, sum[i]));
  }
  if (da) std::fill_n(da, s.rows * s.dim, T(0));
  if (dc) std::fill_n(dc, s.cols * s.dim, T(0));
  T* const d_cols = s.symmetric ? da : dc;
  for_each_meeting({rows.blocks(), cols.blocks(), s.symmetric}, [&](std::int64_t row_block, std::int64_t col_block) {
    const Scratch<T> scores(largest_pair_block * pair_block_stride);
    const auto b = compute_scores(rows, cols, panels.data(), row_block, col_block, scores.data());
    leave_out(pairs, b);
    s.symmetric ? weigh<true>(f, b, tops.data(), factor.data()) : weigh<false>(f, b, tops.data(), factor.data());
    for_each_target(pairs, b, s.symmetric, [&](std::int64_t i, T& weight) { weight -= right[i]; });
    if (da)
      panel_product<T>({b.rows, s.dim, b.cols, b.s, pair_block_stride, 1, col_values + b.col * value_cols(cols),
                        da + b.row * s.dim, s.dim, true});
    if (d_cols && !(s.symmetric && row_block == col_block))
      panel_product<T>({b.cols, s.dim, b.rows, b.s, 1, pair_block_stride, row_values.data() + b.row * value_cols(rows),
                        d_cols + b.col * s.dim, s.dim, true});
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
