// map: out[i] = f(in[i]...), contiguous or strided (broadcast, transposed, sliced operands). Twin: kernels/cpu/map.hpp.
//
// Memory-bound: each value is read and written once, in packs of 16 bytes where all operands lie at multiples of that.
#pragma once
#include <cstdint>
#include <utility>

#include "../../include/akin/core/bf16.hpp"
#include "../convert.hpp"
#include "../layout.hpp"
#include "pack.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// The first `packs` packs, and the rest one by one. A pack is read whole before it is written: out may be an operand.
template <class F, class Out, class... In>
__global__ void map_kernel(std::int64_t n, std::int64_t packs, Out* out, F f, const In*... in) {
  constexpr int lanes = pack_lanes<Out, In...>;
  for (std::int64_t i = first_item(); i < packs; i += item_step()) {
    const auto apply = [&](const Pack<In, lanes>&... values) {
      Pack<Out, lanes> result;
      AKIN_UNROLL
      for (int k = 0; k < lanes; ++k)
        result.values[k] = static_cast<Out>(f(static_cast<compute_t<In>>(values.values[k])...));
      return result;
    };
    reinterpret_cast<Pack<Out, lanes>*>(out)[i] =
        apply(Pack<In, lanes>(reinterpret_cast<const Pack<In, lanes>*>(in)[i])...);
  }
  for (std::int64_t i = packs * lanes + first_item(); i < n; i += item_step())
    out[i] = static_cast<Out>(f(static_cast<compute_t<In>>(in[i])...));
}

template <class F, class Out, class... In>
void launch_map(std::string_view op, Cuda queue, std::int64_t n, Out* out, F f, const In*... in) {
  if (n <= 0) return;
  constexpr int lanes = pack_lanes<Out, In...>;
  const bool aligned = is_aligned_for<Pack<Out, lanes>>(out) && (is_aligned_for<Pack<In, lanes>>(in) && ...);
  const std::int64_t packs = aligned ? n / lanes : 0;
  launch(op, queue, grid_over(aligned ? packs : n), map_kernel<F, Out, In...>, n, packs, out, f, in...);
}

/// Where a row begins in each of N operands.
template <int N>
struct RowStarts {
  std::int64_t of[N];
};

/// Of row `row`, counted over all axes but the last. One division per axis, none for matrices.
template <int N>
__device__ RowStarts<N> row_starts(const StridedLoop<N>& loop, std::int64_t row) {
  RowStarts<N> starts{};
  for (int axis = loop.rank - 2; axis >= 0; --axis) {
    const std::int64_t rest = axis > 0 ? row / loop.size[axis] : 0;  // of the first axis nothing is left to divide
    for (int k = 0; k < N; ++k) starts.of[k] += (row - rest * loop.size[axis]) * loop.stride[k][axis];
    row = rest;
  }
  return starts;
}

template <class F, class Out, class... In>
__global__ void map_strided_kernel(StridedLoop<sizeof...(In)> loop, std::int64_t rows, Out* out, F f, const In*... in) {
  const std::int64_t cols = loop.size[loop.rank - 1];
  for (std::int64_t row = first_row(); row < rows; row += row_step()) {
    const auto starts = row_starts(loop, row);
    for (std::int64_t col = first_item(); col < cols; col += item_step())
      [&]<int... k>(std::integer_sequence<int, k...>) {
        out[row * cols + col] =
            static_cast<Out>(f(static_cast<compute_t<In>>(in[starts.of[k] + col * loop.stride[k][loop.rank - 1]])...));
      }
    (std::make_integer_sequence<int, sizeof...(In)>{});
  }
}

}  // namespace detail

template <class F, class Out, class... In>
void map(Cuda queue, std::int64_t n, Out* out, F f, const In*... in) {
  detail::launch_map("map", queue, n, out, f, in...);
}

template <class From, class To>
void convert(Cuda queue, std::int64_t n, const From* x, To* y) {
  detail::launch_map("convert", queue, n, y, Convert<To>{}, x);
}

/// Strided map: out is contiguous in the loop's order and overlaps no operand; operand k is read at loop.stride[k].
/// Where the columns of an operand lie apart, as in a transposed one, blocks are squat: what a warp fetches of 32 places
/// serves the other rows of the block from the L1 cache.
template <class F, class Out, class... In>
void map_strided(Cuda queue, const StridedLoop<sizeof...(In)>& loop, Out* out, F f, const In*... in) {
  const int last = loop.rank - 1;
  const std::int64_t cols = loop.size[last];
  std::int64_t rows = 1;
  for (int axis = 0; axis < last; ++axis) rows *= loop.size[axis];
  if (rows <= 0 || cols <= 0) return;
  bool apart = false;
  for (const auto& stride : loop.stride) apart = apart || (stride[last] != 0 && stride[last] != 1);
  launch("map_strided", queue, grid_over_matrix(rows, cols, apart ? 32 : block_threads),
         detail::map_strided_kernel<F, Out, In...>, loop, rows, out, f, in...);
}

}  // namespace akin::inline AKIN_ABI::kernels
