// 2-d convolution of images [N, H, W, C] and its two gradients.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "pair.hpp"

namespace akin::inline AKIN_ABI::ops {

struct Conv2dOptions {
  Pair stride = 1;
  Pair padding = 0;
  Pair dilation = 1;
  std::int64_t groups = 1;
};

namespace detail {

/// Sizes of a convolution. Errors: ranks, channels, options or sizes do not fit.
inline kernels::ConvShape conv_shape(std::string_view op, const Shape& x, const Shape& w, const Conv2dOptions& o) {
  check(x.rank() == 4 && w.rank() == 4, op, "needs x [N, H, W, C] and weight [out, kh, kw, C / groups], got ", x, " and ", w);
  check(o.stride.h > 0 && o.stride.w > 0 && o.dilation.h > 0 && o.dilation.w > 0 && o.padding.h >= 0 && o.padding.w >= 0, op,
        "stride ", o.stride, " and dilation ", o.dilation, " must be > 0, padding ", o.padding, " >= 0");
  check(o.groups > 0 && x[3] == w[3] * o.groups && w[0] % o.groups == 0, op, "x ", x, " does not fit weight ", w, " in ",
        o.groups, " groups: expected ", w[3] * o.groups, " input channels, got ", x[3]);
  kernels::ConvShape s{.n = x[0], .h = x[1], .w = x[2], .c = x[3], .oc = w[0], .kh = w[1], .kw = w[2],
                       .stride_h = o.stride.h, .stride_w = o.stride.w, .pad_h = o.padding.h, .pad_w = o.padding.w,
                       .dilation_h = o.dilation.h, .dilation_w = o.dilation.w, .groups = o.groups};
  const std::int64_t reach_h = (s.kh - 1) * s.dilation_h + 1, reach_w = (s.kw - 1) * s.dilation_w + 1;
  check(s.kh > 0 && s.kw > 0 && s.h + 2 * s.pad_h >= reach_h && s.w + 2 * s.pad_w >= reach_w, op, "weight ", w, " with dilation ",
        o.dilation, " does not fit into x ", x, " with padding ", o.padding);
  s.oh = (s.h + 2 * s.pad_h - reach_h) / s.stride_h + 1;
  s.ow = (s.w + 2 * s.pad_w - reach_w) / s.stride_w + 1;
  return s;
}

inline Shape convolved(const kernels::ConvShape& s) { return {s.n, s.oh, s.ow, s.oc}; }

}  // namespace detail

/// y[n, i, j, o] = sum_{r, q, c} x[n, i stride - pad + r dilation, j stride - pad + q dilation, c] w[o, r, q, c]
/// x [N, H, W, C], w [out, kh, kw, C / groups] -> [N, OH, OW, out]; bf16 is summed in float.
inline Array conv2d(const Array& x, const Array& w, const Conv2dOptions& options = {}) {
  check_same_kind("conv2d", x, w);
  const auto s = detail::conv_shape("conv2d", x.shape(), w.shape(), options);
  const Array in = contiguous(x), weight = contiguous(w);
  Array y = Array::empty(detail::convolved(s), x.dtype(), x.device());
  on_float(x.dtype(), "conv2d", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::conv2d_forward(queue, s, in.data<T>(), weight.data<T>(), y.mut<T>()); });
  });
  return y;
}

/// Gradient with respect to x. dy [N, OH, OW, out] -> [N, H, W, C].
inline Array conv2d_backward_data(const Array& dy, const Array& w, const Shape& x_shape, const Conv2dOptions& options = {}) {
  check_same_kind("conv2d backward", dy, w);
  const auto s = detail::conv_shape("conv2d backward", x_shape, w.shape(), options);
  check_shape("conv2d backward", "dy", dy, detail::convolved(s));
  const Array g = contiguous(dy), weight = contiguous(w);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "conv2d", [&]<class T>() {
    on(dy.device(), [&](auto queue) { kernels::conv2d_backward_data(queue, s, g.data<T>(), weight.data<T>(), dx.mut<T>()); });
  });
  return dx;
}

/// Gradient with respect to the weight. dy [N, OH, OW, out], x [N, H, W, C] -> [out, kh, kw, C / groups].
inline Array conv2d_backward_weights(const Array& dy, const Array& x, const Shape& w_shape, const Conv2dOptions& options = {}) {
  check_same_kind("conv2d backward", dy, x);
  const auto s = detail::conv_shape("conv2d backward", x.shape(), w_shape, options);
  check_shape("conv2d backward", "dy", dy, detail::convolved(s));
  const Array g = contiguous(dy), in = contiguous(x);
  Array dw = Array::empty(w_shape, x.dtype(), x.device());
  on_float(x.dtype(), "conv2d", [&]<class T>() {
    on(x.device(), [&](auto queue) { kernels::conv2d_backward_weights(queue, s, in.data<T>(), g.data<T>(), dw.mut<T>()); });
  });
  return dw;
}

}  // namespace akin::inline AKIN_ABI::ops
