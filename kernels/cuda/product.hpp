// Matrix products of any operands, one for each item: c[row, col] = sum over terms of a(row, term) b(col, term).
// Twins: kernels/cpu/gemm.hpp and kernels/cpu/conv.hpp, by way of gemm.hpp and conv.hpp.
//
// A block computes one tile of c. Where c has fewer tiles than the GPU has room for blocks and the sums are long, as in
// the gradients of weights, the terms are cut into slices: each slice writes sums of its own, and a second kernel adds
// them in their order. How many there are depends on the shape only, so the result has the same bits in every run.
#pragma once
#include <limits>
#include <type_traits>

#include "gemm_tile.hpp"
#include "mma_tile.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

struct ProductShape {
  std::int64_t rows, cols, terms, items = 1;
};

/// How the work is shared out: tiles in blockIdx.x, slices of the terms in y, items in z.
template <class C>
struct ProductPlan {
  ProductShape shape;
  std::int64_t row_tiles, col_tiles, slices, slice_terms;
  C* partial = nullptr;  ///< [slices, items, rows, cols], if there is more than one slice
};

/// Rows of c at equal distances. start(item, row): where a row of c begins.
template <class T>
struct EvenRows {
  using Element = T;
  T* c;
  std::int64_t stride, item_step = 0;
  __device__ T* start(std::int64_t item, std::int64_t row) const { return c + item * item_step + row * stride; }
};

/// p[0 ... count) = values, at once if there is room for all and p is aligned.
template <int count, class T, class C>
__device__ void store_run(T* p, const C* values, std::int64_t room) {
  using Run = Pack<T, count>;
  Run run;
  AKIN_DEVICE_UNROLL
  for (int e = 0; e < count; ++e) run.values[e] = static_cast<T>(values[e]);
  if (room >= count && reinterpret_cast<std::uintptr_t>(p) % alignof(Run) == 0) {
    store_pack<count>(p, run);
  } else {
    AKIN_DEVICE_UNROLL
    for (int e = 0; e < count; ++e)
      if (e < room) p[e] = run.values[e];
  }
}

/// Eight rows of tiles after another, each eight column by column: blocks that run at the same time share strips.
struct TilePlace {
  std::int64_t row, col;
  __device__ TilePlace(std::int64_t tile, std::int64_t row_tiles, std::int64_t col_tiles) {
    const std::int64_t first = tile / (8 * col_tiles) * 8, high = row_tiles - first < 8 ? row_tiles - first : 8;
    const std::int64_t within = tile - first * col_tiles;
    row = first + within % high, col = within / high;
  }
};

template <class Tile, class A, class B>
__device__ void sum_terms(Tile& tile, StripReader<Tile, A>& a, StripReader<Tile, B>& b, std::int64_t begin,
                          std::int64_t end) {
  constexpr int strip = Tile::strip_chunks;
  AKIN_SHARED(uint4, strips, 4 * strip);
  uint4 *now = strips, *next = strips + 2 * strip;
  a.read(begin), b.read(begin);
  a.put(now), b.put(now + strip);
  __syncthreads();
  for (std::int64_t term = begin; term < end; term += Tile::depth) {
    const bool more = term + Tile::depth < end;
    if (more) a.read(term + Tile::depth), b.read(term + Tile::depth);
    tile.template multiply<A::along_terms, B::along_terms>(now, now + strip);
    if (more) a.put(next), b.put(next + strip);
    __syncthreads();
    uint4* const last = now;
    now = next, next = last;
  }
}

template <class Tile, class A, class B, class Out>
__global__ void __launch_bounds__(product_threads, 2)
    product_kernel(ProductPlan<compute_t<typename Tile::Element>> plan, A all_a, B all_b, Out out) {
  const ProductShape& s = plan.shape;
  const std::int64_t slice = blockIdx.y, item = blockIdx.z;
  const TilePlace place(blockIdx.x, plan.row_tiles, plan.col_tiles);
  const std::int64_t row = place.row * Tile::size, col = place.col * Tile::size;
  const std::int64_t begin = slice * plan.slice_terms, end = begin + plan.slice_terms;
  const A a = all_a.of(item);
  const B b = all_b.of(item);
  StripReader<Tile, A> strip_a(a, row);
  StripReader<Tile, B> strip_b(b, col);
  Tile tile;
  sum_terms(tile, strip_a, strip_b, begin, end < s.terms ? end : s.terms);
  tile.for_each_run([&](int i, int j, const auto* sums) {
    if (row + i >= s.rows || col + j >= s.cols) return;
    const std::int64_t room = s.cols - col - j;
    if (plan.partial)
      store_run<Tile::run>(plan.partial + ((slice * s.items + item) * s.rows + row + i) * s.cols + col + j, sums, room);
    else
      store_run<Tile::run>(out.start(item, row + i) + col + j, sums, room);
  });
}

