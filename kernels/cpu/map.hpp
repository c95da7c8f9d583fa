// map: out[i] = f(in[i]...), contiguous or strided (broadcast, transposed, sliced operands).
//
// Memory-bound: each value is read and written once. The contiguous loop is left to the compiler's vectoriser.
#pragma once
#include <cstdint>
#include <limits>
#include <tuple>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../layout.hpp"

namespace akin::inline AKIN_ABI::kernels {

inline constexpr std::int64_t map_grain = 1 << 14;  // 64 KiB of f32: several microseconds of work, fits L1 + L2

template <class F, class Out, class... In>
void map(Cpu, std::int64_t n, Out* out, F f, const In*... in) {
  parallel_for(n, map_grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = static_cast<Out>(f(static_cast<compute_t<In>>(in[i])...));
  });
}

/// One value to another type. Floating point beyond an integer's range saturates; NaN becomes 0.
template <class To, class From>
To convert_one(From x) {
  const auto value = static_cast<compute_t<From>>(x);
  if constexpr (std::is_integral_v<To> && !std::is_integral_v<From>) {
    if (value != value) return 0;
    // The limits as the nearest double inside the range: 2^63 itself would not fit.
    constexpr double low = static_cast<double>(std::numeric_limits<To>::min()), high = static_cast<double>(std::numeric_limits<To>::max());
    if (static_cast<double>(value) <= low) return std::numeric_limits<To>::min();
    if (static_cast<double>(value) >= high) return std::numeric_limits<To>::max();
  }
  return static_cast<To>(static_cast<compute_t<To>>(value));
}

template <class From, class To>
void convert(Cpu, std::int64_t n, const From* x, To* y) {
  parallel_for(n, map_grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y[i] = convert_one<To>(x[i]);
  });
}

namespace detail {

/// Position of row `row` (all axes but the last) for operand `operand`.
template <int N>
std::int64_t row_offset(const StridedLoop<N>& loop, int operand, std::int64_t row) {
  std::int64_t offset = 0;
  for (int axis = loop.rank - 2; axis >= 0; --axis) {
    offset += row % loop.size[axis] * loop.stride[operand][axis];
    row /= loop.size[axis];
  }
  return offset;
}

}  // namespace detail

/// Strided map: out is contiguous in the loop's order, operand k is read at loop.stride[k].
template <class F, class Out, class... In>
void map_strided(Cpu, const StridedLoop<sizeof...(In)>& loop, Out* out, F f, const In*... in) {
  const std::int64_t cols = loop.size[loop.rank - 1];
  std::int64_t rows = 1;
  for (int axis = 0; axis < loop.rank - 1; ++axis) rows *= loop.size[axis];
  parallel_for(rows, std::max<std::int64_t>(1, map_grain / std::max<std::int64_t>(1, cols)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      Out* y = out + row * cols;
      int k = 0;
      const auto run = [&](auto... operand) {  // operand: pointer to the row and stride along it
        for (std::int64_t j = 0; j < cols; ++j)
          y[j] = static_cast<Out>(f(static_cast<compute_t<std::remove_cvref_t<decltype(*operand.row)>>>(operand.row[j * operand.step])...));
      };
      const auto at_row = [&]<class T>(const T* base) {
        struct Operand { const T* row; std::int64_t step; };
        const Operand operand{base + detail::row_offset(loop, k, row), loop.stride[k][loop.rank - 1]};
        ++k;
        return operand;
      };
      std::apply(run, std::tuple{at_row(in)...});  // braces fix the order of evaluation
    }
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
