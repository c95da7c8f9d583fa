// Pooling of NHWC images: maximum, average, and average to a given size. Memory-bound: each output reads its window
// once; all inner loops run over channels, which are contiguous.
//
// One image is one task, forward and backward: windows may overlap within an image, never across images. So the sums
// have one order, whatever the number of threads.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../layout.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Half-open range of input positions that one output position covers.
struct Window {
  std::int64_t begin, end;
  std::int64_t size() const { return end - begin; }
};

/// A window clipped to the image.
inline Window clipped_window(std::int64_t out, std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  const std::int64_t begin = out * stride - pad;
  return {std::max<std::int64_t>(0, begin), std::min(size, begin + kernel)};
}

/// Window i of `outs` equal parts of `size`, which may overlap by one: floor(i size / outs) ... ceil((i+1) size / outs).
inline Window adaptive_window(std::int64_t i, std::int64_t size, std::int64_t outs) {
  return {i * size / outs, ((i + 1) * size + outs - 1) / outs};
}

/// The windows of all output rows and columns.
struct Windows {
  std::vector<Window> rows, cols;
};
inline Windows pool_windows(const PoolShape& s) {
  Windows w;
  for (std::int64_t i = 0; i < s.oh; ++i) w.rows.push_back(clipped_window(i, s.h, s.kh, s.stride_h, s.pad_h));
  for (std::int64_t i = 0; i < s.ow; ++i) w.cols.push_back(clipped_window(i, s.w, s.kw, s.stride_w, s.pad_w));
  return w;
}
inline Windows adaptive_windows(const PoolShape& s) {
  Windows w;
  for (std::int64_t i = 0; i < s.oh; ++i) w.rows.push_back(adaptive_window(i, s.h, s.oh));
  for (std::int64_t i = 0; i < s.ow; ++i) w.cols.push_back(adaptive_window(i, s.w, s.ow));
  return w;
}

/// visit(output position y, x) for every output of one image.
template <class Visit>
void for_each_output(const PoolShape& s, Visit visit) {
  for (std::int64_t y = 0; y < s.oh; ++y)
    for (std::int64_t x = 0; x < s.ow; ++x) visit(y, x);
}

/// y[.., c] = scale(window) * sum over the window, accumulated in the compute type.
template <class T, class Divisor>
void average(const PoolShape& s, const Windows& w, Divisor divisor, const T* x, T* y) {
  using C = compute_t<T>;
  parallel_for(s.n, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<C> sums(static_cast<std::size_t>(s.c));
    for (std::int64_t n = first; n < last; ++n)
      for_each_output(s, [&](std::int64_t oy, std::int64_t ox) {
        const Window rows = w.rows[static_cast<std::size_t>(oy)], cols = w.cols[static_cast<std::size_t>(ox)];
        std::fill(sums.begin(), sums.end(), C(0));
        for (std::int64_t iy = rows.begin; iy < rows.end; ++iy)
          for (std::int64_t ix = cols.begin; ix < cols.end; ++ix) {
            const T* pixel = x + ((n * s.h + iy) * s.w + ix) * s.c;
            for (std::int64_t c = 0; c < s.c; ++c) sums[static_cast<std::size_t>(c)] += static_cast<C>(pixel[c]);
          }
        const C k = 1 / static_cast<C>(divisor(rows, cols));
        T* out = y + ((n * s.oh + oy) * s.ow + ox) * s.c;
        for (std::int64_t c = 0; c < s.c; ++c) out[c] = static_cast<T>(k * sums[static_cast<std::size_t>(c)]);
      });
  });
}

/// Gradient of average: every pixel of a window gets dy / divisor. One image is one task, so windows may overlap.
template <class T, class Divisor>
void average_backward(const PoolShape& s, const Windows& w, Divisor divisor, const T* dy, T* dx) {
  using C = compute_t<T>;
  const std::int64_t image = s.h * s.w * s.c;
  parallel_for(s.n, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<C> sums(static_cast<std::size_t>(image));
    for (std::int64_t n = first; n < last; ++n) {
      std::fill(sums.begin(), sums.end(), C(0));
      for_each_output(s, [&](std::int64_t oy, std::int64_t ox) {
        const Window rows = w.rows[static_cast<std::size_t>(oy)], cols = w.cols[static_cast<std::size_t>(ox)];
        const C k = 1 / static_cast<C>(divisor(rows, cols));
        const T* g = dy + ((n * s.oh + oy) * s.ow + ox) * s.c;
        for (std::int64_t iy = rows.begin; iy < rows.end; ++iy)
          for (std::int64_t ix = cols.begin; ix < cols.end; ++ix) {
            C* pixel = sums.data() + (iy * s.w + ix) * s.c;
            for (std::int64_t c = 0; c < s.c; ++c) pixel[c] += k * static_cast<C>(g[c]);
          }
      });
      for (std::int64_t i = 0; i < image; ++i) dx[n * image + i] = static_cast<T>(sums[static_cast<std::size_t>(i)]);
    }
  });
}

}  // namespace detail

