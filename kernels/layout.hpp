// Plain structs that describe the operands of kernels: sizes and strides, no memory.
#pragma once
#include <cstdint>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// A matrix product c[m, n] = op(a) op(b), row-major; op transposes when its flag is set. ld* = row stride as stored.
struct GemmShape {
  std::int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false;  ///< a is stored [k, m]
  bool transpose_b = false;  ///< b is stored [n, k]
  std::int64_t lda = 0, ldb = 0, ldc = 0;
  bool operator==(const GemmShape&) const = default;
};

/// How the CPU computes a convolution. All give the same up to rounding: winograd 1e-5 of the largest value in f32.
enum class ConvAlgorithm {
  automatic,  ///< by shape and dtype, never by timing: see uses_winograd
  direct,
  winograd,  ///< 3x3, stride 1, dilation 1, one group, padding up to 2
};

/// A 2-d convolution: x [n, h, w, c], weight [oc, kh, kw, c / groups], y [n, oh, ow, oc].
struct ConvShape {
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t oc = 0, kh = 0, kw = 0, oh = 0, ow = 0;
  std::int64_t stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0, dilation_h = 1, dilation_w = 1, groups = 1;
  ConvAlgorithm algorithm = ConvAlgorithm::automatic;
  bool operator==(const ConvShape&) const = default;
};

/// What a convolution computes, and from what: forward y from x, w; data dx from dy, w; weights dw from x, dy.
enum class ConvPass { forward, data, weights };

/// The shapes that Winograd's F(4, 3) can compute.
AKIN_HD inline bool fits_winograd(const ConvShape& s) {
  return s.kh == 3 && s.kw == 3 && s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 &&
         s.groups == 1 && s.pad_h <= 2 && s.pad_w <= 2;
}

/// 2-d pooling over windows: x [n, h, w, c], y [n, oh, ow, c].
struct PoolShape {
  std::int64_t n = 0, h = 0, w = 0, c = 0, oh = 0, ow = 0;
  std::int64_t kh = 0, kw = 0, stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0;
};

/// The input positions [begin, end) under one output position of a pooling axis.
struct Window {
  std::int64_t begin = 0, end = 0;
};

/// A window of `kernel` positions every `stride`, cut at the border: padding is not part of it.
AKIN_HD inline Window fixed_window(std::int64_t i, std::int64_t in, std::int64_t kernel, std::int64_t stride,
                                   std::int64_t pad) {
  const std::int64_t first = i * stride - pad, last = first + kernel;
  return {first > 0 ? first : 0, last < in ? last : in};
}

/// `out` windows that cover the axis evenly: [floor(i in / out), ceil((i + 1) in / out)).
AKIN_HD inline Window adaptive_window(std::int64_t i, std::int64_t in, std::int64_t out) {
  return {i * in / out, ((i + 1) * in + out - 1) / out};
}

/// The output positions that copy input position i of an enlarged axis: those whose floor(o in / out) is i.
AKIN_HD inline Window copies_of(std::int64_t i, std::int64_t in, std::int64_t out) {
  return {(i * out + in - 1) / in, ((i + 1) * out + in - 1) / in};
}

/// The number a window's sum is divided by: its size, or the whole kernel's when padding counts as zeros.
AKIN_HD inline double window_count(const PoolShape& s, Window rows, Window cols, bool count_padding) {
  return static_cast<double>(count_padding ? s.kh * s.kw : (rows.end - rows.begin) * (cols.end - cols.begin));
}

/// Index space of a strided loop: up to eight axes, and for each of N operands its strides in elements.
template <int N>
struct StridedLoop {
  int rank = 0;
  std::int64_t size[8] = {};
  std::int64_t stride[N][8] = {};
};

}  // namespace akin::inline AKIN_ABI::kernels
