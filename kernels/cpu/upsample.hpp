// Enlarging of NHWC images by repeating pixels.
#pragma once
#include <algorithm>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../layout.hpp"
#include "simd.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Pieces of about 32 Ki elements, cut by shape.
inline std::int64_t upsample_grain(std::int64_t elements_each) {
  return std::max<std::int64_t>(1, (1 << 15) / std::max<std::int64_t>(1, elements_each));
}

}  // namespace detail

/// The textbook form of upsample_nearest.
template <class T>
void upsample_nearest_naive(Cpu, const PoolShape& s, const T* x, T* y) {
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t i = 0; i < s.oh; ++i)
      for (std::int64_t j = 0; j < s.ow; ++j)
        for (std::int64_t c = 0; c < s.c; ++c)
          y[((n * s.oh + i) * s.ow + j) * s.c + c] = x[((n * s.h + i * s.h / s.oh) * s.w + j * s.w / s.ow) * s.c + c];
}

/// y[n, i, j] = x[n, floor(i h / oh), floor(j w / ow)]. Needs oh >= h and ow >= w. Rows that repeat are copied whole.
template <class T>
void upsample_nearest(Cpu, const PoolShape& s, const T* x, T* y) {
  const std::int64_t row_size = s.ow * s.c;
  const auto fill_row = [&](const T* from, T* to) {
    for (std::int64_t w = 0; w < s.w; ++w, from += s.c) {
      const Window copies = copies_of(w, s.w, s.ow);
      for (std::int64_t j = copies.begin; j < copies.end; ++j) to = std::copy_n(from, s.c, to);
    }
  };
  parallel_for(s.n * s.h, detail::upsample_grain(row_size * s.oh / s.h), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Window copies = copies_of(row % s.h, s.h, s.oh);
      T* const first = y + (row / s.h * s.oh + copies.begin) * row_size;
      fill_row(x + row * s.w * s.c, first);
      for (std::int64_t i = copies.begin + 1; i < copies.end; ++i)
        std::copy_n(first, row_size, first + (i - copies.begin) * row_size);
    }
  });
}

/// dx = sum of dy over the copies of each pixel.
template <class T>
void upsample_nearest_backward(Cpu, const PoolShape& s, const T* dy, T* dx) {
  using C = compute_t<T>;
  parallel_for(s.n * s.h, detail::upsample_grain(s.ow * s.c * s.oh / s.h), [&](std::int64_t begin, std::int64_t end) {
    std::vector<C> sums(static_cast<std::size_t>(s.c));  // bf16 gradients are added in float
    for (std::int64_t pixel = begin * s.w; pixel < end * s.w; ++pixel) {
      const std::int64_t row = pixel / s.w;
      const Window rows = copies_of(row % s.h, s.h, s.oh), cols = copies_of(pixel % s.w, s.w, s.ow);
      C* const sum = sums.data();
      std::fill_n(sum, s.c, C(0));
      for (std::int64_t i = rows.begin; i < rows.end; ++i) {
        const T* from = dy + ((row / s.h * s.oh + i) * s.ow + cols.begin) * s.c;
        for (std::int64_t j = cols.begin; j < cols.end; ++j, from += s.c)
          for (std::int64_t c = 0; c < s.c; ++c) sum[c] += static_cast<C>(from[c]);
      }
      for (std::int64_t c = 0; c < s.c; ++c) dx[pixel * s.c + c] = static_cast<T>(sum[c]);
    }
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
