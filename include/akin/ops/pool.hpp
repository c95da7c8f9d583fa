// Pooling of images [N, H, W, C].
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "pair.hpp"

namespace akin::inline AKIN_ABI::ops {

struct PoolOptions {
  Pair kernel = 2;
  Pair stride = 2;
  Pair padding = 0;  ///< at most half the kernel
};

namespace detail {

/// Sizes of a pooling. Errors: not [N, H, W, C], options out of range, the kernel does not fit.
AKIN_LAZY kernels::PoolShape pool_shape(std::string_view op, const Shape& x, const PoolOptions& o) {
  check(x.rank() == 4, op, "needs images [N, H, W, C], got ", x);
  check(o.kernel.h > 0 && o.kernel.w > 0 && o.stride.h > 0 && o.stride.w > 0, op, "kernel ", o.kernel, " and stride ", o.stride, " must be > 0");
  check(o.padding.h >= 0 && o.padding.w >= 0 && 2 * o.padding.h <= o.kernel.h && 2 * o.padding.w <= o.kernel.w, op,
        "padding ", o.padding, " must be between 0 and half the kernel ", o.kernel);
  kernels::PoolShape s{.n = x[0], .h = x[1], .w = x[2], .c = x[3], .kh = o.kernel.h, .kw = o.kernel.w,
                       .stride_h = o.stride.h, .stride_w = o.stride.w, .pad_h = o.padding.h, .pad_w = o.padding.w};
  check(s.h + 2 * s.pad_h >= s.kh && s.w + 2 * s.pad_w >= s.kw, op, "kernel ", o.kernel, " does not fit into images ", x, " with padding ", o.padding);
  s.oh = (s.h + 2 * s.pad_h - s.kh) / s.stride_h + 1;
  s.ow = (s.w + 2 * s.pad_w - s.kw) / s.stride_w + 1;
  return s;
}

AKIN_LAZY kernels::PoolShape adaptive_shape(std::string_view op, const Shape& x, Pair out) {
  check(x.rank() == 4 && x[1] > 0 && x[2] > 0, op, "needs images [N, H, W, C] with pixels, got ", x);
  check(out.h > 0 && out.w > 0, op, "output size must be > 0, got ", out);
  return {.n = x[0], .h = x[1], .w = x[2], .c = x[3], .oh = out.h, .ow = out.w};
}

AKIN_LAZY Shape pooled(const kernels::PoolShape& s) { return {s.n, s.oh, s.ow, s.c}; }

}  // namespace detail

struct MaxPooled {
  Array y;      ///< [N, OH, OW, C]
  Array index;  ///< i32: where in its image each maximum was, row * W + column
};

/// Largest value of each window; padding never wins. OH = (H + 2 padding - kernel) / stride + 1.
AKIN_LAZY MaxPooled max_pool2d(const Array& x, const PoolOptions& options) {
  const auto s = detail::pool_shape("max_pool2d", x.shape(), options);
  check(s.h * s.w < std::int64_t{1} << 31, "max_pool2d", "images of at most 2^31 pixels, got ", x.shape());
  const Array in = contiguous(x);
  MaxPooled out{Array::empty(detail::pooled(s), x.dtype(), x.device()), Array::empty(detail::pooled(s), DType::i32, x.device())};
  on_float(x.dtype(), "max_pool2d", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::max_pool(queue, s, in.data<T>(), out.y.mut<T>(), out.index.mut<std::int32_t>()); });
  });
  return out;
}
AKIN_LAZY Array max_pool2d_backward(const Array& dy, const Array& index, const Shape& x_shape, const PoolOptions& options) {
  const auto s = detail::pool_shape("max_pool2d backward", x_shape, options);
  check_shape("max_pool2d backward", "dy", dy, detail::pooled(s));
  check_shape("max_pool2d backward", "index", index, detail::pooled(s));
  const Array g = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "max_pool2d", [&]<class T>() {
    on(dy.device(), [&](auto queue) { kernels::max_pool_backward(queue, s, g.data<T>(), index.data<std::int32_t>(), dx.mut<T>()); });
  });
  return dx;
}

/// Mean of each window. count_padding: divide by the whole kernel (torch's default), else by the pixels inside.
AKIN_LAZY Array average_pool2d(const Array& x, const PoolOptions& options, bool count_padding = true) {
  const auto s = detail::pool_shape("average_pool2d", x.shape(), options);
  const Array in = contiguous(x);
  Array y = Array::empty(detail::pooled(s), x.dtype(), x.device());
  on_float(x.dtype(), "average_pool2d", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::average_pool(queue, s, count_padding, in.data<T>(), y.mut<T>()); });
  });
  return y;
}
AKIN_LAZY Array average_pool2d_backward(const Array& dy, const Shape& x_shape, const PoolOptions& options, bool count_padding = true) {
  const auto s = detail::pool_shape("average_pool2d backward", x_shape, options);
  check_shape("average_pool2d backward", "dy", dy, detail::pooled(s));
  const Array g = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "average_pool2d", [&]<class T>() {
    on(dy.device(), [&](auto queue) { kernels::average_pool_backward(queue, s, count_padding, g.data<T>(), dx.mut<T>()); });
  });
  return dx;
}

/// Means over out.h x out.w nearly equal parts, as torch cuts them: floor(i H / OH) ... ceil((i + 1) H / OH).
AKIN_LAZY Array adaptive_average_pool2d(const Array& x, Pair out) {
  const auto s = detail::adaptive_shape("adaptive_average_pool2d", x.shape(), out);
  const Array in = contiguous(x);
  Array y = Array::empty(detail::pooled(s), x.dtype(), x.device());
  on_float(x.dtype(), "adaptive_average_pool2d", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::adaptive_average_pool(queue, s, in.data<T>(), y.mut<T>()); });
  });
  return y;
}
AKIN_LAZY Array adaptive_average_pool2d_backward(const Array& dy, const Shape& x_shape) {
  check(dy.rank() == 4, "adaptive_average_pool2d backward", "dy needs 4 axes, got ", dy.shape());
  const auto s = detail::adaptive_shape("adaptive_average_pool2d backward", x_shape, {dy.dim(1), dy.dim(2)});
  check_shape("adaptive_average_pool2d backward", "dy", dy, detail::pooled(s));
  const Array g = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "adaptive_average_pool2d", [&]<class T>() {
    on(dy.device(), [&](auto queue) { kernels::adaptive_average_pool_backward(queue, s, g.data<T>(), dx.mut<T>()); });
  });
  return dx;
}

}  // namespace akin::inline AKIN_ABI::ops
