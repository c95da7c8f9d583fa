// 2-d pooling of NHWC Arrays, and its gradients.
#pragma once
#include "../core/array.hpp"
#include "conv.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

struct Pool2dOptions {
  Pair kernel = 2;
  Pair stride = 0;  ///< 0: the kernel's size, windows touch but do not overlap
  Pair padding = 0;
};

struct AvgPool2dOptions {
  Pair kernel = 2;
  Pair stride = 0;  ///< 0: the kernel's size
  Pair padding = 0;
  bool count_include_pad = true;  ///< divides by the kernel's size even where part of the window is padding
};

/// y and, for each of its values, the position h * width + w of the maximum within the image (i32).
struct MaxPool2d {
  Array y, index;
};

namespace detail {

inline kernels::PoolShape pool_shape(std::string_view op, const Shape& x, Pair kernel, Pair stride, Pair padding) {
  check(x.rank() == 4, op, "the image needs shape [n, h, w, c], got ", x);
  check(kernel.h >= 1 && kernel.w >= 1, op, "the kernel must be >= 1, got ", kernel);
  check(stride.h >= 0 && stride.w >= 0, op, "stride must be >= 1, or 0 for the kernel's size, got ", stride);
  check(padding.h >= 0 && padding.w >= 0 && 2 * padding.h <= kernel.h && 2 * padding.w <= kernel.w, op,
        "padding must be between 0 and half the kernel (else windows lie wholly outside), got ", padding, " for kernel ",
        kernel);
  kernels::PoolShape s{.n = x[0], .h = x[1], .w = x[2], .c = x[3], .kh = kernel.h, .kw = kernel.w,
                       .stride_h = stride.h ? stride.h : kernel.h, .stride_w = stride.w ? stride.w : kernel.w,
                       .pad_h = padding.h, .pad_w = padding.w};
  s.oh = window_positions(s.h, s.kh, s.stride_h, s.pad_h);
  s.ow = window_positions(s.w, s.kw, s.stride_w, s.pad_w);
  check(s.oh >= 1 && s.ow >= 1, op, "kernel ", kernel, " does not fit into image ", x, " with padding ", padding);
  return s;
}

inline kernels::PoolShape adaptive_shape(std::string_view op, const Shape& x, std::int64_t oh, std::int64_t ow) {
  check(x.rank() == 4, op, "the image needs shape [n, h, w, c], got ", x);
  check(x[1] >= 1 && x[2] >= 1, op, "the image needs at least one pixel, got ", x);
  check(oh >= 1 && ow >= 1, op, "the output needs at least one row and column, got ", oh, "x", ow);
  return {.n = x[0], .h = x[1], .w = x[2], .c = x[3], .oh = oh, .ow = ow};
}

inline Shape output_shape(const kernels::PoolShape& s) { return {s.n, s.oh, s.ow, s.c}; }

}  // namespace detail

/// The largest value of each window; padding never wins. Of equal values the first counts; NaN wins over numbers.
/// x [n, h, w, c]   returns [n, oh, ow, c], oh = floor((h + 2 padding - kernel) / stride) + 1
/// throws Error if the kernel does not fit, or padding exceeds half the kernel
inline MaxPool2d max_pool2d(const Array& x, Pool2dOptions o = {}) {
  const auto s = detail::pool_shape("max_pool2d", x.shape(), o.kernel, o.stride, o.padding);
  check(s.h * s.w <= std::numeric_limits<std::int32_t>::max(), "max_pool2d", "image ", x.shape(), " has too many pixels");
  const Array image = contiguous(x);
  MaxPool2d result{Array::empty(detail::output_shape(s), x.dtype(), x.device()),
                   Array::empty(detail::output_shape(s), DType::i32, x.device())};
  on_float(x.dtype(), "max_pool2d", [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::max_pool(queue, s, image.data<T>(), result.y.mut<T>(), result.index.mut<std::int32_t>());
    });
  });
  return result;
}

