// What the kernels on pairs of embeddings share: in which order blocks of pairs are met, operands in the layout of the
// micro-kernel, and a product with panels.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "../pairs.hpp"
#include "gemm.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

// A block of scores with its operands stays in L2. The stride between its rows is no power of two: a column of it is
// read too, and would otherwise fall into a few sets of L1.
inline constexpr std::int64_t largest_pair_block = 192, pair_block_stride = largest_pair_block + 16;

/// Rows per block: a multiple of any tile's width, and for few rows less, so that there is work for several threads.
AKIN_LAZY std::int64_t pair_block(std::int64_t count) {
  return std::clamp<std::int64_t>(ceil_div(count, 16 * 32) * 32, 64, largest_pair_block);
}

/// Blocks of rows and of columns meet in rounds. Within a round each block appears once, so its sums have one writer;
/// rounds follow each other, so they grow in the same order at any number of threads, without copies per thread.
struct PairRounds {
  std::int64_t row_blocks, col_blocks;
  bool symmetric;

  /// Players of a tournament in which everybody meets everybody: one more if their number is odd, who does not exist.
  std::int64_t players() const { return row_blocks + row_blocks % 2; }
  std::int64_t rounds() const { return symmetric ? players() : std::max(row_blocks, col_blocks); }
  std::int64_t meetings(std::int64_t round) const {
    if (!symmetric) return std::min(row_blocks, col_blocks);
    return round == 0 ? row_blocks : players() / 2;
  }
  /// {block of rows, block of columns}; none where the second is not below col_blocks. Symmetric: each block meets
  /// itself in round 0, after that two different ones meet once, the lower one as rows.
  AKIN_LAZY std::pair<std::int64_t, std::int64_t> meeting(std::int64_t round, std::int64_t i) const {
    if (!symmetric)
      return row_blocks <= col_blocks ? std::pair{i, (i + round) % col_blocks} : std::pair{(i + round) % row_blocks, i};
    if (round == 0) return {i, i};
    const std::int64_t circle = players() - 1, turn = round - 1;  // one sits still, the others move round the table
    const std::int64_t one = i == 0 ? circle : (turn + i) % circle, other = (turn + circle - i) % circle;
    return {std::min(one, other), std::max(one, other)};
  }
};

/// Calls meet(row block, column block) for all of them.
template <class Meet>
void for_each_meeting(const PairRounds& order, Meet&& meet) {
  for (std::int64_t round = 0; round < order.rounds(); ++round)
    parallel_for(order.meetings(round), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        if (const auto [row, col] = order.meeting(round, i); col < order.col_blocks) meet(row, col);
    });
}

/// One side of the pairs: sqrt(scale) x. Both sides have that factor, so that s[i, j] and s[j, i] are the same bits.
template <class T>
struct PairSide {
  std::int64_t count, dim, block;
  Scratch<T> rows;

  PairSide(std::int64_t n, std::int64_t d, double scale, const T* x)
      : count(n), dim(d), block(pair_block(n)), rows(n * d) {
    const T factor = static_cast<T>(std::sqrt(scale));
    T* out = rows.data();
    parallel_for(n * d, convert_grain, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) out[i] = x[i] * factor;
    });
  }
  std::int64_t blocks() const { return ceil_div(count, block); }
  std::int64_t begin(std::int64_t b) const { return b * block; }
  std::int64_t size(std::int64_t b) const { return std::min(block, count - b * block); }
};

/// The rows of a side as columns of the scores: panels [dim, tile_cols] for a . c.
template <class T>
Scratch<T> score_panels(const PairSide<T>& side) {
  const GemmShape s{.n = side.count, .k = side.dim, .transpose_b = true, .ldb = side.dim};
  const std::int64_t panels = ceil_div(side.count, tile_cols<T>);
  Scratch<T> out(panels * tile_cols<T> * side.dim);
  parallel_for(panels, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t j = begin; j < end; ++j)
      pack_panel(s, side.rows.data(), 0, side.dim, j * tile_cols<T>, out.data() + j * tile_cols<T> * side.dim);
  });
  return out;
}

/// The rows of each block as they are, in panels [rows of the block, tile_cols]: for weights . c. Block b begins at
/// begin(b) * value_cols(side).
template <class T>
std::int64_t value_cols(const PairSide<T>& side) {
  return ceil_div(side.dim, tile_cols<T>) * tile_cols<T>;
}
template <class T>
Scratch<T> value_panels(const PairSide<T>& side) {
  const GemmShape s{.n = side.dim, .ldb = side.dim};
  const std::int64_t cols = value_cols(side);
  Scratch<T> out(side.count * cols);
  parallel_for(side.blocks(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b)
      for (std::int64_t j = 0; j < cols; j += tile_cols<T>)
        pack_panel(s, side.rows.data(), side.begin(b), side.size(b), j,
                   out.data() + side.begin(b) * cols + j * side.size(b));
  });
  return out;
}

/// out[i, j] (+)= sum over k < depth of a[i * row_step + k * step] * panels[j / tile_cols][k][j % tile_cols]
template <class T>
struct PanelProduct {
  std::int64_t rows, cols, depth;
  const T* a;
  std::int64_t row_step, step;
  const T* panels;
  T* out;
  std::int64_t ldc;
  bool accumulate;
};
template <class T>
void panel_product(const PanelProduct<T>& p) {
  constexpr std::int64_t most = (largest_pair_block + tile_rows - 1) / tile_rows;
  Stretch<T> stretch[most];
  TileOut<T> out[most];
  const std::int64_t groups = ceil_div(p.rows, tile_rows);
  for (std::int64_t g = 0; g < groups; ++g) {
    out[g].rows = static_cast<int>(std::min<std::int64_t>(tile_rows, p.rows - g * tile_rows));
    out[g].accumulate = p.accumulate;
    stretch[g].length = p.depth;
    for (int r = 0; r < tile_rows; ++r) {
      const std::int64_t i = g * tile_rows + std::min(r, out[g].rows - 1);
      stretch[g].a[r] = p.a + i * p.row_step;
      out[g].row[r] = p.out + i * p.ldc;
    }
  }
  for (std::int64_t j = 0; j < p.cols; j += tile_cols<T>)
    for (std::int64_t g = 0; g < groups; ++g) {
      stretch[g].b = p.panels + j * p.depth;
      out[g].cols = std::min<std::int64_t>(tile_cols<T>, p.cols - j);
      sum_tile(&stretch[g], 1, {.a_step = p.step, .c = j}, out[g]);
    }
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
