// Householder reflections that make a symmetric matrix tridiagonal. Twin: kernels/cpu/linalg.hpp.
//
// Three launches for each: every reflection needs the whole matrix that the last one left.
#pragma once
#include <cmath>

#include "scratch.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

inline constexpr int eigen_threads = 128;

/// Step k: d[k], e[k], beta[k], and the vector v of the reflection I - beta v v^T in row k behind the diagonal. One
/// block.
template <class T>
__global__ void reflector_kernel(std::int64_t n, std::int64_t k, T* a, T* d, T* e, T* beta) {
  const std::int64_t m = n - k - 1;
  T* const v = a + k * n + k + 1;
  T tail = 0;
  for (std::int64_t i = 1 + threadIdx.x; i < m; i += blockDim.x) tail += v[i] * v[i];
  tail = block_sum(tail);
  if (threadIdx.x != 0) return;
  d[k] = a[k * n + k];
  if (m == 0) return;
  const T head = v[0], norm = std::sqrt(head * head + tail);
  e[k] = head;
  beta[k] = 0;
  if (tail == 0) return;           // nothing to remove
  e[k] = head > 0 ? -norm : norm;  // away from v[0]: no cancellation
  v[0] = head - e[k];
  beta[k] = 2 / (v[0] * v[0] + tail);
}

/// p = beta rest v, a warp for each row of the trailing block.
template <class T>
__global__ void reflector_product_kernel(std::int64_t n, std::int64_t k, const T* a, const T* beta, T* p) {
  const std::int64_t m = n - k - 1;
  const int lane = threadIdx.x % warp_size;
  const T *v = a + k * n + k + 1, *rest = a + (k + 1) * n + k + 1;
  for (std::int64_t i = first_item() / warp_size; i < m; i += item_step() / warp_size) {
    T sum = 0;
    for (std::int64_t j = lane; j < m; j += warp_size) sum += rest[i * n + j] * v[j];
    sum = warp_reduce(sum, SumOf{});
    if (lane == 0) p[i] = beta[k] * sum;
  }
}

/// rest -= v w^T + w v^T with w = p - (beta / 2 p . v) v. Every block makes the dot product for itself.
template <class T>
__global__ void reflector_update_kernel(std::int64_t n, std::int64_t k, T* a, const T* beta, const T* p) {
  const std::int64_t m = n - k - 1;
  const T* const v = a + k * n + k + 1;
  T* const rest = a + (k + 1) * n + k + 1;
  if (beta[k] == 0) return;
  T along = 0;
  for (std::int64_t i = threadIdx.x; i < m; i += blockDim.x) along += p[i] * v[i];
  along = beta[k] / 2 * block_sum(along);
  for (std::int64_t i = blockIdx.x; i < m; i += gridDim.x) {
    const T vi = v[i], wi = p[i] - along * vi;
    for (std::int64_t j = threadIdx.x; j < m; j += blockDim.x)
      rest[i * n + j] -= vi * (p[j] - along * v[j]) + wi * v[j];
  }
}

/// z = H^T from the reflections in a. They turn each row of z for itself: a warp takes one through all of them, and a
/// lane keeps its columns.
template <class T>
__global__ void accumulate_reflections_kernel(std::int64_t n, const T* a, const T* beta, T* z) {
  const int lane = threadIdx.x % warp_size;
  for (std::int64_t i = first_item() / warp_size; i < n; i += item_step() / warp_size) {
    T* const row = z + i * n;
    for (std::int64_t j = lane; j < n; j += warp_size) row[j] = i == j ? 1 : 0;
    for (std::int64_t k = (i < n - 1 ? i : n - 1) - 1; k >= 0; --k) {
      const T *v = a + k * n, b = beta[k];
      if (b == 0) continue;
      const std::int64_t first = (k + 1) / warp_size * warp_size + lane;
      T sum = 0;
      for (std::int64_t j = first; j < n; j += warp_size)
        if (j > k) sum += row[j] * v[j];
      sum = b * warp_reduce(sum, SumOf{});
      for (std::int64_t j = first; j < n; j += warp_size)
        if (j > k) row[j] -= sum * v[j];
    }
  }
}

/// Diagonal d, off-diagonal e and beta of the reflections, [3, n]; v of step k lies in row k of a behind the diagonal.
AKIN_LAZY DeviceScratch<double> tridiagonalize(std::string_view op, Cuda queue, std::int64_t n, double* a) {
  DeviceScratch<double> out(op, queue, 3 * n);
  const DeviceScratch<double> p(op, queue, n);
  double *d = out.data(), *e = d + n, *beta = e + n;
  const dim3 threads(eigen_threads);
  const auto blocks = [](std::int64_t rows, std::int64_t of_block) {
    return dim3(static_cast<unsigned>(std::min(most_blocks, (rows + of_block - 1) / of_block)));
  };
  for (std::int64_t k = 0; k < n; ++k) {
    const std::int64_t m = n - k - 1;
    launch(op, queue, {dim3(1), threads}, reflector_kernel<double>, n, k, a, d, e, beta);
    if (m == 0) break;
    launch(op, queue, {blocks(m, eigen_threads / warp_size), threads}, reflector_product_kernel<double>, n, k, a, beta,
           p.data());
    launch(op, queue, {blocks(m, 8), threads}, reflector_update_kernel<double>, n, k, a, beta, p.data());
  }
  return out;
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
