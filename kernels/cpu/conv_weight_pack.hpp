// What a weight gradient multiplies, packed: rows of the gradient of the output, and strips of the image.
//
// A term of the sums is one output pixel or, of bf16, two neighbours of a row: a pair of what they read times a pair of
// their gradients. A half that is padding, or has no partner, is zero; infinity times that is NaN, as in all kernels that
// do not skip padding.
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

/// Entries of a strip for an image row. As pairs, entry e holds the pixels e - stride and e, which neighbouring outputs
/// read through the same tap.
template <class T>
std::int64_t strip_cols(const ConvShape& s) {
  return s.w + (products_per_term<T> - 1) * s.stride_w;
}

/// out [cols, tile_cols] = an output row, `used` channels of each pixel, `step` apart; zeros beyond.
template <class T>
void pack_output_row(const T* from, std::int64_t cols, std::int64_t step, std::int64_t used, T* out) {
  constexpr std::int64_t width = tile_cols<T>;
  for (const T* const end = out + cols * width; out != end; from += step, out += width)
    if (used == width)
      std::memcpy(out, from, width * sizeof(T));  // of constant length: no call
    else
      std::fill(std::copy_n(from, used, out), out + width, T(0));
}
/// Pairs of pixels, [cols / 2 rounded up, tile_cols]: the rows of a product. The last of an odd number has no partner.
AKIN_LAZY void pack_output_row(const bf16* from, std::int64_t cols, std::int64_t step, std::int64_t used,
                               Bf16Pair* out) {
  pair_rows<tile_cols<Bf16Pair>>(from, step, cols, 0, ceil_div(cols, 2), used, out);
}

/// out [strip_cols, strip_pitch] = an image row, `left` channels of each pixel, zeros beyond. Where the next channels
/// follow, they are copied too, unused: a full vector moves at once.
template <class T>
void pack_strip_row(const ConvShape& s, const T* from, std::int64_t left, T* out) {
  T* const end = out + s.w * strip_pitch;
  if (left >= strip_pitch)
    for (; out != end; from += s.c, out += strip_pitch) std::memcpy(out, from, strip_pitch * sizeof(T));
  else
    for (; out != end; from += s.c, out += strip_pitch)
      std::fill(std::copy_n(from, left, out), out + strip_pitch, T(0));
}
/// Pairs: entry e is the pixels e - stride_w and e, zeros outside of the row.
AKIN_LAZY void pack_strip_row(const ConvShape& s, const bf16* from, std::int64_t left, Bf16Pair* out) {
  bf16 padded[2][strip_pitch];
  const auto channels = [&](std::int64_t pixel, bf16* copy) -> const bf16* {
    const bool inside = pixel >= 0 && pixel < s.w;
    if (inside && left >= strip_pitch) return from + pixel * s.c;
    std::fill(std::copy_n(from + (inside ? pixel * s.c : 0), inside ? left : 0, copy), copy + strip_pitch, bf16{});
    return copy;
  };
  for (std::int64_t e = 0; e < s.w + s.stride_w; ++e, out += strip_pitch)
    pair_up<strip_pitch>(channels(e - s.stride_w, padded[0]), channels(e, padded[1]), out);
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
