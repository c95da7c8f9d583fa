// Enlarging of NHWC images by repeating pixels: a row of threads for each pixel that is written. Twin:
// kernels/cpu/upsample.hpp.
//
// Memory-bound: every pixel is written once, and what it is made of comes from the caches after the first time.
#pragma once
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "../layout.hpp"
#include "pack.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// s.c counts words.
template <class Word>
__global__ void upsample_nearest_kernel(PoolShape s, const Word* x, Word* y) {
  for (std::int64_t pixel = first_row(); pixel < s.n * s.oh * s.ow; pixel += row_step()) {
    const std::int64_t row = pixel / s.ow, j = pixel - row * s.ow, image = row / s.oh, i = row - image * s.oh;
    const Word* const from = x + ((image * s.h + i * s.h / s.oh) * s.w + j * s.w / s.ow) * s.c;
    for (std::int64_t c = first_item(); c < s.c; c += item_step()) y[pixel * s.c + c] = from[c];
  }
}

/// s.c counts packs.
template <class T, int lanes>
__global__ void upsample_nearest_backward_kernel(PoolShape s, const Pack<T, lanes>* dy, Pack<T, lanes>* dx) {
  using C = compute_t<T>;
  for (std::int64_t pixel = first_row(); pixel < s.n * s.h * s.w; pixel += row_step()) {
    const std::int64_t row = pixel / s.w, image = row / s.h;
    const Window rows = copies_of(row - image * s.h, s.h, s.oh), cols = copies_of(pixel - row * s.w, s.w, s.ow);
    for (std::int64_t c = first_item(); c < s.c; c += item_step()) {
      C sums[lanes] = {};
      for (std::int64_t i = rows.begin; i < rows.end; ++i)
        for (std::int64_t j = cols.begin; j < cols.end; ++j) {
          const Pack<T, lanes> add = dy[((image * s.oh + i) * s.ow + j) * s.c + c];
          for (int k = 0; k < lanes; ++k) sums[k] += static_cast<C>(add.values[k]);
        }
      Pack<T, lanes> result;
      for (int k = 0; k < lanes; ++k) result.values[k] = static_cast<T>(sums[k]);
      dx[pixel * s.c + c] = result;
    }
  }
}

}  // namespace detail

/// y[n, i, j] = x[n, floor(i h / oh), floor(j w / ow)]. Needs oh >= h and ow >= w.
template <class T>
void upsample_nearest(Cuda queue, const PoolShape& s, const T* x, T* y) {
  const std::int64_t pixels = s.n * s.oh * s.ow, bytes = s.c * static_cast<std::int64_t>(sizeof(T));
  if (pixels <= 0 || bytes <= 0) return;
  on_word(bytes, x, y, [&]<class Word>() {
    PoolShape of_words = s;
    of_words.c = bytes / static_cast<std::int64_t>(sizeof(Word));
    launch("upsample_nearest", queue, grid_over_matrix(pixels, of_words.c), detail::upsample_nearest_kernel<Word>,
           of_words, reinterpret_cast<const Word*>(x), reinterpret_cast<Word*>(y));
  });
}

/// dx = sum of dy over the copies of each pixel.
template <class T>
void upsample_nearest_backward(Cuda queue, const PoolShape& s, const T* dy, T* dx) {
  const std::int64_t pixels = s.n * s.h * s.w;
  if (pixels <= 0 || s.c <= 0) return;
  on_lanes<T>(s.c, dy, dx, [&]<int lanes>() {
    using P = Pack<T, lanes>;
    PoolShape of_packs = s;
    of_packs.c = s.c / lanes;
    launch("upsample_nearest backward", queue, grid_over_matrix(pixels, of_packs.c),
           detail::upsample_nearest_backward_kernel<T, lanes>, of_packs, reinterpret_cast<const P*>(dy),
           reinterpret_cast<P*>(dx));
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
