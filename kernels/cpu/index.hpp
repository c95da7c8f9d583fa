// Reading and writing by index: rows, one value per row, one-hot, and blocks of bytes.
//
// Indices must lie in range: ops check them with first_out_of_range before they call the others.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Position of the first index outside 0 ... limit-1, or -1. Index: i64 or i32.
template <class Index>
std::int64_t first_out_of_range(Cpu, std::int64_t n, std::int64_t limit, const Index* indices) {
  const auto outside = [=](Index i) { return i < 0 || i >= limit; };
  const auto first_of = [=](std::int64_t begin, std::int64_t end) -> std::int64_t {
    Index lowest = 0, highest = 0;  // a loop without exit vectorises, and an index is hardly ever bad
    for (std::int64_t i = begin; i < end; ++i) {
      lowest = indices[i] < lowest ? indices[i] : lowest;
      highest = indices[i] > highest ? indices[i] : highest;
    }
    if (lowest >= 0 && highest < limit) return -1;
    return std::find_if(indices + begin, indices + end, outside) - indices;
  };
  return parallel_reduce(n, std::int64_t{1} << 15, std::int64_t{-1}, first_of,
                         [](std::int64_t a, std::int64_t b) { return a >= 0 ? a : b; });
}

/// `count` blocks of `bytes` bytes; pitches are the distances between block starts, in bytes.
AKIN_LAZY void copy_blocks(Cpu, std::int64_t count, std::int64_t bytes, const void* from, std::int64_t from_pitch,
                           void* to, std::int64_t to_pitch) {
  if (bytes == 0) return;
  for_each_row(count, bytes / 4, [=](std::int64_t i) {
    std::memcpy(static_cast<char*>(to) + i * to_pitch, static_cast<const char*>(from) + i * from_pitch,
                static_cast<std::size_t>(bytes));
  });
}

/// y[i, :] = x[indices[i], :] for rows of `bytes` bytes.
AKIN_LAZY void take(Cpu, std::int64_t n, std::int64_t bytes, const void* x, const std::int64_t* indices, void* y) {
  if (bytes == 0) return;
  for_each_row(n, bytes / 4, [=](std::int64_t i) {
    std::memcpy(static_cast<char*>(y) + i * bytes, static_cast<const char*>(x) + indices[i] * bytes,
                static_cast<std::size_t>(bytes));
  });
}

/// y[k, :] = sum of dy[i, :] over all i with indices[i] = k. dy [n, cols], y [rows, cols].
/// Parallel over columns: each value is summed by one thread in the order of i, so the result has one value, not many.
template <class T>
void scatter_add(Cpu, std::int64_t n, std::int64_t rows, std::int64_t cols, const T* dy, const std::int64_t* indices,
                 T* y) {
  using C = compute_t<T>;
  std::vector<C> wide;  // sums of bf16 values are kept in f32
  if constexpr (!std::is_same_v<C, T>) wide.resize(static_cast<std::size_t>(rows * cols));
  C* sum;
  if constexpr (std::is_same_v<C, T>)
    sum = y;
  else
    sum = wide.data();
  const std::int64_t grain = std::max<std::int64_t>(16, (1 << 15) / std::max<std::int64_t>(1, n));
  parallel_for(cols, grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = 0; k < rows; ++k) std::fill(sum + k * cols + begin, sum + k * cols + end, C(0));
    for (std::int64_t i = 0; i < n; ++i) {
      C* __restrict to = sum + indices[i] * cols;
      for (std::int64_t j = begin; j < end; ++j) to[j] += static_cast<C>(dy[i * cols + j]);
    }
  });
  if constexpr (!std::is_same_v<C, T>)
    for (std::int64_t i = 0; i < rows * cols; ++i) y[i] = static_cast<T>(sum[i]);
}

/// y[row] = x[row, indices[row]]
template <class T>
void gather_last(Cpu, std::int64_t rows, std::int64_t cols, const T* x, const std::int64_t* indices, T* y) {
  for_each_row(rows, 1, [=](std::int64_t row) { y[row] = x[row * cols + indices[row]]; });
}

/// dx[row, :] = 0 but for dx[row, indices[row]] = dy[row]
template <class T>
void gather_last_backward(Cpu, std::int64_t rows, std::int64_t cols, const T* dy, const std::int64_t* indices, T* dx) {
  for_each_row(rows, cols, [=](std::int64_t row) {
    std::fill_n(dx + row * cols, cols, T{});
    dx[row * cols + indices[row]] = dy[row];
  });
}

/// y[row, :] = 0 but for y[row, indices[row]] = 1
template <class T>
void one_hot(Cpu, std::int64_t rows, std::int64_t cols, const std::int64_t* indices, T* y) {
  for_each_row(rows, cols, [=](std::int64_t row) {
    std::fill_n(y + row * cols, cols, T{});
    y[row * cols + indices[row]] = static_cast<T>(static_cast<compute_t<T>>(1));
  });
}

/// The diagonal of y [n, n] becomes `value`.
template <class T>
void fill_diagonal(Cpu, std::int64_t n, T* y, T value) {
  for (std::int64_t i = 0; i < n; ++i) y[i * (n + 1)] = value;
}

}  // namespace akin::inline AKIN_ABI::kernels
