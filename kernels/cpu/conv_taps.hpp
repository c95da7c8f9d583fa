// Which source pixel each tap of a convolution reads, for every target pixel.
//
// Forward, the target is y and the source x; backward for data they change roles. Both are the same sum over taps, told
// apart by two small tables. A tap that falls into padding (or, backward, between strides) has the source -1 and is
// never multiplied.
#pragma once
#include <algorithm>
#include <cstring>
#include <vector>

#include "../layout.hpp"
#include "simd.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// One spatial axis: for each target position and tap, the offset of the source row or column in elements, or -1.
struct TapAxis {
  std::int64_t targets = 0, taps = 0;
  std::vector<std::int64_t> offset{};

  const std::int64_t* of(std::int64_t target) const { return offset.data() + target * taps; }
};

/// The window of an axis of a convolution.
struct TapWindow {
  std::int64_t in, out, taps, stride, pad, dilation;
};

/// Output i reads input i * stride - pad + tap * dilation.
AKIN_LAZY TapAxis forward_offsets(const TapWindow& w, std::int64_t step) {
  TapAxis axis{w.out, w.taps, {}};
  for (std::int64_t i = 0; i < w.out; ++i)
    for (std::int64_t t = 0; t < w.taps; ++t) {
      const std::int64_t from = i * w.stride - w.pad + t * w.dilation;
      axis.offset.push_back(from >= 0 && from < w.in ? from * step : -1);
    }
  return axis;
}

/// Input i was read by output (i + pad - tap * dilation) / stride where that is a whole number in range.
AKIN_LAZY TapAxis backward_offsets(const TapWindow& w, std::int64_t step) {
  TapAxis axis{w.in, w.taps, {}};
  for (std::int64_t i = 0; i < w.in; ++i)
    for (std::int64_t t = 0; t < w.taps; ++t) {
      const std::int64_t to = i + w.pad - t * w.dilation;
      axis.offset.push_back(to >= 0 && to % w.stride == 0 && to / w.stride < w.out ? to / w.stride * step : -1);
    }
  return axis;
}

/// Both axes, and the sizes of source and target.
struct TapMap {
  TapAxis rows, cols;
  std::int64_t n = 0, groups = 1;
  std::int64_t source_c = 0, target_c = 0;  ///< channels of one group
  std::int64_t source_image = 0;            ///< elements of one source image
  /// Target columns in the order they are visited: columns that use the same taps (same residue modulo the stride)
  /// follow each other, so that a tile of neighbours skips the taps none of them uses.
  std::vector<std::int64_t> col_order{};

  std::int64_t taps() const { return rows.taps * cols.taps; }
  std::int64_t target_offset(std::int64_t image, std::int64_t row, std::int64_t col) const {
    return ((image * rows.targets + row) * cols.targets + col) * target_c * groups;
  }
};

AKIN_LAZY std::vector<std::int64_t> by_residue(std::int64_t count, std::int64_t stride) {
  std::vector<std::int64_t> order;
  for (std::int64_t residue = 0; residue < std::min(stride, count); ++residue)
    for (std::int64_t i = residue; i < count; i += stride) order.push_back(i);
  return order;
}

/// `count` runs of constant length: calls, or loops over elements, take longer than to copy so few.
template <std::int64_t length, class T>
inline void copy_runs(const T* from, const std::int64_t* offsets, std::int64_t count, T* out) {
  for (std::int64_t r = 0; r < count; ++r) std::memcpy(out + r * length, from + offsets[r], length * sizeof(T));
}

/// What a target pixel sees of an image, [tap][channel], zeros in the padding; y and x are its rows of the two axes.
template <class T>
inline void gather_taps(const TapMap& map, const T* image, const std::int64_t* y, const std::int64_t* x, T* out) {
  const std::int64_t rows = map.rows.taps, cols = map.cols.taps, channels = map.source_c, run = cols * channels;
  if (y[0] >= 0 && y[rows - 1] >= 0 && x[0] >= 0 &&
      x[cols - 1] - x[0] == run - channels) {  // all inside, and neighbours
    if (run == 3) return copy_runs<3>(image + x[0], y, rows, out);
    if (run == 9) return copy_runs<9>(image + x[0], y, rows, out);
  }
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t q = 0; q < cols; ++q, out += channels)
      if (y[r] >= 0 && x[q] >= 0)
        std::copy_n(image + (y[r] + x[q]), channels, out);
      else
        std::fill_n(out, channels, T{});
}

inline TapWindow window_h(const ConvShape& s) { return {s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h}; }
inline TapWindow window_w(const ConvShape& s) { return {s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w}; }

AKIN_LAZY TapMap forward_taps(const ConvShape& s) {
  return {forward_offsets(window_h(s), s.w * s.c),
          forward_offsets(window_w(s), s.c),
          s.n,
          s.groups,
          s.c / s.groups,
          s.oc / s.groups,
          s.h * s.w * s.c,
          by_residue(s.ow, 1)};
}
AKIN_LAZY TapMap backward_taps(const ConvShape& s) {
  return {backward_offsets(window_h(s), s.ow * s.oc),
          backward_offsets(window_w(s), s.oc),
          s.n,
          s.groups,
          s.oc / s.groups,
          s.c / s.groups,
          s.oh * s.ow * s.oc,
          by_residue(s.w, s.stride_w)};
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
