// A block of scores: 64 rows of one set of embeddings against 64 of another, or weighted sums of such rows.
//
// 128 threads hold 8 x 4 numbers each, in registers; operands pass through shared memory in slices of 64 bytes per row.
// Every read of shared memory is of 16 bytes along the depth, three of them for 32 multiply-adds of four floats each.
// Rows of slices are 80 bytes apart, so that any eight neighbouring rows lie in different banks.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "../pairs.hpp"
#include "pack.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// What is read and written at once.
template <class T>
using PairChunk = Pack<T, pack_lanes<T>>;
template <class T>
__device__ PairChunk<T>& chunk_at(T* p) {
  return *reinterpret_cast<PairChunk<T>*>(p);
}
template <class T>
__device__ const PairChunk<T>& chunk_at(const T* p) {
  return *reinterpret_cast<const PairChunk<T>*>(p);
}

inline constexpr int pair_tile = 64, pair_threads = 128;
inline constexpr int pair_lanes = 16;                         ///< threads beside each other, which share their rows
inline constexpr int thread_rows = 8, thread_cols = 4;        ///< of a block, per thread
inline constexpr int row_groups = pair_threads / pair_lanes;  ///< a thread's rows are that far apart
template <class T>
inline constexpr int pair_depth = 64 / sizeof(T);  ///< of a slice
template <class T>
inline constexpr int pair_stride = 80 / sizeof(T);  ///< between rows of a slice
template <class T>
inline constexpr int block_stride = pair_tile + pack_lanes<T>;  ///< between rows of a whole block

__device__ inline int pair_lane() { return threadIdx.x % pair_lanes; }
__device__ inline int row_of_thread(int r) { return threadIdx.x / pair_lanes + r * row_groups; }
__device__ inline int col_of_thread(int q) { return pair_lane() + q * pair_lanes; }

/// Blocks of threads at once on a multiprocessor: what the compiler may use registers for.
template <class T>
inline constexpr int blocks_at_once = sizeof(T) == 4 ? 3 : 2;

/// One set of embeddings x [count, dim]. Both sides of a score get the same factor, sqrt(scale), so that s[i, j] and
/// s[j, i] are the same bits.
template <class T>
struct PairOperand {
  const T* x;
  std::int64_t count, dim;
  T factor;
  bool whole_chunks;  ///< rows begin at multiples of 16 bytes

  PairOperand(const T* values, std::int64_t n, std::int64_t d, double scale)
      : x(values),
        count(n),
        dim(d),
        factor(static_cast<T>(std::sqrt(scale))),
        whole_chunks(is_aligned_for<PairChunk<T>>(values) && d % pack_lanes<T> == 0) {}
  std::int64_t blocks() const { return (count + pair_tile - 1) / pair_tile; }
};

/// factor x[row ... row + Rows, col ... col + Cols] to shared memory; 0 where there is nothing. Call it on all threads.
template <int Rows, int Cols, int Stride, class T>
__device__ void load_block(const PairOperand<T>& side, std::int64_t row, std::int64_t col, T* to) {
  constexpr int size = pack_lanes<T>, per_row = Cols / size;
  static_assert(Rows * per_row % pair_threads == 0);
  AKIN_DEVICE_UNROLL
  for (int n = 0; n < Rows * per_row / pair_threads; ++n) {
    const int item = threadIdx.x + n * pair_threads, r = item / per_row, k = item % per_row * size;
    PairChunk<T> chunk{};
    if (row + r < side.count) {
      const T* from = side.x + (row + r) * side.dim + col + k;
      if (side.whole_chunks) {
        if (col + k < side.dim) chunk = chunk_at(from);
      } else {
        AKIN_DEVICE_UNROLL
        for (int e = 0; e < size; ++e)
          if (col + k + e < side.dim) chunk.values[e] = from[e];
      }
    }
    AKIN_DEVICE_UNROLL
    for (int e = 0; e < size; ++e) chunk.values[e] *= side.factor;
    chunk_at(to + r * Stride + k) = chunk;
  }
}

/// What a thread holds of a block: row_of_thread(r), col_of_thread(q).
template <class T>
struct ThreadBlockOf {
  T at[thread_rows][thread_cols];
};

/// Shared memory of the operands: two slices of rows, or one of the values that are summed.
template <class T>
inline constexpr int slices_size = 2 * pair_stride<T>* pair_tile;

