// Reading and writing by index: rows, one value per row, one-hot, and blocks of bytes. Twin: kernels/cpu/index.hpp.
//
// Memory-bound: a thread for each value that is written, neighbours side by side. Where several values are added to one
// place, whoever owns the place adds them, in their order: the same bits in every run. Indices must lie in range: ops
// check them with first_out_of_range before they call the others.
#pragma once
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "pack.hpp"
#include "scratch.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

using Position = unsigned long long;  // as atomicMin wants it; all bits set, -1 on the host: none

template <class Index>
__global__ void first_out_of_range_kernel(std::int64_t n, std::int64_t limit, const Index* indices, Position* first) {
  for (std::int64_t i = first_item(); i < n; i += item_step())
    if (indices[i] < 0 || indices[i] >= limit) {
      atomicMin(first, static_cast<Position>(i));
      return;  // what follows in this thread comes later
    }
}

/// Rows of `words` words: row i of `to` becomes row i of `from`, or row indices[i]. Pitches are in words.
template <class Word>
__global__ void copy_rows_kernel(std::int64_t rows, std::int64_t words, const Word* from, std::int64_t from_pitch,
                                 const std::int64_t* indices, Word* to, std::int64_t to_pitch) {
  for (std::int64_t row = first_row(); row < rows; row += row_step()) {
    const Word* const source = from + (indices ? indices[row] : row) * from_pitch;
    for (std::int64_t w = first_item(); w < words; w += item_step()) to[row * to_pitch + w] = source[w];
  }
}

AKIN_LAZY void copy_rows(std::string_view op, Cuda queue, std::int64_t rows, std::int64_t bytes, const void* from,
                         std::int64_t from_pitch, const std::int64_t* indices, void* to, std::int64_t to_pitch) {
  if (rows <= 0 || bytes <= 0) return;
  on_word(bytes | from_pitch | to_pitch, from, to, [&]<class Word>() {
    constexpr auto size = static_cast<std::int64_t>(sizeof(Word));
    launch(op, queue, grid_over_matrix(rows, bytes / size), copy_rows_kernel<Word>, rows, bytes / size,
           static_cast<const Word*>(from), from_pitch / size, indices, static_cast<Word*>(to), to_pitch / size);
  });
}

/// A warp for each piece of 128 columns of each target row: it looks through all indices, 32 at a time, and adds the rows
/// of dy that it finds, in their order. Four of them are loaded at once: a 0 in place of a missing one changes no sum.
template <class T>
__global__ void scatter_add_kernel(std::int64_t n, std::int64_t rows, std::int64_t cols, const T* dy,
                                   const std::int64_t* indices, T* y) {
  using C = compute_t<T>;
  constexpr int strips = 4, at_once = 4, width = strips * warp_size;
  const int lane = threadIdx.x % warp_size;
  const std::int64_t pieces = (cols + width - 1) / width;
  for (std::int64_t task = first_item() / warp_size; task < rows * pieces; task += item_step() / warp_size) {
    const std::int64_t row = task / pieces, col = task % pieces * width + lane;
    C sums[strips] = {};
    for (std::int64_t base = 0; base < n; base += warp_size) {
      unsigned hits = __ballot_sync(whole_warp, base + lane < n && indices[base + lane] == row);
      while (hits) {
        C values[at_once][strips];
        for (auto& found : values) {
          const bool any = hits != 0;
          const T* const from = dy + (base + (any ? __ffs(static_cast<int>(hits)) - 1 : 0)) * cols + col;
          for (int s = 0; s < strips; ++s)
            found[s] = any && col + s * warp_size < cols ? static_cast<C>(from[s * warp_size]) : C(0);
          hits &= hits - 1;
        }
        for (const auto& found : values)
          for (int s = 0; s < strips; ++s) sums[s] += found[s];
      }
    }
    for (int s = 0; s < strips; ++s)
      if (col + s * warp_size < cols) y[row * cols + col + s * warp_size] = static_cast<T>(sums[s]);
  }
}

template <class T>
__global__ void gather_last_kernel(std::int64_t rows, std::int64_t cols, const T* x, const std::int64_t* indices,
                                   T* y) {
  for (std::int64_t row = first_item(); row < rows; row += item_step()) y[row] = x[row * cols + indices[row]];
}

/// y[row, :] = 0 but for y[row, indices[row]] = values[row], or `value` where there are none
template <class T>
__global__ void one_per_row_kernel(std::int64_t rows, std::int64_t cols, const T* values, T value,
                                   const std::int64_t* indices, T* y) {
  for (std::int64_t row = first_row(); row < rows; row += row_step()) {
    const std::int64_t index = indices[row];
    const T chosen = values ? values[row] : value;
    for (std::int64_t col = first_item(); col < cols; col += item_step())
      y[row * cols + col] = col == index ? chosen : T{};
  }
}

