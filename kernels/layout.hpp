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
};

/// A 2-d convolution: x [n, h, w, c], weight [oc, kh, kw, c / groups], y [n, oh, ow, oc].
struct ConvShape {
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t oc = 0, kh = 0, kw = 0, oh = 0, ow = 0;
  std::int64_t stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0, dilation_h = 1, dilation_w = 1, groups = 1;
};

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

/// Index space of a strided loop: up to eight axes, and for each of N operands its strides in elements.
template <int N>
struct StridedLoop {
  int rank = 0;
  std::int64_t size[8] = {};
  std::int64_t stride[N][8] = {};
};

}  // namespace akin::inline AKIN_ABI::kernels