/// Scores of the rows from `row` and the columns from `col`, to scores [64, 64] in shared memory. Begins without a
/// barrier: `slices` and `scores` must be free; ends behind one.
template <class T>
__device__ void scores_of_block(const PairOperand<T>& rows, const PairOperand<T>& cols, std::int64_t row,
                                std::int64_t col, T* slices, T* scores) {
  constexpr int size = pack_lanes<T>, stride = pair_stride<T>, depth = pair_depth<T>;
  T* const left = slices;
  T* const right = slices + pair_tile * stride;
  ThreadBlockOf<T> s{};
  for (std::int64_t first = 0; first < rows.dim; first += depth) {
    load_block<pair_tile, depth, stride>(rows, row, first, left);
    load_block<pair_tile, depth, stride>(cols, col, first, right);
    __syncthreads();
    AKIN_DEVICE_UNROLL
    for (int k = 0; k < depth; k += size) {
      PairChunk<T> a[thread_rows];
      AKIN_DEVICE_UNROLL
      for (int r = 0; r < thread_rows; ++r) a[r] = chunk_at(left + row_of_thread(r) * stride + k);
      AKIN_DEVICE_UNROLL
      for (int q = 0; q < thread_cols; ++q) {
        const PairChunk<T> c = chunk_at(right + col_of_thread(q) * stride + k);
        AKIN_DEVICE_UNROLL
        for (int r = 0; r < thread_rows; ++r) {
          AKIN_DEVICE_UNROLL
          for (int e = 0; e < size; ++e) s.at[r][q] += a[r].values[e] * c.values[e];
        }
      }
    }
    __syncthreads();
  }
  AKIN_DEVICE_UNROLL
  for (int r = 0; r < thread_rows; ++r) {
    AKIN_DEVICE_UNROLL
    for (int q = 0; q < thread_cols; ++q) scores[row_of_thread(r) * block_stride<T> + col_of_thread(q)] = s.at[r][q];
  }
  __syncthreads();
}

// What is done to single scores is done in shared memory, by threads that have half a row of the block each, or half a
// column: the code is short, and a thread keeps the numbers of one row only.
inline constexpr int half_line = pair_tile / 2;
__device__ inline int own_line() { return threadIdx.x % pair_tile; }
__device__ inline int own_half() { return threadIdx.x / pair_tile * half_line; }  ///< where it begins

/// Place `at` of a line, among those in the half of this thread.
__device__ inline bool is_own(std::int64_t at) { return at >= own_half() && at < own_half() + half_line; }

/// The q-th of the 64 dimensions in which a thread sums values: whole chunks beside those of its neighbours.
template <class T>
__device__ int dim_of_thread(int q) {
  constexpr int size = pack_lanes<T>;
  return (q / size * pair_lanes + pair_lane()) * size + q % size;
}

/// sum += weights [64, 64] . values[row ... row + 64, col ... col + 64]; the thread's columns are
/// dim_of_thread(q). Begins without a barrier, and has one before it reads the weights.
template <class T>
__device__ void add_weighted(const T* weights, const PairOperand<T>& values, std::int64_t row, std::int64_t col,
                             T* slice, ThreadBlockOf<T>& sum) {
  constexpr int size = pack_lanes<T>, depth = pair_depth<T>;
  for (int first = 0; first < pair_tile; first += depth) {
    load_block<depth, pair_tile, pair_tile>(values, row + first, col, slice);
    __syncthreads();
    AKIN_DEVICE_UNROLL
    for (int k = 0; k < depth; k += size) {
      PairChunk<T> w[thread_rows];
      AKIN_DEVICE_UNROLL
      for (int r = 0; r < thread_rows; ++r) w[r] = chunk_at(weights + row_of_thread(r) * block_stride<T> + first + k);
      AKIN_DEVICE_UNROLL
      for (int e = 0; e < size; ++e) {
        AKIN_DEVICE_UNROLL
        for (int q = 0; q < thread_cols; q += size) {
          const PairChunk<T> v = chunk_at(slice + (k + e) * pair_tile + dim_of_thread<T>(q));
          AKIN_DEVICE_UNROLL
          for (int r = 0; r < thread_rows; ++r) {
            AKIN_DEVICE_UNROLL
            for (int i = 0; i < size; ++i) sum.at[r][q + i] += w[r].values[e] * v.values[i];
          }
        }
      }
    }
    __syncthreads();
  }
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