template <class T>
void one_per_row(std::string_view op, Cuda queue, std::int64_t rows, std::int64_t cols, const T* values, T value,
                 const std::int64_t* indices, T* y) {
  if (rows > 0 && cols > 0)
    launch(op, queue, grid_over_matrix(rows, cols), one_per_row_kernel<T>, rows, cols, values, value, indices, y);
}

template <class T>
__global__ void fill_diagonal_kernel(std::int64_t n, T* y, T value) {
  for (std::int64_t i = first_item(); i < n; i += item_step()) y[i * (n + 1)] = value;
}

}  // namespace detail

/// Position of the first index outside 0 ... limit-1, or -1. Index: i64 or i32. Waits for the queue.
template <class Index>
std::int64_t first_out_of_range(Cuda queue, std::int64_t n, std::int64_t limit, const Index* indices) {
  if (n <= 0) return -1;
  const std::string_view op = "first_out_of_range";
  const DeviceScratch<detail::Position> first(op, queue, 1);
  check_cuda(op, cudaMemsetAsync(first.data(), 0xff, sizeof(detail::Position), queue.stream));
  launch(op, queue, grid_over(n), detail::first_out_of_range_kernel<Index>, n, limit, indices, first.data());
  detail::Position position = 0;
  copy_to_host(op, queue, first.data(), 1, &position);
  return static_cast<std::int64_t>(position);
}

/// `count` blocks of `bytes` bytes; pitches are the distances between block starts, in bytes.
AKIN_LAZY void copy_blocks(Cuda queue, std::int64_t count, std::int64_t bytes, const void* from,
                           std::int64_t from_pitch, void* to, std::int64_t to_pitch) {
  detail::copy_rows("copy_blocks", queue, count, bytes, from, from_pitch, nullptr, to, to_pitch);
}

/// y[i, :] = x[indices[i], :] for rows of `bytes` bytes.
AKIN_LAZY void take(Cuda queue, std::int64_t n, std::int64_t bytes, const void* x, const std::int64_t* indices,
                    void* y) {
  detail::copy_rows("take", queue, n, bytes, x, bytes, indices, y, bytes);
}

/// y[k, :] = sum of dy[i, :] over all i with indices[i] = k. dy [n, cols], y [rows, cols].
/// Each value is summed by one thread in the order of i, as on the CPU: the same bits. The price: besides dy, every
/// target row reads all n indices, from the caches. Cheap for classes, 50 ki x 8 ki (words x tokens) takes milliseconds.
template <class T>
void scatter_add(Cuda queue, std::int64_t n, std::int64_t rows, std::int64_t cols, const T* dy,
                 const std::int64_t* indices, T* y) {
  const std::int64_t warps = rows * ((cols + 4 * warp_size - 1) / (4 * warp_size));
  if (warps > 0)
    launch("scatter_add", queue, grid_over(warps * warp_size), detail::scatter_add_kernel<T>, n, rows, cols, dy,
           indices, y);
}

/// y[row] = x[row, indices[row]]
template <class T>
void gather_last(Cuda queue, std::int64_t rows, std::int64_t cols, const T* x, const std::int64_t* indices, T* y) {
  if (rows > 0) launch("gather_last", queue, grid_over(rows), detail::gather_last_kernel<T>, rows, cols, x, indices, y);
}

/// dx[row, :] = 0 but for dx[row, indices[row]] = dy[row]
template <class T>
void gather_last_backward(Cuda queue, std::int64_t rows, std::int64_t cols, const T* dy, const std::int64_t* indices,
                          T* dx) {
  detail::one_per_row("gather_last backward", queue, rows, cols, dy, T{}, indices, dx);
}

/// y[row, :] = 0 but for y[row, indices[row]] = 1
template <class T>
void one_hot(Cuda queue, std::int64_t rows, std::int64_t cols, const std::int64_t* indices, T* y) {
  const T one = static_cast<T>(static_cast<compute_t<T>>(1));
  detail::one_per_row("one_hot", queue, rows, cols, static_cast<const T*>(nullptr), one, indices, y);
}

/// The diagonal of y [n, n] becomes `value`.
template <class T>
void fill_diagonal(Cuda queue, std::int64_t n, T* y, T value) {
  if (n > 0) launch("fill_diagonal", queue, grid_over(n), detail::fill_diagonal_kernel<T>, n, y, value);
}

}  // namespace akin::inline AKIN_ABI::kernels
