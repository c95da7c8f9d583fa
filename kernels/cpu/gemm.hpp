// Matrix products: B is packed once into panels that stream through the micro-kernel; A is read where it lies.
#pragma once
#include <algorithm>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../layout.hpp"
#include "gemm_tile.hpp"

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

// Blocks: a panel of gemm_depth rows is 64 KiB in f32 and stays in L2 while gemm_groups tiles pass over it.
inline constexpr std::int64_t gemm_depth = 512, gemm_groups = 8, gemm_panels = 4;

/// Copies columns j ... j + tile_cols - 1 of rows [p0, p0 + depth) of op(b) to out [depth, tile_cols].
/// Beyond column n it writes zeros.
template <class T>
void pack_panel(const GemmShape& s, const T* b, std::int64_t p0, std::int64_t depth, std::int64_t j, T* out) {
  constexpr std::int64_t width = tile_cols<T>;
  const std::int64_t cols = std::min(width, s.n - j);
  if (!s.transpose_b) {
    for (std::int64_t p = 0; p < depth; ++p, out += width) {
      std::copy_n(b + (p0 + p) * s.ldb + j, cols, out);
      std::fill(out + cols, out + width, T(0));
    }
    return;
  }
  for (std::int64_t q = 0; q < width; ++q) {
    const T* row = b + (j + q) * s.ldb + p0;
    for (std::int64_t p = 0; p < depth; ++p) out[p * width + q] = q < cols ? row[p] : T(0);
  }
}

/// A transposed a touches a new page per k: copies the block [k, rows] to [group][k][tile_rows] first.
template <class T>
void pack_columns(const GemmShape& s, const T* a, std::int64_t p0, std::int64_t depth, std::int64_t i0,
                  std::int64_t rows, T* out) {
  for (std::int64_t i = 0; i < rows; i += tile_rows) {
    const T* from = a + p0 * s.lda + i0 + i;
    if (i + tile_rows <= rows)  // a constant length: no call per row
      for (std::int64_t p = 0; p < depth; ++p, out += tile_rows) std::copy_n(from + p * s.lda, tile_rows, out);
    else
      for (std::int64_t p = 0; p < depth; ++p, out += tile_rows) std::copy_n(from + p * s.lda, rows - i, out);
  }
}

/// One block of c: up to gemm_groups tiles high, panels [j0, j1) wide, over depths [p0, p0 + depth).
template <class T>
void gemm_block(const GemmShape& s, const T* a, const T* panels, T* c, std::int64_t i0, std::int64_t j0,
                std::int64_t j1, std::int64_t p0, std::int64_t depth) {
  const std::int64_t rows = std::min(gemm_groups * tile_rows, s.m - i0), groups = ceil_div(rows, tile_rows);
  const Scratch<T> columns(s.transpose_a ? groups * tile_rows * depth : 0);
  if (s.transpose_a) pack_columns(s, a, p0, depth, i0, rows, columns.data());
  Stretch<T> stretch[gemm_groups];
  TileOut<T> out[gemm_groups];
  for (std::int64_t g = 0; g < groups; ++g) {
    out[g].rows = static_cast<int>(std::min<std::int64_t>(tile_rows, rows - g * tile_rows));
    out[g].accumulate = p0 > 0;
    stretch[g].length = depth;
    for (int r = 0; r < tile_rows; ++r) {
      const std::int64_t inside = std::min(r, out[g].rows - 1), i = i0 + g * tile_rows + inside;
      stretch[g].a[r] = s.transpose_a ? columns.data() + g * tile_rows * depth + inside : a + i * s.lda + p0;
      out[g].row[r] = c + i * s.ldc;
    }
  }
  for (std::int64_t j = j0; j < j1; ++j)
    for (std::int64_t g = 0; g < groups; ++g) {
      stretch[g].b = panels + j * tile_cols<T> * depth;
      out[g].cols = std::min<std::int64_t>(tile_cols<T>, s.n - j * tile_cols<T>);
      sum_tile(&stretch[g], 1, {.a_step = s.transpose_a ? tile_rows : 1, .c = j * tile_cols<T>}, out[g]);
    }
}

}  // namespace detail

/// c = op(a) op(b), overwriting c. Deterministic at any thread count.
template <class T>
void gemm(Cpu, const GemmShape& s, const T* a, const T* b, T* c) {
  using namespace detail;
  if (s.k == 0)
    for (std::int64_t i = 0; i < s.m; ++i) std::fill_n(c + i * s.ldc, s.n, T(0));
  if (s.m == 0 || s.n == 0 || s.k == 0) return;
  const std::int64_t panels = ceil_div(s.n, tile_cols<T>), panel_blocks = ceil_div(panels, gemm_panels);
  const std::int64_t row_blocks = ceil_div(s.m, gemm_groups * tile_rows);
  const Scratch<T> packed(panels * tile_cols<T> * std::min(s.k, gemm_depth));
  for (std::int64_t p0 = 0; p0 < s.k; p0 += gemm_depth) {
    const std::int64_t depth = std::min(gemm_depth, s.k - p0);
    parallel_for(panels, gemm_panels, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t j = begin; j < end; ++j)
        pack_panel(s, b, p0, depth, j * tile_cols<T>, packed.data() + j * tile_cols<T> * depth);
    });
    parallel_for(row_blocks * panel_blocks, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) {
        const std::int64_t j0 = block % panel_blocks * gemm_panels;
        gemm_block(s, a, packed.data(), c, block / panel_blocks * gemm_groups * tile_rows, j0,
                   std::min(j0 + gemm_panels, panels), p0, depth);
      }
    });
  }
}

/// bf16 operands, float sums.
AKIN_LAZY void gemm(Cpu cpu, const GemmShape& s, const bf16* a, const bf16* b, bf16* c) {
  const auto extent = [](std::int64_t rows, std::int64_t cols, std::int64_t ld) {
    return rows ? (rows - 1) * ld + cols : 0;
  };
  const auto wide_a = widened(a, s.transpose_a ? extent(s.k, s.m, s.lda) : extent(s.m, s.k, s.lda));
  const auto wide_b = widened(b, s.transpose_b ? extent(s.n, s.k, s.ldb) : extent(s.k, s.n, s.ldb));
  const Scratch<float> wide_c(s.m * s.n);
  GemmShape dense = s;
  dense.ldc = s.n;
  gemm(cpu, dense, static_cast<const float*>(wide_a.data()), static_cast<const float*>(wide_b.data()), wide_c.data());
  for (std::int64_t i = 0; i < s.m; ++i) narrow(wide_c.data() + i * s.n, s.n, c + i * s.ldc);
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
