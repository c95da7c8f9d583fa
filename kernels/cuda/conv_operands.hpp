// The operands of a convolution as a matrix product: nothing is copied, they say where their elements lie.
//
//   forward       y [pixels of y, oc]             = patches of x [.., taps c] . w [oc, taps c]
//   data          dx [pixels of a class, c]       = patches of dy [.., taps oc] . w [c, taps oc]
//   weights       dw [oc, taps c]                 = dy [oc, pixels of y] . patches of x [taps c, ..]
//
// c and oc are those of one group. A pixel i = first + stride j of x lies under the taps k for which
// i + pad - k dilation is a multiple of the stride. Pixels with the same `first` form a class: they have the same taps,
// and those read a dense patch of dy. So no product with the zeros between strides is computed.
#pragma once
#include <numeric>

#include "../layout.hpp"
#include "divisor.hpp"
#include "gemm_tile.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// One axis of patches: position i and tap k read the source at i step + origin + k tap_step, which may be outside.
struct PatchAxis {
  std::int64_t positions, taps, size;
  std::int64_t step, origin, tap_step;
};
/// The pixels first + i stride of dx, and the taps first_tap + k tap_stride of the filter.
struct PixelClass {
  std::int64_t first, stride, first_tap, tap_stride;
};
struct ClassAxis {
  PixelClass pixels;
  PatchAxis patch;
};

AKIN_LAZY PatchAxis forward_axis(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                                 std::int64_t pad, std::int64_t dilation) {
  return {out, kernel, in, stride, -pad, dilation};
}
AKIN_LAZY ClassAxis data_axis(std::int64_t first, std::int64_t in, std::int64_t out, std::int64_t kernel,
                              std::int64_t stride, std::int64_t pad, std::int64_t dilation) {
  std::int64_t tap = 0;
  while (tap < kernel && (first + pad - tap * dilation) % stride != 0) ++tap;
  const std::int64_t tap_stride = stride / std::gcd(stride, dilation);
  const std::int64_t positions = first < in ? (in - first + stride - 1) / stride : 0;
  if (tap == kernel) return {{first, stride, 0, 1}, {positions, 0, out, 1, 0, 0}};
  return {{first, stride, tap, tap_stride},
          {positions, (kernel - 1 - tap) / tap_stride + 1, out, 1, (first + pad - tap * dilation) / stride,
           -(tap_stride * dilation / stride)}};
}

/// Rows are positions of the filter, image by image; terms are taps and, as neighbours, the channels of one group.
template <class T>
class Patches {
  static constexpr int outside = -(1 << 29);  // remains outside when a tap is added

 public:
  using Element = T;
  static constexpr bool along_terms = true;
  struct Row {
    std::int64_t image;
    int y, x;
  };
  struct Term {
    int y, x, channel;
  };

  Patches(const T* source, std::int64_t images, std::int64_t channels, std::int64_t groups, const PatchAxis& y,
          const PatchAxis& x)
      : chunks(reinterpret_cast<std::uintptr_t>(source) % 16 == 0 && channels / groups % pack_lanes<T> == 0),
        source_(source),
        image_size_(y.size * x.size * channels),
        row_size_(x.size * channels),
        channels_(static_cast<int>(channels)),
        rows_(static_cast<int>(images * y.positions * x.positions)),
        terms_(static_cast<int>(y.taps * x.taps * (channels / groups))),
        y_(y),
        x_(x),
        group_channels_(std::max<std::int64_t>(channels / groups, 1)),
        taps_x_(std::max<std::int64_t>(x.taps, 1)),
        positions_y_(std::max<std::int64_t>(y.positions, 1)),
        positions_x_(std::max<std::int64_t>(x.positions, 1)) {}

  __device__ Patches of(std::int64_t group) const {
    Patches one = *this;
    one.source_ += group * group_channels_.value();
    return one;
  }
  __device__ Row row(std::int64_t i) const {
    if (i >= rows_) return {0, outside, outside};
    const int position = static_cast<int>(i), line = position / positions_x_;
    return {line / positions_y_ * image_size_, y_.at(line % positions_y_), x_.at(position % positions_x_)};
  }
  __device__ Term term(std::int64_t k) const {
    if (k >= terms_) return {outside, outside, 0};
    const int tap = static_cast<int>(k) / group_channels_;
    return {y_.reach(tap / taps_x_), x_.reach(tap % taps_x_), static_cast<int>(k) % group_channels_};
  }
  __device__ const T* find(const Row& row, const Term& term) const {
    const int y = row.y + term.y, x = row.x + term.x;
    if (y < 0 || y >= y_.size || x < 0 || x >= x_.size) return nullptr;
    return source_ + row.image + y * row_size_ + static_cast<std::int64_t>(x) * channels_ + term.channel;
  }