/// y = largest value of each window (padding never wins); index = its place in the image, row * w + column. The first
/// of equal values wins; a NaN wins over everything.
template <class T>
void max_pool(Cpu, const PoolShape& s, const T* x, T* y, std::int32_t* index) {
  using C = compute_t<T>;
  const detail::Windows w = detail::pool_windows(s);
  parallel_for(s.n, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t n = first; n < last; ++n)
      detail::for_each_output(s, [&](std::int64_t oy, std::int64_t ox) {
        const detail::Window rows = w.rows[static_cast<std::size_t>(oy)], cols = w.cols[static_cast<std::size_t>(ox)];
        T* out = y + ((n * s.oh + oy) * s.ow + ox) * s.c;
        std::int32_t* at = index + ((n * s.oh + oy) * s.ow + ox) * s.c;
        const T* image = x + n * s.h * s.w * s.c;
        const auto here = static_cast<std::int32_t>(rows.begin * s.w + cols.begin);
        std::copy_n(image + here * s.c, s.c, out);
        std::fill_n(at, s.c, here);
        for (std::int64_t iy = rows.begin; iy < rows.end; ++iy)
          for (std::int64_t ix = cols.begin; ix < cols.end; ++ix) {
            const auto place = static_cast<std::int32_t>(iy * s.w + ix);
            const T* pixel = image + place * s.c;
            for (std::int64_t c = 0; c < s.c; ++c) {
              const C value = static_cast<C>(pixel[c]), best = static_cast<C>(out[c]);
              const bool wins = value > best || (value != value && best == best);
              out[c] = wins ? pixel[c] : out[c];
              at[c] = wins ? place : at[c];
            }
          }
      });
  });
}

/// dx[index] += dy: each output's gradient goes to the value that won.
template <class T>
void max_pool_backward(Cpu, const PoolShape& s, const T* dy, const std::int32_t* index, T* dx) {
  using C = compute_t<T>;
  const std::int64_t image = s.h * s.w * s.c, outs = s.oh * s.ow * s.c;
  parallel_for(s.n, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<C> sums(static_cast<std::size_t>(image));
    for (std::int64_t n = first; n < last; ++n) {
      std::fill(sums.begin(), sums.end(), C(0));
      for (std::int64_t i = 0; i < outs; ++i)
        sums[static_cast<std::size_t>(index[n * outs + i] * s.c + i % s.c)] += static_cast<C>(dy[n * outs + i]);
      for (std::int64_t i = 0; i < image; ++i) dx[n * image + i] = static_cast<T>(sums[static_cast<std::size_t>(i)]);
    }
  });
}

/// Mean of each window. count_padding: divide by the whole kernel, else by the pixels inside the image.
template <class T>
void average_pool(Cpu, const PoolShape& s, bool count_padding, const T* x, T* y) {
  detail::average(s, detail::pool_windows(s), [&](detail::Window rows, detail::Window cols) {
    return count_padding ? s.kh * s.kw : rows.size() * cols.size();
  }, x, y);
}
template <class T>
void average_pool_backward(Cpu, const PoolShape& s, bool count_padding, const T* dy, T* dx) {
  detail::average_backward(s, detail::pool_windows(s), [&](detail::Window rows, detail::Window cols) {
    return count_padding ? s.kh * s.kw : rows.size() * cols.size();
  }, dy, dx);
}

/// Mean over oh x ow nearly equal parts of the image; 1 x 1 is the mean of all pixels.
template <class T>
void adaptive_average_pool(Cpu, const PoolShape& s, const T* x, T* y) {
  detail::average(s, detail::adaptive_windows(s), [](detail::Window rows, detail::Window cols) { return rows.size() * cols.size(); }, x, y);
}
template <class T>
void adaptive_average_pool_backward(Cpu, const PoolShape& s, const T* dy, T* dx) {
  detail::average_backward(s, detail::adaptive_windows(s), [](detail::Window rows, detail::Window cols) { return rows.size() * cols.size(); }, dy, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
