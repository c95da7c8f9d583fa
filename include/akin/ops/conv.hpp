// 2-d convolution of NHWC Arrays, and its two gradients.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "pair.hpp"
#include "window.hpp"

namespace akin::inline AKIN_ABI::ops {

using kernels::ConvAlgorithm;

struct Conv2dOptions {
  Pair stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
  ConvAlgorithm algorithm = ConvAlgorithm::automatic;
};

namespace detail {

AKIN_LAZY kernels::ConvShape conv_shape(std::string_view op, const Shape& x, const Shape& w, const Conv2dOptions& o) {
  check(x.rank() == 4, op, "the image needs shape [n, h, w, c], got ", x);
  check(w.rank() == 4, op, "the weight needs shape [out, kh, kw, in / groups], got ", w);
  check_sizes(op, x, size_of(DType::f64));
  check_sizes(op, w, size_of(DType::f64));
  check_window(op, "stride", o.stride, 1);
  check_window(op, "dilation", o.dilation, 1);
  check_window(op, "padding", o.padding, 0);
  check_window(op, "the weight's kernel", {w[1], w[2]}, 1);
  check(o.groups >= 1 && x[3] % o.groups == 0 && w[0] % o.groups == 0, op, "groups = ", o.groups,
        " must divide the channels of image ", x, " and weight ", w);
  check(w[3] == x[3] / o.groups, op, "image ", x, " with groups = ", o.groups, " needs a weight [out, kh, kw, ",
        x[3] / o.groups, "], got ", w);
  kernels::ConvShape s{.n = x[0],
                       .h = x[1],
                       .w = x[2],
                       .c = x[3],
                       .oc = w[0],
                       .kh = w[1],
                       .kw = w[2],
                       .stride_h = o.stride.h,
                       .stride_w = o.stride.w,
                       .pad_h = o.padding.h,
                       .pad_w = o.padding.w,
                       .dilation_h = o.dilation.h,
                       .dilation_w = o.dilation.w,
                       .groups = o.groups,
                       .algorithm = o.algorithm};
  s.oh = window_positions(s.h, s.kh, s.stride_h, s.pad_h, s.dilation_h);
  s.ow = window_positions(s.w, s.kw, s.stride_w, s.pad_w, s.dilation_w);
  check(s.oh >= 1 && s.ow >= 1, op, "weight ", w, " with dilation ", o.dilation, " does not fit into image ", x,
        " with padding ", o.padding);
  check(o.algorithm != ConvAlgorithm::winograd || kernels::fits_winograd(s), op,
        "Winograd's algorithm needs a 3x3 kernel, stride 1, dilation 1, one group and padding up to 2, got weight ", w,
        ", stride ", o.stride, ", dilation ", o.dilation, ", groups = ", o.groups, ", padding ", o.padding,
        "; use ConvAlgorithm::automatic");
  return s;
}

AKIN_LAZY Shape output_shape(const kernels::ConvShape& s) { return {s.n, s.oh, s.ow, s.oc}; }

}  // namespace detail

/// y[n, i, j, o] = sum over r, q, c of w[o, r, q, c] x[n, p, v, c], x being 0 outside the image:
///   p = i stride - padding + r dilation,  v = j stride - padding + q dilation
///   output channel o reads the channels c of group o / (out / groups)
/// x         [n, h, w, c]
/// w         [out, kh, kw, c / groups]
/// algorithm automatic takes Winograd's F(4, 3) for large 3x3 layers in f32 and bf16, whose rounding errors are ten
///           times those of direct: 1e-5 of the largest value. Every algorithm is deterministic.
/// returns   [n, oh, ow, out], oh = floor((h + 2 padding - dilation (kh - 1) - 1) / stride) + 1
/// throws    Error if shapes, groups, dtypes, devices or the algorithm do not fit
AKIN_LAZY Array conv2d(const Array& x, const Array& w, const Conv2dOptions& options = {}) {
  check_same_kind("conv2d", x, w);
  const auto s = detail::conv_shape("conv2d", x.shape(), w.shape(), options);
  const Array image = contiguous(x), weight = contiguous(w);
  Array y = Array::empty(detail::output_shape(s), x.dtype(), x.device());
  on_float(x.dtype(), "conv2d", [&]<class T>() {
    on(x.device(),
       [&](auto queue) { kernels::conv2d_forward(queue, s, image.data<T>(), weight.data<T>(), y.mut<T>()); });
  });
  return y;
}

/// The gradient of sum(dy * conv2d(x, w)) with respect to x, which has x_shape.
AKIN_LAZY Array conv2d_backward_data(const Array& dy, const Array& w, const Shape& x_shape,
                                     const Conv2dOptions& options = {}) {
  check_same_kind("conv2d_backward_data", dy, w);
  const auto s = detail::conv_shape("conv2d_backward_data", x_shape, w.shape(), options);
  check_shape("conv2d_backward_data", "dy", dy, detail::output_shape(s));
  const Array gradient = contiguous(dy), weight = contiguous(w);
  Array dx = Array::empty(x_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "conv2d_backward_data", [&]<class T>() {
    on(dy.device(),
       [&](auto queue) { kernels::conv2d_backward_data(queue, s, gradient.data<T>(), weight.data<T>(), dx.mut<T>()); });
  });
  return dx;
}

/// The gradient of sum(dy * conv2d(x, w)) with respect to w, which has w_shape.
AKIN_LAZY Array conv2d_backward_weights(const Array& dy, const Array& x, const Shape& w_shape,
                                        const Conv2dOptions& options = {}) {
  check_same_kind("conv2d_backward_weights", dy, x);
  const auto s = detail::conv_shape("conv2d_backward_weights", x.shape(), w_shape, options);
  check_shape("conv2d_backward_weights", "dy", dy, detail::output_shape(s));
  const Array gradient = contiguous(dy), image = contiguous(x);
  Array dw = Array::empty(w_shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "conv2d_backward_weights", [&]<class T>() {
    on(dy.device(), [&](auto queue) {
      kernels::conv2d_backward_weights(queue, s, image.data<T>(), gradient.data<T>(), dw.mut<T>());
    });
  });
  return dw;
}

}  // namespace akin::inline AKIN_ABI::ops
