// map: out[i] = f(in[i]...), contiguous or strided (broadcast, transposed, sliced operands).
//
// Memory-bound: each value is read and written once. The contiguous loop is left to the compiler's vectoriser.
#pragma once
#include <algorithm>
#include <cstdint>
#include <tuple>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../convert.hpp"
#include "../layout.hpp"

namespace akin::inline AKIN_ABI::kernels {

inline constexpr std::int64_t map_grain = 1 << 14;  // 64 KiB of f32: several microseconds of work, fits L1 + L2

template <class F, class Out, class... In>
void map(Cpu, std::int64_t n, Out* out, F f, const In*... in) {
  parallel_for(n, map_grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = static_cast<Out>(f(static_cast<compute_t<In>>(in[i])...));
  });
}

template <class From, class To>
void convert(Cpu, std::int64_t n, const From* x, To* y) {
  parallel_for(n, map_grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y[i] = convert_one<To>(x[i]);
  });
}

/// Textbook twin of map_strided: the offset of every element, one axis after the other.
template <class F, class Out, class... In>
void map_strided_naive(Cpu, const StridedLoop<sizeof...(In)>& loop, Out* out, F f, const In*... in) {
  std::int64_t n = 1;
  for (int axis = 0; axis < loop.rank; ++axis) n *= loop.size[axis];
  const auto offset = [&](int operand, std::int64_t i) {
    std::int64_t sum = 0;
    for (int axis = loop.rank - 1; axis >= 0; i /= loop.size[axis--])
      sum += i % loop.size[axis] * loop.stride[operand][axis];
    return sum;
  };
  for (std::int64_t i = 0; i < n; ++i) {
    int operand = 0;
    const auto value = [&]<class T>(const T* base) { return static_cast<compute_t<T>>(base[offset(operand++, i)]); };
    out[i] = static_cast<Out>(std::apply(f, std::tuple{value(in)...}));  // braces fix the order of evaluation
  }
}

namespace detail {

/// Position of row `row` (all axes but the last) for operand `operand`.
template <int N>
std::int64_t row_offset(const StridedLoop<N>& loop, int operand, std::int64_t row) {
  std::int64_t offset = 0;
  for (int axis = loop.rank - 2; axis > 0; --axis) {
    offset += row % loop.size[axis] * loop.stride[operand][axis];
    row /= loop.size[axis];
  }
  return offset + row * loop.stride[operand][0];  // of the first axis nothing is left to divide
}

/// One operand along a row.
template <class T>
struct RowOperand {
  const T* row;
  std::int64_t step;
};

template <class F, class Out, class... In>
void map_dense_row(std::int64_t n, Out* __restrict out, F f, const In*... in) {
  for (std::int64_t j = 0; j < n; ++j) out[j] = static_cast<Out>(f(static_cast<compute_t<In>>(in[j])...));
}
template <class F, class Out, class... In>
void map_strided_row(std::int64_t n, Out* __restrict out, F f, const RowOperand<In>&... in) {
  for (std::int64_t j = 0; j < n; ++j) out[j] = static_cast<Out>(f(static_cast<compute_t<In>>(in.row[j * in.step])...));
}

/// One value again and again.
template <class T>
struct RepeatedValue {
  static constexpr std::int64_t length = 256;
  T values[length];

  RepeatedValue(const RowOperand<T>& operand, std::int64_t n) {
    if (operand.step == 0) std::fill_n(values, std::min(n, length), *operand.row);
  }
};

/// For steps of 0 and 1, as broadcasting makes them: repeated values become blocks, so that one loop serves every mix,
/// and it vectorises.
template <class F, class Out, class... In>
void map_broadcast_row(std::int64_t n, Out* out, F f, const RowOperand<In>&... in) {
  constexpr std::int64_t length = RepeatedValue<Out>::length;
  const auto run = [&](const RepeatedValue<In>&... repeated) {
    for (std::int64_t j = 0; j < n; j += length)
      map_dense_row(std::min(n - j, length), out + j, f, (in.step == 0 ? repeated.values : in.row + j)...);
  };
  run(RepeatedValue<In>(in, n)...);
}

template <class F, class Out, class... In>
void map_row(std::int64_t n, Out* out, F f, const RowOperand<In>&... in) {
  constexpr std::int64_t worth_a_block = 32;
  if (((in.step == 1) && ...))
    map_dense_row(n, out, f, in.row...);
  else if (n >= worth_a_block && ((in.step == 0 || in.step == 1) && ...))
    map_broadcast_row(n, out, f, in...);
  else
    map_strided_row(n, out, f, in...);
}

}  // namespace detail

/// Strided map: out is contiguous in the loop's order and overlaps no operand; operand k is read at loop.stride[k].
/// Rows are cut into pieces: what broadcasting makes a single long row (an image plus a scalar) is shared by threads.
template <class F, class Out, class... In>
void map_strided(Cpu, const StridedLoop<sizeof...(In)>& loop, Out* out, F f, const In*... in) {
  const std::int64_t cols = loop.size[loop.rank - 1], length = std::min(cols, map_grain);
  if (cols == 0) return;
  const std::int64_t pieces = (cols + length - 1) / length;  // per row
  std::int64_t rows = 1;
  for (int axis = 0; axis < loop.rank - 1; ++axis) rows *= loop.size[axis];
  parallel_for(rows * pieces, map_grain / length, [&](std::int64_t first, std::int64_t last) {
    std::int64_t row = first / pieces, begin = first % pieces * length;
    for (std::int64_t piece = first; piece < last; ++piece) {
      int k = 0;
      const auto operand = [&]<class T>(const T* base) {
        const std::int64_t step = loop.stride[k][loop.rank - 1];
        return detail::RowOperand<T>{base + detail::row_offset(loop, k++, row) + begin * step, step};
      };
      const auto run = [&](const auto&... operands) {
        detail::map_row(std::min(length, cols - begin), out + row * cols + begin, f, operands...);
      };
      std::apply(run, std::tuple{operand(in)...});  // braces fix the order of evaluation
      if ((begin += length) >= cols) begin = 0, ++row;
    }
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
