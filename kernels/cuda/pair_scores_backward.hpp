// The gradient of scores of all pairs, each row of them reduced to one number: of the rows, of the columns, or of both.
// Twin: kernels/cpu/pair_scores.hpp.
//
// The scores are computed again, turned into their own gradients in shared memory, and weigh the other side's rows.
// Every block of threads owns the rows whose gradient it sums, so nothing is added by two: for the gradient of the
// columns the sides change roles, and in the symmetric case one pass serves both roles.
#pragma once
#include "pair_terms.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Whose gradient is summed: that of embeddings which are rows of scores, or columns, or both.
struct PairRoles {
  bool row, col;
};

/// Of the rows of scores: their gradient, and what the forward pass kept.
template <class T>
struct PairRowStats {
  const T *dy, *shift;
  const double* sum;
};

/// dL/ds[i, j] = slope(s[i, j] - shift) factor - [j is right] right
template <class T>
struct PairRowSlope {
  T shift = 0, factor = 0, right = 0;

  template <class Reduction>
  __device__ T operator()(const Reduction& f, T s) const {
    return score_slope(f, s, shift) * factor;
  }
};
template <class T, class Reduction>
__device__ PairRowSlope<T> slope_of_row(const Reduction& f, const PairRowStats<T>& stats, T half_scale,
                                        std::int64_t i) {
  const T right = stats.dy[i] * half_scale;  // the values have the other half of the scale
  return {stats.shift[i], static_cast<T>(static_cast<double>(right) * pair_factor(f, stats.sum[i])), right};
}

/// Turns scores into dL/ds, in place; ends without a barrier. mine: of the thread's row as a row of scores; of_cols: of
/// each column as one.
template <class T, class Pairs, class Reduction>
__device__ void weigh_block(const Pairs& pairs, const Reduction& f, const PairRoles& roles, std::int64_t row,
                            std::int64_t col, std::int64_t cols, const PairRowSlope<T>& mine, const T* of_cols,
                            T* scores) {
  leave_out_of_block(pairs, row, col, cols, roles.row, scores);
  __syncthreads();
  const int line = own_line();
  T* const own = scores + line * block_stride<T>;
  const auto other = [&](int c) { return PairRowSlope<T>{of_cols[3 * c], of_cols[3 * c + 1], of_cols[3 * c + 2]}; };
  for (int first = own_half(); first < own_half() + half_line; first += pack_lanes<T>) {
    PairChunk<T> s = chunk_at(own + first);
    AKIN_DEVICE_UNROLL
    for (int e = 0; e < pack_lanes<T>; ++e) {
      T weight = roles.row ? mine(f, s.values[e]) : T(0);
      if (roles.col) weight += other(first + e)(f, s.values[e]);
      s.values[e] = col + first + e < cols ? weight : T(0);  // 0 times a factor that is no number is none either
    }
    chunk_at(own + first) = s;
  }
  if (roles.row)
    if (const std::int64_t at = pairs.target(row + line) - col; is_own(at) && at + col < cols) own[at] -= mine.right;
  __syncthreads();
  if (roles.col && col + line < cols)
    if (const std::int64_t at = pairs.target(col + line) - row; is_own(at))
      scores[at * block_stride<T> + line] -= other(line).right;
}

/// d[row ...] (+)= weights . values[col ...], 64 dimensions at a time. A thread reads only what it wrote itself.
template <class T>
__device__ void add_to_gradient(const T* weights, const PairOperand<T>& rows, const PairOperand<T>& cols,
                                std::int64_t row, std::int64_t col, bool accumulate, T* slices, T* d) {
  for (std::int64_t first = 0; first < rows.dim; first += pair_tile) {
    ThreadBlockOf<T> sum{};
    const auto each = [&](auto&& f) {
      AKIN_DEVICE_UNROLL
      for (int r = 0; r < thread_rows; ++r) {
        AKIN_DEVICE_UNROLL
        for (int q = 0; q < thread_cols; ++q) {
          const std::int64_t i = row + row_of_thread(r), k = first + dim_of_thread<T>(q);
          if (i < rows.count && k < rows.dim) f(d[i * rows.dim + k], sum.at[r][q]);
        }
      }
    };
    if (accumulate) each([](T& from, T& to) { to = from; });
    add_weighted(weights, cols, col, first, slices, sum);
    each([](T& to, T& from) { to = from; });
  }
}

