// The one register-blocked micro-kernel under matrix products and convolutions.
//
// A tile of tile_rows x tile_cols results lives in registers while a list of stretches is summed into it. A stretch
// multiplies `length` elements of each row by as many rows of a packed panel. Rows are pointers, so they may be rows of
// a matrix, or pixels of an image under one tap of a convolution: no im2col buffer is ever built. This is the indirect
// convolution algorithm (Dukhan, arXiv:1907.02129) with several stretches per tile, one per tap.
#pragma once
#include <cstdint>

#include "simd.hpp"

namespace akin::inline AKIN_ABI::kernels {

// Accumulators (rows x 2 vectors) + 2 panel vectors + 1 broadcast must fit in the register file: 32 registers on
// AVX-512 and NEON, 16 elsewhere.
#if AKIN_SIMD_BYTES == 64 || defined(__ARM_NEON)
inline constexpr int tile_rows = 8;
#else
inline constexpr int tile_rows = 6;
#endif
inline constexpr int tile_vectors = 2;
template <class T>
inline constexpr int tile_cols{tile_vectors * lanes<T>};

/// Contributes sum over k < length of a[i][k * a_step] * b[k * tile_cols + j] to element (i, j) of a tile. All rows are
/// read: beyond the edge, point them at the last one.
template <class T>
struct Stretch {
  const T* a[tile_rows];
  const T* b;
  std::int64_t length;
};

/// Where a tile goes: rows are pointers too. Only rows x cols of it are written.
template <class T>
struct TileOut {
  T* row[tile_rows];
  int rows = tile_rows;
  std::int64_t cols = tile_cols<T>;
  bool accumulate = false;  ///< adds to what is there, instead of overwriting it
};

/// Offsets let one list of stretches serve many tiles: a_shift moves along channels, b_shift and c_shift to a panel.
struct TileShift {
  std::int64_t a_step = 1, a = 0, b = 0, c = 0;
};

namespace detail {

template <class T>
inline void write_row(T* out, const Vec<T> (&acc)[tile_vectors], std::int64_t cols, bool accumulate) {
  AKIN_UNROLL
  for (int j = 0; j < tile_vectors; ++j) {
    const std::int64_t left = cols - j * lanes<T>;
    T* p = out + j * lanes<T>;
    if (left >= lanes<T>)
      store<T>(p, accumulate ? load(p) + acc[j] : acc[j]);
    else if (left > 0)
      store_first<T>(p, accumulate ? load_first(p, left) + acc[j] : acc[j], left);
  }
}

}  // namespace detail

/// out[i][j] (+)= sum over the stretches of a tile; pairs of bf16 are summed in float. The caller fills all row pointers,
/// also beyond the edge: choosing them here would leave indices in vector registers, whose way back to addresses waits
/// behind the multiplications.
template <class T>
[[gnu::noinline]] void sum_tile(const Stretch<T>* stretches, std::int64_t count, const TileShift& shift,
                                const TileOut<compute_t<T>>& out) {
  Vec<compute_t<T>> acc[tile_rows][tile_vectors];
  AKIN_UNROLL
  for (int i = 0; i < tile_rows; ++i) {
    AKIN_UNROLL
    for (int j = 0; j < tile_vectors; ++j) acc[i][j] = Vec<compute_t<T>>{};
  }

  for (const Stretch<T>* s = stretches; s != stretches + count; ++s) {
    const T* a[tile_rows];
    AKIN_UNROLL
    for (int i = 0; i < tile_rows; ++i) a[i] = s->a[i] + shift.a;
    const T* b = s->b + shift.b;
    const T* const b_end = b + s->length * tile_cols<T>;
    for (std::int64_t k = 0; b != b_end; b += tile_cols<T>, k += shift.a_step) {
      Vec<T> row[tile_vectors];
      AKIN_UNROLL
      for (int j = 0; j < tile_vectors; ++j) row[j] = load(b + j * lanes<T>);
      AKIN_UNROLL
      for (int i = 0; i < tile_rows; ++i) {
        const Vec<T> x = broadcast(a[i][k]);
        AKIN_UNROLL
        for (int j = 0; j < tile_vectors; ++j) acc[i][j] = multiply_add(acc[i][j], x, row[j]);
      }
    }
  }
  AKIN_UNROLL
  for (int i = 0; i < tile_rows; ++i)
    if (i < out.rows) detail::write_row(out.row[i] + shift.c, acc[i], out.cols, out.accumulate);
}

/// One term of a sum of outer products: where its column and its row lie, in elements.
struct OuterTerm {
  std::int64_t a, b;
};

/// out[i][j] (+)= sum over the terms of a[term.a + i] * b[term.b + j]: as sum_tile, but the rows of the tile are
/// neighbours in memory, so that one number says where a term is and no list of pointers has to be loaded for it.
template <class T>
[[gnu::noinline]] void sum_outer(const OuterTerm* terms, std::int64_t count, const T* a, const T* b,
                                 const TileOut<compute_t<T>>& out) {
  Vec<compute_t<T>> acc[tile_rows][tile_vectors];
  AKIN_UNROLL
  for (int i = 0; i < tile_rows; ++i) {
    AKIN_UNROLL
    for (int j = 0; j < tile_vectors; ++j) {
      __builtin_prefetch(out.row[i] + j * lanes<T>, 1);  // wanted when the sum is complete
      acc[i][j] = Vec<compute_t<T>>{};
    }
  }
  for (const OuterTerm* term = terms; term != terms + count; ++term) {
    const T *column = a + term->a, *row = b + term->b;
    Vec<T> right[tile_vectors];
    AKIN_UNROLL
    for (int j = 0; j < tile_vectors; ++j) right[j] = load(row + j * lanes<T>);
    AKIN_UNROLL
    for (int i = 0; i < tile_rows; ++i) {
      const Vec<T> left = broadcast(column[i]);
      AKIN_UNROLL
      for (int j = 0; j < tile_vectors; ++j) acc[i][j] = multiply_add(acc[i][j], left, right[j]);
    }
  }
  AKIN_UNROLL
  for (int i = 0; i < tile_rows; ++i)
    if (i < out.rows) detail::write_row(out.row[i], acc[i], out.cols, out.accumulate);
}

}  // namespace akin::inline AKIN_ABI::kernels
