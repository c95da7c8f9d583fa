// 2-d pooling of NHWC images: a row of threads for each pixel that is written, 16 bytes of its channels for each thread.
// Twin: kernels/cpu/pool.hpp.
//
// Gradients are gathered: an input pixel visits the windows that it lies in, in order, so nobody adds to the same memory
// and sums are those of the CPU to the order of their terms.
#pragma once
#include <cstdint>

#include "windows.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

// In all kernels s.c counts packs.

template <class T, int lanes>
__global__ void max_pool_kernel(PoolShape s, const Pack<T, lanes>* x, Pack<T, lanes>* y,
                                Pack<std::int32_t, lanes>* index) {
  using C = compute_t<T>;
  for (std::int64_t pixel = first_row(); pixel < s.n * s.oh * s.ow; pixel += row_step()) {
    const PixelPlace at(pixel, s.oh, s.ow);
    const Window rows = FixedWindows::rows(s, at.row), cols = FixedWindows::cols(s, at.col);
    const std::int64_t first = rows.begin * s.w + cols.begin, image = at.image * s.h * s.w;
    for (std::int64_t c = first_item(); c < s.c; c += item_step()) {
      Pack<T, lanes> best = x[(image + first) * s.c + c];
      Pack<std::int32_t, lanes> where;
      for (int k = 0; k < lanes; ++k) where.values[k] = static_cast<std::int32_t>(first);
      for (std::int64_t h = rows.begin; h < rows.end; ++h)
        for (std::int64_t w = cols.begin; w < cols.end; ++w) {
          const std::int64_t here = h * s.w + w;
          const Pack<T, lanes> pack = x[(image + here) * s.c + c];
          for (int k = 0; k < lanes; ++k) {
            const C value = static_cast<C>(pack.values[k]);
            const bool better = value > static_cast<C>(best.values[k]) || value != value;
            best.values[k] = better ? pack.values[k] : best.values[k];
            where.values[k] = better ? static_cast<std::int32_t>(here) : where.values[k];
          }
        }
      y[pixel * s.c + c] = best;
      index[pixel * s.c + c] = where;
    }
  }
}

template <class T, int lanes>
__global__ void max_pool_backward_kernel(PoolShape s, const Pack<T, lanes>* dy, const Pack<std::int32_t, lanes>* index,
                                         Pack<T, lanes>* dx) {
  using C = compute_t<T>;
  for (std::int64_t pixel = first_row(); pixel < s.n * s.h * s.w; pixel += row_step()) {
    const PixelPlace at(pixel, s.h, s.w);
    const auto here = static_cast<std::int32_t>(at.row * s.w + at.col);
    for (std::int64_t c = first_item(); c < s.c; c += item_step())
      dx[pixel * s.c + c] = gather_windows<FixedWindows, T, lanes>(
          s, at, [&](std::int64_t, std::int64_t, std::int64_t out, C(&sums)[lanes]) {
            const Pack<std::int32_t, lanes> where = index[out * s.c + c];
            const Pack<T, lanes> g = dy[out * s.c + c];
            for (int k = 0; k < lanes; ++k)
              if (where.values[k] == here) sums[k] += static_cast<C>(g.values[k]);
          });
  }
}

/// Sums of a window's row in the compute type, of its rows in double: windows may be whole images.
template <class Windows, class T, int lanes>
__global__ void average_windows_kernel(PoolShape s, bool count_padding, const Pack<T, lanes>* x, Pack<T, lanes>* y) {
  using C = compute_t<T>;
  for (std::int64_t pixel = first_row(); pixel < s.n * s.oh * s.ow; pixel += row_step()) {
    const PixelPlace at(pixel, s.oh, s.ow);
    const Window rows = Windows::rows(s, at.row), cols = Windows::cols(s, at.col);
    const double scale = 1 / window_count(s, rows, cols, count_padding);
    for (std::int64_t c = first_item(); c < s.c; c += item_step()) {
      double totals[lanes] = {};
      for (std::int64_t h = rows.begin; h < rows.end; ++h) {
        C sums[lanes] = {};
        for (std::int64_t w = cols.begin; w < cols.end; ++w) {
          const Pack<T, lanes> pack = x[((at.image * s.h + h) * s.w + w) * s.c + c];
          for (int k = 0; k < lanes; ++k) sums[k] += static_cast<C>(pack.values[k]);
        }
        for (int k = 0; k < lanes; ++k) totals[k] += static_cast<double>(sums[k]);
      }
      Pack<T, lanes> result;
      for (int k = 0; k < lanes; ++k) result.values[k] = static_cast<T>(static_cast<C>(totals[k] * scale));
      y[pixel * s.c + c] = result;
    }
  }
}

template <class Windows, class T, int lanes>
__global__ void average_windows_backward_kernel(PoolShape s, bool count_padding, const Pack<T, lanes>* dy,
                                                Pack<T, lanes>* dx) {
  using C = compute_t<T>;
  for (std::int64_t pixel = first_row(); pixel < s.n * s.h * s.w; pixel += row_step()) {
    const PixelPlace at(pixel, s.h, s.w);
    for (std::int64_t c = first_item(); c < s.c; c += item_step())
      dx[pixel * s.c + c] = gather_windows<Windows, T, lanes>(
          s, at, [&](std::int64_t i, std::int64_t j, std::int64_t out, C(&sums)[lanes]) {
            const C scale =
                C(1) / static_cast<C>(window_count(s, Windows::rows(s, i), Windows::cols(s, j), count_padding));
            const Pack<T, lanes> g = dy[out * s.c + c];
            for (int k = 0; k < lanes; ++k) sums[k] += static_cast<C>(g.values[k]) * scale;
          });
  }
}