template <class C, class Out>
__global__ void add_slices_kernel(ProductPlan<C> plan, Out out) {
  const ProductShape& s = plan.shape;
  const std::int64_t count = s.items * s.rows * s.cols;
  for (std::int64_t i = first_item(); i < count; i += item_step()) {
    C sum = 0;
    for (std::int64_t slice = 0; slice < plan.slices; ++slice) sum += plan.partial[slice * count + i];
    out.start(i / s.cols / s.rows, i / s.cols % s.rows)[i % s.cols] = static_cast<typename Out::Element>(sum);
  }
}

/// Two blocks fit on each of 132 multiprocessors of the largest GPU. A slice of fewer than 512 terms would not pay for
/// writing and reading its sums.
template <class Tile>
ProductPlan<compute_t<typename Tile::Element>> plan_product(const ProductShape& s) {
  const auto tiles_of = [](std::int64_t n) { return (n + Tile::size - 1) / Tile::size; };
  const std::int64_t row_tiles = tiles_of(s.rows), col_tiles = tiles_of(s.cols),
                     tiles = row_tiles * col_tiles * s.items;
  const std::int64_t wanted = std::max<std::int64_t>(1, std::min(2 * 132 / tiles, s.terms / 512));
  const std::int64_t strips = (s.terms + Tile::depth - 1) / Tile::depth;
  const std::int64_t strips_each = std::max<std::int64_t>(1, (strips + wanted - 1) / wanted);
  const std::int64_t slices = std::max<std::int64_t>(1, (strips + strips_each - 1) / strips_each);
  return {s, row_tiles, col_tiles, slices, strips_each * Tile::depth};
}

template <class Tile, class A, class B, class Out>
void multiply_in_tiles(std::string_view op, Cuda queue, const ProductShape& s, const A& a, const B& b, const Out& out) {
  using C = compute_t<typename Tile::Element>;
  ProductPlan<C> plan = plan_product<Tile>(s);
  const DeviceScratch<C> partial(op, queue, plan.slices > 1 ? plan.slices * s.items * s.rows * s.cols : 0);
  plan.partial = partial.data();
  check(plan.row_tiles <= std::numeric_limits<int>::max() / plan.col_tiles, op, "the result has too many elements");
  const Grid grid{dim3(static_cast<unsigned>(plan.row_tiles * plan.col_tiles), static_cast<unsigned>(plan.slices),
                       static_cast<unsigned>(s.items)),
                  dim3(product_threads)};
  launch(op, queue, grid, product_kernel<Tile, A, B, Out>, plan, a, b, out);
  if (plan.slices > 1) launch(op, queue, grid_over(s.items * s.rows * s.cols), add_slices_kernel<C, Out>, plan, out);
}

/// Wide tiles read less and need many sums to fill the GPU.
AKIN_LAZY bool fills_wide_tiles(const ProductShape& s) {
  const std::int64_t tiles = (s.rows + 127) / 128 * ((s.cols + 127) / 128) * s.items;
  return s.rows > 64 && s.cols > 64 && tiles * std::max<std::int64_t>(1, s.terms / 512) >= 132;
}

template <class T, int squares>
using ProductTile = std::conditional_t<std::is_same_v<T, bf16>, MmaTile<squares>, FmaTile<T, squares>>;

/// Queues the product. At most 65535 items.
template <class A, class B, class Out>
void multiply(std::string_view op, Cuda queue, const ProductShape& s, const A& a, const B& b, const Out& out) {
  using T = typename A::Element;
  if (s.rows == 0 || s.cols == 0 || s.items == 0) return;
  if constexpr (!std::is_same_v<T, double>)  // a thread has no registers for as many sums in f64
    if (a.chunks && b.chunks && fills_wide_tiles(s))
      return multiply_in_tiles<ProductTile<T, 2>>(op, queue, s, a, b, out);
  multiply_in_tiles<ProductTile<T, 1>>(op, queue, s, a, b, out);
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
