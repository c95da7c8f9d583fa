// Which source pixel each tap of a convolution reads, for every target pixel.
//
// Forward, the target is y and the source x; backward for data they change roles. Both are the same sum over taps, told
// apart by two small tables. A tap that falls into padding (or, backward, between strides) has the source -1 and is
// never multiplied.
#pragma once
#include <vector>

#include "../layout.hpp"
#include "simd.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// One spatial axis: source[target * taps + tap], or -1.
struct TapAxis {
  std::int64_t targets = 0, sources = 0, taps = 0;
  std::vector<std::int64_t> source{};

  const std::int64_t* of(std::int64_t target) const { return source.data() + target * taps; }

  /// True if no tap of this target is missing.
  bool whole(std::int64_t target) const {
    for (std::int64_t t = 0; t < taps; ++t)
      if (of(target)[t] < 0) return false;
    return true;
  }
};

/// Output i reads input i * stride - pad + tap * dilation.
inline TapAxis forward_axis(std::int64_t in, std::int64_t out, std::int64_t taps, std::int64_t stride, std::int64_t pad,
                            std::int64_t dilation) {
  TapAxis axis{out, in, taps, {}};
  for (std::int64_t i = 0; i < out; ++i)
    for (std::int64_t t = 0; t < taps; ++t) {
      const std::int64_t from = i * stride - pad + t * dilation;
      axis.source.push_back(from >= 0 && from < in ? from : -1);
    }
  return axis;
}

/// Input i was read by output (i + pad - tap * dilation) / stride where that is a whole number in range.
inline TapAxis backward_axis(std::int64_t in, std::int64_t out, std::int64_t taps, std::int64_t stride, std::int64_t pad,
                             std::int64_t dilation) {
  TapAxis axis{in, out, taps, {}};
  for (std::int64_t i = 0; i < in; ++i)
    for (std::int64_t t = 0; t < taps; ++t) {
      const std::int64_t to = i + pad - t * dilation;
      axis.source.push_back(to >= 0 && to % stride == 0 && to / stride < out ? to / stride : -1);
    }
  return axis;
}

/// Both axes, and the channels per group of source and target.
struct TapMap {
  TapAxis rows, cols;
  std::int64_t n = 0, groups = 1, source_c = 0, target_c = 0;
  /// Target columns in the order they are visited: columns that use the same taps (same residue modulo the stride)
  /// follow each other, so that a tile of neighbours skips the taps none of them uses.
  std::vector<std::int64_t> col_order{};

  std::int64_t taps() const { return rows.taps * cols.taps; }
  std::int64_t source_offset(std::int64_t image, std::int64_t row, std::int64_t col) const {
    return ((image * rows.sources + row) * cols.sources + col) * source_c * groups;
  }
  std::int64_t target_offset(std::int64_t image, std::int64_t row, std::int64_t col) const {
    return ((image * rows.targets + row) * cols.targets + col) * target_c * groups;
  }
};

inline std::vector<std::int64_t> by_residue(std::int64_t count, std::int64_t stride) {
  std::vector<std::int64_t> order;
  for (std::int64_t residue = 0; residue < stride; ++residue)
    for (std::int64_t i = residue; i < count; i += stride) order.push_back(i);
  return order;
}

inline TapMap forward_taps(const ConvShape& s) {
  return {forward_axis(s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h),
          forward_axis(s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w),
          s.n, s.groups, s.c / s.groups, s.oc / s.groups, by_residue(s.ow, 1)};
}
inline TapMap backward_taps(const ConvShape& s) {
  return {backward_axis(s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h),
          backward_axis(s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w),
          s.n, s.groups, s.oc / s.groups, s.c / s.groups, by_residue(s.w, s.stride_w)};
}

/// Below this many channels a tap is too short a stretch to pay for its pointers: patches are gathered instead, and all
/// taps become one stretch.
inline constexpr std::int64_t gather_below = 8;

/// Copies what the taps of one target pixel read, [taps, channels], zeros where there is nothing. `source` points to the
/// first channel of the group.
template <class T>
void gather_patch(const TapMap& map, const T* source, std::int64_t image, std::int64_t y, std::int64_t x, T* patch) {
  const std::int64_t channels = map.source_c, *rows = map.rows.of(y), *cols = map.cols.of(x);
  for (std::int64_t r = 0; r < map.rows.taps; ++r) {
    const T* row = rows[r] < 0 ? nullptr : source + map.source_offset(image, rows[r], 0);
    for (std::int64_t q = 0; q < map.cols.taps; ++q) {
      const T* pixel = !row || cols[q] < 0 ? nullptr : row + cols[q] * channels * map.groups;
      for (std::int64_t c = 0; c < channels; ++c) *patch++ = pixel ? pixel[c] : T(0);
    }
  }
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
