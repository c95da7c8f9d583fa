// Packing the operands of a matrix product for the micro-kernel.
#pragma once
#include <algorithm>
#include <cstring>

#include "../layout.hpp"
#include "gemm_tile.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// Terms of the micro-kernel's sum in k products.
template <class S>
inline constexpr std::int64_t products_per_term = 1;
template <>
inline constexpr std::int64_t products_per_term<Bf16Pair> = 2;

/// Term p of a sum whose factor i is read(i).
template <class S, class Read>
inline S term_of(std::int64_t p, Read read) {
  if constexpr (std::is_same_v<S, Bf16Pair>)
    return {read(2 * p), read(2 * p + 1)};
  else
    return static_cast<S>(read(p));
}

/// Copies columns j ... j + tile_cols - 1 of the terms [p0, p0 + depth) of op(b) to out [depth, tile_cols], and converts
/// them. Beyond column n and row k it writes zeros.
template <class S, class T>
void pack_panel(const GemmShape& s, const T* b, std::int64_t p0, std::int64_t depth, std::int64_t j, S* out) {
  for (std::int64_t p = p0; p < p0 + depth; ++p)
    for (std::int64_t q = j; q < j + tile_cols<S>; ++q)
      *out++ = term_of<S>(p, [&](std::int64_t i) {
        return i < s.k && q < s.n ? b[s.transpose_b ? q * s.ldb + i : i * s.ldb + q] : T(0.0f);
      });
}

