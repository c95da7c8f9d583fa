// Which windows of a pooling hold which pixels: from both sides.
#pragma once
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "../layout.hpp"
#include "pack.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// The windows of `kernel` positions every `stride` that hold position i.
__device__ inline Window windows_over(std::int64_t i, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                                      std::int64_t pad) {
  const std::int64_t first = i + pad - kernel + 1, last = (i + pad) / stride;
  return {first > 0 ? (first + stride - 1) / stride : 0, last < out ? last + 1 : out};
}

struct FixedWindows {
  __device__ static Window rows(const PoolShape& s, std::int64_t i) {
    return fixed_window(i, s.h, s.kh, s.stride_h, s.pad_h);
  }
  __device__ static Window cols(const PoolShape& s, std::int64_t j) {
    return fixed_window(j, s.w, s.kw, s.stride_w, s.pad_w);
  }
  __device__ static Window rows_over(const PoolShape& s, std::int64_t h) {
    return windows_over(h, s.oh, s.kh, s.stride_h, s.pad_h);
  }
  __device__ static Window cols_over(const PoolShape& s, std::int64_t w) {
    return windows_over(w, s.ow, s.kw, s.stride_w, s.pad_w);
  }
};

/// Window i holds position h if i in < (h + 1) out and h out < (i + 1) in: the same cut with the sides swapped.
struct AdaptiveWindows {
  __device__ static Window rows(const PoolShape& s, std::int64_t i) { return adaptive_window(i, s.h, s.oh); }
  __device__ static Window cols(const PoolShape& s, std::int64_t j) { return adaptive_window(j, s.w, s.ow); }
  __device__ static Window rows_over(const PoolShape& s, std::int64_t h) { return adaptive_window(h, s.oh, s.h); }
  __device__ static Window cols_over(const PoolShape& s, std::int64_t w) { return adaptive_window(w, s.ow, s.w); }
};

/// Where a pixel lies: in which image, row and column.
struct PixelPlace {
  std::int64_t image, row, col;
  __device__ PixelPlace(std::int64_t pixel, std::int64_t h, std::int64_t w) {
    const std::int64_t line = pixel / w;
    image = line / h, row = line - image * h, col = pixel - line * w;
  }
};

/// What add(row of the window, column, output pixel, sums) added for every window that holds a pixel, in order.
template <class Windows, class T, int lanes, class Add>
__device__ Pack<T, lanes> gather_windows(const PoolShape& s, const PixelPlace& at, Add add) {
  using C = compute_t<T>;
  C sums[lanes] = {};
  const Window rows = Windows::rows_over(s, at.row), cols = Windows::cols_over(s, at.col);
  for (std::int64_t i = rows.begin; i < rows.end; ++i)
    for (std::int64_t j = cols.begin; j < cols.end; ++j) add(i, j, (at.image * s.oh + i) * s.ow + j, sums);
  Pack<T, lanes> result;
  for (int k = 0; k < lanes; ++k) result.values[k] = static_cast<T>(sums[k]);
  return result;
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
