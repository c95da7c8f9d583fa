// Every row of a against every row of c, each row of scores reduced to one number; the gradient is in
// pair_scores_backward.hpp. The scores exist one block at a time: memory grows with the number of rows, time with that of
// pairs. Twin: kernels/cpu/pair_scores.hpp.
//
// As on the CPU a streaming softmax (Milakov and Gimelshein, arXiv:1805.02867), but each thread streams by itself over
// the columns that it sees; the maxima and sums of threads, and of parts of the columns, meet at the end. The symmetric
// case computes each score twice: one pass per row has one writer per sum.
#pragma once
#include "pair_scores_backward.hpp"
#include "pair_terms.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// The maximum and the sum of a row, over the columns that a thread has seen. The sum over blocks is in double, as many
/// columns may follow; a thread has but half a row of a block.
template <class T>
struct StreamedRow {
  T shift;
  double sum = 0;

  template <class Reduction>
  __device__ void add(const Reduction& f, const T* half) {
    if constexpr (std::is_same_v<Reduction, LogSumExp>) {
      T top = shift;
      for (int c = 0; c < half_line; c += pack_lanes<T>) {
        const PairChunk<T> s = chunk_at(half + c);
        AKIN_DEVICE_UNROLL
        for (int e = 0; e < pack_lanes<T>; ++e) top = s.values[e] > top ? s.values[e] : top;
      }
      if (top > shift) sum *= static_cast<double>(std::exp(shift - top)), shift = top;
    }
    T total = 0;
    for (int c = 0; c < half_line; c += pack_lanes<T>) {
      const PairChunk<T> s = chunk_at(half + c);
      AKIN_DEVICE_UNROLL
      for (int e = 0; e < pack_lanes<T>; ++e) total += score_term(f, s.values[e], shift);
    }
    sum += static_cast<double>(total);
  }
};

/// shift, sum [rows, halves]: what half of a part of the columns gives, the two halves of a block of threads having one
/// each. right [rows]: the scores of the right pairs.
template <class T>
struct PairPartials {
  T* shift;
  double* sum;
  T* right;
};

template <class T, class Pairs, class Reduction>
__global__ void __launch_bounds__(pair_threads, blocks_at_once<T>)
    reduce_pairs_kernel(PairOperand<T> rows, PairOperand<T> cols, Pairs pairs, Reduction f,
                        std::int64_t blocks_per_part, PairPartials<T> out) {
  AKIN_SHARED(PairChunk<T>, slices, slices_size<T> / pack_lanes<T>);
  AKIN_SHARED(PairChunk<T>, block, pair_tile * block_stride<T> / pack_lanes<T>);
  T* const scores = &block[0].values[0];
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * pair_tile, i = row + own_line();
  const std::int64_t cols_per_part = blocks_per_part * pair_tile, begin = blockIdx.y * cols_per_part;
  const std::int64_t end = begin + cols_per_part;
  const std::int64_t right = i < rows.count ? pairs.target(i) : -1;
  StreamedRow<T> state{first_shift<T, Reduction>};
  for (std::int64_t col = begin; col < end && col < cols.count; col += pair_tile) {
    scores_of_block(rows, cols, row, col, &slices[0].values[0], scores);
    const T* const own = scores + own_line() * block_stride<T>;
    if (right >= 0 && is_own(right - col)) out.right[i] = own[right - col];
    leave_out_of_block(pairs, row, col, cols.count, true, scores);
    state.add(f, own + own_half());
    __syncthreads();  // where there are no dimensions, the next scores come without one
  }
  const std::int64_t at = (i * gridDim.y + blockIdx.y) * 2 + own_half() / half_line;
  if (i < rows.count) out.shift[at] = state.shift, out.sum[at] = state.sum;
}

/// A warp per row adds what the halves gave.
template <class T, class Pairs, class Reduction>
__global__ void finish_pairs_kernel(std::int64_t rows, std::int64_t halves, Pairs pairs, Reduction f,
                                    PairPartials<T> in, T* y, T* shift, double* sum) {
  const int lane = threadIdx.x % warp_size;
  for (std::int64_t i = first_item() / warp_size; i < rows; i += item_step() / warp_size) {
    const T* const shifts = in.shift + i * halves;
    T top = first_shift<T, Reduction>;
    for (std::int64_t p = lane; p < halves; p += warp_size) top = shifts[p] > top ? shifts[p] : top;
    top = warp_reduce(top, MaxOf{});
    double total = 0;
    for (std::int64_t p = lane; p < halves; p += warp_size)
      total += in.sum[i * halves + p] * static_cast<double>(std::exp(shifts[p] - top));
    total = warp_reduce(total, SumOf{});
    if (lane == 0) {
      shift[i] = top, sum[i] = total;
      y[i] = pair_value(f, top, total, pairs.target(i) < 0 ? nullptr : in.right + i);
    }
  }
}

}  // namespace detail

/// y[i] = f over j of s[i, j], minus the score of the right pair where there is one (for SoftplusSum with its bias).
/// shift, sum [rows]: the maximum and the sum of each row, for the backward pass. No candidate at all gives -inf.
/// a [rows, dim], c [cols, dim]; symmetric: c is a.
template <class T, class Pairs, class Reduction>
void reduce_pairs(Cuda queue, const PairShape& s, const Pairs& pairs, const Reduction& f, const T* a, const T* c, T* y,
                  T* shift, double* sum) {
  using namespace detail;
  constexpr const char* op = "reduce_pairs";
  if (s.rows == 0) return;
  const PairOperand<T> rows(a, s.rows, s.dim, s.scale), cols(s.symmetric ? a : c, s.cols, s.dim, s.scale);
  const PairParts parts(rows.blocks(), cols.blocks());
  const DeviceScratch<T> shifts(op, queue, 2 * parts.count * s.rows), right(op, queue, s.rows);
  const DeviceScratch<double> sums(op, queue, 2 * parts.count * s.rows);
  const PairPartials<T> partials{shifts.data(), sums.data(), right.data()};
  launch(op, queue, grid_of_pairs(rows.blocks(), parts), reduce_pairs_kernel<T, Pairs, Reduction>, rows, cols, pairs, f,
         parts.blocks, partials);
  launch(op, queue, grid_over(s.rows * warp_size), finish_pairs_kernel<T, Pairs, Reduction>, s.rows, 2 * parts.count,
         pairs, f, partials, y, shift, sum);
}

}  // namespace akin::inline AKIN_ABI::kernels
