// What both passes over the pairs of embeddings share: what a score contributes, which scores count, and how blocks of
// pairs are dealt out.
#pragma once
#include <type_traits>

#include "../scalar.hpp"
#include "pair_blocks.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// What a score adds to the sum of its row, and the slope of the row's number for it, up to the row's factor.
template <class T>
__device__ T score_term(const LogSumExp&, T s, T shift) {
  return std::exp(s - shift);
}
template <class T>
__device__ T score_term(const SoftplusSum& f, T s, T) {
  return Softplus{}(s + static_cast<T>(f.bias));
}
template <class T>
__device__ T score_slope(const LogSumExp&, T s, T shift) {
  return std::exp(s - shift);
}
template <class T>
__device__ T score_slope(const SoftplusSum& f, T s, T) {
  return Sigmoid{}(s + static_cast<T>(f.bias));
}

/// Where maxima begin.
template <class T, class Reduction>
inline constexpr T first_shift = std::is_same_v<Reduction, LogSumExp> ? std::numeric_limits<T>::lowest() : T(0);

/// Pairs that do not count get -inf: e^-inf = 0 is what they add. by_row: the rows of the block are rows of scores, and
/// each thread has its own half of one; else they are columns, and the block's columns are rows of scores.
template <class Pairs, class T>
__device__ void leave_out_of_block(const Pairs& pairs, std::int64_t row, std::int64_t col, std::int64_t cols,
                                   bool by_row, T* scores) {
  constexpr T never = -std::numeric_limits<T>::infinity();
  T* const own = scores + own_line() * block_stride<T>;
  for (std::int64_t c = cols - col < own_half() ? own_half() : cols - col; c < own_half() + half_line; ++c)
    own[c] = never;
  for (int k = 0; k < Pairs::exclusions; ++k) {
    const std::int64_t at =
        by_row ? pairs.excluded(row + own_line(), k) - col : pairs.excluded(col + own_line(), k) - row;
    if (is_own(at)) (by_row ? own[at] : scores[at * block_stride<T> + own_line()]) = never;
  }
}

/// How the columns are dealt out where the rows alone are too few to fill a GPU: a block of threads takes `blocks`
/// blocks of columns of one part, and the results of the parts are added afterwards. Depends on the sizes only.
struct PairParts {
  std::int64_t count, blocks;

  PairParts(std::int64_t row_blocks, std::int64_t col_blocks) {
    constexpr std::int64_t wanted = blocks_at_once<float> * 132;  // what the largest GPU holds
    const std::int64_t most = std::max<std::int64_t>(1, wanted / std::max<std::int64_t>(1, row_blocks));
    blocks = std::max<std::int64_t>(1, (col_blocks + most - 1) / most);
    count = std::max<std::int64_t>(1, (col_blocks + blocks - 1) / blocks);
  }
};

inline Grid grid_of_pairs(std::int64_t row_blocks, const PairParts& parts) {
  return {dim3(static_cast<unsigned>(row_blocks), static_cast<unsigned>(parts.count)), dim3(pair_threads)};
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