  bool chunks;

 private:
  struct Axis {
    int size, step, origin, tap_step;
    explicit Axis(const PatchAxis& a)
        : size(static_cast<int>(a.size)),
          step(static_cast<int>(a.step)),
          origin(static_cast<int>(a.origin)),
          tap_step(static_cast<int>(a.tap_step)) {}
    __device__ int at(int position) const { return position * step + origin; }
    __device__ int reach(int tap) const { return tap * tap_step; }
  };

  const T* source_;
  std::int64_t image_size_, row_size_;
  int channels_, rows_, terms_;
  Axis y_, x_;
  Divisor group_channels_, taps_x_, positions_y_, positions_x_;
};

/// Patches whose rows are taps and channels, and whose terms are positions.
template <class T>
struct PatchesAcross {
  using Element = T;
  static constexpr bool along_terms = false;
  using Row = typename Patches<T>::Term;
  using Term = typename Patches<T>::Row;

  AKIN_HD explicit PatchesAcross(const Patches<T>& of) : patches(of), chunks(of.chunks) {}
  __device__ PatchesAcross of(std::int64_t group) const { return PatchesAcross(patches.of(group)); }
  __device__ Row row(std::int64_t i) const { return patches.term(i); }
  __device__ Term term(std::int64_t k) const { return patches.row(k); }
  __device__ const T* find(const Row& row, const Term& term) const { return patches.find(term, row); }

  Patches<T> patches;
  bool chunks;
};

/// The weights under the taps of a class: rows are the input channels of a group, terms the taps and output channels.
template <class T>
class ClassWeights {
 public:
  using Element = T;
  static constexpr bool along_terms = false;
  using Row = std::int64_t;
  using Term = std::int64_t;

  ClassWeights(const T* w, const ConvShape& s, const ClassAxis& y, const ClassAxis& x)
      : chunks(reinterpret_cast<std::uintptr_t>(w) % 16 == 0 && s.c / s.groups % pack_lanes<T> == 0),
        w_(w),
        in_(s.c / s.groups),
        out_step_(s.kh * s.kw * in_),
        terms_(y.patch.taps * x.patch.taps * (s.oc / s.groups)),
        first_((y.pixels.first_tap * s.kw + x.pixels.first_tap) * in_),
        step_y_(y.pixels.tap_stride * s.kw * in_),
        step_x_(x.pixels.tap_stride * in_),
        out_(std::max<std::int64_t>(s.oc / s.groups, 1)),
        taps_x_(std::max<std::int64_t>(x.patch.taps, 1)) {}

  __device__ ClassWeights of(std::int64_t group) const {
    ClassWeights one = *this;
    one.w_ += group * out_.value() * out_step_;
    return one;
  }
  __device__ Row row(std::int64_t i) const { return i < in_ ? i : -1; }
  __device__ Term term(std::int64_t k) const {
    if (k >= terms_) return -1;
    const int tap = static_cast<int>(k) / out_;
    return static_cast<int>(k) % out_ * out_step_ + first_ + tap / taps_x_ * step_y_ + tap % taps_x_ * step_x_;
  }
  __device__ const T* find(Row row, Term term) const { return row < 0 || term < 0 ? nullptr : w_ + row + term; }

  bool chunks;

 private:
  const T* w_;
  std::int64_t in_, out_step_, terms_, first_, step_y_, step_x_;
  Divisor out_, taps_x_;
};

/// The rows of dx that belong to a class.
template <class T>
class ClassRows {
 public:
  using Element = T;
  ClassRows(T* dx, const ConvShape& s, const ClassAxis& y, const ClassAxis& x)
      : dx_(dx + (y.pixels.first * s.w + x.pixels.first) * s.c),
        group_(s.c / s.groups),
        image_(s.h * s.w * s.c),
        step_y_(y.pixels.stride * s.w * s.c),
        step_x_(x.pixels.stride * s.c),
        positions_y_(std::max<std::int64_t>(y.patch.positions, 1)),
        positions_x_(std::max<std::int64_t>(x.patch.positions, 1)) {}

  __device__ T* start(std::int64_t group, std::int64_t row) const {
    const int position = static_cast<int>(row), line = position / positions_x_;
    return dx_ + group * group_ + line / positions_y_ * image_ + line % positions_y_ * step_y_ +
           position % positions_x_ * step_x_;
  }

 private:
  T* dx_;
  std::int64_t group_, image_, step_y_, step_x_;
  Divisor positions_y_, positions_x_;
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
