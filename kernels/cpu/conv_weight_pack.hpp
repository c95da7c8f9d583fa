// What a weight gradient multiplies, packed: pixels of the gradient of the output, and of the image.
//
// A term of the sums is an output pixel of one image or, of bf16, of two that follow each other: the pair of what they
// read times the pair of their gradients. Both see the same taps, so that padding costs nothing. Where the last image
// has no partner, zeros stand in for it.
#pragma once
#include <algorithm>
#include <cstring>

#include "gemm_pack.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

inline constexpr std::int64_t strip_pitch = 8;  ///< values per entry of a strip; only tile_rows of them are used
static_assert(tile_rows <= strip_pitch);

/// The type in memory of what is multiplied as T.
template <class T>
using stored_t = std::conditional_t<std::is_same_v<T, Bf16Pair>, bf16, T>;

/// out [count, width] = `count` pixels `step` apart, `used` channels of each, zeros beyond.
template <std::int64_t width, class T>
void pack_pixels(const T* from, const T*, std::int64_t count, std::int64_t step, std::int64_t used, T* out) {
  for (const T* const end = out + count * width; out != end; from += step, out += width)
    if (used == width)
      std::memcpy(out, from, width * sizeof(T));  // of constant length: no call
    else
      std::fill(std::copy_n(from, used, out), out + width, T(0));
}
/// The same of two images in pairs; `second` may be null.
template <std::int64_t width>
void pack_pixels(const bf16* first, const bf16* second, std::int64_t count, std::int64_t step, std::int64_t used,
                 Bf16Pair* out) {
  bf16 padded[2][width] = {};
  for (std::int64_t at = 0; at < count * step; at += step, out += width)
    if (second && used == width) {
      pair_up<width>(first + at, second + at, out);
    } else {
      std::copy_n(first + at, used, padded[0]);
      if (second) std::copy_n(second + at, used, padded[1]);
      pair_up<width>(padded[0], padded[1], out);
    }
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