inline std::int64_t input_pixels(const PoolShape& s) { return s.n * s.h * s.w; }
inline std::int64_t output_pixels(const PoolShape& s) { return s.n * s.oh * s.ow; }

/// Launches kernel(shape with c in packs, extra..., packs from, packs to) over `pixels`.
template <class Windows, class T>
void launch_averages(std::string_view op, Cuda queue, const PoolShape& s, bool backward, bool count_padding,
                     const T* from, T* to) {
  const std::int64_t pixels = backward ? input_pixels(s) : output_pixels(s);
  if (pixels <= 0 || s.c <= 0) return;
  on_lanes<T>(s.c, from, to, [&]<int lanes>() {
    using P = Pack<T, lanes>;
    PoolShape of_packs = s;
    of_packs.c = s.c / lanes;
    const auto kernel =
        backward ? average_windows_backward_kernel<Windows, T, lanes> : average_windows_kernel<Windows, T, lanes>;
    launch(op, queue, grid_over_matrix(pixels, of_packs.c), kernel, of_packs, count_padding,
           reinterpret_cast<const P*>(from), reinterpret_cast<P*>(to));
  });
}

/// Calls f.operator()<lanes>(shape with c in packs); an index that is not aligned counts as well.
template <class T, class F>
void on_max_pool_lanes(const PoolShape& s, const T* a, const T* b, const std::int32_t* index, F f) {
  const void* const second = is_aligned_for<Pack<std::int32_t, 4>>(index) ? static_cast<const void*>(b) : index;
  on_lanes<T>(s.c, a, second, [&]<int lanes>() {
    PoolShape of_packs = s;
    of_packs.c = s.c / lanes;
    f.template operator()<lanes>(of_packs);
  });
}

}  // namespace detail

/// y = the largest value of each window, index = its position h * w_size + w in the image. The first of equal values
/// wins; NaN wins over numbers. Every window must hold at least one pixel.
template <class T>
void max_pool(Cuda queue, const PoolShape& s, const T* x, T* y, std::int32_t* index) {
  const std::int64_t pixels = detail::output_pixels(s);
  if (pixels <= 0 || s.c <= 0) return;
  detail::on_max_pool_lanes<T>(s, x, y, index, [&]<int lanes>(const PoolShape& of_packs) {
    launch("max_pool", queue, grid_over_matrix(pixels, of_packs.c), detail::max_pool_kernel<T, lanes>, of_packs,
           reinterpret_cast<const Pack<T, lanes>*>(x), reinterpret_cast<Pack<T, lanes>*>(y),
           reinterpret_cast<Pack<std::int32_t, lanes>*>(index));
  });
}

/// dx = dy where the maximum came from, added up where windows overlap; 0 elsewhere. An index outside its window, which
/// max_pool never writes, is ignored.
template <class T>
void max_pool_backward(Cuda queue, const PoolShape& s, const T* dy, const std::int32_t* index, T* dx) {
  const std::int64_t pixels = detail::input_pixels(s);
  if (pixels <= 0 || s.c <= 0) return;
  detail::on_max_pool_lanes<T>(s, dy, dx, index, [&]<int lanes>(const PoolShape& of_packs) {
    launch("max_pool backward", queue, grid_over_matrix(pixels, of_packs.c), detail::max_pool_backward_kernel<T, lanes>,
           of_packs, reinterpret_cast<const Pack<T, lanes>*>(dy),
           reinterpret_cast<const Pack<std::int32_t, lanes>*>(index), reinterpret_cast<Pack<T, lanes>*>(dx));
  });
}

/// y = mean of each window, over its pixels, or over the whole kernel with padding counted as zeros.
template <class T>
void average_pool(Cuda queue, const PoolShape& s, bool count_padding, const T* x, T* y) {
  detail::launch_averages<detail::FixedWindows>("average_pool", queue, s, false, count_padding, x, y);
}
template <class T>
void average_pool_backward(Cuda queue, const PoolShape& s, bool count_padding, const T* dy, T* dx) {
  detail::launch_averages<detail::FixedWindows>("average_pool backward", queue, s, true, count_padding, dy, dx);
}

/// y = mean of each of oh x ow windows that cover the image evenly; 1 x 1 is the global average.
template <class T>
void adaptive_average_pool(Cuda queue, const PoolShape& s, const T* x, T* y) {
  detail::launch_averages<detail::AdaptiveWindows>("adaptive_average_pool", queue, s, false, false, x, y);
}
template <class T>
void adaptive_average_pool_backward(Cuda queue, const PoolShape& s, const T* dy, T* dx) {
  detail::launch_averages<detail::AdaptiveWindows>("adaptive_average_pool backward", queue, s, true, false, dy, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
