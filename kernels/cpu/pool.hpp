// 2-d pooling of NHWC images: the inner loops run along the channels, one window element at a time.
#pragma once
#include <algorithm>
#include <type_traits>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../layout.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Pieces of about 32 Ki elements, cut by shape. double: products of window sizes may exceed 63 bits.
inline std::int64_t pool_grain(double elements_each) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>((1 << 15) / std::max(1.0, elements_each)));
}

/// Calls f(output pixel, first image row * w, window rows, window cols) for output rows [begin, end) of n * oh.
template <class Rows, class Cols, class F>
void for_each_window(const PoolShape& s, std::int64_t begin, std::int64_t end, Rows&& rows, Cols&& cols, F&& f) {
  for (std::int64_t row = begin; row < end; ++row)
    for (std::int64_t j = 0; j < s.ow; ++j) f(row * s.ow + j, row / s.oh * s.h * s.w, rows(row % s.oh), cols(j));
}

inline auto fixed_rows(const PoolShape& s) {
  return [&s](std::int64_t i) { return fixed_window(i, s.h, s.kh, s.stride_h, s.pad_h); };
}
inline auto fixed_cols(const PoolShape& s) {
  return [&s](std::int64_t j) { return fixed_window(j, s.w, s.kw, s.stride_w, s.pad_w); };
}
inline auto adaptive_rows(const PoolShape& s) {
  return [&s](std::int64_t i) { return adaptive_window(i, s.h, s.oh); };
}
inline auto adaptive_cols(const PoolShape& s) {
  return [&s](std::int64_t j) { return adaptive_window(j, s.w, s.ow); };
}

template <class T, class Rows, class Cols>
void average_windows(const PoolShape& s, bool count_padding, Rows rows, Cols cols, const T* x, T* y) {
  using C = compute_t<T>;
  const std::int64_t per_row = s.h * s.w * s.c / std::max<std::int64_t>(1, s.oh);
  parallel_for(s.n * s.oh, pool_grain(static_cast<double>(per_row)), [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> sums(static_cast<std::size_t>(s.c));  // windows may be whole images
    for_each_window(s, begin, end, rows, cols, [&](std::int64_t out, std::int64_t image, Window hs, Window ws) {
      double* const sum = sums.data();
      std::fill_n(sum, s.c, 0.0);
      for (std::int64_t h = hs.begin; h < hs.end; ++h)
        for (std::int64_t w = ws.begin; w < ws.end; ++w) {
          const T* from = x + (image + h * s.w + w) * s.c;
          for (std::int64_t c = 0; c < s.c; ++c) sum[c] += static_cast<C>(from[c]);
        }
      const double scale = 1 / window_count(s, hs, ws, count_padding);
      for (std::int64_t c = 0; c < s.c; ++c) y[out * s.c + c] = static_cast<T>(static_cast<C>(sum[c] * scale));
    });
  });
}

/// One thread owns an image: windows may overlap.
template <class T, class Rows, class Cols>
void spread_windows(const PoolShape& s, bool count_padding, Rows rows, Cols cols, const T* dy, T* dx) {
  const std::int64_t size = s.h * s.w * s.c;
  parallel_for(s.n, pool_grain(static_cast<double>(size)), [&](std::int64_t begin, std::int64_t end) {
    std::fill(dx + begin * size, dx + end * size, T(0));
    for_each_window(s, begin * s.oh, end * s.oh, rows, cols,
                    [&](std::int64_t out, std::int64_t image, Window hs, Window ws) {
                      const T scale = static_cast<T>(1 / window_count(s, hs, ws, count_padding));
                      const T* const from = dy + out * s.c;
                      for (std::int64_t h = hs.begin; h < hs.end; ++h)
                        for (std::int64_t w = ws.begin; w < ws.end; ++w) {
                          T* to = dx + (image + h * s.w + w) * s.c;
                          for (std::int64_t c = 0; c < s.c; ++c) to[c] += from[c] * scale;
                        }
                    });
  });
}

/// Runs backward(dy, dx) on float copies: overlapping gradients must not be added in bf16.
template <class Backward>
void with_float_gradients(const PoolShape& s, const bf16* dy, bf16* dx, Backward&& backward) {
  const auto wide_dy = widened(dy, s.n * s.oh * s.ow * s.c);
  const Scratch<float> wide_dx(s.n * s.h * s.w * s.c);
  backward(static_cast<const float*>(wide_dy.data()), wide_dx.data());
  narrow(wide_dx.data(), s.n * s.h * s.w * s.c, dx);
}

}  // namespace detail

