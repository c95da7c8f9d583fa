// Cholesky factors and triangular inverses in double. Twin: kernels/cpu/linalg.hpp. Eigenvalues: eigen.hpp.
//
// Both work on tiles of 32 x 32. Cholesky goes right-looking, three launches for 32 columns: the tile on the diagonal by
// one block, the rows below it by a warp each, the rest of the matrix by as many blocks as it has tiles. The inverse is
// one launch: its columns are independent, so a block takes 32 of them from top to bottom.
#pragma once
#include <cmath>

#include "eigen.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

inline constexpr int tile = 32, tile_lines = 8;  // blocks of tile x tile_lines threads
inline constexpr int tile_stride = tile + 1;     // no bank conflicts along columns

/// The tile at (row, col) of a matrix [n, n]; zeros outside.
template <class T>
__device__ void load_tile(std::int64_t n, const T* a, std::int64_t row, std::int64_t col, T* to) {
  const int x = threadIdx.x;
  for (int y = threadIdx.y; y < tile; y += blockDim.y)
    to[y * tile_stride + x] = row + y < n && col + x < n ? a[(row + y) * n + col + x] : T(0);
}

/// Factors the tile at (k, k), in place. *bad stays -1, or becomes the first row whose pivot is not positive; then that
/// pivot is left on the diagonal. One block of tile x tile threads.
template <class T>
__global__ void cholesky_tile_kernel(std::int64_t n, std::int64_t k, T* a, std::int64_t* bad) {
  AKIN_SHARED(T, l, tile * tile_stride);
  if (*bad >= 0) return;
  load_tile(n, a, k, k, l);
  const int c = threadIdx.x, r = threadIdx.y, size = n - k < tile ? static_cast<int>(n - k) : tile;
  __syncthreads();
  for (int j = 0; j < size; ++j) {
    const T pivot = l[j * tile_stride + j];
    if (!(pivot > 0)) {  // for all threads alike
      if (r == j && c == j) *bad = k + j;
      break;
    }
    __syncthreads();
    if (c == j && r >= j)
      l[r * tile_stride + j] = r == j ? std::sqrt(pivot) : l[r * tile_stride + j] / std::sqrt(pivot);
    __syncthreads();
    if (c > j && r >= c) l[r * tile_stride + c] -= l[r * tile_stride + j] * l[c * tile_stride + j];
    __syncthreads();
  }
  if (c <= r && r < size) a[(k + r) * n + k + c] = l[r * tile_stride + c];
}

/// The rows below the tile at (k, k): x l^T = a, a warp for each. Lane j holds x[j].
template <class T>
__global__ void cholesky_rows_kernel(std::int64_t n, std::int64_t k, T* a, const std::int64_t* bad) {
  AKIN_SHARED(T, l, tile * tile_stride);
  if (*bad >= 0) return;
  load_tile(n, a, k, k, l);
  __syncthreads();
  const int lane = threadIdx.x;
  for (std::int64_t i = k + tile + blockIdx.x * blockDim.y + threadIdx.y; i < n; i += gridDim.x * blockDim.y) {
    T x = a[i * n + k + lane];
    for (int j = 0; j < tile; ++j) {
      if (lane == j) x /= l[j * tile_stride + j];
      const T solved = __shfl_sync(whole_warp, x, j);
      if (lane > j) x -= solved * l[lane * tile_stride + j];
    }
    a[i * n + k + lane] = x;
  }
}

/// a -= p p^T for the lower triangle behind the columns k ... k + 31, p.
template <class T>
__global__ void cholesky_update_kernel(std::int64_t n, std::int64_t k, T* a, const std::int64_t* bad) {
  AKIN_SHARED(T, left, tile * tile_stride);
  AKIN_SHARED(T, right, tile * tile_stride);
  if (*bad >= 0 || blockIdx.x > blockIdx.y) return;
  const std::int64_t row = k + (blockIdx.y + 1) * tile, col = k + (blockIdx.x + 1) * tile;
  load_tile(n, a, row, k, left);
  load_tile(n, a, col, k, right);
  __syncthreads();
  const int x = threadIdx.x;
  for (int y = threadIdx.y; y < tile; y += tile_lines) {
    T sum = 0;
    for (int t = 0; t < tile; ++t) sum += left[y * tile_stride + t] * right[x * tile_stride + t];
    if (row + y < n && col + x <= row + y) a[(row + y) * n + col + x] -= sum;
  }
}

template <class T>
__global__ void clear_upper_kernel(std::int64_t n, T* a, const std::int64_t* bad) {
  const std::int64_t rows = *bad >= 0 ? *bad : n;
  for (std::int64_t i = blockIdx.x; i < rows; i += gridDim.x)
    for (std::int64_t j = i + 1 + threadIdx.x; j < n; j += blockDim.x) a[i * n + j] = 0;
}

