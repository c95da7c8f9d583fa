// The gradient of a convolution with respect to its weights.
//
// dw is a matrix of (group, tap, channel) rows and output-channel columns, summed over pixels. The images (of bf16,
// pairs of them) are cut into a few lanes, each with a partial sum of its own that is added at the end in lane order,
// and the rows into parts: both by shape, so the result has the same bits at any thread count. Within a lane, pixels
// come in chunks so small that a panel of their gradients and a strip of the image stay in the first-level cache.
#pragma once
#include <algorithm>
#include <bit>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "conv_weight_task.hpp"
#include "conv_winograd_weights.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Below this many channels one tap has too few rows to fill a tile.
inline constexpr std::int64_t mix_taps_below = 8;

template <class T>
WeightPlan plan_weights(const ConvShape& s, const TapMap& map) {
  // A chunk fits the first-level cache, or half of it where two threads share a core; but with fewer terms the sums
  // would be read and written too often.
  constexpr std::int64_t cached_bytes = 16 << 10, least_terms = 128;
  constexpr std::int64_t partial_bytes = 4 << 20, lane_limit = 8, tasks = 8;
  const auto bytes = static_cast<std::int64_t>(sizeof(T));
  WeightPlan p;
  p.mixes_taps = std::is_same_v<stored_t<T>, T> && map.source_c < mix_taps_below;
  p.taps = p.mixes_taps ? 1 : map.taps();
  p.depth = p.mixes_taps ? map.taps() * map.source_c : map.source_c;
  p.panels = ceil_div(map.target_c, tile_cols<T>);
  p.blocks = ceil_div(p.depth, tile_rows);
  const std::int64_t strip = p.mixes_taps ? p.blocks * tile_rows : strip_pitch * s.stride_h * s.stride_w;
  const std::int64_t terms = std::max<std::int64_t>(least_terms, cached_bytes / bytes / (tile_cols<T> + strip));
  const std::int64_t stacks = stack_count<T>(s), pixels = s.oh * s.ow;
  p.rows = ceil_div(s.oh, ceil_div(pixels, terms));
  p.stacks = std::clamp<std::int64_t>(terms / pixels, 1, stacks);
  p.terms = p.stacks * p.rows * s.ow;
  const std::int64_t partial = map.groups * p.taps * p.depth * map.target_c * bytes;
  p.lanes = std::clamp<std::int64_t>(partial_bytes / std::max<std::int64_t>(1, partial), 1, lane_limit);
  p.lanes = std::clamp<std::int64_t>(ceil_div(stacks, p.stacks), 1, p.lanes);
  p.lanes = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(p.lanes)));  // as many for each thread
  p.parts = std::clamp<std::int64_t>(map.groups * p.blocks, 1, tasks / p.lanes);
  return p;
}

/// dw[group, o, row] = sum over lanes, in order, of partial[lane][group, row, o]; a row is (tap, channel).
template <class T, class D>
void combine_lanes(const TapMap& map, std::int64_t lane_count, const T* partial, D* dw) {
  constexpr std::int64_t strip = 16;
  const std::int64_t rows = map.taps() * map.source_c, cols = map.target_c, strips = ceil_div(rows, strip);
  parallel_for(map.groups * strips, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<T> sums(static_cast<std::size_t>(strip * cols)), turned(sums.size());
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t group = i / strips, first = i % strips * strip, count = std::min(strip, rows - first);
      const T* from = partial + (group * rows + first) * cols;
      std::copy_n(from, count * cols, sums.data());
      for (std::int64_t lane = 1; lane < lane_count; ++lane) {
        from += map.groups * rows * cols;
        for (std::int64_t e = 0; e < count * cols; ++e) sums.data()[e] += from[e];
      }
      transpose(sums.data(), cols, cols, count, turned.data(), strip);
      for (std::int64_t o = 0; o < cols; ++o)
        convert_run(turned.data() + o * strip, count, dw + (group * cols + o) * rows + first);
    }
  });
}

inline std::int64_t weight_count(const ConvShape& s) { return s.oc * s.kh * s.kw * (s.c / s.groups); }

/// dw from the sums of all tasks, of operands multiplied as T.
template <class T, class D>
void sum_weight_tasks(const ConvShape& s, const stored_t<T>* x, const stored_t<T>* dy, D* dw) {
  const auto map = forward_taps(s);
  const auto plan = plan_weights<T>(s, map);
  const Scratch<compute_t<T>> partial(plan.lanes * weight_count(s));
  const std::int64_t blocks = map.groups * plan.blocks, stacks = stack_count<T>(s);
  parallel_for(plan.lanes * plan.parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t lane = task / plan.parts, part = task % plan.parts;
      WeightTask<T>(s, map, plan, x, dy, partial.data() + lane * weight_count(s))
          .run(part * blocks / plan.parts, (part + 1) * blocks / plan.parts, lane * stacks / plan.lanes,
               (lane + 1) * stacks / plan.lanes);
    }
  });
  combine_lanes(map, plan.lanes, partial.data(), dw);
}

template <class T>
void direct_weights(const ConvShape& s, const T* x, const T* dy, T* dw) {
  sum_weight_tasks<T>(s, x, dy, dw);
}
/// bf16 operands, float sums.
AKIN_LAZY void direct_weights(const ConvShape& s, const bf16* x, const bf16* dy, bf16* dw) {
  if (has_bf16_dot && s.c / s.groups >= mix_taps_below) {
    sum_weight_tasks<Bf16Pair>(s, x, dy, dw);
  } else {
    const auto wide_x = widened(x, s.n * s.h * s.w * s.c), wide_dy = widened(dy, s.n * s.oh * s.ow * s.oc);
    sum_weight_tasks<float>(s, wide_x.data(), wide_dy.data(), dw);
  }
}

}  // namespace detail

/// dw[o, tap, c] = sum over output pixels of dy[pixel, o] * x[the pixel under the tap, c]; overwrites dw.
template <class T>
void conv2d_backward_weights(Cpu, const ConvShape& s, const T* x, const T* dy, T* dw) {
  const std::int64_t count = detail::weight_count(s);
  if (s.n * s.oh * s.ow * count == 0)
    std::fill_n(dw, count, T{});
  else if (detail::uses_winograd<T>(s))
    detail::WinogradWeights<T>(detail::winograd_forward(s)).run(x, dy, dw);
  else
    detail::direct_weights(s, x, dy, dw);
}

}  // namespace akin::inline AKIN_ABI::kernels
