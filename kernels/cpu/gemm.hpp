// Matrix products: B is packed into panels that stream through the micro-kernel; A is packed where that pays.
#pragma once
#include <algorithm>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../layout.hpp"
#include "gemm_pack.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// The definition: c[i, j] = sum over p of op(a)[i, p] op(b)[p, j], summed in double.
template <class T>
void gemm_naive(Cpu, const GemmShape& s, const T* a, const T* b, T* c) {
  using C = compute_t<T>;
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.n; ++j) {
      double sum = 0;
      for (std::int64_t p = 0; p < s.k; ++p)
        sum += static_cast<double>(static_cast<C>(s.transpose_a ? a[p * s.lda + i] : a[i * s.lda + p])) *
               static_cast<double>(static_cast<C>(s.transpose_b ? b[j * s.ldb + p] : b[p * s.ldb + j]));
      c[i * s.ldc + j] = static_cast<T>(static_cast<C>(sum));
    }
}

namespace detail {

// Blocks: a panel of gemm_depth terms is 32 KiB in f32 on AVX2 and stays in the nearest caches while gemm_groups tiles
// pass over it. The packed rows of a slab, 2 MiB, stay in the last-level cache.
inline constexpr std::int64_t gemm_depth = 512, gemm_groups = 8, gemm_panels = 4, gemm_slab = 21 * gemm_groups;

/// Reading a where it lies costs nothing when few panels pass over it. Transposed, or under many panels, it is worth a
/// copy: rows a power of two apart would fall into a few sets of the caches.
inline bool packs_rows(const GemmShape& s, std::int64_t panels) { return s.transpose_a || panels > 16; }

/// Whether the rows of a can be multiplied where they lie: they are of the type S, or pairs of neighbours.
template <class S, class T>
bool reads_in_place(const GemmShape& s) {
  return std::is_same_v<S, T> || (std::is_same_v<S, Bf16Pair> && std::is_same_v<T, bf16> && holds_pairs(s.k, s.lda));
}

/// What the blocks of one slab share: the terms [p0, p0 + depth), the rows of c from `first` on, the packed panels of b,
/// and the packed rows of a, or a itself.
template <class S>
struct GemmSlab {
  std::int64_t p0, depth, first;
  const S *panels, *rows, *a;  ///< rows or a is null
  std::int64_t lda;
};

/// One block of c, rows ldc apart: up to gemm_groups tiles high from row i0 on, panels [j0, j1) wide. c points to its
/// upper left.
template <class S>
void gemm_block(const GemmShape& s, const GemmSlab<S>& slab, compute_t<S>* c, std::int64_t ldc, std::int64_t i0,
                std::int64_t j0, std::int64_t j1) {
  const std::int64_t rows = std::min(gemm_groups * tile_rows, s.m - i0), groups = ceil_div(rows, tile_rows);
  Stretch<S> stretch[gemm_groups];
  TileOut<compute_t<S>> out[gemm_groups];
  for (std::int64_t g = 0; g < groups; ++g) {
    out[g].rows = static_cast<int>(std::min<std::int64_t>(tile_rows, rows - g * tile_rows));
    out[g].accumulate = slab.p0 > 0;
    stretch[g].length = slab.depth;
    for (int r = 0; r < tile_rows; ++r) {
      const std::int64_t inside = std::min(r, out[g].rows - 1), i = i0 + g * tile_rows + inside;
      stretch[g].a[r] = slab.rows ? slab.rows + (i0 - slab.first + g * tile_rows) * slab.depth + inside
                                  : slab.a + i * slab.lda + slab.p0;
      out[g].row[r] = c + (i - i0) * ldc;
    }
  }
  for (std::int64_t j = j0; j < j1; ++j)
    for (std::int64_t g = 0; g < groups; ++g) {
      stretch[g].b = slab.panels + j * tile_cols<S> * slab.depth;
      out[g].cols = std::min<std::int64_t>(tile_cols<S>, s.n - j * tile_cols<S>);
      sum_tile(&stretch[g], 1, {.a_step = slab.rows ? tile_rows : 1, .c = (j - j0) * tile_cols<S>}, out[g]);
    }
}

/// One block of c in bf16: its sums are complete, and are rounded while they are in the nearest cache.
template <class S>
void gemm_block(const GemmShape& s, const GemmSlab<S>& slab, bf16* c, std::int64_t ldc, std::int64_t i0,
                std::int64_t j0, std::int64_t j1) {
  constexpr std::int64_t width = gemm_panels * tile_cols<S>;
  float sums[gemm_groups * tile_rows * width];
  gemm_block<S>(s, slab, sums, width, i0, j0, j1);
  const std::int64_t rows = std::min(gemm_groups * tile_rows, s.m - i0);
  const std::int64_t cols = std::min(j1 * tile_cols<S>, s.n) - j0 * tile_cols<S>;
  for (std::int64_t i = 0; i < rows; ++i) convert_run(sums + i * width, cols, c + i * ldc);
}

/// The blocks of rows [slab.first, last) of c.
template <class S, class C>
void gemm_blocks(const GemmShape& s, const GemmSlab<S>& slab, std::int64_t last, C* c) {
  constexpr std::int64_t height = gemm_groups * tile_rows;
  const std::int64_t panels = ceil_div(s.n, tile_cols<S>), wide = ceil_div(panels, gemm_panels);
  parallel_for(ceil_div(last - slab.first, height) * wide, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t i0 = slab.first + block / wide * height, j0 = block % wide * gemm_panels;
      gemm_block<S>(s, slab, c + i0 * s.ldc + j0 * tile_cols<S>, s.ldc, i0, j0, std::min(j0 + gemm_panels, panels));
    }
  });
}