/// y = the largest value of each window, index = its position h * w_size + w in the image. The first of equal values
/// wins; NaN wins over numbers. Every window must hold at least one pixel.
template <class T>
void max_pool(Cpu, const PoolShape& s, const T* x, T* y, std::int32_t* index) {
  using C = compute_t<T>;
  const auto visit = [&](std::int64_t out, std::int64_t image, Window hs, Window ws) {
    T* const best = y + out * s.c;
    std::int32_t* const where = index + out * s.c;
    const std::int64_t first = hs.begin * s.w + ws.begin;
    std::copy_n(x + (image + first) * s.c, s.c, best);
    std::fill_n(where, s.c, static_cast<std::int32_t>(first));
    for (std::int64_t h = hs.begin; h < hs.end; ++h)
      for (std::int64_t w = ws.begin; w < ws.end; ++w) {
        const T* from = x + (image + h * s.w + w) * s.c;
        const auto here = static_cast<std::int32_t>(h * s.w + w);
        for (std::int64_t c = 0; c < s.c; ++c) {
          const C value = static_cast<C>(from[c]);
          const bool better = (value > static_cast<C>(best[c])) | (value != value);
          best[c] = better ? from[c] : best[c];
          where[c] = better ? here : where[c];
        }
      }
  };
  const double taps = static_cast<double>(std::min(s.kh, s.h)) * static_cast<double>(std::min(s.kw, s.w));
  const std::int64_t grain = detail::pool_grain(static_cast<double>(s.ow * s.c) * taps);
  parallel_for(s.n * s.oh, grain, [&](std::int64_t begin, std::int64_t end) {
    detail::for_each_window(s, begin, end, detail::fixed_rows(s), detail::fixed_cols(s), visit);
  });
}

/// dx = dy where the maximum came from, added up where windows overlap; 0 elsewhere.
template <class T>
void max_pool_backward(Cpu cpu, const PoolShape& s, const T* dy, const std::int32_t* index, T* dx) {
  if constexpr (std::is_same_v<T, bf16>) {
    detail::with_float_gradients(s, dy, dx,
                                 [&](const float* from, float* to) { max_pool_backward(cpu, s, from, index, to); });
  } else {
    const std::int64_t size = s.h * s.w * s.c, outputs = s.oh * s.ow * s.c;
    parallel_for(s.n, detail::pool_grain(static_cast<double>(size)), [&](std::int64_t begin, std::int64_t end) {
      std::fill(dx + begin * size, dx + end * size, T(0));
      for (std::int64_t n = begin; n < end; ++n)
        for (std::int64_t i = n * outputs; i < (n + 1) * outputs; i += s.c)
          for (std::int64_t c = 0; c < s.c; ++c) dx[n * size + index[i + c] * s.c + c] += dy[i + c];
    });
  }
}

/// y = mean of each window, over its pixels, or over the whole kernel with padding counted as zeros.
template <class T>
void average_pool(Cpu, const PoolShape& s, bool count_padding, const T* x, T* y) {
  detail::average_windows(s, count_padding, detail::fixed_rows(s), detail::fixed_cols(s), x, y);
}
template <class T>
void average_pool_backward(Cpu cpu, const PoolShape& s, bool count_padding, const T* dy, T* dx) {
  if constexpr (std::is_same_v<T, bf16>)
    detail::with_float_gradients(
        s, dy, dx, [&](const float* from, float* to) { average_pool_backward(cpu, s, count_padding, from, to); });
  else
    detail::spread_windows(s, count_padding, detail::fixed_rows(s), detail::fixed_cols(s), dy, dx);
}

/// y = mean of each of oh x ow windows that cover the image evenly; 1 x 1 is the global average.
template <class T>
void adaptive_average_pool(Cpu, const PoolShape& s, const T* x, T* y) {
  detail::average_windows(s, false, detail::adaptive_rows(s), detail::adaptive_cols(s), x, y);
}
template <class T>
void adaptive_average_pool_backward(Cpu cpu, const PoolShape& s, const T* dy, T* dx) {
  if constexpr (std::is_same_v<T, bf16>)
    detail::with_float_gradients(
        s, dy, dx, [&](const float* from, float* to) { adaptive_average_pool_backward(cpu, s, from, to); });
  else
    detail::spread_windows(s, false, detail::adaptive_rows(s), detail::adaptive_cols(s), dy, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