/// sum -= l x for tiles; each thread keeps tile / tile_lines sums of its column. Rows of x above the diagonal are zeros
/// that are not multiplied, so that infinities of l stay in their columns.
template <class T>
__device__ void subtract_product(std::int64_t row_minus_col, const T* l, const T* x, T* sum) {
  const int c = threadIdx.x;
  for (int t = 0; t < tile; ++t) {
    if (row_minus_col + t < c) continue;
    for (int q = 0; q < tile / tile_lines; ++q)
      sum[q] -= l[(threadIdx.y + q * tile_lines) * tile_stride + t] * x[t * tile_stride + c];
  }
}

/// A block for 32 columns of x = l^-1.
template <class T>
__global__ void inverse_lower_kernel(std::int64_t n, const T* l, T* x) {
  AKIN_SHARED(T, factor, tile * tile_stride);
  AKIN_SHARED(T, solved, tile * tile_stride);
  constexpr int own = tile / tile_lines;
  const int c = threadIdx.x;
  const std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * tile;
  for (std::int64_t row = 0; row < n; row += tile) {
    T sum[own];
    for (int q = 0; q < own; ++q) sum[q] = row + threadIdx.y + q * tile_lines == col + c ? 1 : 0;
    for (std::int64_t k = col; k < row; k += tile) {
      load_tile(n, l, row, k, factor);
      load_tile(n, static_cast<const T*>(x), k, col, solved);
      __syncthreads();
      subtract_product(k - col, factor, solved, sum);
      __syncthreads();
    }
    load_tile(n, l, row, row, factor);
    for (int q = 0; q < own; ++q) solved[(threadIdx.y + q * tile_lines) * tile_stride + c] = sum[q];
    __syncthreads();
    for (int r = 0; r < tile && row + r < n; ++r) {
      const T value = row + r < col + c ? T(0) : solved[r * tile_stride + c] / factor[r * tile_stride + r];
      for (int y = threadIdx.y; y < tile; y += tile_lines)
        if (y > r && row + r >= col + c) solved[y * tile_stride + c] -= factor[y * tile_stride + r] * value;
      if (r % tile_lines == static_cast<int>(threadIdx.y) && col + c < n) x[(row + r) * n + col + c] = value;
      __syncthreads();
    }
  }
}

}  // namespace detail

/// Overwrites a with the lower triangular l, a = l l^T; only the lower triangle of a is read.
/// Returns -1, or the first row whose pivot is not positive (then that pivot is in a[row, row]).
AKIN_LAZY std::int64_t cholesky(Cuda queue, std::int64_t n, double* a) {
  if (n == 0) return -1;
  using detail::tile, detail::tile_lines;
  constexpr const char* op = "cholesky";
  const DeviceScratch<std::int64_t> bad(op, queue, 1);
  check_cuda(op, cudaMemsetAsync(bad.data(), 0xff, sizeof(std::int64_t), queue.stream));  // -1
  for (std::int64_t k = 0; k < n; k += tile) {
    launch(op, queue, {dim3(1), dim3(tile, tile)}, detail::cholesky_tile_kernel<double>, n, k, a, bad.data());
    const std::int64_t below = n - k - tile;
    if (below <= 0) break;
    const auto rows = static_cast<unsigned>((below + tile_lines - 1) / tile_lines),
               tiles = static_cast<unsigned>((below + tile - 1) / tile);
    launch(op, queue, {dim3(rows), dim3(tile, tile_lines)}, detail::cholesky_rows_kernel<double>, n, k, a, bad.data());
    launch(op, queue, {dim3(tiles, tiles), dim3(tile, tile_lines)}, detail::cholesky_update_kernel<double>, n, k, a,
           bad.data());
  }
  launch(op, queue, grid_of_rows(n), detail::clear_upper_kernel<double>, n, a, bad.data());
  std::int64_t row = -1;
  copy_to_host(op, queue, bad.data(), 1, &row);
  return row;
}

/// x = l^-1 for a lower triangular l.
AKIN_LAZY void inverse_lower(Cuda queue, std::int64_t n, const double* l, double* x) {
  using detail::tile, detail::tile_lines;
  if (n > 0)
    launch("inverse_lower", queue, {dim3(static_cast<unsigned>((n + tile - 1) / tile)), dim3(tile, tile_lines)},
           detail::inverse_lower_kernel<double>, n, l, x);
}

}  // namespace akin::inline AKIN_ABI::kernels
