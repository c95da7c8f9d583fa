// Enlarging of images [N, H, W, C].
#pragma once
#include "pool.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {
/// Sizes of an enlargement. Errors: not [N, H, W, C] with pixels, smaller than it was, too large to address.
AKIN_LAZY kernels::PoolShape upsample_shape(std::string_view op, const Shape& x, Pair out) {
  const auto s = adaptive_shape(op, x, out);
  check(out.h >= x[1] && out.w >= x[2], op, "the output size ", out, " must not be smaller than that of images ", x);
  check_sizes(op, pooled(s), size_of(DType::f64));
  return s;
}
}  // namespace detail

/// Repeats pixels: y[n, i, j] = x[n, floor(i H / out.h), floor(j W / out.w)]. Any size that is not smaller.
AKIN_LAZY Array upsample_nearest(const Array& x, Pair out) {
  const auto s = detail::upsample_shape("upsample_nearest", x.shape(), out);
  const Array in = contiguous(x);
  Array y = Array::empty(detail::pooled(s), x.dtype(), x.device());
  on_float(x.dtype(), "upsample_nearest", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::upsample_nearest(queue, s, in.data<T>(), y.mut<T>()); });
  });
  return y;
}

/// dx: for each pixel, the sum of dy over its copies.
AKIN_LAZY Array upsample_nearest_backward(const Array& dy, const Shape& x_shape) {
  check(dy.rank() == 4, "upsample_nearest backward", "dy needs 4 axes, got ", dy.shape());
  const auto s = detail::upsample_shape("upsample_nearest backward", x_shape, {dy.dim(1), dy.dim(2)});
  check_shape("upsample_nearest backward", "dy", dy, detail::pooled(s));
  const Array g = contiguous(dy);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "upsample_nearest backward", [&]<class T>() {
    on(dy.device(), [&](auto queue) { kernels::upsample_nearest_backward(queue, s, g.data<T>(), dx.mut<T>()); });
  });
  return dx;
}

}  // namespace akin::inline AKIN_ABI::ops
