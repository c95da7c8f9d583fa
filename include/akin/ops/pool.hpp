// Pooling of images [N, H, W, C].
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "index.hpp"
#include "kernels.hpp"
#include "pair.hpp"
#include "window.hpp"

namespace akin::inline AKIN_ABI::ops {

struct PoolOptions {
  Pair kernel = 2;
  Pair stride = 2;
  Pair padding = 0;  ///< at most half the kernel
};

namespace detail {

/// Throws unless x is a batch of images with pixels: a window over nothing has neither maximum nor mean.
AKIN_LAZY void check_images(std::string_view op, const Shape& x) {
  check(x.rank() == 4 && x[1] > 0 && x[2] > 0, op, "needs images [N, H, W, C] with pixels, got ", x);
  check_sizes(op, x, size_of(DType::f64));
}

/// Sizes of a pooling. Errors: not [N, H, W, C], options out of range, the kernel does not fit.
AKIN_LAZY kernels::PoolShape pool_shape(std::string_view op, const Shape& x, const PoolOptions& o) {
  check_images(op, x);
  check_window(op, "kernel", o.kernel, 1);
  check_window(op, "stride", o.stride, 1);
  check_window(op, "padding", o.padding, 0);
  check(2 * o.padding.h <= o.kernel.h && 2 * o.padding.w <= o.kernel.w, op, "padding ", o.padding,
        " must be at most half the kernel ", o.kernel);
  kernels::PoolShape s{.n = x[0],
                       .h = x[1],
                       .w = x[2],
                       .c = x[3],
                       .kh = o.kernel.h,
                       .kw = o.kernel.w,
                       .stride_h = o.stride.h,
                       .stride_w = o.stride.w,
                       .pad_h = o.padding.h,
                       .pad_w = o.padding.w};
  s.oh = window_positions(s.h, s.kh, s.stride_h, s.pad_h);
  s.ow = window_positions(s.w, s.kw, s.stride_w, s.pad_w);
  check(s.oh >= 1 && s.ow >= 1, op, "kernel ", o.kernel, " does not fit into images ", x, " with padding ", o.padding);
  return s;
}

AKIN_LAZY kernels::PoolShape adaptive_shape(std::string_view op, const Shape& x, Pair out) {
  check_images(op, x);
  check_window(op, "output size", out, 1);
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
  check(s.h * s.w < std::int64_t{1} << 31, "max_pool2d", "needs images of fewer than 2^31 pixels, got ", x.shape());
  const Array in = contiguous(x);
  MaxPooled out{Array::empty(detail::pooled(s), x.dtype(), x.device()),
                Array::empty(detail::pooled(s), DType::i32, x.device())};
  on_float(x.dtype(), "max_pool2d", [&]<class T>() {
    on(x.device(),
       [&](auto queue) { kernels::max_pool(queue, s, in.data<T>(), out.y.mut<T>(), out.index.mut<std::int32_t>()); });
  });
  return out;
}

/// dx: dy at the places of the maxima, added up where windows share one. index: as max_pool2d returned it.
/// Errors: shapes do not fit; index is not i32 or points outside the image.
AKIN_LAZY Array max_pool2d_backward(const Array& dy, const Array& index, const Shape& x_shape,
                                    const PoolOptions& options) {
  const auto s = detail::pool_shape("max_pool2d backward", x_shape, options);
  check_shape("max_pool2d backward", "dy", dy, detail::pooled(s));
  check_shape("max_pool2d backward", "index", index, detail::pooled(s));
  const Array g = contiguous(dy), places = contiguous(index);
  detail::check_indices<std::int32_t>("max_pool2d backward", places, s.h * s.w, dy.device());
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "max_pool2d backward", [&]<class T>() {
    on(dy.device(), [&](auto queue) {
      kernels::max_pool_backward(queue, s, g.data<T>(), places.data<std::int32_t>(), dx.mut<T>());
    });
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

/// dx: every dy, divided as in the forward pass, at all pixels of its window.
AKIN_LAZY Array average_pool2d_backward(const Array& dy, const Shape& x_shape, const PoolOptions& options,
                                        bool count_padding = true) {
  const auto s = detail::pool_shape("average_pool2d backward", x_shape, options);
  check_shape("average_pool2d backward", "dy", dy, detail::pooled(s));
  const Array g = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "average_pool2d backward", [&]<class T>() {
    on(dy.device(),
       [&](auto queue) { kernels::average_pool_backward(queue, s, count_padding, g.data<T>(), dx.mut<T>()); });
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

/// dx: every dy, divided by the number of pixels of its part, at all of them.
AKIN_LAZY Array adaptive_average_pool2d_backward(const Array& dy, const Shape& x_shape) {
  check(dy.rank() == 4, "adaptive_average_pool2d backward", "dy needs 4 axes, got ", dy.shape());
  const auto s = detail::adaptive_shape("adaptive_average_pool2d backward", x_shape, {dy.dim(1), dy.dim(2)});
  check_shape("adaptive_average_pool2d backward", "dy", dy, detail::pooled(s));
  const Array g = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "adaptive_average_pool2d backward", [&]<class T>() {
    on(dy.device(), [&](auto queue) { kernels::adaptive_average_pool_backward(queue, s, g.data<T>(), dx.mut<T>()); });
  });
  return dx;
}

}  // namespace akin::inline AKIN_ABI::ops