/// to[p * pitch + q] = from[q * ld + p] for p, q < 4: one by one, such copies would take longer than small products do.
template <class T>
void transpose_block(const T* from, std::int64_t ld, T* to, std::int64_t pitch) {
  if constexpr (sizeof(T) != 4) {
    for (int p = 0; p < 4; ++p)
      for (int q = 0; q < 4; ++q) to[p * pitch + q] = from[q * ld + p];
  } else {
    typedef std::uint32_t Four __attribute__((vector_size(16)));
    Four row[4];
    for (int q = 0; q < 4; ++q) std::memcpy(&row[q], from + q * ld, sizeof(Four));
    const Four low01 = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
    const Four low23 = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
    const Four high01 = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
    const Four high23 = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
    const Four column[4] = {
        __builtin_shufflevector(low01, low23, 0, 1, 4, 5), __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
        __builtin_shufflevector(high01, high23, 0, 1, 4, 5), __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
    for (int p = 0; p < 4; ++p) std::memcpy(static_cast<void*>(to + p * pitch), &column[p], sizeof(Four));
  }
}

/// to[p * pitch + q] = from[q * ld + p], p < depth and q < rows.
template <class T>
void transpose(const T* from, std::int64_t ld, std::int64_t depth, std::int64_t rows, T* to, std::int64_t pitch) {
  constexpr std::int64_t together = 64 / sizeof(T);  // a cache line of each row; its part of `to` stays in the nearest
  for (std::int64_t first = 0; first < depth; first += together) {
    const std::int64_t end = std::min(first + together, depth);
    std::int64_t q = 0;
    for (; q + 4 <= rows; q += 4) {
      std::int64_t p = first;
      for (; p + 4 <= end; p += 4) transpose_block(from + q * ld + p, ld, to + p * pitch + q, pitch);
      for (; p < end; ++p)
        for (std::int64_t i = q; i < q + 4; ++i) to[p * pitch + i] = from[i * ld + p];
    }
    for (; q < rows; ++q)
      for (std::int64_t p = first; p < end; ++p) to[p * pitch + q] = from[q * ld + p];
  }
}

/// The same without conversion.
template <class T>
void pack_panel(const GemmShape& s, const T* b, std::int64_t p0, std::int64_t depth, std::int64_t j, T* out) {
  constexpr std::int64_t width = tile_cols<T>;
  const std::int64_t cols = std::min(width, s.n - j);
  if (!s.transpose_b) {
    const T* from = b + p0 * s.ldb + j;
    for (std::int64_t p = 0; p < depth; ++p, from += s.ldb, out += width)
      if (cols == width)
        std::memcpy(out, from, width * sizeof(T));  // of constant length: no call, where a move would be one
      else
        std::fill(std::copy_n(from, cols, out), out + width, T{});
    return;
  }
  transpose(b + j * s.ldb + p0, s.ldb, depth, cols, out, width);
  if (cols < width)
    for (std::int64_t p = 0; p < depth; ++p) std::fill(out + p * width + cols, out + (p + 1) * width, T{});
}

/// Copies rows i ... i + tile_rows - 1 of the terms [p0, p0 + depth) of op(a) to out [depth, tile_rows], and converts
/// them. Beyond row m it writes zeros.
template <class S, class T>
void pack_rows(const GemmShape& s, const T* a, std::int64_t p0, std::int64_t depth, std::int64_t i, S* out) {
  for (std::int64_t p = p0; p < p0 + depth; ++p)
    for (std::int64_t r = i; r < i + tile_rows; ++r)
      *out++ = term_of<S>(p, [&](std::int64_t q) {
        return q < s.k && r < s.m ? a[s.transpose_a ? q * s.lda + r : r * s.lda + q] : T(0.0f);
      });
}

/// The same without conversion. Beyond row m it leaves what is there: nobody reads the results.
template <class T>
void pack_rows(const GemmShape& s, const T* a, std::int64_t p0, std::int64_t depth, std::int64_t i, T* out) {
  const std::int64_t rows = std::min<std::int64_t>(tile_rows, s.m - i);
  if (!s.transpose_a) {
    transpose(a + i * s.lda + p0, s.lda, depth, rows, out, tile_rows);
    return;
  }
  const T* from = a + p0 * s.lda + i;
  for (std::int64_t p = 0; p < depth; ++p, from += s.lda, out += tile_rows)
    if (rows == tile_rows)
      std::memcpy(out, from, tile_rows * sizeof(T));
    else
      std::copy_n(from, rows, out);
}

// ---- bf16 as pairs --------------------------------------------------------------------------------------------------

/// Whether rows of k values, `ld` apart, can be read as rows of k / 2 pairs.
inline bool holds_pairs(std::int64_t k, std::int64_t ld) { return k % 2 == 0 && ld % 2 == 0; }

/// The shape of a product whose operands are read so.
inline GemmShape in_pairs(GemmShape s) {
  s.k /= 2, s.lda /= 2, s.ldb /= 2;
  return s;
}

/// out[i] = the pair of first[i] and second[i], i < width.
template <std::int64_t width>
void pair_up(const bf16* first, const bf16* second, Bf16Pair* out) {
  std::uint32_t pairs[width];
  for (std::int64_t i = 0; i < width; ++i) pairs[i] = first[i].bits | std::uint32_t{second[i].bits} << 16;
  std::memcpy(static_cast<void*>(out), pairs, sizeof pairs);
}

/// out [depth, width] = pairs of rows 2 p and 2 p + 1 of the k rows `from`, `used` values each, p from p0 on; zeros
/// beyond.
template <std::int64_t width>
void pair_rows(const bf16* from, std::int64_t ld, std::int64_t k, std::int64_t p0, std::int64_t depth,
               std::int64_t used, Bf16Pair* out) {
  for (std::int64_t p = p0; p < p0 + depth; ++p, out += width) {
    const bool whole = 2 * p + 1 < k;
    const bf16 *first = from + 2 * p * ld, *second = whole ? first + ld : first;
    bf16 padded[2][width];  // where a pair has no second factor, or a row ends
    if (!whole || used < width) {
      std::fill(std::copy_n(first, used, padded[0]), padded[0] + width, bf16{});
      std::fill(std::copy_n(second, whole ? used : 0, padded[1]), padded[1] + width, bf16{});
      first = padded[0], second = padded[1];
    }
    pair_up<width>(first, second, out);
  }
}

AKIN_LAZY void pack_panel(const GemmShape& s, const bf16* b, std::int64_t p0, std::int64_t depth, std::int64_t j,
                          Bf16Pair* out) {
  constexpr std::int64_t width = tile_cols<Bf16Pair>;
  if (!s.transpose_b)
    pair_rows<width>(b + j, s.ldb, s.k, p0, depth, std::min(width, s.n - j), out);
  else if (holds_pairs(s.k, s.ldb))
    pack_panel(in_pairs(s), reinterpret_cast<const Bf16Pair*>(b), p0, depth, j, out);
  else
    pack_panel<Bf16Pair, bf16>(s, b, p0, depth, j, out);
}

AKIN_LAZY void pack_rows(const GemmShape& s, const bf16* a, std::int64_t p0, std::int64_t depth, std::int64_t i,
                         Bf16Pair* out) {
  if (s.transpose_a)
    pair_rows<tile_rows>(a + i, s.lda, s.k, p0, depth, std::min<std::int64_t>(tile_rows, s.m - i), out);
  else if (holds_pairs(s.k, s.lda))
    pack_rows(in_pairs(s), reinterpret_cast<const Bf16Pair*>(a), p0, depth, i, out);
  else
    pack_rows<Bf16Pair, bf16>(s, a, p0, depth, i, out);
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