/// d [parts, rows, dim]: the gradient of `rows` from one part of `cols`.
template <class T, class Pairs, class Reduction>
__global__ void __launch_bounds__(pair_threads, blocks_at_once<T>)
    reduce_pairs_backward_kernel(PairOperand<T> rows, PairOperand<T> cols, Pairs pairs, Reduction f, PairRoles roles,
                                 PairRowStats<T> stats, std::int64_t blocks, T* d) {
  AKIN_SHARED(PairChunk<T>, slices, slices_size<T> / pack_lanes<T>);
  AKIN_SHARED(PairChunk<T>, block, pair_tile * block_stride<T> / pack_lanes<T>);
  AKIN_SHARED(T, of_cols, 3 * pair_tile);
  T* const scores = &block[0].values[0];
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * pair_tile;
  const std::int64_t begin = blockIdx.y * blocks * pair_tile, end = begin + blocks * pair_tile;
  PairRowSlope<T> mine;
  if (roles.row && row + own_line() < rows.count) mine = slope_of_row(f, stats, rows.factor, row + own_line());
  for (std::int64_t col = begin; col < end && col < cols.count; col += pair_tile) {
    if (const int c = threadIdx.x; roles.col && c < pair_tile) {
      const PairRowSlope<T> other =
          col + c < cols.count ? slope_of_row(f, stats, rows.factor, col + c) : PairRowSlope<T>{};
      of_cols[3 * c] = other.shift, of_cols[3 * c + 1] = other.factor, of_cols[3 * c + 2] = other.right;
    }
    scores_of_block(rows, cols, row, col, &slices[0].values[0], scores);
    weigh_block(pairs, f, roles, row, col, cols.count, mine, of_cols, scores);
    add_to_gradient(scores, rows, cols, row, col, col > begin, &slices[0].values[0],
                    d + blockIdx.y * rows.count * rows.dim);
  }
}

/// out[i] = sum over p of in[p, i]
template <class T>
__global__ void sum_parts_kernel(std::int64_t count, std::int64_t parts, const T* in, T* out) {
  for (std::int64_t i = first_item(); i < count; i += item_step()) {
    double sum = 0;
    for (std::int64_t p = 0; p < parts; ++p) sum += static_cast<double>(in[p * count + i]);
    out[i] = static_cast<T>(sum);
  }
}

/// The gradient d of `rows`.
template <class T, class Pairs, class Reduction>
void pair_gradient(Cuda queue, const PairRoles& roles, const PairOperand<T>& rows, const PairOperand<T>& cols,
                   const Pairs& pairs, const Reduction& f, const PairRowStats<T>& stats, T* d) {
  constexpr const char* op = "reduce_pairs backward";
  const std::int64_t size = rows.count * rows.dim;
  if (size == 0) return;
  if (cols.count == 0) {
    check_cuda(op, cudaMemsetAsync(d, 0, static_cast<std::size_t>(size) * sizeof(T), queue.stream));
    return;
  }
  const PairParts parts(rows.blocks(), cols.blocks());
  const DeviceScratch<T> partial(op, queue, parts.count > 1 ? parts.count * size : 0);
  launch(op, queue, grid_of_pairs(rows.blocks(), parts), reduce_pairs_backward_kernel<T, Pairs, Reduction>, rows, cols,
         pairs, f, roles, stats, parts.blocks, parts.count > 1 ? partial.data() : d);
  if (parts.count > 1) launch(op, queue, grid_over(size), sum_parts_kernel<T>, size, parts.count, partial.data(), d);
}

}  // namespace detail

/// da[i] = scale sum_j dL/ds[i, j] c[j] and dc[j] = scale sum_i dL/ds[i, j] a[i]; one that is null is not computed.
/// Symmetric: da is the sum of both.
template <class T, class Pairs, class Reduction>
void reduce_pairs_backward(Cuda queue, const PairShape& s, const Pairs& pairs, const Reduction& f, const T* a,
                           const T* c, const T* dy, const T* shift, const double* sum, T* da, T* dc) {
  using namespace detail;
  const PairOperand<T> rows(a, s.rows, s.dim, s.scale), cols(s.symmetric ? a : c, s.cols, s.dim, s.scale);
  const PairRowStats<T> stats{dy, shift, sum};
  if (s.symmetric) {
    if (da) pair_gradient(queue, {true, true}, rows, rows, pairs, f, stats, da);
    return;
  }
  if (da) pair_gradient(queue, {true, false}, rows, cols, pairs, f, stats, da);
  if (dc) pair_gradient(queue, {false, true}, cols, rows, pairs, f, stats, dc);
}

}  // namespace akin::inline AKIN_ABI::kernels