/// c = op(a) op(b) from operands of type T, multiplied as S: T itself, float copies of bf16, or pairs of bf16. C is the
/// type of the sums; bf16 only where all terms are summed at once.
template <class S, class T, class C>
void gemm_as(const GemmShape& s, const T* a, const T* b, C* c) {
  const std::int64_t panels = ceil_div(s.n, tile_cols<S>), slab_rows = gemm_slab * tile_rows;
  const std::int64_t terms = ceil_div(s.k, products_per_term<S>), deepest = std::min(terms, gemm_depth);
  const S* in_place = nullptr;
  if (!packs_rows(s, panels) && reads_in_place<S, T>(s)) in_place = reinterpret_cast<const S*>(a);
  const Scratch<S> packed(panels * tile_cols<S> * deepest);
  const Scratch<S> rows(in_place ? 0 : ceil_div(std::min(s.m, slab_rows), tile_rows) * tile_rows * deepest);
  for (std::int64_t p0 = 0; p0 < terms; p0 += gemm_depth) {
    const std::int64_t depth = std::min(gemm_depth, terms - p0);
    parallel_for(panels, gemm_panels, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t j = begin; j < end; ++j)
        pack_panel(s, b, p0, depth, j * tile_cols<S>, packed.data() + j * tile_cols<S> * depth);
    });
    for (std::int64_t first = 0; first < s.m; first += slab_rows) {
      const std::int64_t last = std::min(s.m, first + slab_rows);
      parallel_for(in_place ? 0 : ceil_div(last - first, tile_rows), gemm_groups,
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t g = begin; g < end; ++g)
                       pack_rows(s, a, p0, depth, first + g * tile_rows, rows.data() + g * tile_rows * depth);
                   });
      gemm_blocks<S>(
          s,
          {p0, depth, first, packed.data(), in_place ? nullptr : rows.data(), in_place, s.lda / products_per_term<S>},
          last, c);
    }
  }
}

}  // namespace detail

/// c = op(a) op(b), overwriting c. Deterministic at any thread count.
template <class T>
void gemm(Cpu, const GemmShape& s, const T* a, const T* b, T* c) {
  if (s.k == 0)
    for (std::int64_t i = 0; i < s.m; ++i) std::fill_n(c + i * s.ldc, s.n, T(0));
  if (s.m == 0 || s.n == 0 || s.k == 0) return;
  detail::gemm_as<T>(s, a, b, c);
}

/// bf16 operands, float sums.
AKIN_LAZY void gemm(Cpu, const GemmShape& s, const bf16* a, const bf16* b, bf16* c) {
  using S = std::conditional_t<has_bf16_dot, Bf16Pair, float>;
  if (s.m == 0 || s.n == 0) return;
  if (s.k > 0 && detail::ceil_div(s.k, detail::products_per_term<S>) <= detail::gemm_depth)
    return detail::gemm_as<S>(s, a, b, c);
  const Scratch<float> sums(s.m * s.n);
  GemmShape dense = s;
  dense.ldc = s.n;
  if (s.k > 0)
    detail::gemm_as<S>(dense, a, b, sums.data());
  else
    std::fill_n(sums.data(), s.m * s.n, 0.0f);
  parallel_for(s.m, convert_grain / s.n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) convert_run(sums.data() + i * s.n, s.n, c + i * s.ldc);
  });
}

/// `count` products of one shape: product i reads a + a_offset[i] and b + b_offset[i], and writes c + i * m * ldc.
/// Where a product has fewer tasks inside than there are products, each runs on one thread, beside others. The order of
/// its sums is the same either way.
template <class T>
void gemm_batch(Cpu cpu, const GemmShape& s, std::int64_t count, const T* a, const std::int64_t* a_offset, const T* b,
                const std::int64_t* b_offset, T* c) {
  using namespace detail;
  const auto run = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) gemm(cpu, s, a + a_offset[i], b + b_offset[i], c + i * s.m * s.ldc);
  };
  const std::int64_t tasks =
      ceil_div(s.m, gemm_groups * tile_rows) * ceil_div(s.n, gemm_panels * tile_cols<compute_t<T>>);
  if (tasks >= count) return run(0, count);
  const double products_per_chunk =
      (1 << 16) / (static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k) + 1);
  parallel_for(count, static_cast<std::int64_t>(products_per_chunk), run);
}

}  // namespace akin::inline AKIN_ABI::kernels
