// softmax, log-softmax and log-sum-exp of rows, and their gradients: a block per row.
//
// As on the CPU, the maximum is subtracted first, -inf entries (masked logits) get probability 0, and a row of nothing
// but -inf has logsumexp -inf, softmax 0 and log-softmax -inf. A NaN makes its whole row NaN. A row is read three times;
// the second and third time it comes from the caches.
#pragma once
#include <cmath>
#include <limits>

#include "../../include/akin/core/bf16.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// The largest logit (0 if every entry is -inf) and sum exp(x - shift), in every thread.
template <class C>
struct RowOfLogits {
  C shift, sum;
};

template <class T>
__device__ RowOfLogits<compute_t<T>> row_of_logits(std::int64_t cols, const T* x) {
  using C = compute_t<T>;
  constexpr C lowest = -std::numeric_limits<C>::infinity();
  C largest = lowest;
  for (std::int64_t j = threadIdx.x; j < cols; j += blockDim.x) largest = MaxOf{}(largest, static_cast<C>(x[j]));
  largest = block_reduce(largest, lowest, MaxOf{});
  const C shift = largest == lowest ? C(0) : largest;
  C sum = 0;
  for (std::int64_t j = threadIdx.x; j < cols; j += blockDim.x) sum += std::exp(static_cast<C>(x[j]) - shift);
  return {shift, block_sum(sum)};
}

template <class T>
__device__ compute_t<T> row_dot(std::int64_t cols, const T* a, const T* b) {
  using C = compute_t<T>;
  C sum = 0;
  for (std::int64_t j = threadIdx.x; j < cols; j += blockDim.x) sum += static_cast<C>(a[j]) * static_cast<C>(b[j]);
  return block_sum(sum);
}

template <class T>
__global__ void softmax_kernel(std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  using C = compute_t<T>;
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const T* in = x + row * cols;
    const auto [shift, sum] = row_of_logits(cols, in);
    const C scale = sum == 0 ? C(0) : 1 / sum;
    for (std::int64_t j = threadIdx.x; j < cols; j += blockDim.x)
      y[row * cols + j] = static_cast<T>(std::exp(static_cast<C>(in[j]) - shift) * scale);
  }
}

template <class T>
__global__ void softmax_backward_kernel(std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  using C = compute_t<T>;
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const T *p = y + row * cols, *g = dy + row * cols;
    const C dot = row_dot(cols, p, g);
    for (std::int64_t j = threadIdx.x; j < cols; j += blockDim.x)
      dx[row * cols + j] = static_cast<T>(static_cast<C>(p[j]) * (static_cast<C>(g[j]) - dot));
  }
}

}  // namespace detail

/// y = exp(x - max) / sum exp(x - max)
template <class T>
void softmax(Cuda queue, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  if (rows > 0) launch("softmax", queue, grid_of_rows(rows), detail::softmax_kernel<T>, rows, cols, x, y);
}

/// dx = y (dy - y . dy)
template <class T>
void softmax_backward(Cuda queue, std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  if (rows > 0)
    launch("softmax backward", queue, grid_of_rows(rows), detail::softmax_backward_kernel<T>, rows, cols, y, dy, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