/// The gradient of sum(dy * max_pool2d(x).y) with respect to x; index as the forward pass returned it.
inline Array max_pool2d_backward(const Array& dy, const Array& index, const Shape& x_shape, Pool2dOptions o = {}) {
  const auto s = detail::pool_shape("max_pool2d_backward", x_shape, o.kernel, o.stride, o.padding);
  check_shape("max_pool2d_backward", "dy", dy, detail::output_shape(s));
  check_shape("max_pool2d_backward", "index", index, detail::output_shape(s));
  const Array gradient = contiguous(dy), where = contiguous(index);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "max_pool2d_backward", [&]<class T>() {
    on(dy.device(), [&](auto queue) {
      kernels::max_pool_backward(queue, s, gradient.data<T>(), where.data<std::int32_t>(), dx.mut<T>());
    });
  });
  return dx;
}

/// The mean of each window. x [n, h, w, c]   returns [n, oh, ow, c], sizes and errors as for max_pool2d
inline Array avg_pool2d(const Array& x, AvgPool2dOptions o = {}) {
  const auto s = detail::pool_shape("avg_pool2d", x.shape(), o.kernel, o.stride, o.padding);
  const Array image = contiguous(x);
  Array y = Array::empty(detail::output_shape(s), x.dtype(), x.device());
  on_float(x.dtype(), "avg_pool2d", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::avg_pool(queue, s, o.count_include_pad, image.data<T>(), y.mut<T>()); });
  });
  return y;
}

/// The gradient of sum(dy * avg_pool2d(x)) with respect to x, which has x_shape.
inline Array avg_pool2d_backward(const Array& dy, const Shape& x_shape, AvgPool2dOptions o = {}) {
  const auto s = detail::pool_shape("avg_pool2d_backward", x_shape, o.kernel, o.stride, o.padding);
  check_shape("avg_pool2d_backward", "dy", dy, detail::output_shape(s));
  const Array gradient = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "avg_pool2d_backward", [&]<class T>() {
    on(dy.device(), [&](auto queue) {
      kernels::avg_pool_backward(queue, s, o.count_include_pad, gradient.data<T>(), dx.mut<T>());
    });
  });
  return dx;
}

/// The mean over oh x ow windows that cover the image evenly: window i spans [floor(i h / oh), ceil((i + 1) h / oh)).
/// x [n, h, w, c]   returns [n, oh, ow, c]
inline Array adaptive_avg_pool2d(const Array& x, std::int64_t oh, std::int64_t ow) {
  const auto s = detail::adaptive_shape("adaptive_avg_pool2d", x.shape(), oh, ow);
  const Array image = contiguous(x);
  Array y = Array::empty(detail::output_shape(s), x.dtype(), x.device());
  on_float(x.dtype(), "adaptive_avg_pool2d", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::adaptive_avg_pool(queue, s, image.data<T>(), y.mut<T>()); });
  });
  return y;
}

/// The gradient of sum(dy * adaptive_avg_pool2d(x, oh, ow)) with respect to x; dy [n, oh, ow, c].
inline Array adaptive_avg_pool2d_backward(const Array& dy, const Shape& x_shape) {
  check_rank("adaptive_avg_pool2d_backward", "dy", dy, 4);
  const auto s = detail::adaptive_shape("adaptive_avg_pool2d_backward", x_shape, dy.dim(1), dy.dim(2));
  check_shape("adaptive_avg_pool2d_backward", "dy", dy, detail::output_shape(s));
  const Array gradient = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "adaptive_avg_pool2d_backward", [&]<class T>() {
    on(dy.device(), [&](auto queue) { kernels::adaptive_avg_pool_backward(queue, s, gradient.data<T>(), dx.mut<T>()); });
  });
  return dx;
}

/// The mean over all pixels: x [n, h, w, c], returns [n, c].
inline Array global_avg_pool2d(const Array& x) {
  check_rank("global_avg_pool2d", "the image", x, 4);
  return adaptive_avg_pool2d(x, 1, 1).reshape({x.dim(0), x.dim(3)});
}

/// dy [n, c]; returns [n, h, w, c] = x_shape.
inline Array global_avg_pool2d_backward(const Array& dy, const Shape& x_shape) {
  check_rank("global_avg_pool2d_backward", "dy", dy, 2);
  return adaptive_avg_pool2d_backward(contiguous(dy).reshape({dy.dim(0), 1, 1, dy.dim(1)}), x_shape);
}

}  // namespace akin::inline AKIN_ABI::ops
